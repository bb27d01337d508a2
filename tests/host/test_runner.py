"""scripts/test and the reader of KTAP: what fails is counted as failed, and nothing is lost."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tests.support import ktap

ROOT = Path(__file__).resolve().parents[2]


class Runner(unittest.TestCase):
    """On a tree of its own that holds nothing but the runner and the tests to run."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="tabula-runner-")
        self.addCleanup(folder.cleanup)
        self.tree = Path(folder.name)
        (self.tree / "scripts").mkdir()
        (self.tree / "tests").mkdir()
        shutil.copy(ROOT / "scripts/test", self.tree / "scripts/test")

    def run_with(self, body: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        (self.tree / "tests/test_it.py").write_text(f"import os, sys, unittest\n{body}\n")
        command = [sys.executable, str(self.tree / "scripts/test"), *arguments]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, timeout=120)

    def ends(self, body: str, status: int, last: str, *arguments: str) -> str:
        done = self.run_with(body, *arguments)
        self.assertEqual((done.returncode, done.stdout.rstrip("\n").rpartition("\n")[2]), (status, last), done.stdout)
        return done.stdout

    def test_counts(self) -> None:
        said = self.ends("class A(unittest.TestCase):\n"
                         "  def test_a(self): pass\n"
                         "  def test_b(self): print('printed'); self.assertEqual(1, 2)\n"
                         "  def test_c(self): self.skipTest('not here')\n"
                         "  def test_d(self): raise OSError('odd')\n", 1, "1 passed, 2 failed, 1 skipped")
        self.assertIn("AssertionError: 1 != 2", said)
        self.assertIn("printed", said)
        self.assertIn("(not here)", said)
        self.assertIn("OSError: odd", said)

    def test_all_pass(self) -> None:
        self.ends("class A(unittest.TestCase):\n  def test_a(self): pass\n", 0, "1 passed, 0 failed, 0 skipped")

    def test_what_runs_last_runs_alone(self) -> None:
        body = ("import time\n"
                "class A(unittest.TestCase):\n"
                "  runs_last = True\n"
                "  def test_a(self): self.assertEqual([n for n in 'bc' if os.path.exists(n)], ['b', 'c'])\n"
                "class B(unittest.TestCase):\n"
                "  def test_b(self): time.sleep(0.3); open('b', 'w').close()\n"
                "class C(unittest.TestCase):\n"
                "  def test_c(self): time.sleep(0.1); open('c', 'w').close()\n")
        self.ends(body, 0, "3 passed, 0 failed, 0 skipped", "-j", "3")

    def test_what_takes_long_starts_first(self) -> None:
        """Where no times are known yet, as on a fresh tree."""
        body = "".join(f"class {name}(unittest.TestCase):\n  takes_long = {name == 'B'}\n  def test_it(self): pass\n"
                       for name in "ABC")
        said = self.ends(body, 0, "3 passed, 0 failed, 0 skipped", "-j", "1")
        self.assertRegex(said, r"^  ok +test_it\.B\.")

    def test_processor_time(self) -> None:
        """That of all that a class has started is its own."""
        busy = "import subprocess; subprocess.run([sys.executable, '-c', 'sum(range(20000000))'])"
        body = (f"class A(unittest.TestCase):\n  def test_a(self): {busy}\n"
                "class B(unittest.TestCase):\n  def test_b(self): pass\n")
        said = self.ends(body, 0, "2 passed, 0 failed, 0 skipped")
        self.assertRegex(said, r"(?m)^  processor time: \d+ s in \d+ s; most in test_it\.A \d+ s, test_it\.B \d+ s$")

    def test_figures(self) -> None:
        body = ("class A(unittest.TestCase):\n"
                "  def test_a(self):\n"
                "    os.makedirs('build/record')\n"
                "    open('build/record/A.figures', 'w').write('3 cells\\n')\n")
        said = self.ends(body, 0, "1 passed, 0 failed, 0 skipped")
        self.assertIn("  A: 3 cells\n", said)

    def test_pattern(self) -> None:
        body = "class A(unittest.TestCase):\n  def test_one(self): pass\n  def test_two(self): self.fail()\n"
        self.ends(body, 0, "1 passed, 0 failed, 0 skipped", "one")
        self.ends(body, 0, "1 passed, 0 failed, 0 skipped", "test_it*one")

    def test_pattern_that_matches_nothing(self) -> None:
        said = self.ends("class A(unittest.TestCase):\n  def test_a(self): pass\n", 1, "0 passed, 0 failed, 0 skipped", "zzz")
        self.assertIn("no test has 'zzz' in its name", said)

    def test_module_that_cannot_be_loaded(self) -> None:
        said = self.ends("import no_such_module", 1, "0 passed, 1 failed, 0 skipped")
        self.assertIn("no_such_module", said)

    def test_process_that_dies(self) -> None:
        said = self.ends("class A(unittest.TestCase):\n"
                         "  def test_a(self): pass\n"
                         "  def test_b(self): os._exit(3)\n"
                         "  def test_c(self): pass\n", 1, "1 passed, 2 failed, 0 skipped")
        self.assertIn("ended with status 3", said)

    def test_one_that_hangs(self) -> None:
        """It is stopped when its time is up, or that of all; what waits for its turn then fails, too."""
        hangs = "class A(unittest.TestCase):\n  def test_a(self): import time; time.sleep(100)\n"
        runner = (ROOT / "scripts/test").read_text()
        for limit, why in (("CLASS_LIMIT = 600.0", "no result within 1 s"),
                           ("RUN_LIMIT = 1800.0", "no time left: all tests together have 1 s")):
            self.assertIn(limit, runner)
            changed = runner.replace(limit, limit.split(" = ")[0] + " = 1.0")
            (self.tree / "scripts/test").write_text(changed)
            said = self.ends(hangs + "class B(unittest.TestCase):\n  runs_last = True\n  def test_b(self): pass\n",
                             1, {"C": "1 passed, 1 failed, 0 skipped", "R": "0 passed, 2 failed, 0 skipped"}[limit[0]])
            self.assertIn(why, said)

    def test_set_up_that_fails_or_skips(self) -> None:
        body = "class A(unittest.TestCase):\n  @classmethod\n  def setUpClass(cls): {}\n  def test_a(self): pass\n"
        self.ends(body.format("raise OSError"), 1, "0 passed, 1 failed, 0 skipped")
        self.ends(body.format("raise unittest.SkipTest('no')"), 0, "0 passed, 0 failed, 1 skipped")

    def test_subtests(self) -> None:
        body = ("class A(unittest.TestCase):\n  counts_subtests = {}\n  def test_a(self):\n"
                "    for i in range(3):\n      with self.subTest(f's{{i}}'): self.assertNotEqual(i, 1)\n")
        self.ends(body.format(False), 1, "0 passed, 1 failed, 0 skipped")
        self.assertIn("FAILED  test_it.A.s1", self.ends(body.format(True), 1, "3 passed, 1 failed, 0 skipped"))


class Ktap(unittest.TestCase):
    def problems(self, text: str) -> str:
        return "; ".join(ktap.parse(text).problems)

    def test_results(self) -> None:
        report = ktap.parse("KTAP version 1\n1..4\nok 1 first\n# detail\nnot ok 2 second\nok 3 third # SKIP no device\nok 4\n")
        self.assertEqual(report.problems, [])
        self.assertEqual([(c.name, c.passed, c.skipped) for c in report.cases],
                         [("first", True, False), ("second", False, False), ("third", True, True), ("test 4", True, False)])
        self.assertEqual(report.cases[1].notes, ["# detail"])
        self.assertEqual(report.cases[2].reason, "no device")

    def test_plan_at_the_end(self) -> None:
        self.assertEqual(self.problems("ok 1 a\nok 2 b\n1..2\n"), "")

    def test_plan_missing(self) -> None:
        self.assertIn("no plan", self.problems("ok 1 a\n"))

    def test_too_few(self) -> None:
        self.assertIn("2 results were planned, 1 have come", self.problems("1..2\nok 1 a\n"))

    def test_number_left_out(self) -> None:
        self.assertIn("result 3 stands where 2 is due", self.problems("1..2\nok 1 a\nok 3 b\n"))

    def test_bail_out(self) -> None:
        self.assertIn("Bail out! no memory", self.problems("1..1\nok 1 a\nBail out! no memory\n"))

    def test_nothing(self) -> None:
        self.assertNotEqual(self.problems(""), "")

    def test_nested_failure_under_ok(self) -> None:
        self.assertIn("inner failed", self.problems("1..1\n    1..1\n    not ok 1 inner\nok 1 outer\n"))


if __name__ == "__main__":
    unittest.main()
