"""Checks protocols and their methods. What they share with calls check_calls.py and check_tables.py look at."""

from __future__ import annotations

import os
import re
from typing import Dict, Set

from . import layout, model, wire
from .check_calls import CallChecker
from .errors import method_errors
from .judge import Judge
from .source import Complaints

_NAMES_IN_CODE = re.compile(r"to|deadline|server|token|message|windows|request|returned|error|gathered|memcpy|strnlen|.*_length|"
                            r"(serve|answer|thunk|finish|protocol|tabula)_.*|.*_handle")
_MOST_NUMBER = 0xfffe  # labels from 0xffff0000 up are the kernel's


class ProtocolChecker(Judge):
    def run(self) -> None:
        for table in self.interface.tables:
            if not isinstance(table, model.Protocol):
                self.complain(table.span, f"table {table.name} is for system calls; a file like this one declares "
                              "`protocol NAME NUMBER`")
        protocols = self.interface.protocols
        self.unique((p.number, f"protocol number {p.number}", p.span) for p in protocols)
        for protocol in protocols:
            self.need_text(protocol.text, protocol.span, f"protocol {protocol.name}")
            if os.path.basename(protocol.span.source.path) != f"{protocol.name}.tbl":
                self.complain(protocol.span, f"protocol {protocol.name} has a file of its own: {protocol.name}.tbl")
            if not 1 <= protocol.number <= _MOST_NUMBER:
                self.complain(protocol.span, f"a protocol has a number from 1 to {_MOST_NUMBER}, not {protocol.number}")
            if not self.interface.calls_of(protocol.name) and not self.complaints.concern(protocol.span.source):
                self.complain(protocol.span, f"protocol {protocol.name} has no methods; give it one")


class MethodChecker(CallChecker):
    what = "a method"
    attributes = ("blocks",)
    names_in_code = _NAMES_IN_CODE

    def __init__(self, interface: model.Interface, complaints: Complaints, calls: Set[str]) -> None:
        super().__init__(interface, complaints)
        self.calls = calls

    def possible_errors(self, call: model.Call) -> Dict[str, str]:
        return method_errors(self.interface, call)

    def check_call(self, call: model.Call) -> None:
        super().check_call(call)
        if not call.name.startswith(f"{call.table}_"):
            self.complain(call.name_span, f"the name of a method begins with that of its protocol: "
                          f"{call.table}_{call.name}")
        if call.name in self.calls:
            self.complain(call.name_span, f"{call.name} is a system call already; give the method another name")

    def check_encoding(self, call: model.Call) -> None:
        if any(argument.version for argument in call.arguments):
            later = next(argument for argument in call.arguments if argument.version)
            self.complain(later.span, "a method does not grow by arguments after ';'; add another method")
        self.check_words(call)
        self.check_windows(call)

    def check_words(self, call: model.Call) -> None:
        used = wire.words_used(call)
        if used > model.WORDS:
            last = [field for field in wire.fields(call) if field.word >= model.WORDS][0].argument
            self.complain(last.span, f"'{last.name}' finds no place: what stands before it fills the {model.WORDS} words "
                          "of a message; pass a struct")
        returned = wire.returned(call)
        if len(returned) > model.WORDS - 1:
            self.complain(returned[-1].span, f"a reply has room for {model.WORDS - 1} values besides the result; pass "
                          "a struct")

    def check_windows(self, call: model.Call) -> None:
        going_in = wire.going_in(call)
        bulk = next((argument for argument in going_in if argument.kind == "buffer"), None)
        if bulk is not None and len(going_in) > 1:
            self.complain(bulk.span, f"the buffer {bulk.name} has to be all that goes in; texts and structs of bounded "
                          "size can go together")
        elif len(going_in) > 1 and sum(self.most(argument) for argument in going_in) > wire.GATHERED:
            self.complain(going_in[-1].span, f"all that goes in can be longer than {wire.GATHERED} bytes; make the texts "
                          "shorter or use two methods")
        coming_out = [argument for argument in call.arguments
                      if argument.direction == "out" and argument.kind in ("buffer", "struct")]
        if len(coming_out) > 1:
            self.complain(coming_out[1].span, f"only one buffer or struct comes out, and {coming_out[0].name} does "
                          "already")

    def most(self, argument: model.Argument) -> int:
        if argument.kind == "text":
            return argument.most
        struct = self.interface.struct(argument.struct)
        return layout.size_of(struct) if struct else 0

    def check_other(self, argument: model.Argument) -> bool:
        place = argument.detail or argument.span
        if argument.kind == "text":
            if argument.direction != "in":
                self.complain(place, "a text only goes in; let it come out as `out u8 NAME[len]`")
            if not 1 <= argument.most <= wire.LONGEST_TEXT:
                self.complain(argument.span, f"a text has 1 to {wire.LONGEST_TEXT} bytes at most, not {argument.most}")
        elif argument.kind == "value":
            assert argument.type is not None
            return self.check_type_name(argument.type)
        elif argument.kind == "gift" and argument.object != "handle" and not self.interface.object(argument.object):
            self.unknown_type(argument.object, place)
            return False
        return True

    def check_buffer(self, call: model.Call, argument: model.Argument) -> bool:
        sound = super().check_buffer(call, argument)
        if sound and argument.type and argument.type.name != "u8":
            self.complain(argument.type.span, "a buffer of a method holds bytes: write u8")
        return sound
