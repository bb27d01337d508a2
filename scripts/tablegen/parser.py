"""Reads tables into the model. Syntax only: what names mean is the checker's business."""

from __future__ import annotations

import re
from typing import Callable, Dict, List, Optional, TypeVar

from . import model
from .lexer import DOC, END, END_OF_FILE, NUMBER, PUNCTUATION, SOFT_END, STRING, WORD, Token, tokenize
from .source import Complaints, Refused, Source, Span

Item = TypeVar("Item")
LARGEST = 2**32 - 1
_ENDS = (END, SOFT_END, END_OF_FILE)


def parse(source: Source, interface: model.Interface, complaints: Complaints) -> None:
    """Adds everything that a source declares to the interface."""
    _Parser(source, interface, complaints).run()


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


class _Parser:
    def __init__(self, source: Source, interface: model.Interface, complaints: Complaints) -> None:
        self.source = source
        self.interface = interface
        self.complaints = complaints
        self.tokens = tokenize(source, complaints)
        self.at = 0
        self.statements: Dict[str, Callable[[str], None]] = {
            "error": self.error,
            "flags": self.value_set,
            "enum": self.value_set,
            "struct": self.struct,
            "object": self.object,
            "common": self.common,
            "table": self.table,
            "gap": self.gap,
            "retired": self.retired,
        }

    # Tokens

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
        if self.peek().kind not in _ENDS:
            raise Refused(self.peek().span, f"expected the end of the line but found {self.peek()}")
        self.take()

    # Statements

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
            elif token.kind in _ENDS:
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
            while self.take().kind not in _ENDS:
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
        if self.peek().kind not in _ENDS:
            raise Refused(self.peek().span, f"expected the end of the line after '{{' but found {self.peek()}")
        items: List[Item] = []
        text: List[str] = []
        while not self.next_is("}"):
            token = self.peek()
            if token.kind == END_OF_FILE:
                raise Refused(opened.span, "this '{' is never closed")
            if token.kind in _ENDS:
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
            if self.peek().kind not in _ENDS:
                raise Refused(self.peek().span, f"expected the end of the line but found {self.peek()}")
        except Refused as refused:
            self.complaints.add(refused.span, refused.message)
            while self.peek().kind not in _ENDS:
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

    def table(self, text: str) -> None:
        self.take()
        name = self.word("the name of the table")
        slots = self.number("the number of slots")
        self.end_of_statement()
        self.interface.tables.append(model.Table(name.text, slots, name.span))

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

    # Calls

    def call(self, text: str) -> None:
        start = self.take()
        number = to_number(start)
        table = self.word("the name of the table after the number")
        attributes, attributes_span = self.attributes()
        self.skip_soft()
        result = self.result()
        name = self.word("the name of the call")
        arguments = self.arguments()
        self.skip_soft()
        self.expect("!", " and the errors (or '-' for none)")
        errors = self.errors()
        self.end_of_statement()
        self.interface.calls.append(model.Call(
            number, table.text, attributes, result, name.text, arguments, [e.text for e in errors], text,
            start.span, table.span, attributes_span, name.span, [e.span for e in errors]))

    def attributes(self) -> "tuple[List[str], Span]":
        self.skip_soft()
        span = self.peek().span
        if self.accept("-"):
            return [], span
        names = [self.word("the attributes (or '-' for none)").text]
        while self.accept(","):
            names.append(self.word("an attribute").text)
        return names, span

    def result(self) -> model.Result:
        word = self.word("the type of the result")
        if word.text == "void":
            return model.Result("void", "void", word.span)
        if word.text in model.SCALARS:
            return model.Result("scalar", word.text, word.span)
        if word.text in ("flags", "enum", "struct") and not self.next_is("("):
            raise Refused(word.span, "a result is void, a scalar type, an object type or handle; hand anything else "
                          "out through an `out struct`")
        return model.Result("handle", word.text, word.span)

    def arguments(self) -> List[model.Argument]:
        opened = self.expect("(")
        self.skip_soft()
        arguments: List[model.Argument] = []
        version = 0
        if self.accept(")"):
            return arguments
        while True:
            self.skip_soft()
            argument = self.argument(opened)
            argument.version = version
            arguments.append(argument)
            self.skip_soft()
            if self.accept(")"):
                return arguments
            if self.accept(";"):
                version += 1
            elif not self.accept(","):
                self.refuse_open(opened)
                raise Refused(self.peek().span, f"expected ',' or ')' but found {self.peek()}")

    def refuse_open(self, opened: Token) -> None:
        """Complains about a parenthesis left open when the logical line ends here."""
        if self.peek().kind in (END, END_OF_FILE, DOC):
            raise Refused(opened.span, "this '(' is not closed; the lines that continue a call begin with a tab")

    def argument(self, opened: Token) -> model.Argument:
        self.refuse_open(opened)
        word = self.word("an argument")
        if word.text in ("in", "out"):
            return self.pointer(word.text)
        type_name = self.type_name(word)
        if type_name is None:
            return self.handle(word)
        name = self.word("the name of the argument")
        if self.next_is("["):
            raise Refused(name.span, f"a buffer has a direction: write `in {type_name} {name.text}[...]` or "
                          f"`out {type_name} {name.text}[...]`")
        return model.Argument(type_name.kind, name.text, name.span, type=type_name, detail=word.span)

    def pointer(self, direction: str) -> model.Argument:
        self.skip_soft()
        if self.accept("struct"):
            struct = self.word("the name of the struct")
            name = self.word("the name of the argument")
            return model.Argument("struct", name.text, name.span, direction=direction, struct=struct.text,
                                  detail=struct.span)
        word = self.word("the type of the elements")
        type_name = self.type_name(word) or model.TypeName("scalar", word.text, word.span)
        name = self.word("the name of the argument")
        self.expect("[", f" and the argument that tells the length of {name.text}")
        length = self.word("the argument that tells the length")
        self.expect("]")
        return model.Argument("buffer", name.text, name.span, direction=direction, type=type_name,
                              length=length.text, detail=length.span)

    def handle(self, word: Token) -> model.Argument:
        rights: List[str] = []
        rights_from = ""
        detail = word.span
        if self.accept(":"):
            right = self.word("a right")
            rights.append(right.text)
            detail = right.span
        if self.accept("+"):
            rights_from = self.word("the argument with the flags").text
        name = self.word("the name of the argument")
        return model.Argument("handle", name.text, name.span, object=word.text, rights=rights,
                              rights_from=rights_from, type=model.TypeName("handle", word.text, word.span),
                              detail=detail)

    def errors(self) -> List[Token]:
        self.skip_soft()
        if self.accept("-"):
            return []
        errors = [self.word("an error (or '-' for none)")]
        while True:
            if self.peek().kind == SOFT_END:
                self.skip_soft()
            elif self.peek().kind == WORD:
                errors.append(self.take())
            else:
                return errors
