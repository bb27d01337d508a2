"""Reads the lines of calls."""

from __future__ import annotations

from typing import List, Tuple

from . import model
from .lexer import DOC, END, END_OF_FILE, SOFT_END, WORD, Token
from .source import Refused, Span
from .stream import Stream, to_number


class CallParser(Stream):
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

    def attributes(self) -> Tuple[List[str], Span]:
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
        if word.text == "kept" and self.in_protocol():
            return self.handle(self.word("the type of the handle"), kept=True)
        type_name = self.type_name(word)
        if type_name is None:
            return self.handle(word) if word.text != "client" else self.client(word)
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
        if word.text == "text":
            return self.text(direction, word)
        type_name = self.type_name(word) or model.TypeName("scalar", word.text, word.span)
        name = self.word("the name of the argument")
        if direction == "out" and self.in_protocol() and not self.next_is("["):
            return self.single(type_name, name)
        self.expect("[", f" and the argument that tells the length of {name.text}")
        length = self.word("the argument that tells the length")
        self.expect("]")
        return model.Argument("buffer", name.text, name.span, direction=direction, type=type_name,
                              length=length.text, detail=length.span)

    def in_protocol(self) -> bool:
        tables = self.interface.tables
        return bool(tables) and isinstance(tables[-1], model.Protocol)

    def text(self, direction: str, word: Token) -> model.Argument:
        """`in text NAME[MOST]`."""
        name = self.word("the name of the argument")
        self.expect("[", f" and how many bytes {name.text} has at most")
        most = self.number(f"how many bytes {name.text} has at most")
        self.expect("]")
        return model.Argument("text", name.text, name.span, direction=direction, most=most, detail=word.span)

    def single(self, type_name: model.TypeName, name: Token) -> model.Argument:
        """`out SCALAR NAME`, `out OBJECT NAME`."""
        if type_name.kind == "scalar" and type_name.name not in model.SCALARS:
            return model.Argument("gift", name.text, name.span, direction="out", object=type_name.name,
                                  type=type_name, detail=type_name.span)
        return model.Argument("value", name.text, name.span, direction="out", type=type_name, detail=type_name.span)

    def client(self, word: Token) -> model.Argument:
        name = self.word("the name of the argument")
        return model.Argument("client", name.text, name.span, type=model.TypeName("client", "client", word.span),
                              detail=word.span)

    def handle(self, word: Token, kept: bool = False) -> model.Argument:
        rights: List[str] = []
        rights_from = ""
        detail = word.span
        while self.accept(":"):
            right = self.word("a right")
            rights.append(right.text)
            detail = right.span
        if self.accept("+"):
            rights_from = self.word("the argument with the flags").text
        name = self.word("the name of the argument")
        return model.Argument("handle", name.text, name.span, object=word.text, rights=rights,
                              rights_from=rights_from, type=model.TypeName("handle", word.text, word.span),
                              detail=detail, kept=kept)

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
