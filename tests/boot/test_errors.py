"""Every error that a line of the call table declares is returned at least once by some test.

The kernel itself says which errors it has returned: suites in the plain machine run on a debug kernel, and the
hosted kernel is one. The list of what is declared comes from the tables, so a new call is under this rule by itself. An error
that can't be had is struck off its line; one that can needs a test.
"""

from __future__ import annotations

import unittest
from typing import Set

from tests.boot import test_suites
from tests.host import test_hosted
from tests.support import boot, record

# What no test can bring about on purpose, and why.
RARE = {
    "ipc_reply_receive ENOMEM": "only when another thread takes the slot that the reply has just freed",
}


def sources() -> Set[str]:
    """The classes that note errors and do so every time: not those that go by chance."""
    suites = {suite.__name__ for suite in test_suites.suites() if suite.is_checked()}
    return suites - {test_suites.Fuzz.__name__} | {test_hosted.WithAddressAndUndefinedBehaviourSanitizer.__name__}


class DeclaredErrors(unittest.TestCase):
    runs_last = True

    def test_the_rare_ones_are_declared(self) -> None:
        self.assertEqual(sorted(set(RARE) - set(record.declared().values())), [], "strike these off RARE")

    def test_each_is_seen(self) -> None:
        built = (boot.ROOT / "build/kernel.elf").stat().st_mtime  # the debug kernel is built when it is first asked for
        seen: Set[record.Pair] = set()
        for name in sources():
            try:
                seen |= record.errors_noted(name, built)
            except FileNotFoundError:
                self.skipTest(f"{name} has not run with this kernel; `scripts/test` runs all of them")
        declared = {pair: name for pair, name in record.declared().items() if name not in RARE}
        missing = sorted(set(declared) - seen)
        self.assertEqual([declared[pair] for pair in missing], [],
                         f"{len(missing)} of {len(declared)} declared errors are returned by no test: add a case to a suite "
                         "in tests/user, or strike the error off its line in kernel/abi/syscalls.tbl")


if __name__ == "__main__":
    unittest.main()
