"""Mutants that are known to fall, quick ones: the proof that the checks of debug builds and of the hosted kernel see what
they are for. `make mutate` tries others, for as long as one likes."""

from __future__ import annotations

import unittest

from tests.support.tree import Tree

PANIC = 253
QUIET = "WARNINGS=-w"


class Mutants(unittest.TestCase):
    tree: Tree

    @classmethod
    def setUpClass(cls) -> None:
        cls.tree = Tree()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.tree.remove()

    def tearDown(self) -> None:
        self.tree.restore()

    def panic_of(self, file: str, old: str, new: str, command: str) -> str:
        """What a debug kernel with this change says when it runs a command."""
        self.tree.replace(file, old, new)
        made = self.tree.make(QUIET, "B=build/debug", "DEBUG=1", "kernel")
        self.assertEqual(made.status, 0, made.output)
        outcome = self.tree.run("scripts/run", "--kernel", "build/debug/kernel.elf", command)
        self.assertEqual(outcome.status, PANIC, outcome.output)
        return outcome.output

    def test_sum_left_set_after_a_copy(self) -> None:
        said = self.panic_of("arch/riscv/usercopy.S", "\tcsrc\tsstatus, a7\n\tli\ta0, 0\n", "\tli\ta0, 0\n", "true")
        self.assertIn("sstatus.SUM is set at the entry of the kernel", said)

    def test_page_that_is_dirty_though_nobody_may_write(self) -> None:
        said = self.panic_of("arch/riscv/mmu.c", "uint64_t flags = PTE_U | PTE_A |",
                             "uint64_t flags = PTE_U | PTE_A | PTE_D |", "true")
        self.assertRegex(said, r"audit: the page table of process \d+ \(\w+\) is wrong")

    def test_mail_without_release(self) -> None:
        self.hosted_falls("tsan", "ipc", "kernel/mail.c", "__ATOMIC_RELEASE, __ATOMIC_RELAXED",
                          "__ATOMIC_RELAXED, __ATOMIC_RELAXED")

    def test_caller_that_is_gone(self) -> None:
        self.hosted_falls("asan", "harts", "kernel/object/endpoint.c",
                          "\t\tif (!slot)\n\t\t\treturn NULL;\n\t\tslot += number % ENDPOINT_PAGE_SLOTS;",
                          "\t\tslot += number % ENDPOINT_PAGE_SLOTS;")

    def hosted_falls(self, kind: str, program: str, file: str, old: str, new: str) -> None:
        self.tree.replace(file, old, new)
        folder = f"build/host/mutant-{kind}"
        made = self.tree.make(QUIET, f"HOSTED={kind}", f"HOSTED_B={folder}", f"{folder}/{program}")
        self.assertEqual(made.status, 0, made.output)
        self.assertNotEqual(self.tree.run(f"{folder}/{program}", "1", timeout=60).status, 0)


if __name__ == "__main__":
    unittest.main()
