"""Reads tables into the model. Syntax only: what names mean is the checker's business."""

from __future__ import annotations

from typing import Callable, Dict, List, Optional, TypeVar

from . import model
from .call_parser import CallParser
from .lexer import DOC, END, END_OF_FILE, NUMBER, STRING, WORD, Token
from .source import Complaints, Refused, Source, Span
from .stream import ENDS

Item = TypeVar("Item")


def parse(source: Source, interface: model.Interface, complaints: Complaints) -> None:
    """Adds everything that a source declares to the interface."""
    _Parser(source, interface, complaints).run()


class _Parser(CallParser):
    def __init__(self, source: Source, interface: model.Interface, complaints: Complaints) -> None:
        super().__init__(source, interface, complaints)
        self.statements: Dict[str, Callable[[str], None]] = {
            "error": self.error,
            "flags": self.value_set,
            "enum": self.value_set,
            "struct": self.struct,
            "object": self.object,
            "common": self.common,
            "table": self.table,
            "protocol": self.protocol,
            "gap": self.gap,
            "retired": self.retired,
        }

    def run(self) -> None:
        text: List[str] = []
        pending: Optional[Token] = None
        while self.peek().kind != END_OF_FILE:
            token = self.peek()
            if token.kind == DOC:
                text.append(token.text)
                pending = token
                self.take()
                self.take()
            elif token.kind in ENDS:
                if pending is not None:
                    self.complaints.add(pending.span, "this manual text belongs to nothing; remove the empty line "
                                        "after it, or use # for a comment")
                text, pending = [], None
                self.take()
            else:
                self.statement(" ".join(text))
                text, pending = [], None
        if pending is not None:
            self.complaints.add(pending.span, "this manual text belongs to nothing; nothing follows it")

    def statement(self, text: str) -> None:
        token = self.peek()
        start = self.at
        try:
            if token.kind == NUMBER:
                self.call(text)
            elif token.kind == WORD and token.text in self.statements:
                self.statements[token.text](text)
            elif token.kind == WORD and any(t.name == token.text for t in self.interface.tables):
                raise Refused(token.span, f"the number is missing: a call line is NUMBER {token.text} ATTRIBUTES "
                              "RESULT NAME(ARGUMENTS) ! ERRORS")
            else:
                raise Refused(token.span, f"expected the number of a call or one of {', '.join(self.statements)} "
                              f"but found {token}")
        except Refused as refused:
            self.complaints.add(refused.span, refused.message)
            self.recover()
            self.doubt(start)

    def doubt(self, start: int) -> None:
        """Remembers the words that were skipped: one of them may declare what is then found to be unknown."""
        self.interface.doubtful |= {token.text for token in self.tokens[start:self.at] if token.kind == WORD}

    def recover(self) -> None:
        """Goes on at the next line that begins a statement."""
        while self.take().kind not in (END, END_OF_FILE):
            pass
        if self.next_is("}"):
            while self.take().kind not in ENDS:
                pass

    def error(self, text: str) -> None:
        keyword = self.take()
        name = self.word("the name of the error")
        number = self.number("the number of the error")
        what = self.expect_kind(STRING, "the meaning of the error in quotation marks")
        self.end_of_statement()
        if text:
            raise Refused(keyword.span, "the text of an error stands in quotation marks; remove the ## lines")
        self.interface.errors.append(model.Error(name.text, number, what.text, name.span))

    def value_set(self, text: str) -> None:
        kind = self.take().text
        name = self.word(f"the name of the {kind}")
        values = self.block(self.value)
        self.interface.sets.append(model.ValueSet(kind, name.text, values, text, name.span))

    def struct(self, text: str) -> None:
        self.take()
        name = self.word("the name of the struct")
        members = self.block(self.member)
        self.interface.structs.append(model.Struct(name.text, members, text, name.span))

    def object(self, text: str) -> None:
        self.take()
        name = self.word("the name of the object type")
        number = self.number("the number of the object type")
        rights = self.block(self.right)
        self.interface.objects.append(model.Object(name.text, number, rights, text, name.span))

    def common(self, text: str) -> None:
        self.take()
        self.interface.common.extend(self.block(self.right))

    def block(self, item: Callable[[str], Item]) -> List[Item]:
        """The items between braces, one on a line. A bad item is complained about and left out."""
        opened = self.expect("{")
        if self.peek().kind not in ENDS:
            raise Refused(self.peek().span, f"expected the end of the line after '{{' but found {self.peek()}")
        items: List[Item] = []
        text: List[str] = []
        while not self.next_is("}"):
            token = self.peek()
            if token.kind == END_OF_FILE:
                raise Refused(opened.span, "this '{' is never closed")
            if token.kind in ENDS:
                self.take()
            elif token.kind == DOC:
                text.append(self.take().text)
            else:
                self.block_item(item, " ".join(text), items)
                text = []
        self.take()
        self.end_of_statement()
        return items

    def block_item(self, item: Callable[[str], Item], text: str, items: List[Item]) -> None:
        start = self.at
        try:
            items.append(item(text))
            if self.peek().kind not in ENDS:
                raise Refused(self.peek().span, f"expected the end of the line but found {self.peek()}")
        except Refused as refused:
            self.complaints.add(refused.span, refused.message)
            while self.peek().kind not in ENDS:
                self.take()
            self.doubt(start)

    def trailing_text(self, text: str) -> str:
        if self.peek().kind == DOC:
            return f"{text} {self.take().text}".strip()
        return text

    def value(self, text: str) -> model.Named:
        name = self.word("a name")
        value = self.number("a value")
        return model.Named(name.text, value, self.trailing_text(text), name.span)

    def right(self, text: str) -> model.Named:
        self.expect("right")
        return self.value(text)

    def member(self, text: str) -> model.Member:
        type_name = self.type_name(self.word("a type"))
        if type_name is None:
            raise Refused(self.tokens[self.at - 1].span, f"unknown type '{self.tokens[self.at - 1].text}'; a field is "
                          f"one of {', '.join(model.SCALARS)}, flags<SET>, enum<NAME>")
        name = self.word("the name of the field")
        count = 0
        if self.accept("["):
            span = self.peek().span
            count = self.number("the number of elements")
            if count == 0:
                raise Refused(span, "an array of no elements; leave it out")
            self.expect("]")
        return model.Member(name.text, type_name, count, self.trailing_text(text), name.span)

    def table(self, text: str) -> None:
        self.take()
        name = self.word("the name of the table")
        slots = self.number("the number of slots")
        self.end_of_statement()
        self.interface.tables.append(model.Table(name.text, slots, name.span))

    def protocol(self, text: str) -> None:
        """protocol NAME NUMBER [draft]."""
        self.take()
        name = self.word("the name of the protocol")
        number = self.number("the number of the protocol")
        draft = self.accept("draft") is not None
        self.end_of_statement()
        self.interface.tables.append(model.Protocol(name.text, model.METHODS, name.span, number, draft, text))

    def gap(self, text: str) -> None:
        """gap FIRST[-LAST] [TABLE] "why": without TABLE, of the table declared last."""
        keyword = self.take()
        first = self.number("the first unused number")
        last = self.number("the last unused number") if self.accept("-") else first
        table = self.take().text if self.peek().kind == WORD else self.last_table(keyword.span)
        why = self.expect_kind(STRING, "the reason in quotation marks")
        self.end_of_statement()
        if last < first:
            raise Refused(keyword.span, f"the gap ends at {last} before it begins at {first}")
        self.interface.gaps.append(model.Gap(first, last, table, why.text, keyword.span))

    def retired(self, text: str) -> None:
        """retired NUMBER [TABLE] NAME "why"."""
        keyword = self.take()
        number = self.number("the number that the call had")
        name = self.word("the name that the call had")
        table = self.last_table(keyword.span)
        if self.peek().kind == WORD:
            table, name = name.text, self.take()
        why = self.expect_kind(STRING, "the reason in quotation marks")
        self.end_of_statement()
        self.interface.retired.append(model.Retired(number, table, name.text, why.text, keyword.span))

    def last_table(self, span: Span) -> str:
        if not self.interface.tables:
            raise Refused(span, "no table is declared yet; write `table NAME SLOTS` first")
        return self.interface.tables[-1].name
