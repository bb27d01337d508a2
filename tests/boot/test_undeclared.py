"""A handler that returns an error its line does not declare: a debug build says which, and at which line."""

import unittest

from tests.support.tree import Tree

PANIC_STATUS = 253


class UndeclaredError(unittest.TestCase):
    def test_a_debug_build_names_the_line(self) -> None:
        with Tree() as tree:
            tree.replace("kernel/sys/system.c", "\treturn (long)arch_time_now();", "\treturn -EBUSY;")
            line = tree.line_of("kernel/abi/syscalls.tbl", "clock_now()")
            made = tree.make("DEBUG=1")
            self.assertEqual(made.status, 0, made.output)
            ran = tree.run("scripts/run", "--timeout", "20", "hello")
            self.assertEqual(ran.status, PANIC_STATUS, ran.output)
            self.assertIn(f"panic: kernel/abi/syscalls.tbl:{line}: clock_now returned EBUSY", ran.output)
            self.assertRegex(ran.output, r"thread: process \d+ \(\w+\)")  # whoever asks first

    def test_a_debug_build_without_fault_runs(self) -> None:
        with Tree() as tree:
            self.assertEqual(tree.make("DEBUG=1").status, 0)
            ran = tree.run("scripts/run", "--timeout", "20", "hello")
            self.assertEqual(ran.status, 0, ran.output)


if __name__ == "__main__":
    unittest.main()
