"""docs/SESSION.md is what happens: its session, once more."""

import subprocess
import sys
import unittest

from tests.support import boot


class Session(unittest.TestCase):
    def test_the_recording(self) -> None:
        done = subprocess.run([sys.executable, str(boot.ROOT / "scripts/record"), "--check"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode() + "\n`scripts/record` records it anew")


if __name__ == "__main__":
    unittest.main()
