"""A handler that returns an error its line does not declare: a debug build says which, and at which line."""

import unittest

from tests.support import built
from tests.support.tree import Outcome, Tree

PANIC_STATUS = 253


class UndeclaredError(unittest.TestCase):
    def test_a_debug_build_names_the_line(self) -> None:
        """The build without that fault comes first, and runs."""
        built.debug_kernel()
        with Tree() as tree:
            ran = self.run_debug(tree)
            self.assertEqual(ran.status, 0, ran.output)
            tree.replace("kernel/sys/system.c", "\treturn (long)arch_time_now();", "\treturn -EBUSY;")
            line = tree.line_of("kernel/abi/syscalls.tbl", "clock_now()")
            ran = self.run_debug(tree)
            self.assertEqual(ran.status, PANIC_STATUS, ran.output)
            self.assertIn(f"panic: kernel/abi/syscalls.tbl:{line}: clock_now returned EBUSY", ran.output)
            self.assertRegex(ran.output, r"thread: process \d+ \(\w+\)")  # whoever asks first

    def run_debug(self, tree: Tree) -> Outcome:
        made = tree.make(*built.DEBUG, "kernel")
        self.assertEqual(made.status, 0, made.output)
        return tree.run("scripts/run", "--kernel", "build/debug/kernel.elf", "--timeout", "20", "hello")


if __name__ == "__main__":
    unittest.main()
