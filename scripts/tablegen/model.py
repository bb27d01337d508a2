"""What the tables say, as data. The parser makes it, the checker proves it sound, the emitters only read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List, Optional, Set

from .source import Span


@dataclass(frozen=True)
class Scalar:
    """A scalar type: size in bytes and how C spells it for a handler, a stub and a struct field."""

    name: str
    size: int
    signed: bool
    kernel: str
    user: str
    member: str


SCALARS: Dict[str, Scalar] = {
    scalar.name: scalar
    for scalar in [
        Scalar("u8", 1, False, "uint8_t", "uint8_t", "uint8_t"),
        Scalar("u16", 2, False, "uint16_t", "uint16_t", "uint16_t"),
        Scalar("u32", 4, False, "uint32_t", "uint32_t", "uint32_t"),
        Scalar("u64", 8, False, "uint64_t", "uint64_t", "uint64_t"),
        Scalar("i8", 1, True, "int8_t", "int8_t", "int8_t"),
        Scalar("i16", 2, True, "int16_t", "int16_t", "int16_t"),
        Scalar("i32", 4, True, "int32_t", "int32_t", "int32_t"),
        Scalar("i64", 8, True, "int64_t", "int64_t", "int64_t"),
        Scalar("bool", 1, False, "bool", "bool", "uint8_t"),
        Scalar("size", 8, False, "size_t", "size_t", "uint64_t"),
        Scalar("vaddr", 8, False, "uaddr_t", "uintptr_t", "uint64_t"),
    ]
}

COUNTING = ("u8", "u16", "u32", "u64", "size")  # the types a length may have
ELEMENTS = ("u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64")  # what a buffer may hold
ATTRIBUTES = ("struct", "noreturn", "blocks", "message", "lend")
REGISTERS = 6  # arguments that a call has in registers: a0 to a5
METHODS = 256  # slots of a protocol at most
WORDS = 4  # of a message


@dataclass
class Named:
    """A flag, an enum value or a right."""

    name: str
    value: int
    text: str
    span: Span


@dataclass
class ValueSet:
    kind: str  # "flags" or "enum"
    name: str
    values: List[Named]
    text: str
    span: Span

    def c_name(self, value: Named) -> str:
        return f"{self.name}_{value.name}".upper()


@dataclass
class TypeName:
    """A type as written: a scalar, `flags` or `enum` with the name of a set."""

    kind: str  # "scalar", "flags", "enum"
    name: str
    span: Span

    def __str__(self) -> str:
        return self.name if self.kind == "scalar" else f"{self.kind}<{self.name}>"


@dataclass
class Member:
    """A field of a struct; `count` is 0 unless it is an array."""

    name: str
    type: TypeName
    count: int
    text: str
    span: Span


@dataclass
class Struct:
    name: str
    members: List[Member]
    text: str
    span: Span


@dataclass
class Object:
    name: str
    number: int
    rights: List[Named]
    text: str
    span: Span


@dataclass
class Error:
    name: str
    number: int
    text: str
    span: Span


@dataclass
class Argument:
    """One argument. Which fields mean something depends on the kind:

    scalar, flags, enum   type
    handle                object ("handle" for any), rights, rights_from (an argument with flags)
    buffer                direction, type (of an element), length (an argument)
    struct                direction, struct

    and in methods of protocols only:

    text                  direction (in), most (bytes, without the end)
    handle                besides: kept, by the caller; the server gets one like it
    client                an object of the server that is called, shown by a handle to it
    value                 direction (out), type: a scalar that comes back
    gift                  direction (out), object: a handle that comes back
    """

    kind: str
    name: str
    span: Span
    type: Optional[TypeName] = None
    object: str = ""
    rights: List[str] = field(default_factory=list)
    rights_from: str = ""
    direction: str = ""
    length: str = ""
    struct: str = ""
    most: int = 0
    kept: bool = False
    version: int = 0  # of a `struct` call: 0, or how many `;` stand before it
    detail: Optional[Span] = None  # where right, length or struct are named


@dataclass
class Result:
    kind: str  # "void", "scalar", "handle"
    name: str
    span: Span


@dataclass
class Call:
    number: int
    table: str
    attributes: List[str]
    result: Result
    name: str
    arguments: List[Argument]
    errors: List[str]
    text: str
    span: Span  # of the number
    table_span: Span
    attributes_span: Span
    name_span: Span
    error_spans: List[Span]

    @property
    def packed(self) -> bool:
        return "struct" in self.attributes

    @property
    def noreturn(self) -> bool:
        return "noreturn" in self.attributes

    @property
    def is_whole(self) -> bool:
        """All registers are in the frame before the thunk begins."""
        return self.message and "blocks" in self.attributes

    @property
    def message(self) -> bool:
        """The call takes a message and gives one back, in a1 to a6."""
        return "message" in self.attributes

    @property
    def lend(self) -> bool:
        """The caller lends windows of its memory while it waits, in t0 to t2."""
        return "lend" in self.attributes

    @property
    def extra_parameters(self) -> List[str]:
        """What the stub and the handler have in C besides the arguments of the line."""
        return ["struct message *message"] * self.message + ["const struct windows *windows"] * self.lend

    def argument(self, name: str) -> Argument:
        return next(argument for argument in self.arguments if argument.name == name)

    def position(self, name: str) -> int:
        return next(i for i, argument in enumerate(self.arguments) if argument.name == name)


@dataclass
class Gap:
    first: int
    last: int
    table: str
    why: str
    span: Span


@dataclass
class Retired:
    number: int
    table: str
    name: str
    why: str
    span: Span


@dataclass
class Table:
    name: str
    slots: int
    span: Span


@dataclass
class Protocol(Table):
    """A table of methods, which a server answers. A draft is not published: it may still change."""

    number: int = 0
    draft: bool = False
    text: str = ""


@dataclass
class Interface:
    """Everything that one run has read: of calls, or of protocols together with the types of the calls."""

    errors: List[Error] = field(default_factory=list)
    sets: List[ValueSet] = field(default_factory=list)
    structs: List[Struct] = field(default_factory=list)
    objects: List[Object] = field(default_factory=list)
    common: List[Named] = field(default_factory=list)
    tables: List[Table] = field(default_factory=list)
    calls: List[Call] = field(default_factory=list)
    gaps: List[Gap] = field(default_factory=list)
    retired: List[Retired] = field(default_factory=list)
    doubtful: Set[str] = field(default_factory=set)  # words of statements that could not be read
    borrowed: Set[str] = field(default_factory=set)  # paths of tables whose types are defined elsewhere

    def value_set(self, kind: str, name: str) -> Optional[ValueSet]:
        return next((s for s in self.sets if s.kind == kind and s.name == name), None)

    def struct(self, name: str) -> Optional[Struct]:
        return next((s for s in self.structs if s.name == name), None)

    def object(self, name: str) -> Optional[Object]:
        return next((o for o in self.objects if o.name == name), None)

    def error(self, name: str) -> Optional[Error]:
        return next((e for e in self.errors if e.name == name), None)

    def table(self, name: str) -> Optional[Table]:
        return next((t for t in self.tables if t.name == name), None)

    def is_own(self, span: Span) -> bool:
        """Says whether what stands there is for this run to generate."""
        return span.source.path not in self.borrowed

    @property
    def protocols(self) -> List[Protocol]:
        """In the order of their numbers."""
        found = [table for table in self.tables if isinstance(table, Protocol)]
        return sorted(found, key=lambda protocol: protocol.number)

    def calls_of(self, table: str) -> List[Call]:
        return sorted((call for call in self.calls if call.table == table), key=lambda call: call.number)

    def right(self, object_name: str, right: str) -> Optional[Named]:
        """The right of this name that a handle of this type may have; of any type, a common one."""
        owner = self.object(object_name)
        candidates = self.common + (owner.rights if owner else [])
        return next((r for r in candidates if r.name == right), None)

    def right_c_name(self, object_name: str, right: str) -> str:
        if any(r.name == right for r in self.common):
            return f"RIGHT_{right}".upper()
        return f"RIGHT_{object_name}_{right}".upper()

    def published(self) -> "Interface":
        """Of protocols: what is no draft, and the types of their own that it uses."""
        tables: List[Table] = [protocol for protocol in self.protocols if not protocol.draft]
        names = {table.name for table in tables}
        calls = [call for call in self.calls if call.table in names]
        arguments = [argument for call in calls for argument in call.arguments]
        structs = [s for s in self.structs if self.is_own(s.span) and s.name in {a.struct for a in arguments}]
        types = [a.type for a in arguments if a.type] + [m.type for s in structs for m in s.members]
        used = {(t.kind, t.name) for t in types}
        errors = {error for call in calls for error in call.errors}
        return Interface(errors=[e for e in self.errors if self.is_own(e.span) and e.name in errors],
                         sets=[s for s in self.sets if self.is_own(s.span) and (s.kind, s.name) in used],
                         structs=structs, tables=tables, calls=calls,
                         gaps=self.gaps, retired=[r for r in self.retired if r.table in names])
