"""The benchmark runs, and its budgets hold."""

import json
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

    def test_operation_that_is_not_there(self) -> None:
        for name in ("fork_exit_wait", "nonsense"):
            ran = self.tree.run("scripts/bench", name)
            self.assertNotEqual(ran.status, 0)
            self.assertIn(name, ran.output)


if __name__ == "__main__":
    unittest.main()
