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
             "-fsanitize=undefined", "-fno-sanitize-recover=all", f"-I{ROOT}/user/libc", f"-I{ROOT}/kernel",
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

    def test_double_free_ends_the_program(self) -> None:
        done = subprocess.run([str(self.driver), "double-free"])
        self.assertEqual(done.returncode, -signal.SIGABRT)


if __name__ == "__main__":
    unittest.main()
