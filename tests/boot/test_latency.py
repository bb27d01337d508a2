"""How long interrupts are off, in instructions: suites on a debug kernel that measures it, under -icount, on one hart.

A call that is not in KNOWN, and whatever is no call, stays within BUDGET. So the figure is the worst that these suites
bring about, not a bound; docs/PERFORMANCE.md says what grows, and with what.
"""

from __future__ import annotations

import re
import unittest
from typing import Dict, Tuple

from tests.support import boot, built, record

# Not those that spin for a time, which is long when an instruction takes a nanosecond; nor those that count free pages right
# after a program has ended, when the process server has not let go of it yet.
SUITES = ("memory", "copies", "quota", "elf", "ipc-windows", "control", "exceptions", "notify",
          "timers", "interrupts", "info", "fuzz", "futex", "crowds")
BUDGET = 8000

# What can't keep to that: up to how many instructions, and why.
KNOWN: Dict[str, Tuple[int, str]] = {
    "console_write": (14000, "the debug kernel measures each byte that the firmware prints"),
    "exception": (10000, "the same, of a line that tells of a fault"),
}

_LONGEST = re.compile(r"report: interrupts off (\d+) in (?:call (\d+)|(.+))")


def measured(log: str) -> Dict[str, int]:
    """The longest stretch by name of the call, or by kind of trap."""
    names = {call.number: call.name for call in record.interface().calls_of("native")}
    return {names.get(int(call), f"call {call}") if call else kind.strip("\x01 "): int(count)
            for count, call, kind in _LONGEST.findall(re.sub("\x01[^<>]*[<>]", "\n", log))}


class InterruptsOff(unittest.TestCase):
    def test_budget(self) -> None:
        worst: Dict[str, int] = {}
        for suite in SUITES:
            with self.subTest(suite):
                result = boot.run(f"test-{suite}", kernel=built.debug_kernel(), append="report=yes", icount=True)
                self.assertEqual(result.status, 0, result)
                found = measured(result.log)
                self.assertTrue(found, "the kernel reports nothing")
                for name, count in found.items():
                    limit, why = KNOWN.get(name, (BUDGET, ""))
                    self.assertLessEqual(count, limit, f"{name}, {why}")
                    worst[name] = max(worst.get(name, 0), count)
        within = max((count, name) for name, count in worst.items() if name not in KNOWN)
        beyond = max((count, name) for name, count in worst.items())
        record.note(type(self).__name__, "figure: interrupts off for {} instructions at most, in {}\n".format(*within) +
                    "figure: but for what is known to take longer: {}, in {}\n".format(*beyond))


if __name__ == "__main__":
    unittest.main()
