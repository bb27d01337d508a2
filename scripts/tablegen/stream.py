"""Walks over the tokens of one table: what both parsers need."""

from __future__ import annotations

import re
from typing import Optional

from . import model
from .lexer import DOC, END, END_OF_FILE, NUMBER, PUNCTUATION, SOFT_END, WORD, Token, tokenize
from .source import Complaints, Refused, Source

LARGEST = 2**32 - 1
ENDS = (END, SOFT_END, END_OF_FILE)


def to_number(token: Token) -> int:
    """The value of a number token: decimal, or hexadecimal after 0x."""
    if re.fullmatch(r"0x[0-9a-fA-F]{1,16}", token.text):
        value = int(token.text, 16)
    elif re.fullmatch(r"0|[1-9][0-9]{0,19}", token.text):
        value = int(token.text)
    elif re.fullmatch(r"(0x[0-9a-fA-F]+|[0-9]+)", token.text) and not re.fullmatch(r"0[0-9]+", token.text):
        raise Refused(token.span, f"the number is too large; the largest is {LARGEST:#x}")
    else:
        raise Refused(token.span, f"'{token.text}' is not a number; write it in decimal, or with 0x in hexadecimal")
    if value > LARGEST:
        raise Refused(token.span, f"the number is too large; the largest is {LARGEST:#x}")
    return value


class Stream:
    def __init__(self, source: Source, interface: model.Interface, complaints: Complaints) -> None:
        self.source = source
        self.interface = interface
        self.complaints = complaints
        self.tokens = tokenize(source, complaints)
        self.at = 0

    def peek(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.tokens[self.at]
        if token.kind != END_OF_FILE:
            self.at += 1
        return token

    def next_is(self, text: str) -> bool:
        token = self.peek()
        return token.kind in (PUNCTUATION, WORD) and token.text == text

    def accept(self, text: str) -> Optional[Token]:
        return self.take() if self.next_is(text) else None

    def expect(self, text: str, why: str = "") -> Token:
        if not self.next_is(text):
            raise Refused(self.peek().span, f"expected '{text}'{why} but found {self.peek()}")
        return self.take()

    def expect_kind(self, kind: str, what: str) -> Token:
        if self.peek().kind != kind:
            raise Refused(self.peek().span, f"expected {what} but found {self.peek()}")
        return self.take()

    def word(self, what: str) -> Token:
        return self.expect_kind(WORD, what)

    def number(self, what: str) -> int:
        return to_number(self.expect_kind(NUMBER, what))

    def skip_soft(self) -> None:
        """Inside a call: goes on over ends of lines that an indented line follows."""
        while self.peek().kind == SOFT_END:
            self.take()

    def end_of_statement(self) -> None:
        if self.peek().kind == DOC:
            raise Refused(self.peek().span, "manual text stands on lines of its own before what it describes")
        if self.peek().kind not in ENDS:
            raise Refused(self.peek().span, f"expected the end of the line but found {self.peek()}")
        self.take()

    def type_name(self, word: Token) -> Optional[model.TypeName]:
        """A scalar type, flags<SET> or enum<NAME>; None for another word."""
        if word.text in model.SCALARS:
            return model.TypeName("scalar", word.text, word.span)
        if word.text not in ("flags", "enum"):
            return None
        self.expect("<", f" after {word.text}")
        name = self.word(f"the name of the {word.text}")
        self.expect(">")
        return model.TypeName(word.text, name.text, name.span)
