"""Mutants that are known to fall, quick ones: the proof that the checks of debug builds and of the hosted kernel see what
they are for. `make mutate` tries others, for as long as one likes."""

from __future__ import annotations

import unittest

from tests.support import built
from tests.support.tree import Outcome, Tree

PANIC = 253


class Mutants(unittest.TestCase):
    takes_long = True
    tree: Tree

    @classmethod
    def setUpClass(cls) -> None:
        """What has been built for other tests comes along, so that only what a mutant changes is compiled."""
        built.debug_kernel()
        built.hosted("asan", "build/host/asan/failures", "build/host/asan/harts")
        built.hosted("tsan", "build/host/tsan/ipc")
        cls.tree = Tree(hosted=True)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.tree.remove()

    def tearDown(self) -> None:
        self.tree.restore()

    def panic_of(self, file: str, old: str, new: str, command: str) -> str:
        """What a debug kernel with this change says when it runs a command."""
        outcome = self.outcome_of(file, old, new, command)
        self.assertEqual(outcome.status, PANIC, outcome.output)
        return outcome.output

    def outcome_of(self, file: str, old: str, new: str, command: str) -> Outcome:
        self.tree.replace(file, old, new)
        made = self.tree.make(*built.DEBUG, "kernel")
        self.assertEqual(made.status, 0, made.output)
        return self.tree.run("scripts/run", "--kernel", "build/debug/kernel.elf", "--append", "audit=each", command)

    def test_sum_left_set_after_a_copy(self) -> None:
        said = self.panic_of("arch/riscv/usercopy.S", "\tcsrc\tsstatus, a7\n\tli\ta0, 0\n", "\tli\ta0, 0\n", "true")
        self.assertIn("sstatus.SUM is set at the entry of the kernel", said)

    def test_page_that_is_dirty_though_nobody_may_write(self) -> None:
        said = self.panic_of("arch/riscv/mmu.c", "uint64_t flags = PTE_U | PTE_A |",
                             "uint64_t flags = PTE_U | PTE_A | PTE_D |", "true")
        self.assertRegex(said, r"audit: the page table of process \d+ \(\w+\) is wrong")

    def test_table_of_handles_that_counts_wrong(self) -> None:
        said = self.panic_of("kernel/object/handle.c", "\ttable->free = index;\n\ttable->count--;\n", "\ttable->free = index;\n",
                             "true")
        self.assertRegex(said, r"audit: the table of handles of process \d+ \(\w+\) is wrong")

    def test_handle_without_a_reference(self) -> None:
        said = self.panic_of("kernel/object/handle.c", "process_would_keep(to, object)) ||\n\t\tobject_take(object))",
                             "process_would_keep(to, object)))", "test-clone")
        self.assertRegex(said, r"audit: object \d+, of type \d+, has \d+ references, and more names|promise broken")

    def test_thread_that_is_ready_twice(self) -> None:
        said = self.panic_of("kernel/switch.h", "\tlist_append(&hart->ready[priority], &runner->ready);\n"
                             "\thart->ready_mask |= 1u << priority;\n\tcount_load(hart, 1);\n",
                             "\tlist_append(&hart->ready[priority], &runner->ready);\n\thart->ready_mask |= 1u << priority;\n",
                             "true")
        self.assertIn("sched_audit(this_hart())", said)

    def test_thread_that_waits_and_is_in_no_queue(self) -> None:
        said = self.panic_of("kernel/switch.h", "\tarch_store_pointer(&runner->queue, queue); /* partner: runner_queue */\n",
                             "\t(void)runner, (void)queue;\n", "true")
        self.assertRegex(said, r"audit: thread \d+ of process \d+ \(\w+\) is in state 3 and not where that is|panic:")

    def test_frame_that_is_lost(self) -> None:
        said = self.panic_of("kernel/object/handle.c",
                             "account_frame_free_zeroed(owner->account, direct_to_physical(page));",
                             "account_uncharge(owner->account, PAGE_SIZE);", "test-clone")
        self.assertRegex(said, r"audit: \d+ bytes are charged, \d+ have been given out, of which \d+ at boot")

    def test_call_that_writes_behind_its_output(self) -> None:
        outcome = self.outcome_of("kernel/sys/thunk.h", "user_copy_out((struct user_out){{address}}",
                                  "user_copy_out((struct user_out){{address + (size > 64)}}", "test-fuzz 1")
        self.assertRegex(outcome.output, r"call \d+ wrote to what no output of it names")

    def test_hosted_call_that_writes_behind_its_output(self) -> None:
        self.hosted_falls("asan", "failures", "kernel/mem/user.h", "arch_user_write(to.address.value + offset, from",
                          "arch_user_write(to.address.value + offset + 1, from")

    def test_mail_without_release(self) -> None:
        self.hosted_falls("tsan", "ipc", "kernel/mail.c", "__ATOMIC_RELEASE, __ATOMIC_RELAXED",
                          "__ATOMIC_RELAXED, __ATOMIC_RELAXED")

    def test_caller_that_is_gone(self) -> None:
        self.hosted_falls("asan", "harts", "kernel/object/endpoint.h",
                          "\treturn page ? page + number % ENDPOINT_PAGE_SLOTS : NULL;",
                          "\treturn page + number % ENDPOINT_PAGE_SLOTS;")

    def hosted_falls(self, kind: str, program: str, file: str, old: str, new: str) -> None:
        self.tree.replace(file, old, new)
        file_name = f"build/host/{kind}/{program}"
        made = self.tree.make(f"HOSTED={kind}", file_name)
        self.assertEqual(made.status, 0, made.output)
        self.assertNotEqual(self.tree.run(file_name, "1", timeout=60).status, 0)


if __name__ == "__main__":
    unittest.main()
