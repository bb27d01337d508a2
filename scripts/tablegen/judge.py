"""What every check uses: complaints, names and texts that C and the manual can take."""

from __future__ import annotations

import difflib
import re
from typing import Dict, Iterable, Tuple

from . import model
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


def closest(name: str, names: Iterable[str]) -> str:
    """The end of a complaint about an unknown name: what may have been meant."""
    known = sorted(names)
    close = difflib.get_close_matches(name, known, 1)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; there are {', '.join(known)}" if known else "; none is declared"


class Judge:
    """The base of the checkers: what they judge, and how they say so."""

    def __init__(self, interface: model.Interface, complaints: Complaints) -> None:
        self.interface = interface
        self.complaints = complaints

    def unknown(self, name: str, span: Span, message: str) -> None:
        """Complains that a name is unknown, unless something that could not be read may declare it."""
        if name not in self.interface.doubtful:
            self.complain(span, message)

    def complain(self, span: Span, message: str) -> None:
        self.complaints.add(span, message)

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

    def check_type_name(self, type_name: model.TypeName) -> bool:
        if type_name.kind == "scalar" or self.interface.value_set(type_name.kind, type_name.name):
            return True
        names = [s.name for s in self.interface.sets if s.kind == type_name.kind]
        what = "flag set" if type_name.kind == "flags" else "enum"
        name = type_name.name
        self.unknown(name, type_name.span, f"unknown {what} '{name}'{closest(name, names)}")
        return False
