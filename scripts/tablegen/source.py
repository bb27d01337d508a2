"""Source texts, places in them, and complaints about them in GCC's style."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Set, Tuple


@dataclass(frozen=True)
class Source:
    """One input file: its path as the user gave it, and its lines without their ends."""

    path: str
    lines: Tuple[str, ...]


@dataclass(frozen=True)
class Span:
    """A place in a source: line and column count from 1."""

    source: Source
    line: int
    column: int = 1
    length: int = 0

    @property
    def where(self) -> str:
        return f"{self.source.path}:{self.line}"


class Refused(Exception):
    """Raised inside the parser to give up one statement."""

    def __init__(self, span: Span, message: str) -> None:
        super().__init__(message)
        self.span = span
        self.message = message


class Complaints:
    """Collects complaints so that all independent ones are reported in one run."""

    def __init__(self) -> None:
        self._items: List[Tuple[Span, str]] = []
        self._seen: Set[Tuple[str, int, str]] = set()

    def add(self, span: Span, message: str) -> None:
        key = (span.source.path, span.line, message)
        if key not in self._seen:
            self._seen.add(key)
            self._items.append((span, message))

    def __bool__(self) -> bool:
        return bool(self._items)

    def concern(self, source: Source) -> bool:
        """Says whether anything in this source has been complained about."""
        return any(span.source is source for span, _ in self._items)

    def render(self) -> str:
        """All complaints in the order of their files and lines, each with its line and a mark under it."""
        order: List[str] = []
        for span, _ in self._items:
            if span.source.path not in order:
                order.append(span.source.path)
        ordered = sorted(self._items, key=lambda item: (order.index(item[0].source.path), item[0].line))
        return "".join(_render(span, message) for span, message in ordered)


def _render(span: Span, message: str) -> str:
    text = f"{span.where}: error: {message}\n"
    if span.length == 0 or span.line > len(span.source.lines):
        return text
    shown = "".join(c if c.isprintable() or c == "\t" else "?" for c in span.source.lines[span.line - 1])
    indent = "".join("\t" if c == "\t" else " " for c in shown[: span.column - 1])
    mark = "^" + "~" * (span.length - 1)
    return f"{text}{span.line:5} | {shown}\n      | {indent}{mark}\n"


def read_source(path: str, complaints: Complaints) -> Source:
    """Reads a file; bytes that aren't clean text are complained about and replaced."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        source = Source(path, ())
        complaints.add(Span(source, 1), f"can't read it: {error.strerror}; check the path")
        return source
    lines = []
    raw_lines = data.split(b"\n")
    if raw_lines[-1] == b"":
        raw_lines.pop()
    spoilt: List[Tuple[int, str]] = []
    for number, raw in enumerate(raw_lines, 1):
        line, faults = _clean_line(raw)
        lines.append(line)
        spoilt.extend((number, fault) for fault in faults)
    source = Source(path, tuple(lines))
    reported: Set[str] = set()
    for number, fault in spoilt:
        if fault not in reported:
            reported.add(fault)
            complaints.add(Span(source, number), fault)
    return source


def _clean_line(raw: bytes) -> Tuple[str, List[str]]:
    """Decodes one line; returns it with what is wrong with its bytes."""
    faults = []
    if raw.endswith(b"\r"):
        raw = raw[:-1]
        faults.append("the line ends with a carriage return; save the file with LF line ends")
    try:
        line = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        faults.append(f"byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8")
        line = raw.decode("utf-8", "replace")
    if any((c < " " and c != "\t") or c in "\x7f\x85\u2028\u2029\ufeff" for c in line):
        faults.append("the line holds a control character; remove it")
        line = "".join(" " if (c < " " and c != "\t") or c in "\x7f\x85\u2028\u2029\ufeff" else c for c in line)
    return line, faults
