"""Protocols of servers: what the generator says of wrong ones, what it makes of right ones, and its lock."""

from __future__ import annotations

import random
import re
import unittest
from typing import List, Tuple

from tests.support.tables import ABI, CROSS, ROOT, Scratch, mutate

PROTOCOL = (ROOT / "tests/user/probe.tbl").read_text(encoding="utf-8")
SHARED = (ROOT / "user/servers/types.tbl").read_text(encoding="utf-8")
SERVERS = ROOT / "user/servers"


class ProtocolScratch(Scratch):
    """A protocol and shared types in a temporary folder, beside the real types and calls."""

    def setUp(self) -> None:
        super().setUp()
        self.put("types.tbl", SHARED)
        self.put("probe.tbl", PROTOCOL)

    def run_tables(self, *options: str) -> Tuple[int, str]:
        tables = [f"--protocol={self.folder / name}" for name in ("types.tbl", "probe.tbl")]
        return self.tablegen(*tables, *options, types=ABI / "types.tbl", calls=ABI / "syscalls.tbl")

    def accept(self) -> None:
        self.assertEqual(self.run_tables("--accept"), (0, ""))

    def generate(self, *options: str) -> None:
        self.assertEqual(self.run_tables("--out", str(self.folder / "gen"), *options), (0, ""))

    def refused(self, file: str, line_with: str, message: str, *options: str) -> None:
        lines = [n for n, text in enumerate(self.get(file).split("\n"), 1) if line_with in text]
        self.assertEqual(len(lines), 1, f"{line_with!r} on lines {lines}")
        status, complaints = self.run_tables(*options)
        self.assertEqual(status, 1, complaints)
        self.assertRegex(complaints, rf"(?m)^{re.escape(str(self.folder / file))}:{lines[0]}: error: .*{message}")


class Complaints(ProtocolScratch):
    def setUp(self) -> None:
        super().setUp()
        self.accept()

    def method(self, line: str, message: str) -> None:
        self.put("probe.tbl", PROTOCOL + f"\n## Text.\n{line}\n")
        with self.subTest(line=line):
            self.refused("probe.tbl", line, message)

    def test_methods(self) -> None:
        self.method("14 probe noreturn void probe_f() ! -", "unknown attribute 'noreturn'; there are blocks")
        self.method("14 probe - void f() ! -", "the name of a method begins with that of its protocol: probe_f")
        self.method("14 probes - void probe_f() ! -", "unknown table 'probes'; did you mean 'probe'")
        self.method("13 probe - void probe_f() ! -", "number 13 is used twice: call probe_count has it")
        self.method("15 probe - void probe_f() ! -", "undeclared gap: nothing has the number 14")
        self.method("256 probe - void probe_f() ! -", "number 256 lies outside table probe")
        self.method("14 probe - void probe_sum() ! -", "call probe_sum is declared twice")
        self.method("14 probe - i32 probe_f() ! -", "result of type i32 could be taken for an error")
        self.method("14 probe - thing probe_f() ! EMFILE", "unknown type 'thing'")
        self.method("14 probe - void probe_f(u32 a; u32 b) ! -", "a method does not grow by arguments after ';'")
        self.method("14 probe - void probe_f(u64 a, u64 b, u64 c, u32 d, u64 e) ! -", "'e' finds no place")
        self.method("14 probe - void probe_f(u32 message) ! -", "'message' can't be the name of an argument")
        self.method("14 probe - void probe_f(u32 text_length) ! -", "'text_length' can't be the name of an argument")
        self.method("14 probe - void probe_f(out u8 a, out u8 b, out u8 c, out u8 d) ! -", "room for 3 values")
        self.method("14 probe - void probe_f(out u9 a) ! EMFILE", "unknown type 'u9'")
        self.method("14 probe - void probe_f(out flags<probe_mod> a) ! -", "did you mean 'probe_mode'")
        self.method("14 probe - void probe_f(u32 a ! -", r"expected ',' or '\)' but found '!'")

    def test_windows(self) -> None:
        errors = "EFAULT EINVAL ENAMETOOLONG"
        self.method(f"14 probe - void probe_f(in text a[8], in u8 b[n], size n) ! {errors}", "b has to be all that goes in")
        self.method(f"14 probe - void probe_f(in text a[4000], in text b[97]) ! {errors}", "longer than 4096 bytes")
        self.method(f"14 probe - void probe_f(in text a[0]) ! {errors}", "a text has 1 to 65535 bytes at most, not 0")
        self.method(f"14 probe - void probe_f(in text a[65536]) ! {errors}", "65535 bytes at most, not 65536")
        self.method(f"14 probe - void probe_f(out text a[8]) ! {errors}", "a text only goes in")
        self.method(f"14 probe - void probe_f(in text a) ! {errors}", r"expected '\[' and how many bytes a has")
        self.method(f"14 probe - void probe_f(in text a[n]) ! {errors}", "expected how many bytes a has at most")
        self.method("14 probe - void probe_f(in u32 a[n], u32 n) ! EFAULT", "a buffer of a method holds bytes")
        self.method("14 probe - void probe_f(out struct probe_answer a, out u8 b[n], u32 n) ! EFAULT",
                    "only one buffer or struct comes out, and a does already")

    def test_errors(self) -> None:
        self.method("14 probe - void probe_f(in text a[8]) ! EFAULT", r"can return EINVAL \(argument a\), ENAMETOOLONG")
        self.method("14 probe - endpoint probe_f() ! -", r"can return EMFILE \(its result\)")
        self.method("14 probe - void probe_f(out memory m) ! -", r"can return EMFILE \(argument m\)")
        self.method("14 probe - void probe_f(client c) ! EBADF", r"can return EXDEV \(argument c\)")
        self.method("14 probe - void probe_f(memory:read m) ! EBADF EFTYPE EACCES", r"can return ENFILE \(argument m\)")
        self.method("14 probe - void probe_f(memory:send m) ! EBADF EFTYPE EACCES ENFILE", "unknown right 'send' of memory")
        self.method("14 probe - void probe_f(enum<probe_kind> k) ! -", "can return EINVAL")
        self.method("14 probe - void probe_f() ! ENOTHING", "unknown error 'ENOTHING'")

    def declaration(self, old: str, new: str, line_with: str, message: str) -> None:
        self.put("probe.tbl", PROTOCOL)
        self.change("probe.tbl", old, new)
        with self.subTest(new=new):
            self.refused("probe.tbl", line_with, message)

    def test_protocols(self) -> None:
        line = "protocol probe 0xfff0 draft"
        self.declaration(line, "protocol other 1", "protocol other", "protocol other has a file of its own: other.tbl")
        self.declaration(line, "protocol probe 0", "protocol probe 0", "a number from 1 to 65534, not 0")
        self.declaration(line, "protocol probe 0xffff", "protocol probe 0xffff", "a number from 1 to 65534")
        self.declaration(line, "protocol probe", "protocol probe", "expected the number of the protocol")
        self.declaration(line, "protocol probe 1 drift", "protocol probe 1 drift", "expected the end of the line")
        self.declaration("## For tests.\n", "", line, "protocol probe has no manual text")
        self.declaration(line, "table probe 128", "table probe 128", "table probe is for system calls")
        self.put("probe.tbl", PROTOCOL.split("## Adds")[0])
        self.refused("probe.tbl", line, "protocol probe has no methods")

    def test_names_shared_with_the_calls(self) -> None:
        self.declaration("flags probe_mode {", "flags prot {", "flags prot {", "'prot' is declared twice")
        self.declaration("struct probe_answer {", "struct handle_info {", "struct handle_info {", "declared twice")
        self.put("probe.tbl", PROTOCOL.replace("probe_sum", "handle_close"))
        self.refused("probe.tbl", "u64 handle_close(", "handle_close is a system call already")

    def test_protocol_among_the_calls(self) -> None:
        self.put("syscalls.tbl", (ABI / "syscalls.tbl").read_text(encoding="utf-8") + "\n## Text.\nprotocol p 1\n")
        status, complaints = self.tablegen(types=ABI / "types.tbl", lock=ABI / "syscalls.lock")
        self.assertEqual(status, 1)
        self.assertIn("a protocol is for a server", complaints)

    def test_kinds_of_methods_in_a_call(self) -> None:
        for argument in ("client c", "in text t[8]"):
            self.put("syscalls.tbl", (ABI / "syscalls.tbl").read_text(encoding="utf-8") +
                     f"\n## Text.\n127 native - void f({argument}) ! -\n")
            status, complaints = self.tablegen(types=ABI / "types.tbl", lock=ABI / "syscalls.lock")
            self.assertEqual(status, 1)
            self.assertIn("of a kind that only the methods of protocols have", complaints)

    def test_damage_ends_in_complaints(self) -> None:
        rng = random.Random(4)
        words = re.findall(r"[\w<>]+|\S", PROTOCOL)
        outcomes = [0, 0]
        for _ in range(300):
            (self.folder / "probe.tbl").write_bytes(mutate(rng, PROTOCOL.encode(), words))
            status, complaints = self.run_tables("--out", str(self.folder / "gen"))
            self.assertIn(status, (0, 1))
            self.assertEqual(status == 1, bool(re.search(r"\.tbl:\d+: error: ", complaints)), complaints)
            outcomes[status] += 1
        self.assertGreater(min(outcomes), 15, "the mutations are too tame or too wild")


class Lock(ProtocolScratch):
    """A draft may change, a published protocol may not."""

    def setUp(self) -> None:
        super().setUp()
        self.accept()

    def publish(self) -> None:
        self.change("probe.tbl", "protocol probe 0xfff0 draft", "protocol probe 0xfff0")
        self.accept()

    def test_draft(self) -> None:
        self.assertNotIn("probe", self.get("lock"))
        self.change("probe.tbl", "probe_sum(u8 a", "probe_sum(u16 a")
        self.generate("--check-lock-complete")

    def test_publishing(self) -> None:
        self.change("probe.tbl", "protocol probe 0xfff0 draft", "protocol probe 0xfff0")
        self.refused("probe.tbl", "protocol probe", "not in the ABI lock yet: protocol probe 65520", "--check-lock-complete")
        self.accept()
        text = self.get("lock")
        for fact in ("protocol probe 65520", "flags probe_mode fast 0x1", "struct probe_answer 16", "error EXDEV 18",
                     " probe_text ", "in text[63], out u32", "(client)"):
            self.assertIn(fact, text)
        self.assertNotIn("error EIO", text, "no method of it returns this")

    def test_changes(self) -> None:
        self.publish()
        for old, new, where, message in (
                ("probe_sum(u8 a", "probe_sum(u16 a", "u64 probe_sum", "the published call probe_sum has changed"),
                ("in text text[63]", "in text text[62]", "probe_text(", "the published call probe_text has changed"),
                ("probe_which(client other)", "probe_which(endpoint other)", "probe_which(", "has changed"),
                ("(notification:signal n", "(kept notification:signal n", "probe_keep(", "has changed"),
                ("deep 0x20000000", "deep 0x10000000", "deep 0x1", "a published flag has changed"),
                ("13 probe - u32 probe_count", 'gap 13 "why"\n\n## Text.\n14 probe - u32 probe_count', "14 probe",
                 "has moved from number 13"),
                ("protocol probe 0xfff0", "protocol probe 0xfff1", "protocol probe", "published protocol has changed")):
            text = self.get("probe.tbl")
            self.put("probe.tbl", text.replace(old, new).replace("EBADF EXDEV", "EBADF EXDEV EFTYPE ENFILE"))
            with self.subTest(new=new):
                self.refused("probe.tbl", where, message)
            self.put("probe.tbl", text)

    def test_a_published_protocol_is_no_draft_again(self) -> None:
        self.publish()
        self.put("probe.tbl", PROTOCOL)
        status, complaints = self.run_tables()
        self.assertEqual(status, 1)
        self.assertIn("a published protocol is gone", complaints)


class Code(ProtocolScratch):
    STUB_FLAGS = ["-O2", "-Wall", "-Wextra", "-Werror", "--specs=picolibc.specs", "-Igen/user", "-Iinclude",
                  f"-I{ROOT}/user/include", "-c", "-o", "program.o"]

    def setUp(self) -> None:
        super().setUp()
        self.accept()
        self.generate()
        status = self.tablegen("--out", str(self.folder / "gen"), types=ABI / "types.tbl", calls=ABI / "syscalls.tbl",
                               lock=ABI / "syscalls.lock")
        self.assertEqual(status, (0, ""))
        for header in ("types", "syscall_numbers"):
            self.put(f"include/abi/{header}.h", self.get(f"gen/abi/{header}.h"))
        self.put("include/abi/abi.h", (ROOT / "kernel/abi/abi.h").read_text(encoding="utf-8"))

    def test_stubs_compile_as_c_and_as_cxx(self) -> None:
        program = "#include <tabula/protocol/probe.h>\nlong f(endpoint_handle e) { return probe_put(e, \"a\", 1); }\n"
        self.put("program.c", program)
        self.put("program.cc", program)
        self.compiled(CROSS + "gcc", "-std=c11", *self.STUB_FLAGS, "program.c")
        self.compiled(CROSS + "g++", "-std=c++17", *self.STUB_FLAGS, "program.cc")

    def test_a_handler_that_differs_does_not_compile(self) -> None:
        self.put("program.c", "#include <tabula/serve/probe.h>\n"
                 "long serve_probe_which(struct request *r, uint32_t other) { (void)r; return other; }\n")
        result = self.compile(CROSS + "gcc", *self.STUB_FLAGS, "program.c")
        self.assertIn("conflicting types for 'serve_probe_which'", result.stdout.replace("‘", "'").replace("’", "'"))
        line = PROTOCOL.split("\n").index("11 probe - u32 probe_which(client other) ! EBADF EXDEV") + 1
        self.assertIn(f"probe.tbl:{line}:", result.stdout)

    def test_a_handler_that_is_missing_does_not_link(self) -> None:
        line = PROTOCOL.split("\n").index("11 probe - u32 probe_which(client other) ! EBADF EXDEV") + 1
        self.compiled(CROSS + "gcc", "-g", *self.STUB_FLAGS, "gen/user/protocols/probe.c")
        result = self.compile(CROSS + "ld", "--unresolved-symbols=report-all", "program.o", "-o", "program")
        self.assertRegex(result.stdout, rf"probe\.tbl:{line}.*undefined reference to `serve_probe_which'")

    def test_wrong_kind_of_handle(self) -> None:
        self.put("program.c", "#include <tabula/protocol/probe.h>\n"
                 "int f(endpoint_handle e, memory_handle m) { return probe_keep(e, m, 1); }\n")
        result = self.compile(CROSS + "gcc", *self.STUB_FLAGS, "program.c")
        self.assertRegex(result.stdout, "incompatible type for argument 2 of .probe_keep.")

    def test_a_handle_that_is_kept(self) -> None:
        line = "14 probe - void probe_lend(kept memory:read m) ! EBADF EFTYPE EACCES ENFILE"
        self.put("probe.tbl", PROTOCOL + f"\n## Text.\n{line}\n")
        self.accept()
        self.generate()
        self.assertIn("request_copy(request, 0, OBJECT_MEMORY, RIGHT_MEMORY_READ, &m_handle)",
                      self.get("gen/user/protocols/probe.c"))
        stub = self.get("gen/user/tabula/protocol/probe.h").partition("int probe_lend(")[2]
        self.assertNotIn("protocol_drop", stub)

    def test_every_slot_is_written_out(self) -> None:
        slots = re.findall(r"^\t\[(\d+)\] = (thunk|protocol)_", self.get("gen/user/protocols/probe.c"), re.MULTILINE)
        self.assertEqual([int(slot) for slot, _ in slots], list(range(14)))
        self.assertEqual([int(slot) for slot, kind in slots if kind == "protocol"], [0, 8])

    def test_methods_are_described(self) -> None:
        """The metadata, compiled for this machine and asked."""
        self.put("program.c", """\
#include <tabula/methods.h>
#include <assert.h>
#include <stddef.h>
#include <string.h>
int main(void)
{
	const struct method_info *text = method_by_label(0xfff00003), *meet = method_by_label(0xfff0000c);
	const struct method_info *pair = method_by_label(0xfff00009), *sets = method_by_label(0xfff00002);

	assert(!method_by_label(0xfff00000) && !method_by_label(0xfff00008) && !method_by_label(0xfff0000e));
	assert(!method_by_label(0) && !method_by_label(~0u));
	for (uint32_t i = 1; i <= 13; i++)
		assert(i == 8 || method_by_label(0xfff00000 + i)->label == 0xfff00000 + i);
	assert(!strcmp(text->name, "probe_text") && text->arity == 2 && text->result == METHOD_UNSIGNED);
	assert(text->arguments[0].kind == METHOD_TEXT && text->arguments[0].bytes == 63);
	assert(text->arguments[0].offset == 0 && text->arguments[0].size == 2);
	assert(text->arguments[1].out && text->arguments[1].offset == 8);
	assert(meet->blocks && !text->blocks);
	assert(meet->errors[0] == 22 && meet->errors[1] == 12 && !meet->errors[2]);
	assert(pair->arguments[1].kind == METHOD_HANDLE && !strcmp(pair->arguments[1].type, "endpoint"));
	assert(sets->arguments[0].names->flags && sets->arguments[1].offset == 4);
	assert(!strcmp(sets->arguments[1].names->values[1].name, "large"));
	return 0;
}
""")
        self.compiled("gcc", "-g", "-Wall", "-Werror", "-fsanitize=undefined", f"-I{ROOT}/user/include",
                      "gen/user/protocols/methods.c", "program.c", "-o", "program")
        result = self.compile(str(self.folder / "program"))
        self.assertEqual((result.returncode, result.stdout), (0, ""))


class RealProtocols(Scratch):
    """The protocols of the tree."""

    def real(self, *options: str) -> None:
        tables: List[str] = [f"--protocol={SERVERS / 'types.tbl'}"]
        tables += [f"--protocol={path}" for path in sorted(SERVERS.glob("*/*.tbl"))]
        status = self.tablegen(*tables, *options, types=ABI / "types.tbl", calls=ABI / "syscalls.tbl",
                               lock=SERVERS / "protocols.lock")
        self.assertEqual(status, (0, ""))

    def test_manual_is_fresh(self) -> None:
        self.real("--check-manual", str(ROOT / "docs/PROTOCOLS.md"))

    def test_lock_is_complete(self) -> None:
        self.real("--check-lock-complete")


if __name__ == "__main__":
    unittest.main()
