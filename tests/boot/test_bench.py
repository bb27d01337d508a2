"""The benchmark runs, and its budgets hold."""

import json
import re
import unittest

from tests.support.tree import Tree


class Budgets(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.tree = Tree()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.tree.remove()

    def test_budgets_hold(self) -> None:
        ran = self.tree.run("scripts/bench")
        self.assertEqual(ran.status, 0, ran.output)
        measured = json.loads(self.tree.read("build/bench.json"))["operations"]
        for name in ("null_call", "unknown_call"):
            self.assertLessEqual(measured[name]["median"], measured[name]["budget"])
            self.assertGreater(measured[name]["instructions"], 20)
        self.assertIn("<svg", self.tree.read("build/bench.svg"))

    def test_counts_are_the_same_in_every_run(self) -> None:
        runs = [self.tree.run("scripts/bench", "null_call").output for _ in range(2)]
        self.assertEqual(runs[0], runs[1])

    def test_exceeded_budget_fails(self) -> None:
        self.tree.replace("tests/bench/budgets.json", '"null_call":        {"budget": 70,',
                          '"null_call":        {"budget": 7,')
        ran = self.tree.run("scripts/bench", "null_call")
        self.tree.restore()
        self.assertEqual(ran.status, 1, ran.output)
        self.assertIn("OVER BUDGET", ran.output)

    def test_what_was_reached_is_kept(self) -> None:
        self.tree.replace("tests/bench/budgets.json", '"null_call":        {"budget": 70,    "held": true,',
                          '"null_call":        {"budget": 7,     "held": false, "reached": 8,')
        ran = self.tree.run("scripts/bench", "null_call")
        self.tree.replace("tests/bench/budgets.json", '"reached": 8,', '"reached": 70,')
        better = self.tree.run("scripts/bench", "null_call")
        self.tree.restore()
        self.assertEqual(ran.status, 1, ran.output)
        self.assertIn("MORE THAN THE 8 REACHED BEFORE", ran.output)
        self.assertEqual(better.status, 0, better.output)

    def test_what_was_reached_below_a_budget_is_kept(self) -> None:
        self.tree.replace("tests/bench/budgets.json", '"null_call":        {"budget": 70,    "held": true,',
                          '"null_call":        {"budget": 70,    "held": true, "reached": 8,')
        ran = self.tree.run("scripts/bench", "null_call")
        self.tree.restore()
        self.assertEqual(ran.status, 1, ran.output)
        self.assertIn("MORE THAN THE 8 REACHED BEFORE", ran.output)

    def test_operation_that_is_not_there(self) -> None:
        self.tree.replace("tests/bench/budgets.json", '"operations": {', '"operations": {"not_there": {},')
        for name in ("not_there", "nonsense"):
            ran = self.tree.run("scripts/bench", name)
            self.assertNotEqual(ran.status, 0)
            self.assertIn(name, ran.output)
        self.tree.restore()


class Profile(unittest.TestCase):
    """scripts/profile shows what scripts/bench counts."""

    READING = 4  # instructions of a round that are the measuring itself

    @classmethod
    def setUpClass(cls) -> None:
        cls.tree = Tree(build=True)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.tree.remove()

    def count(self, operation: str) -> int:
        ran = self.tree.run("scripts/bench", operation)
        self.assertEqual(ran.status, 0, ran.output)
        return int(ran.output.splitlines()[-1].split()[2])

    def test_every_instruction_is_shown(self) -> None:
        for operation, functions in (("null_call", ("riscv_trap_entry", "sys_process_id")),
                                     ("ipc_call_4w", ("endpoint_call", "endpoint_reply_receive"))):
            with self.subTest(operation):
                ran = self.tree.run("scripts/profile", operation)
                self.assertEqual(ran.status, 0, ran.output)
                for function in functions:
                    self.assertRegex(ran.output, rf"(?m)^ +\d+  {function}$")
                counts = [int(n) for n in re.findall(r"(?m)^ {0,11}(\d+)  \S", ran.output)]
                self.assertEqual(sum(counts[:-1]), counts[-1], ran.output)
                self.assertEqual(counts[-1], self.count(operation) + self.READING)

    def test_power_on(self) -> None:
        """To the first program, and from there to the prompt."""
        first, second = ([int(word) for word in self.tree.run("scripts/profile", "--power-on").output.split()] for _ in range(2))
        for counts in zip(first, second):
            self.assertGreater(min(counts), 10_000)
            self.assertLess(max(counts), 1.02 * min(counts))
        self.assertGreater(first[1], first[0])

    def test_operation_that_is_not_there(self) -> None:
        ran = self.tree.run("scripts/profile", "nonsense")
        self.assertNotEqual(ran.status, 0)
        self.assertIn("does the benchmark have this operation", ran.output)


if __name__ == "__main__":
    unittest.main()
