"""The malloc of user/libc, compiled for this machine with sanitizers."""

import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Malloc(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.directory = tempfile.TemporaryDirectory()
        cls.driver = Path(cls.directory.name) / "driver"
        subprocess.run(
            ["cc", "-std=gnu17", "-g", "-O2", "-Wall", "-Wextra", "-Werror", "-fno-builtin",
             "-fsanitize=undefined", "-fno-sanitize-recover=all", "-D_GNU_SOURCE", "-pthread",
             "-iquote", f"{ROOT}/user/libc", "-idirafter", f"{ROOT}/kernel",
             "-o", str(cls.driver), str(ROOT / "tests/host/malloc_driver.c")], check=True)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.directory.cleanup()

    def test_random_calls(self) -> None:
        for seed in range(1, 6):
            with self.subTest(seed=seed):
                done = subprocess.run([str(self.driver), str(seed), "100000"], stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True)
                self.assertEqual(done.returncode, 0, done.stdout)
                used = int(done.stdout.split()[0])
                # At most 200 blocks of 64 KiB live at a time, most of them far smaller.
                self.assertLess(used, 8 << 20)

    def test_mistakes_end_the_program(self) -> None:
        freed, damaged = "was freed already", "is damaged"
        mistakes = {"double-free": freed, "double-free-joined": freed, "overflow": damaged, "overflow-own": damaged,
                    "inside": damaged, "odd": "is none: no block begins there", "realloc-freed": freed,
                    "write-after-free": "was written to after it was freed"}
        for mistake, complaint in mistakes.items():
            for size in ("100", "3000"):
                with self.subTest(mistake, size=size):
                    done = subprocess.run([str(self.driver), mistake, size], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                          text=True)
                    self.assertEqual(done.returncode, -signal.SIGABRT)
                    self.assertRegex(done.stderr, rf"^malloc: block 0x[0-9a-f]+ {complaint}")


if __name__ == "__main__":
    unittest.main()
