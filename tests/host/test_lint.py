"""`make lint` has nothing to say: layout, layers, and clang over the kernel."""

import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Lint(unittest.TestCase):
    def test_make_lint(self) -> None:
        done = subprocess.run(["make", "--no-print-directory", "lint"], cwd=ROOT, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
