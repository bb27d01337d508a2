"""Proves that what the tables say is sound, apart from what has been published (lock.py)."""

from __future__ import annotations

import difflib
import re
from typing import Dict, Iterable, List, Set, Tuple

from . import layout, model
from .source import Complaints, Span

_C_WORDS = frozenset("""
    auto break case char const continue default do double else enum extern float for goto if inline int long
    register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
    asm typeof bool true false nullptr constexpr thread_local static_assert alignas alignof
    and and_eq bitand bitor catch class compl concept const_cast consteval constinit decltype delete dynamic_cast
    explicit export friend mutable namespace new noexcept not not_eq operator or or_eq private protected public
    reinterpret_cast requires static_cast template this throw try typeid typename using virtual wchar_t xor xor_eq
    co_await co_return co_yield
    errno stdin stdout stderr linux unix riscv main
""".split())
_WORDS_OF_THE_TABLE = frozenset(
    list(model.SCALARS) + list(model.ATTRIBUTES) +
    "in out flags struct enum error object common right table gap retired handle void".split())
_NAMES_IN_CODE = re.compile(r"a[0-7]|i|arguments|returned|(sys|thunk|tabula)_.*|.*_(of|known|handle|args)")
_MACROS_OF_C = re.compile(r"(U?INT.*|SIZE|PTRDIFF|WCHAR|WINT|SIG_ATOMIC)_(MIN|MAX)|PAGE_(SIZE|SHIFT)|USER_(BASE|TOP)")
_ERRORS_OF_CHECKS = ("E2BIG", "EACCES", "EBADF", "EFAULT", "EFTYPE", "EINVAL", "ENOSYS")
_MOST_SLOTS = 4096
_MOST_ARGUMENTS = 31


def check(interface: model.Interface, complaints: Complaints) -> None:
    """Complains about everything that is wrong in itself."""
    _Checker(interface, complaints).run()


def _closest(name: str, names: Iterable[str]) -> str:
    known = sorted(names)
    close = difflib.get_close_matches(name, known, 1)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; there are {', '.join(known)}" if known else "; none is declared"


class _Checker:
    def __init__(self, interface: model.Interface, complaints: Complaints) -> None:
        self.interface = interface
        self.complaints = complaints
        self.c_names: Dict[str, Span] = {}

    def unknown(self, name: str, span: Span, message: str) -> None:
        """Complains that a name is unknown, unless something that could not be read may declare it."""
        if name not in self.interface.doubtful:
            self.complain(span, message)

    def complain(self, span: Span, message: str) -> None:
        self.complaints.add(span, message)

    def run(self) -> None:
        self.check_errors()
        for value_set in self.interface.sets:
            self.check_set(value_set)
        for struct in self.interface.structs:
            self.check_struct(struct)
        self.check_objects()
        self.check_sets_of_names()
        self.check_tables()
        for call in self.interface.calls:
            self.check_call(call)

    # Names and texts

    def check_name(self, name: str, span: Span, what: str) -> None:
        """Names of flags, values and rights get a prefix in C, so only their spelling matters."""
        prefixed = what in ("a flag", "a value", "a right")
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name.endswith("_") or "__" in name:
            self.complain(span, f"'{name}' can't be the name of {what}: names are lower case letters, digits and "
                          "single underscores between them, and begin with a letter")
        elif prefixed:
            return
        elif name in _C_WORDS:
            self.complain(span, f"'{name}' can't be the name of {what}: it means something in C or C++")
        elif name in _WORDS_OF_THE_TABLE and what != "a field":
            self.complain(span, f"'{name}' can't be the name of {what}: it is a word of the table's language")
        elif name.endswith("_t"):
            self.complain(span, f"'{name}' can't be the name of {what}: names in _t are C's types")

    def check_text(self, text: str, span: Span) -> None:
        if "*/" in text or "/*" in text:
            self.complain(span, "the text holds /* or */, which would end the C comment that it becomes")
        if "\\" in text:
            self.complain(span, "the text holds a backslash, which C would take for an escape; reword it")

    def need_text(self, text: str, span: Span, what: str) -> None:
        if not text.strip():
            self.complain(span, f"{what} has no manual text; say what it is for after ##")
        self.check_text(text, span)

    def unique(self, items: Iterable[Tuple[object, str, Span]]) -> None:
        """Each item is (key, what it is called, place); a key stands once only."""
        seen: Dict[object, Span] = {}
        for key, what, span in items:
            if key in seen:
                self.complain(span, f"{what} is declared twice; first at {seen[key].where}")
            else:
                seen[key] = span

    def claim(self, c_name: str, span: Span) -> None:
        """Sees that two declarations don't give one enumerator in C."""
        if _MACROS_OF_C.fullmatch(c_name):
            self.complain(span, f"this gives {c_name} in C, which has a meaning there; rename it")
        first = self.c_names.setdefault(c_name, span)
        if first is not span:
            self.complain(span, f"this gives {c_name} in C, as {first.where} does; rename one")

    # Types

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

    def check_errors_of_checks(self, table: model.Table) -> None:
        for name in _ERRORS_OF_CHECKS:
            if not self.interface.error(name) and name not in self.interface.doubtful:
                self.complain(table.span, f"error {name} is not declared, and the checks of calls return it; declare "
                              "it among the types")

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

    def check_type_name(self, type_name: model.TypeName) -> bool:
        if type_name.kind == "scalar" or self.interface.value_set(type_name.kind, type_name.name):
            return True
        names = [s.name for s in self.interface.sets if s.kind == type_name.kind]
        what = "flag set" if type_name.kind == "flags" else "enum"
        self.unknown(type_name.name, type_name.span, f"unknown {what} '{type_name.name}'{_closest(type_name.name, names)}")
        return False

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
            self.complain(struct.span, f"struct {struct.name} has {at} bytes; a thunk copies at most 1024, use a buffer")

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

    # Tables of numbers

    def check_tables(self) -> None:
        self.unique((t.name, f"table {t.name}", t.span) for t in self.interface.tables)
        for table in self.interface.tables:
            self.check_name(table.name, table.span, "a table")
            if table.slots < 2 or table.slots & (table.slots - 1) or table.slots > _MOST_SLOTS:
                self.complain(table.span, f"a table has a power of two of slots, at most {_MOST_SLOTS}, because the "
                              f"trap path masks the number; {table.slots} is none")
            self.check_numbers(table)
            self.check_errors_of_checks(table)
        known = {t.name for t in self.interface.tables}
        for gap in self.interface.gaps:
            if gap.table not in known:
                self.unknown(gap.table, gap.span, f"unknown table '{gap.table}'{_closest(gap.table, known)}")
        for retired in self.interface.retired:
            if retired.table not in known:
                self.unknown(retired.table, retired.span, f"unknown table '{retired.table}'{_closest(retired.table, known)}")
        for call in self.interface.calls:
            if call.table not in known:
                self.unknown(call.table, call.table_span, f"unknown table '{call.table}'{_closest(call.table, known)}")
        self.check_names_of_calls()

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

    # Calls

    def check_call(self, call: model.Call) -> None:
        self.check_name(call.name, call.name_span, "a call")
        self.need_text(call.text, call.name_span, f"call {call.name}")
        for attribute in call.attributes:
            if attribute not in model.ATTRIBUTES:
                self.complain(call.attributes_span, f"unknown attribute '{attribute}'"
                              f"{_closest(attribute, model.ATTRIBUTES)}")
        if len(set(call.attributes)) != len(call.attributes):
            self.complain(call.attributes_span, "an attribute is written twice; write it once")
        self.check_result(call)
        self.unique((a.name, f"argument {a.name}", a.span) for a in call.arguments)
        self.check_encoding(call)
        sound = True
        for argument in call.arguments:
            self.check_name(argument.name, argument.span, "an argument")
            if _NAMES_IN_CODE.fullmatch(argument.name):
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
            self.unknown(name, span, f"unknown type '{name}'{_closest(name, known)}")

    def check_encoding(self, call: model.Call) -> None:
        count = len(call.arguments)
        if count > model.REGISTERS and not call.packed:
            extra = call.arguments[model.REGISTERS]
            self.complain(extra.span, f"'{extra.name}' is argument {model.REGISTERS + 1} and registers hold "
                          f"{model.REGISTERS}; mark the call `struct`")
        if call.packed and count <= model.REGISTERS:
            self.complain(call.attributes_span, f"{count} arguments fit into registers; remove `struct`")
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
            if self.interface.struct(argument.struct):
                return True
            names = [s.name for s in self.interface.structs]
            self.unknown(argument.struct, argument.detail or argument.span,
                         f"unknown struct '{argument.struct}'{_closest(argument.struct, names)}")
            return False
        return self.check_buffer(call, argument)

    def check_handle(self, call: model.Call, argument: model.Argument) -> bool:
        place = argument.detail or argument.span
        if argument.object != "handle" and not self.interface.object(argument.object):
            assert argument.type is not None
            if argument.rights or argument.rights_from:
                names = [o.name for o in self.interface.objects] + ["handle"]
                self.unknown(argument.object, argument.type.span, f"unknown object '{argument.object}'"
                             f"{_closest(argument.object, names)}")
            else:
                self.unknown_type(argument.object, argument.type.span)
            return False
        for right in argument.rights:
            if not self.interface.right(argument.object, right):
                owner = self.interface.object(argument.object)
                names = [r.name for r in self.interface.common + (owner.rights if owner else [])]
                what = argument.object if owner else "every object type"
                self.unknown(right, place, f"unknown right '{right}' of {what}{_closest(right, names)}")
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
                          f"{_closest(argument.length, names)}")
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
                             f"{_closest(name, [e.name for e in self.interface.errors])}")
            if name in declared:
                self.complain(span, f"error {name} is listed twice; write it once")
            declared.add(name)
        if not sound:
            return
        possible = thunk_errors(self.interface, call)
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


def thunk_errors(interface: model.Interface, call: model.Call) -> Dict[str, str]:
    """The errors that the checks of a call's thunk can return, each with the reason."""
    errors: Dict[str, str] = {}
    if call.packed:
        errors.update(EFAULT="its struct", EINVAL="its struct", E2BIG="its struct")
    for argument in call.arguments:
        for name in _argument_errors(interface, argument):
            errors.setdefault(name, f"argument {argument.name}")
    return errors


def _argument_errors(interface: model.Interface, argument: model.Argument) -> List[str]:
    if argument.kind in ("flags", "enum"):
        return ["EINVAL"]
    if argument.kind == "scalar":
        return ["EINVAL"] if argument.type and argument.type.name == "bool" else []
    if argument.kind == "handle":
        errors = ["EBADF"]
        if argument.object != "handle":
            errors.append("EFTYPE")
        if argument.rights or argument.rights_from:
            errors.append("EACCES")
        return errors
    errors = ["EFAULT"]
    if argument.kind == "struct" and argument.direction == "in":
        struct = interface.struct(argument.struct)
        if struct and any(is_checked(member.type) for member in struct.members):
            errors.append("EINVAL")
    return errors


def is_checked(type_name: model.TypeName) -> bool:
    """Says whether not every bit pattern is a value of the type."""
    return type_name.kind != "scalar" or type_name.name == "bool"


def _prototype(call: model.Call) -> Tuple[object, ...]:
    """What a handler sees of a call."""
    arguments = tuple((a.kind, str(a.type or a.struct), a.direction, a.length, tuple(a.rights), a.rights_from)
                      for a in call.arguments)
    return (call.result.kind, call.result.name, call.noreturn, "blocks" in call.attributes, arguments)
