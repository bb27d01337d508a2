"""Reads KTAP, the text in which a test suite inside the system reports, and turns it into tests that are counted.

    class Calls(KtapSuite):
        command = "calls_test"

A suite whose plan is missing or not kept, that bails out, or whose program or machine ends badly has failed.
"""

from __future__ import annotations

import re
import unittest
from dataclasses import dataclass, field
from typing import Dict, List, Optional

from tests.support import boot, built, record

_RESULT = re.compile(r"^(not )?ok\b(?: (\d+))?(?:\s+(?:- )?(.*?))?(?:\s+#\s*(SKIP|TODO)\b\s*(.*))?$", re.IGNORECASE)
_PLAN = re.compile(r"^1\.\.(\d+)(?:\s+#\s*SKIP\b.*)?$", re.IGNORECASE)


@dataclass
class Case:
    name: str
    passed: bool
    skipped: bool = False
    reason: str = ""
    notes: List[str] = field(default_factory=list)


@dataclass
class Report:
    cases: List[Case] = field(default_factory=list)
    planned: Optional[int] = None
    problems: List[str] = field(default_factory=list)


def parse(text: str) -> Report:
    """Reads results; a nested subtest, indented, gives cases named after what it belongs to."""
    report = Report()
    notes: List[str] = []
    nested: List[Case] = []
    for line in text.splitlines():
        bare = line.strip()
        indented = line.startswith((" ", "\t"))
        if bare.lower().startswith("bail out!"):
            report.problems.append(bare)
        elif _PLAN.match(bare) and not indented:
            if report.planned is not None:
                report.problems.append("there are two plans")
            report.planned = int(_PLAN.match(bare).group(1))  # type: ignore[union-attr]
        elif _RESULT.match(bare):
            case = _case(bare, notes)
            _number(report, bare, indented)
            if indented:
                nested.append(case)
            else:
                report.cases += [case]
                report.problems += [f"{case.name}: {inner.name} failed" for inner in nested if not inner.passed and case.passed]
                nested = []
            notes = []
        elif bare:
            notes.append(bare)
    _count(report)
    return report


def _case(line: str, notes: List[str]) -> Case:
    bad, number, name, directive, reason = _RESULT.match(line).groups()  # type: ignore[union-attr]
    skipped = (directive or "").upper() == "SKIP"
    return Case(name or f"test {number}", not bad, skipped, reason or "", list(notes))


def _number(report: Report, line: str, indented: bool) -> None:
    number = _RESULT.match(line).group(2)  # type: ignore[union-attr]
    if number and not indented and int(number) != len(report.cases) + 1:
        report.problems.append(f"result {number} stands where {len(report.cases) + 1} is due: {line}")


def _count(report: Report) -> None:
    if report.planned is None:
        report.problems.append("there is no plan (a line 1..N)")
    elif report.planned != len(report.cases):
        report.problems.append(f"{report.planned} results were planned, {len(report.cases)} have come")
    if not report.cases and not report.problems:
        report.problems.append("there is no result")


class KtapSuite(unittest.TestCase):
    """Boots, runs a command that prints KTAP, and counts each of its results as a test.

    In the plain machine, and where `checked` is set, it runs on a debug kernel, which audits itself whenever a process
    has gone, and whose report is noted for tests/boot/test_errors.py; in other machines on the kernel as it is.
    """

    counts_subtests = True
    command = ""
    machine: Dict[str, object] = {}
    checked = False
    timeout = boot.LIMIT

    @classmethod
    def is_checked(cls) -> bool:
        return bool(cls.command) and (cls.checked or not cls.machine)

    def test_suite(self) -> None:
        if not self.command:
            self.skipTest("it names no command")
        machine = dict(self.machine)
        if self.is_checked():
            machine.update(kernel=built.debug_kernel(), append=f"{machine.get('append', '')} report=yes audit=each".strip())
        result = boot.run(self.command, timeout=self.timeout, **machine)  # type: ignore[arg-type]
        record.note(type(self).__name__, result.log)
        report = parse(result.output)
        for case in report.cases:
            with self.subTest(case.name):
                if case.skipped:
                    self.skipTest(case.reason)
                if not case.passed:
                    self.fail("\n".join(case.notes) or "not ok")
        self._whole(result, report)

    def _whole(self, result: boot.Result, report: Report) -> None:
        """The end of the suite: its plan and the status of its program and of the machine."""
        failed = sum(not case.passed for case in report.cases)
        if result.status > 127 or bool(result.status) != bool(failed):
            report.problems.append(f"{self.command} ended with status {result.status}; {failed} results have failed")
        if report.problems:
            self.fail("\n".join(report.problems) + f"\n{result}\n--- console\n{result.log}")
