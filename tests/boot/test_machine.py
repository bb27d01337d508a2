"""The machines that the system has to boot on: harts, memory, processor features, any hart the first."""

from __future__ import annotations

import itertools
import re
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Dict, Iterator, Tuple

from tests.support import boot, ktap
from tests.support.stub import Stub

HARTS = (1, 2, 4, 8)
MEMORIES = ("64M", "128M", "1G", "4G")
PROCESSORS = ("rv64", "rv64,sstc=off", "rv64,svpbmt=on", "rv64,sstc=off,svpbmt=on")
SUITE = "test-futex"  # short, and it uses every hart
BOOTED = re.compile(r"(\d+) of (\d+) harts, booted on (\d+)")

# Seconds that a hart may run alone: more each time, until the machine below has found some for it.
HEAD_STARTS = (0.3, 1.0, 4.0)


def machines() -> Iterator[Dict[str, object]]:
    """So many that any two choices meet in one of them, with four to choose from each time: a Latin square."""
    for row, column in itertools.product(range(4), repeat=2):
        yield {"smp": HARTS[row], "mem": MEMORIES[column], "cpu": PROCESSORS[(row + column) % 4]}


class Booting(unittest.TestCase):
    def check(self, result: boot.Result) -> Tuple[int, int, int]:
        """The suite has passed. Harts that take part, harts that there are, and the one that booted."""
        report = ktap.parse(result.output)
        self.assertEqual((result.status, report.problems), (0, []), f"{result}\n{result.log}")
        booted = BOOTED.search(result.log)
        assert booted, result.log
        return tuple(int(word) for word in booted.groups())  # type: ignore[return-value]


class Machine(Booting):
    def test_every_pair_of_choices(self) -> None:
        for machine in machines():
            with self.subTest(**machine):
                online, there, _ = self.check(boot.run(SUITE, **machine))  # type: ignore[arg-type]
                self.assertEqual((online, there), (machine["smp"], machine["smp"]))

    def test_counted_instructions(self) -> None:
        result = boot.run("echo ok", icount=True)
        self.assertEqual((result.status, result.output, result.errors), (0, "ok\n", ""), result.log)

    def test_kernel_options(self) -> None:
        result = boot.run("echo ok", append="log=debug")
        self.assertEqual((result.status, result.output), (0, "ok\n"), result.log)
        quiet = boot.run("echo ok", append="log=error")
        self.assertEqual((quiet.status, quiet.output), (0, "ok\n"), quiet.log)
        self.assertLess(len(quiet.log), len(result.log))


class FirstHart(Booting):
    """The firmware boots on the hart that comes first, by chance mostly 0. Here on each of the others."""

    def boot_on(self, hart: int, seconds: float) -> Tuple[int, int, int]:
        with tempfile.TemporaryDirectory(prefix="tabula-hart-") as folder:
            path, log = Path(folder) / "stub", Path(folder) / "log"
            command = [str(boot.RUN), "--smp", "4", "--gdb", f"unix:{path},server=on,wait=off", "--log", str(log), SUITE]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            try:
                with Stub(path) as stub:
                    stub.boot_on(hart, seconds)
                raw, errors = process.communicate(timeout=boot.LIMIT)
            finally:
                process.kill()
                process.communicate()
            text = log.read_text("utf-8", "replace")
        return self.check(boot.Result(process.returncode, raw, errors.decode("utf-8", "replace"), text, 0.0))

    def test_each(self) -> None:
        for hart in (1, 2, 3):
            with self.subTest(hart=hart):
                for seconds in HEAD_STARTS:
                    online, _, first = self.boot_on(hart, seconds)
                    self.assertEqual(online, 4)
                    if first == hart:
                        break
                self.assertEqual(first, hart)


if __name__ == "__main__":
    unittest.main()
