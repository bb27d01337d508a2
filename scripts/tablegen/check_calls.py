"""Checks each call: its attributes, arguments and declared errors."""

from __future__ import annotations

import re
from typing import Dict, Set

from . import model
from .errors import thunk_errors
from .judge import Judge, closest
from .source import Span

_NAMES_IN_CODE = re.compile(r"a[0-7]|i|arguments|returned|message|windows|(sys|thunk|tabula)_.*|.*_(of|known|handle|args)")
_MOST_ARGUMENTS = 31


class CallChecker(Judge):
    what = "a call"
    attributes = model.ATTRIBUTES
    names_in_code = _NAMES_IN_CODE

    def possible_errors(self, call: model.Call) -> Dict[str, str]:
        """The errors that the checks of the call can return, each with the reason."""
        return thunk_errors(self.interface, call)

    def run(self) -> None:
        for call in self.interface.calls:
            self.check_call(call)

    def check_call(self, call: model.Call) -> None:
        self.check_name(call.name, call.name_span, self.what)
        self.need_text(call.text, call.name_span, f"{self.what[2:]} {call.name}")
        for attribute in call.attributes:
            if attribute not in self.attributes:
                self.complain(call.attributes_span, f"unknown attribute '{attribute}'"
                              f"{closest(attribute, self.attributes)}")
        if len(set(call.attributes)) != len(call.attributes):
            self.complain(call.attributes_span, "an attribute is written twice; write it once")
        self.check_result(call)
        self.unique((a.name, f"argument {a.name}", a.span) for a in call.arguments)
        self.check_encoding(call)
        sound = True
        for argument in call.arguments:
            self.check_name(argument.name, argument.span, "an argument")
            if self.names_in_code.fullmatch(argument.name):
                self.complain(argument.span, f"'{argument.name}' can't be the name of an argument: the generated "
                              "code has such names itself")
            sound = self.check_argument(call, argument) and sound
        self.check_declared_errors(call, sound)

    def check_result(self, call: model.Call) -> None:
        result = call.result
        if call.noreturn and result.kind != "void":
            self.complain(result.span, "a noreturn call has no result; write void")
        if result.kind == "scalar" and model.SCALARS[result.name].signed:
            self.complain(result.span, f"a result of type {result.name} could be taken for an error; results are "
                          "not negative")
        if result.kind == "handle" and result.name != "handle" and not self.interface.object(result.name):
            self.unknown_type(result.name, result.span)

    def unknown_type(self, name: str, span: Span) -> None:
        known = list(model.SCALARS) + [o.name for o in self.interface.objects] + ["handle", "flags<...>", "enum<...>"]
        if self.interface.struct(name):
            self.complain(span, f"a struct is passed by its address: write `in struct {name}` or `out struct {name}`")
        elif self.interface.value_set("flags", name):
            self.complain(span, f"'{name}' is a flag set: write flags<{name}>")
        elif self.interface.value_set("enum", name):
            self.complain(span, f"'{name}' is an enum: write enum<{name}>")
        else:
            self.unknown(name, span, f"unknown type '{name}'{closest(name, known)}")

    def check_encoding(self, call: model.Call) -> None:
        count = len(call.arguments)
        if count > model.REGISTERS and not call.packed:
            extra = call.arguments[model.REGISTERS]
            self.complain(extra.span, f"'{extra.name}' is argument {model.REGISTERS + 1} and registers hold "
                          f"{model.REGISTERS}; mark the call `struct`")
        if call.packed and count <= model.REGISTERS:
            self.complain(call.attributes_span, f"{count} arguments fit into registers; remove `struct`")
        if call.message and (call.packed or call.noreturn or count > 1):
            self.complain(call.attributes_span, "a `message` call has one argument, in a0; the message takes a1 to a6")
        if call.lend and not call.message:
            self.complain(call.attributes_span, "a `lend` call is a `message` call; write message,lend")
        if count > _MOST_ARGUMENTS:
            self.complain(call.arguments[_MOST_ARGUMENTS].span, f"a call has at most {_MOST_ARGUMENTS} arguments; pass "
                          "a struct")
        for argument in call.arguments:
            if argument.version and not call.packed:
                self.complain(argument.span, "only a `struct` call can grow by arguments after ';'")
            elif argument.version and argument.kind in ("handle", "struct"):
                self.complain(argument.span, f"'{argument.name}' was added after ';', so it is zero for older "
                              "programs, which no handle and no struct may be")
            elif argument.version and argument.kind == "enum" and argument.type:
                found = self.interface.value_set("enum", argument.type.name)
                if found and all(v.value != 0 for v in found.values):
                    self.complain(argument.span, f"'{argument.name}' was added after ';', so it is zero for older "
                                  f"programs, and enum {found.name} has no zero")

    def check_argument(self, call: model.Call, argument: model.Argument) -> bool:
        """Says whether the argument names things that exist, so that its errors can be told."""
        if argument.kind in ("scalar", "flags", "enum"):
            assert argument.type is not None
            return self.check_type_name(argument.type)
        if argument.kind == "handle":
            return self.check_handle(call, argument)
        if argument.kind == "struct":
            return self.check_struct(argument)
        if argument.kind == "buffer":
            return self.check_buffer(call, argument)
        return self.check_other(argument)

    def check_other(self, argument: model.Argument) -> bool:
        """The kinds that only methods of protocols have."""
        self.complain(argument.detail or argument.span, f"'{argument.name}' is of a kind that only the methods of "
                      "protocols have; the call table's head lists those of calls")
        return False

    def check_struct(self, argument: model.Argument) -> bool:
        if self.interface.struct(argument.struct):
            return True
        names = [s.name for s in self.interface.structs]
        self.unknown(argument.struct, argument.detail or argument.span,
                     f"unknown struct '{argument.struct}'{closest(argument.struct, names)}")
        return False

    def check_handle(self, call: model.Call, argument: model.Argument) -> bool:
        place = argument.detail or argument.span
        if argument.object != "handle" and not self.interface.object(argument.object):
            assert argument.type is not None
            if argument.rights or argument.rights_from:
                names = [o.name for o in self.interface.objects] + ["handle"]
                self.unknown(argument.object, argument.type.span, f"unknown object '{argument.object}'"
                             f"{closest(argument.object, names)}")
            else:
                self.unknown_type(argument.object, argument.type.span)
            return False
        for right in argument.rights:
            if not self.interface.right(argument.object, right):
                owner = self.interface.object(argument.object)
                names = [r.name for r in self.interface.common + (owner.rights if owner else [])]
                what = argument.object if owner else "every object type"
                self.unknown(right, place, f"unknown right '{right}' of {what}{closest(right, names)}")
        if argument.rights_from:
            self.check_rights_from(call, argument, place)
        return True

    def check_rights_from(self, call: model.Call, argument: model.Argument, place: Span) -> None:
        source = next((a for a in call.arguments if a.name == argument.rights_from), None)
        if source is None or source.kind != "flags" or source.type is None:
            self.complain(place, f"'+{argument.rights_from}' names no argument with flags")
            return
        found = self.interface.value_set("flags", source.type.name)
        for flag in found.values if found else []:
            if not self.interface.right(argument.object, flag.name):
                self.unknown(flag.name, place,
                             f"flag {flag.name} of {source.type.name} is no right of {argument.object}, so "
                             f"'+{argument.rights_from}' can't ask for it")

    def check_buffer(self, call: model.Call, argument: model.Argument) -> bool:
        assert argument.type is not None
        sound = True
        place = argument.detail or argument.span
        if argument.type.kind != "scalar" or argument.type.name not in model.ELEMENTS:
            self.complain(argument.type.span, f"unknown type '{argument.type}' of elements; a buffer holds one of "
                          f"{', '.join(model.ELEMENTS)}")
            sound = False
        length = next((a for a in call.arguments if a.name == argument.length), None)
        if length is None:
            names = [a.name for a in call.arguments if a.type and a.type.name in model.COUNTING]
            self.complain(place, f"the length '{argument.length}' of {argument.name} names no argument"
                          f"{closest(argument.length, names)}")
        elif length.kind != "scalar" or length.type is None or length.type.name not in model.COUNTING:
            self.complain(place, f"the length '{argument.length}' of {argument.name} is no count: it has to be of "
                          f"type {', '.join(model.COUNTING)}")
        elif length.version != argument.version:
            self.complain(place, f"{argument.name} and its length {argument.length} were not added together; put "
                          "both on the same side of ';'")
        return sound

    def check_declared_errors(self, call: model.Call, sound: bool) -> None:
        declared: Set[str] = set()
        for name, span in zip(call.errors, call.error_spans):
            if not self.interface.error(name):
                self.unknown(name, span, f"unknown error '{name}'"
                             f"{closest(name, [e.name for e in self.interface.errors])}")
            if name in declared:
                self.complain(span, f"error {name} is listed twice; write it once")
            declared.add(name)
        if not sound:
            return
        possible = self.possible_errors(call)
        missing = [name for name in possible if name not in declared]
        if missing:
            reasons = ", ".join(f"{name} ({possible[name]})" for name in missing)
            self.complain(call.name_span, f"the checks of {call.name} can return {reasons}: list "
                          f"{'it' if len(missing) == 1 else 'them'} after '!'")
        if call.noreturn:
            for name, span in zip(call.errors, call.error_spans):
                if name not in possible:
                    self.complain(span, f"{name} can't be returned: the handler of a noreturn call returns nothing, "
                                  "and the checks of this one don't give it")
