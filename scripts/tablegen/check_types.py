"""Checks errors, sets, structs, object types and rights."""

from __future__ import annotations

import re
from typing import Dict, List, Tuple

from . import layout, model
from .judge import Judge
from .source import Complaints, Span

_MACROS_OF_C = re.compile(r"(U?INT.*|SIZE|PTRDIFF|WCHAR|WINT|SIG_ATOMIC)_(MIN|MAX)|PAGE_(SIZE|SHIFT)|USER_(BASE|TOP)")


class TypeChecker(Judge):
    def __init__(self, interface: model.Interface, complaints: Complaints) -> None:
        super().__init__(interface, complaints)
        self.c_names: Dict[str, Span] = {}

    def run(self) -> None:
        self.check_errors()
        for value_set in self.interface.sets:
            self.check_set(value_set)
        for struct in self.interface.structs:
            self.check_struct(struct)
        self.check_objects()
        self.check_sets_of_names()

    def claim(self, c_name: str, span: Span) -> None:
        """Sees that two declarations don't give one enumerator in C."""
        if _MACROS_OF_C.fullmatch(c_name):
            self.complain(span, f"this gives {c_name} in C, which has a meaning there; rename it")
        first = self.c_names.setdefault(c_name, span)
        if first is not span:
            self.complain(span, f"this gives {c_name} in C, as {first.where} does; rename one")

    def check_errors(self) -> None:
        errors = self.interface.errors
        self.unique((e.name, f"error {e.name}", e.span) for e in errors)
        self.unique((e.number, f"error number {e.number}", e.span) for e in errors)
        for error in errors:
            if not re.fullmatch(r"E[A-Z0-9]+", error.name):
                self.complain(error.span, f"'{error.name}' is not the name of an error; they look like EINVAL")
            if not 1 <= error.number <= 4095:
                self.complain(error.span, f"an error number lies between 1 and 4095, not at {error.number}")
            if not error.text.strip():
                self.complain(error.span, f"error {error.name} has no text; say what it means")
            self.check_text(error.text, error.span)

    def check_values(self, values: List[model.Named], what: str) -> None:
        self.unique((v.name, f"{what} {v.name}", v.span) for v in values)
        for value in values:
            self.check_name(value.name, value.span, f"a {what}")
            self.need_text(value.text, value.span, f"{what} {value.name}")

    def check_bits(self, values: List[model.Named], what: str) -> None:
        self.unique((v.value, f"{what} {v.value:#x}", v.span) for v in values)
        for value in values:
            if value.value == 0 or value.value & (value.value - 1):
                self.complain(value.span, f"{what} {value.name} is {value.value:#x}; each is one bit of its own")
            elif value.value > 0x40000000:
                self.complain(value.span, f"{what} {value.name} is {value.value:#x}; C's enums end at 0x7fffffff, so "
                              "bit 30 is the last")

    def check_set(self, value_set: model.ValueSet) -> None:
        what = "flag" if value_set.kind == "flags" else "value"
        self.check_name(value_set.name, value_set.span, f"a set of {what}s")
        self.need_text(value_set.text, value_set.span, f"{value_set.kind} {value_set.name}")
        self.check_values(value_set.values, what)
        if not value_set.values:
            self.complain(value_set.span, f"{value_set.kind} {value_set.name} is empty; give it a {what}")
        if value_set.kind == "flags":
            self.check_bits(value_set.values, what)
        else:
            self.unique((v.value, f"value {v.value}", v.span) for v in value_set.values)
            for value in value_set.values:
                if value.value >= 2**31:
                    self.complain(value.span, f"value {value.name} is {value.value}; C's enums end at 2147483647")
        for value in value_set.values:
            self.claim(value_set.c_name(value), value.span)

    def check_struct(self, struct: model.Struct) -> None:
        self.check_name(struct.name, struct.span, "a struct")
        self.need_text(struct.text, struct.span, f"struct {struct.name}")
        self.unique((m.name, f"field {m.name}", m.span) for m in struct.members)
        at = 0
        for member in struct.members:
            self.check_name(member.name, member.span, "a field")
            self.check_text(member.text, member.span)
            self.check_type_name(member.type)
            size = layout.member_size(member)
            if at % size:
                self.complain(member.span, f"C would put {-at % size} bytes of padding before {member.name}; fill "
                              "them with a field of your own (reserved) or reorder the fields")
                at += -at % size
            at += size * max(1, member.count)
        if at % layout.alignment_of(struct):
            self.complain(struct.span, f"C would put {-at % layout.alignment_of(struct)} bytes of padding at the end "
                          f"of struct {struct.name}; fill them with a field of your own (reserved)")
        if not struct.members:
            self.complain(struct.span, f"struct {struct.name} has no fields; give it one")
        if at > 1024:
            self.complain(struct.span, f"struct {struct.name} has {at} bytes; a thunk copies at most 1024, "
                          "use a buffer")

    def check_objects(self) -> None:
        objects = self.interface.objects
        self.unique((o.number, f"object number {o.number}", o.span) for o in objects)
        common = self.interface.common
        self.check_values(common, "right")
        self.check_bits(common, "right")
        for right in common:
            if right.value > 0x80:
                self.complain(right.span, f"common right {right.name} is {right.value:#x}; these have bits 0 to 7")
            self.claim(f"RIGHT_{right.name}".upper(), right.span)
        for item in objects:
            self.check_name(item.name, item.span, "an object type")
            self.need_text(item.text, item.span, f"object {item.name}")
            if item.name == "any":
                self.complain(item.span, "'any' can't be the name of an object type: OBJECT_ANY is every type")
            if not 1 <= item.number <= 255:
                self.complain(item.span, f"an object number lies between 1 and 255, not at {item.number}")
            self.claim(f"OBJECT_{item.name}".upper(), item.span)
            self.check_values(item.rights, "right")
            self.check_bits(item.rights, "right")
            for right in item.rights:
                self.check_right(item, right)

    def check_right(self, item: model.Object, right: model.Named) -> None:
        if right.value < 0x100:
            self.complain(right.span, f"right {right.name} of {item.name} is {right.value:#x}; bits 0 to 7 are for "
                          "the common rights")
        if any(r.name == right.name for r in self.interface.common):
            self.complain(right.span, f"right {right.name} is a common right already; give it another name")
        self.claim(f"RIGHT_{item.name}_{right.name}".upper(), right.span)

    def check_sets_of_names(self) -> None:
        """Names that become one kind of name in C: enum tags, struct tags."""
        tags: List[Tuple[object, str, Span]] = [(s.name, f"'{s.name}'", s.span) for s in self.interface.sets]
        self.unique(tags)
        structs: List[Tuple[object, str, Span]] = [(s.name, f"'{s.name}'", s.span) for s in self.interface.structs]
        structs += [(o.name, f"'{o.name}'", o.span) for o in self.interface.objects]
        structs += [(f"{c.name}_args", f"struct {c.name}_args", c.name_span)
                    for c in self.interface.calls if c.packed]
        self.unique(structs)
        for value_set in self.interface.sets:
            if value_set.name in ("right", "object_type", "error"):
                self.complain(value_set.span, f"'{value_set.name}' can't be the name of a set: the generated "
                              "headers use it")
