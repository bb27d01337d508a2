"""Cuts a table into tokens. The grammar stands at the heads of types.tbl and syscalls.tbl."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import List

from .source import Complaints, Source, Span

WORD = "word"
NUMBER = "number"
STRING = "string"
PUNCTUATION = "punctuation"
DOC = "text"  # a `##` comment: manual text
SOFT_END = "soft end of line"  # the next line is indented: a call goes on there
END = "end of line"
END_OF_FILE = "end of file"

_TOKEN = re.compile(
    r"""(?P<blank>[ \t]+)
      | (?P<doc>\#\#.*)
      | (?P<comment>\#.*)
      | (?P<string>"[^"]*")
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<number>[0-9][A-Za-z0-9_]*)
      | (?P<punctuation>[()\[\]<>{},:;+!-])""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    span: Span
    alone: bool = False  # for DOC: nothing stands before it on its line

    def __str__(self) -> str:
        if self.kind in (END, SOFT_END, END_OF_FILE):
            return "the " + self.kind.replace("soft ", "")
        if self.kind == DOC:
            return "manual text"
        return f"'{self.text}'"


def tokenize(source: Source, complaints: Complaints) -> List[Token]:
    """All tokens of a source, closed by END and END_OF_FILE."""
    tokens: List[Token] = []
    for number, line in enumerate(source.lines, 1):
        following = source.lines[number] if number < len(source.lines) else ""
        tokens.extend(_tokenize_line(source, number, line, complaints))
        soft = following.strip() != "" and following[0] in " \t"
        tokens.append(Token(SOFT_END if soft else END, "", Span(source, number, len(line) + 1, 1)))
    last = max(1, len(source.lines))
    tokens.append(Token(END_OF_FILE, "", Span(source, last)))
    return tokens


def _tokenize_line(source: Source, number: int, line: str, complaints: Complaints) -> List[Token]:
    tokens: List[Token] = []
    at = 0
    while at < len(line):
        match = _TOKEN.match(line, at)
        if match is None:
            what = "this text is not closed by a quotation mark" if line[at] == '"' else \
                f"unexpected character '{line[at]}'"
            complaints.add(Span(source, number, at + 1, 1), what)
            return tokens
        kind = match.lastgroup
        span = Span(source, number, at + 1, match.end() - at)
        if kind == "doc":
            tokens.append(Token(DOC, match.group()[2:].strip(), span, alone=not tokens))
        elif kind not in ("blank", "comment"):
            text = match.group()[1:-1] if kind == "string" else match.group()
            tokens.append(Token(str(kind), text, span))
        at = match.end()
    return tokens
