"""Where fields lie: of the structs of types.tbl, and of the structs that pack the arguments of a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional

from . import model


@dataclass(frozen=True)
class Slot:
    """One field of a packed argument struct; a reserved one has no argument and is zero."""

    name: str
    c_type: str
    size: int
    offset: int
    argument: Optional[model.Argument]


def member_size(member: model.Member) -> int:
    """Bytes of one element of the field."""
    return model.SCALARS[member.type.name].size if member.type.kind == "scalar" else 4


def member_type(member: model.Member) -> str:
    if member.type.kind == "scalar":
        return model.SCALARS[member.type.name].member
    return f"enum {member.type.name}"


def offsets(struct: model.Struct) -> List[int]:
    """The offset of each field. The checker has seen to it that there is no padding."""
    at = 0
    result = []
    for member in struct.members:
        result.append(at)
        at += member_size(member) * max(1, member.count)
    return result


def size_of(struct: model.Struct) -> int:
    return sum(member_size(member) * max(1, member.count) for member in struct.members)


def alignment_of(struct: model.Struct) -> int:
    return max((member_size(member) for member in struct.members), default=1)


def packed_type(argument: model.Argument) -> str:
    """The C type of an argument's field: handles, flags and enums are 32 bits, addresses 64."""
    if argument.kind == "scalar":
        assert argument.type is not None
        return model.SCALARS[argument.type.name].member
    return "uint32_t" if argument.kind in ("handle", "flags", "enum") else "uint64_t"


def packed_size_of(argument: model.Argument) -> int:
    if argument.kind == "scalar":
        assert argument.type is not None
        return model.SCALARS[argument.type.name].size
    return 4 if argument.kind in ("handle", "flags", "enum") else 8


def packed_slots(call: model.Call) -> List[Slot]:
    """The packed struct: natural alignment, padding spelt out, each version a multiple of 8 bytes long."""
    slots: List[Slot] = []
    at = 0

    def pad(to: int) -> None:
        nonlocal at
        while at % to:
            size = next(size for size in (4, 2, 1) if at % size == 0 and (-at % to) >= size)
            number = sum(slot.argument is None for slot in slots)
            slots.append(Slot(f"reserved{number}", f"uint{size * 8}_t", size, at, None))
            at += size

    version = 0
    for argument in call.arguments:
        size = packed_size_of(argument)
        pad(8 if argument.version != version else size)
        version = argument.version
        slots.append(Slot(argument.name, packed_type(argument), size, at, argument))
        at += size
    pad(8)
    return slots


def packed_total(call: model.Call, version: Optional[int] = None) -> int:
    """Bytes of the packed struct as of a version: 0 the oldest, None the newest."""
    end = 0
    for slot in packed_slots(call):
        if version is None or slot.argument is None or slot.argument.version <= version:
            end = slot.offset + slot.size
        else:
            break
    return end


def versions(call: model.Call) -> int:
    return 1 + (call.arguments[-1].version if call.arguments else 0)
