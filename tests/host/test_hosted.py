"""The real kernel as a program of this machine: see tests/host/kernel. Each program prints KTAP."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import List

from tests.support import built, ktap, record

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 200.0  # of a program that hangs; on one busy processor some take a minute
SEEDS = (1, 2)
FUZZ_RUNS, FUZZ_SECONDS = 5000, 20


def threads_of(pid: int) -> str:
    """Where each thread of a process is, for one that hangs."""
    debugger = shutil.which("gdb") or shutil.which("gdb-multiarch")
    if not debugger:
        return "(install gdb to see them)"
    command = [debugger, "-nx", "-batch", "-p", str(pid), "-ex", "thread apply all backtrace 12"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=30, check=False)
    return done.stdout


def programs() -> List[str]:
    return sorted(file.stem[len("test_"):] for file in (ROOT / "tests/host/kernel").glob("test_*.c"))


def arguments(program: str) -> List[List[str]]:
    """With what to run it: whether it takes a seed stands in its head. What takes none does the same each time."""
    takes_seed = "[SEED]" in (ROOT / f"tests/host/kernel/test_{program}.c").read_text(encoding="utf-8").partition("*/")[0]
    return [[str(seed)] for seed in SEEDS] if takes_seed else [[]]


class Hosted(unittest.TestCase):
    """Builds the programs of one kind and runs them."""

    counts_subtests = True
    takes_long = True
    kind = ""

    def test_programs(self) -> None:
        if not self.kind:
            self.skipTest("it names no kind")
        folder = built.hosted(self.kind, "hosted")
        printed = [self._run([str(folder / program), *words]) for program in programs() for words in arguments(program)]
        record.note(type(self).__name__, "".join(printed))

    def _run(self, command: List[str]) -> str:
        name = " ".join([Path(command[0]).name, *command[1:]])
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, errors="replace") as process:
            try:
                printed, errors = process.communicate(timeout=LIMIT)
            except subprocess.TimeoutExpired:
                where = threads_of(process.pid)
                process.kill()
                printed, errors = process.communicate()
                errors += f"\n{name} has not ended within {LIMIT:.0f} s. Its threads were here:\n{where}"
        report = ktap.parse(printed)
        for case in report.cases:
            with self.subTest(f"{name}: {case.name}"):
                self.assertTrue(case.passed, "\n".join(case.notes))
        with self.subTest(f"{name}: its end"):
            self.assertEqual((process.returncode, report.problems), (0, []), f"{printed[-4000:]}\n{errors[-8000:]}")
        return printed


class WithAddressAndUndefinedBehaviourSanitizer(Hosted):
    kind = "asan"


class WithThreadSanitizer(Hosted):
    kind = "tsan"


class GuidedFuzzer(unittest.TestCase):
    """Some thousand inputs, from nothing; `make fuzz` goes on for longer and keeps what it has found."""

    def test_random_calls(self) -> None:
        folder = built.hosted("fuzz", "build/host/fuzz/calls")
        with tempfile.TemporaryDirectory() as directory:
            command = [f"{folder}/calls", f"-runs={FUZZ_RUNS}", f"-max_total_time={FUZZ_SECONDS}", "-seed=1",
                       "-rss_limit_mb=4096", f"-artifact_prefix={directory}/", "-print_final_stats=1"]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, errors="replace", timeout=LIMIT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-8000:])
        reached = re.findall(r"#(\d+)\s+DONE\s+cov: (\d+)", done.stdout)
        self.assertTrue(reached, done.stdout[-4000:])
        record.note(type(self).__name__, "figure: {} inputs, {} branches of the kernel reached".format(*reached[-1]))


del Hosted  # only its kinds are tests


if __name__ == "__main__":
    unittest.main()
