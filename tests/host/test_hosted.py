"""The real kernel as a program of this machine: see tests/host/kernel. Each program prints KTAP."""

from __future__ import annotations

import os
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import List

from tests.support import ktap

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60.0
SEEDS = (1, 2)


class Hosted(unittest.TestCase):
    """Builds the programs of one kind into a directory of its own and runs them."""

    counts_subtests = True
    kind = ""

    def test_programs(self) -> None:
        if not self.kind:
            self.skipTest("it names no kind")
        with tempfile.TemporaryDirectory() as directory:
            environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
            environment.pop("MFLAGS", None)
            made = subprocess.run(["make", "--no-print-directory", "-j2", f"HOSTED={self.kind}", f"HOSTED_B={directory}",
                                   "hosted"], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            self.assertEqual(made.returncode, 0, made.stdout)
            for program in sorted(path for path in Path(directory).iterdir() if path.is_file()):
                for seed in SEEDS:
                    self._run([str(program), str(seed)])

    def _run(self, command: List[str]) -> None:
        name = f"{Path(command[0]).name} {command[1]}"
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, errors="replace", timeout=LIMIT, check=False)
        report = ktap.parse(done.stdout)
        for case in report.cases:
            with self.subTest(f"{name}: {case.name}"):
                self.assertTrue(case.passed, "\n".join(case.notes))
        with self.subTest(f"{name}: its end"):
            self.assertEqual((done.returncode, report.problems), (0, []), f"{done.stdout[-4000:]}\n{done.stderr[-8000:]}")


class WithAddressAndUndefinedBehaviourSanitizer(Hosted):
    kind = "asan"


class WithThreadSanitizer(Hosted):
    kind = "tsan"


del Hosted  # only its kinds are tests


if __name__ == "__main__":
    unittest.main()
