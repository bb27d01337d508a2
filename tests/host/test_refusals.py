"""What the build refuses: each way to get a call wrong is tried on a copy of the tree, and the build has to
complain about it with file and line. Each group first shows that the right thing is built."""

from __future__ import annotations

import re
import unittest

from tests.support.tree import Outcome, Tree

CALLS = "kernel/abi/syscalls.tbl"
TYPES = "kernel/abi/types.tbl"
LOCK = "kernel/abi/syscalls.lock"
HANDLER = "kernel/sys/tried.c"
PROGRAM = "user/bin/tried.c"


class InTree(unittest.TestCase):
    """Tests that share one copy of the tree; what a test changes is taken back after it."""

    BUILT = True  # whether the copy starts with what is built already
    tree: Tree

    @classmethod
    def setUpClass(cls) -> None:
        cls.tree = Tree(build=cls.BUILT)
        cls.addClassCleanup(cls.tree.remove)

    def setUp(self) -> None:
        self.addCleanup(self.tree.restore)

    def free_number(self) -> int:
        """The lowest number that no call, gap or retired call has."""
        text = self.tree.read(CALLS)
        numbers = [int(n) for n in re.findall(r"^(?:retired |gap \d+-|gap )?(\d+)", text, re.MULTILINE)]
        return max(numbers) + 1

    def add_call(self, line: str) -> int:
        """Appends a line (`N` stands for a free number) with a manual text; returns the number of its line."""
        line = re.sub(r"\bN\b", str(self.free_number()), line, count=1)
        self.tree.append(CALLS, f"\n## Tried by a test.\n{line}\n")
        return self.tree.line_of(CALLS, line.split("\n")[0])

    def built(self, outcome: Outcome) -> None:
        self.assertEqual(outcome.status, 0, outcome.output)

    def refused(self, outcome: Outcome, file: str, line: int, message: str) -> None:
        """The build has failed, and one of its lines names the place and then gives the message."""
        self.assertNotEqual(outcome.status, 0, outcome.output)
        pattern = rf"(?m)^(?:.*[/ ])?{re.escape(file)}:{line}:(?:\d+:)? .*{message}"
        self.assertRegex(outcome.output, pattern)


class Table(InTree):
    """Lines of the tables that are wrong in themselves or against what has been published."""

    BUILT = False

    def refuse_call(self, line: str, message: str, at: str = "") -> None:
        number = self.add_call(line)
        if at:
            number = self.tree.line_of(CALLS, at)
        self.refused(self.tree.make("generate"), CALLS, number, message)

    def test_a_sound_line_is_accepted(self) -> None:
        self.add_call("N native - size tried_call(process:manage p, in u8 buf[len], size len, flags<prot> prot) "
                      "! EBADF EFTYPE EACCES EFAULT EINVAL")
        self.built(self.tree.make("generate"))

    def test_number_missing(self) -> None:
        self.refuse_call("native - u32 tried_call() ! -", "the number is missing")

    def test_number_used_twice(self) -> None:
        first = self.tree.line_of(CALLS, "1 native - u32 process_id()")
        self.refuse_call("1 native - u32 tried_call() ! -",
                         rf"number 1 is used twice: call process_id has it at {re.escape(CALLS)}:{first}\b")

    def test_number_reused_after_publication(self) -> None:
        self.tree.replace(CALLS, "1 native - u32 process_id()", "1 native - u32 tried_call()")
        line = self.tree.line_of(CALLS, "tried_call")
        self.refused(self.tree.make("generate"), CALLS, line, "number 1 is used again: .*process_id")

    def test_number_reused_after_retirement(self) -> None:
        number = self.free_number()
        self.add_call("N native - u32 tried_call() ! -")
        self.built(self.tree.run(*self.tablegen("--accept")))
        text = self.tree.read(CALLS)
        published = text.rindex("\n## Tried by a test.")
        self.tree.write(CALLS, text[:published] + f'\nretired {number} tried_call "only a test"\n')
        self.tree.write(LOCK, self.tree.read(LOCK))
        self.built(self.tree.run(*self.tablegen("--accept")))
        self.tree.replace(CALLS, f'retired {number} tried_call "only a test"',
                          f"## Another.\n{number} native - u32 other_call() ! -")
        line = self.tree.line_of(CALLS, "other_call")
        self.refused(self.tree.make("generate"), CALLS, line, f"number {number} is used again: .*tried_call.*retired")

    def tablegen(self, *options: str) -> "list[str]":
        self.tree.write(LOCK, self.tree.read(LOCK))  # so that restore() knows it
        return ["python3", "scripts/tablegen", "--types", TYPES, "--calls", CALLS, "--lock", LOCK, *options]

    def test_number_outside_the_table(self) -> None:
        self.refuse_call("128 native - u32 tried_call() ! -", "number 128 lies outside table native")

    def test_number_zero(self) -> None:
        self.refuse_call("0 native - u32 tried_call() ! -", "number 0 lies outside table native")

    def test_gap_not_declared(self) -> None:
        number = self.free_number()
        self.refuse_call(f"{number + 3} native - u32 tried_call() ! -",
                         f"undeclared gap: .*{number}-{number + 2}")

    def test_gap_declared(self) -> None:
        number = self.free_number()
        self.tree.append(CALLS, f'\ngap {number}-{number + 2} "kept for a test"\n')
        self.add_call(f"{number + 3} native - u32 tried_call() ! -")
        self.built(self.tree.make("generate"))

    def test_published_call_changed(self) -> None:
        self.tree.replace(CALLS, "size memory_size(memory m)", "size memory_size(memory:read m)")
        self.tree.replace(CALLS, "size memory_size(memory:read m) ! EBADF EFTYPE",
                          "size memory_size(memory:read m) ! EBADF EFTYPE EACCES")
        line = self.tree.line_of(CALLS, "memory_size(memory:read m)")
        self.refused(self.tree.make("generate"), CALLS, line,
                     r"the published call memory_size has changed; published: .*size \(memory\)")

    def test_published_call_removed(self) -> None:
        self.tree.replace(CALLS, "15 native - void thread_yield() ! -", 'gap 15 "gone"')
        text = self.tree.read(CALLS)
        self.tree.write(CALLS, text.replace("## Lets the other threads of the same priority run.\n", ""))
        line = self.tree.line_of(CALLS, "table native 128")
        self.refused(self.tree.make("generate"), CALLS, line, "the published call thread_yield is gone")

    def test_published_flag_changed(self) -> None:
        self.tree.replace(TYPES, "fixed 0x1 ", "fixed 0x4 ")
        line = self.tree.line_of(TYPES, "fixed 0x4 ")
        self.refused(self.tree.make("generate"), TYPES, line, "a published flag has changed")

    def test_seventh_argument_unmarked(self) -> None:
        self.refuse_call("N native - u32 tried_call(u32 a, u32 b, u32 c, u32 d, u32 e, u32 f, u32 g) ! -",
                         "'g' is argument 7 and registers hold 6; mark the call `struct`")

    def test_seventh_argument_marked(self) -> None:
        self.add_call("N native struct u32 tried_call(u32 a, u32 b, u32 c, u32 d, u32 e, u32 f, u32 g) "
                      "! EFAULT EINVAL E2BIG")
        self.built(self.tree.make("generate"))

    def test_unknown_type(self) -> None:
        self.refuse_call("N native - u32 tried_call(int a) ! -", "unknown type 'int'")

    def test_unknown_result(self) -> None:
        self.refuse_call("N native - sizes tried_call() ! -", "unknown type 'sizes'; did you mean 'size'")

    def test_unknown_flag_set(self) -> None:
        self.refuse_call("N native - u32 tried_call(flags<port> a) ! EINVAL",
                         "unknown flag set 'port'; did you mean 'prot'")

    def test_unknown_object(self) -> None:
        self.refuse_call("N native - u32 tried_call(proces:manage p) ! EBADF EFTYPE EACCES",
                         "unknown object 'proces'; did you mean 'process'")

    def test_unknown_right(self) -> None:
        self.refuse_call("N native - u32 tried_call(process:manages p) ! EBADF EFTYPE EACCES",
                         "unknown right 'manages' of process; did you mean 'manage'")

    def test_unknown_struct(self) -> None:
        self.refuse_call("N native - void tried_call(out struct handle_inf x) ! EFAULT",
                         "unknown struct 'handle_inf'; did you mean 'handle_info'")

    def test_unknown_error(self) -> None:
        self.refuse_call("N native - u32 tried_call() ! EINVALID", "unknown error 'EINVALID'; did you mean 'EINVAL'")

    def test_length_names_no_argument(self) -> None:
        self.refuse_call("N native - u32 tried_call(in u8 buf[length], size len) ! EFAULT",
                         "the length 'length' of buf names no argument")

    def test_length_is_no_count(self) -> None:
        self.refuse_call("N native - u32 tried_call(in u8 buf[p], process p) ! EBADF EFTYPE EFAULT",
                         "the length 'p' of buf is no count")

    def test_error_of_a_check_not_declared(self) -> None:
        self.refuse_call("N native - u32 tried_call(in u8 buf[len], size len) ! -", "can return EFAULT")

    def test_two_lines_disagree(self) -> None:
        self.refuse_call("N native - u64 process_id(u32 which) ! -", "call process_id is declared twice; first at")

    def test_two_tables_disagree(self) -> None:
        self.tree.append(CALLS, "\ntable other 64\n\n## Tried by a test.\n1 other - u64 process_id() ! -\n")
        line = self.tree.line_of(CALLS, "1 other - u64")
        self.refused(self.tree.make("generate"), CALLS, line,
                     "call process_id differs from its line in table native")

    def test_two_tables_agree(self) -> None:
        self.tree.append(CALLS, "\ntable other 64\n\n## Tried by a test.\n1 other - u32 process_id() ! -\n")
        self.built(self.tree.make("generate"))

    def test_tables_of_types_and_calls_disagree(self) -> None:
        self.tree.replace(TYPES, "\tright console_write 0x200  ## print\n", "")
        line = self.tree.line_of(CALLS, "size console_write(")
        self.refused(self.tree.make("generate"), CALLS, line, "unknown right 'console_write' of system")

    def test_types_disagree(self) -> None:
        self.tree.append(TYPES, "\n## Another set of the same name.\nflags prot {\n\tread2 0x1  ## again\n}\n")
        lines = self.tree.read(TYPES).split("\n")
        line = max(number for number, text in enumerate(lines, 1) if text == "flags prot {")
        self.refused(self.tree.make("generate"), TYPES, line, "'prot' is declared twice; first at")

    def test_every_complaint_is_reported_at_once(self) -> None:
        first = self.add_call("N native - u32 tried_one(int a) ! -")
        second = self.add_call("N native - u32 tried_two(flags<port> a) ! EINVAL")
        outcome = self.tree.make("generate")
        self.refused(outcome, CALLS, first, "unknown type 'int'")
        self.refused(outcome, CALLS, second, "unknown flag set 'port'")


GOOD_HANDLER = """\
#include "kernel/syscalls.h"

long sys_tried_call(uint32_t first, uint64_t second, struct user_in buf, size_t len)
{
	return (long)(first + second + len + buf.address.value);
}
"""


class Handler(InTree):
    """Handlers that differ from their line. Each is compiled by the kernel's own rules."""

    line: int

    def setUp(self) -> None:
        super().setUp()
        self.line = self.add_call("N native - size tried_call(u32 first, u64 second, in u8 buf[len], size len) "
                                  "! EFAULT")

    def compile(self, text: str) -> Outcome:
        self.tree.write(HANDLER, text)
        return self.tree.make("build/kernel/sys/tried.o")

    def refuse(self, old: str, new: str, message: str = "conflicting types for 'sys_tried_call'") -> Outcome:
        """Compiles the good handler with a change; the complaint stands at the changed line."""
        self.assertEqual(GOOD_HANDLER.count(old), 1)
        text = GOOD_HANDLER.replace(old, new)
        outcome = self.compile(text)
        line = next(number for number, part in enumerate(text.split("\n"), 1) if new.split("\n")[0] in part)
        self.refused(outcome, HANDLER, line, message)
        return outcome

    def refuse_prototype(self, old: str, new: str) -> None:
        """As refuse(), and the complaint names the line of the table too."""
        self.refused(self.refuse(old, new), CALLS, self.line, "note: previous declaration of 'sys_tried_call'")

    def test_a_good_handler_is_built(self) -> None:
        self.built(self.compile(GOOD_HANDLER))

    def test_too_few_arguments(self) -> None:
        self.refuse_prototype("struct user_in buf, size_t len)\n{\n\treturn (long)(first + second + len + buf.address.value)",
                              "struct user_in buf)\n{\n\treturn (long)(first + second + buf.address.value)")

    def test_too_many_arguments(self) -> None:
        self.refuse_prototype("size_t len)\n{\n\treturn (long)(", "size_t len, int more)\n{\n\treturn (long)(more + ")

    def test_order_of_arguments(self) -> None:
        self.refuse_prototype("uint32_t first, uint64_t second", "uint64_t second, uint32_t first")

    def test_type_of_an_argument(self) -> None:
        self.refuse_prototype("uint32_t first", "int32_t first")

    def test_direction_of_a_buffer(self) -> None:
        self.refuse_prototype("struct user_in buf", "struct user_out buf")

    def test_type_of_the_result(self) -> None:
        self.refuse_prototype("long sys_tried_call", "int sys_tried_call")

    def test_header_not_included(self) -> None:
        text = GOOD_HANDLER.replace('"kernel/syscalls.h"', '"mem/user.h"')
        self.refused(self.compile(text), HANDLER, 3, "no previous prototype for 'sys_tried_call'")

    def test_handler_without_a_line(self) -> None:
        self.refuse("sys_tried_call", "sys_untold_call", "no previous prototype for 'sys_untold_call'")

    def test_user_address_dereferenced(self) -> None:
        self.refuse("return (long)(first + second + len + buf.address.value)",
                    "return *(const char *)buf.address + (long)(first + second + len)",
                    "(cannot convert to a pointer type|operand of type 'uaddr_t')")

    def test_user_address_cast_to_a_pointer(self) -> None:
        self.tree.write(HANDLER, GOOD_HANDLER.replace(
            "return (long)(first + second + len + buf.address.value)",
            "return *(const char *)buf.address.value + (long)(first + second + len)"))
        self.refused(self.tree.make("kernel"), HANDLER, self.tree.line_of(HANDLER, "buf.address.value"),
                     "an address of the user becomes a pointer")

    def test_user_buffer_used_as_a_pointer(self) -> None:
        self.refuse("return (long)(first + second + len + buf.address.value)",
                    "return *buf + (long)(first + second + len)", "invalid type argument of unary '\\*'")

    def test_user_buffer_passed_as_a_pointer(self) -> None:
        self.refuse("return (long)(first + second + len + buf.address.value)",
                    "return __builtin_memcmp(&first, buf, len) + (long)second", "incompatible type for argument 2")

    def test_a_good_call_is_linked(self) -> None:
        self.tree.write(HANDLER, GOOD_HANDLER)
        self.built(self.tree.make("kernel"))

    def test_handler_missing(self) -> None:
        outcome = self.tree.make("kernel")
        self.refused(outcome, CALLS, self.line, "undefined reference to `sys_tried_call'")


GOOD_PROGRAM = """\
#include <tabula/syscalls.h>

int main(void)
{
	process_handle process = { 1 };
	memory_handle memory = { 2 };

	memory_size(memory);
	return vm_unmap(process, 0x100000, 4096);
}
"""


class Program(InTree):
    """Programs that call a stub wrongly. Each is compiled by the rules of the tree's own programs."""

    def compile(self, text: str) -> Outcome:
        self.tree.write(PROGRAM, text)
        return self.tree.make("build/obj/user/bin/tried.o")

    def refuse(self, old: str, new: str, message: str) -> None:
        self.assertEqual(GOOD_PROGRAM.count(old), 1)
        text = GOOD_PROGRAM.replace(old, new)
        line = next(number for number, part in enumerate(text.split("\n"), 1) if new in part)
        self.refused(self.compile(text), PROGRAM, line, message)

    def test_a_good_program_is_built(self) -> None:
        self.built(self.compile(GOOD_PROGRAM))

    def test_too_few_arguments(self) -> None:
        self.refuse("vm_unmap(process, 0x100000, 4096)", "vm_unmap(process, 0x100000)",
                    "too few arguments to function 'vm_unmap'")

    def test_too_many_arguments(self) -> None:
        self.refuse("memory_size(memory)", "memory_size(memory, 1)", "too many arguments to function 'memory_size'")

    def test_wrong_kind_of_handle(self) -> None:
        self.refuse("memory_size(memory)", "memory_size(process)", "incompatible type for argument 1 of 'memory_size'")

    def test_number_for_a_handle(self) -> None:
        self.refuse("memory_size(memory)", "memory_size(2)", "incompatible type for argument 1 of 'memory_size'")

    def test_call_that_does_not_exist(self) -> None:
        self.refuse("memory_size(memory)", "memory_sizes(memory)", "implicit declaration of function 'memory_sizes'")


if __name__ == "__main__":
    unittest.main()
