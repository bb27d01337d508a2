"""The getopt of user/libc beside the one of this machine's C library, which sets the habits that programs rely on."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@unittest.skipUnless(sys.platform.startswith("linux"), "compared with glibc")
class Getopt(unittest.TestCase):
    def test_random_arguments(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            driver = str(Path(directory) / "driver")
            subprocess.run(
                ["cc", "-std=gnu17", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined",
                 "-fno-sanitize-recover=all", f"-I{ROOT}/user/libc", "-o", driver,
                 str(ROOT / "tests/host/getopt_driver.c")], check=True)
            for seed in range(1, 4):
                done = subprocess.run([driver, str(seed), "50000"], stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True)
                self.assertEqual((done.returncode, done.stdout), (0, ""))


if __name__ == "__main__":
    unittest.main()
