"""Checks the tables as a whole: numbers, gaps, and calls that stand in two tables."""

from __future__ import annotations

from typing import Dict, List, Tuple

from . import model
from .judge import Judge, closest
from .source import Span

_ERRORS_OF_CHECKS = ("E2BIG", "EACCES", "EBADF", "EFAULT", "EFTYPE", "EINVAL", "ENOSYS")
_MOST_SLOTS = 4096


class TableChecker(Judge):
    def run(self) -> None:
        self.unique((t.name, f"table {t.name}", t.span) for t in self.interface.tables)
        for table in self.interface.tables:
            self.check_name(table.name, table.span, "a table")
            if table.slots < 2 or table.slots & (table.slots - 1) or table.slots > _MOST_SLOTS:
                self.complain(table.span, f"a table has a power of two of slots, at most {_MOST_SLOTS}, because the "
                              f"trap path masks the number; {table.slots} is none")
            self.check_numbers(table)
            self.check_errors_of_checks(table)
        known = {t.name for t in self.interface.tables}
        uses = [(gap.table, gap.span) for gap in self.interface.gaps]
        uses += [(retired.table, retired.span) for retired in self.interface.retired]
        uses += [(call.table, call.table_span) for call in self.interface.calls]
        for name, span in uses:
            if name not in known:
                self.unknown(name, span, f"unknown table '{name}'{closest(name, known)}")
        self.check_names_of_calls()

    def check_errors_of_checks(self, table: model.Table) -> None:
        for name in _ERRORS_OF_CHECKS:
            if not self.interface.error(name) and name not in self.interface.doubtful:
                self.complain(table.span, f"error {name} is not declared, and the checks of calls return it; declare "
                              "it among the types")

    def check_numbers(self, table: model.Table) -> None:
        """Every number from 1 to the highest is a call, retired or in a declared gap, and only one of them."""
        users: Dict[int, Tuple[str, Span]] = {}
        claims: List[Tuple[int, str, Span]] = []
        for call in self.interface.calls:
            if call.table == table.name:
                claims.append((call.number, f"call {call.name}", call.span))
        for retired in self.interface.retired:
            if retired.table == table.name:
                claims.append((retired.number, f"the retired call {retired.name}", retired.span))
        for number, what, span in claims:
            if not 1 <= number < table.slots:
                self.complain(span, f"number {number} lies outside table {table.name}, which has the slots 1 to "
                              f"{table.slots - 1}" + (" (0 stays empty)" if number == 0 else ""))
            elif number in users:
                free = next((n for n in range(1, table.slots) if n not in {c[0] for c in claims}), None)
                self.complain(span, f"number {number} is used twice: {users[number][0]} has it at "
                              f"{users[number][1].where}" + (f"; {free} is free" if free else ""))
            else:
                users[number] = (what, span)
        self.check_gaps(table, users)

    def check_gaps(self, table: model.Table, users: Dict[int, Tuple[str, Span]]) -> None:
        declared: Dict[int, Span] = {}
        for gap in self.interface.gaps:
            if gap.table != table.name:
                continue
            if not 1 <= gap.first <= gap.last < table.slots:
                self.complain(gap.span, f"the gap lies outside table {table.name}, which has the slots 1 to "
                              f"{table.slots - 1}")
                continue
            for number in range(gap.first, gap.last + 1):
                if number in users:
                    self.complain(gap.span, f"number {number} is not free: {users[number][0]} has it at "
                                  f"{users[number][1].where}; make the gap smaller")
                if number in declared:
                    self.complain(gap.span, f"number {number} is in two gaps; the other is at "
                                  f"{declared[number].where}")
                declared[number] = gap.span
        if any(self.complaints.concern(span.source) for _, span in users.values()):
            return  # a line that could not be read would look like a hole
        expected = 1
        for number in sorted(users):
            missing = [n for n in range(expected, number) if n not in declared]
            if missing:
                hole = f"{missing[0]}" if missing[0] == missing[-1] else f"{missing[0]}-{missing[-1]}"
                self.complain(users[number][1], f"undeclared gap: nothing has the number"
                              f"{'s' if '-' in hole else ''} {hole}; use {missing[0]} here, or write "
                              f"`gap {hole} \"why\"`")
            expected = number + 1

    def check_names_of_calls(self) -> None:
        self.unique(((c.table, c.name), f"call {c.name}", c.name_span) for c in self.interface.calls)
        first: Dict[str, model.Call] = {}
        for call in self.interface.calls:
            other = first.setdefault(call.name, call)
            if other.table != call.table and _prototype(other) != _prototype(call):
                self.complain(call.name_span, f"call {call.name} differs from its line in table {other.table} at "
                              f"{other.span.where}; one handler serves both, so the lines have to agree")


def _prototype(call: model.Call) -> Tuple[object, ...]:
    """What a handler sees of a call."""
    arguments = tuple((a.kind, str(a.type or a.struct), a.direction, a.length, tuple(a.rights), a.rights_from)
                      for a in call.arguments)
    return (call.result.kind, call.result.name, sorted({*call.attributes} - {"struct"}), arguments)
