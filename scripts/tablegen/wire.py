"""How the arguments of a method travel: in the words of the message, in the windows lent, in the words of the reply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional, Set

from . import model

WORD = 8  # bytes
GATHERED = 4096  # bytes that a stub puts together when several things go in
LENGTH = 4  # bytes of the length of a buffer, since windows have 32-bit sizes
TEXT_LENGTH = 2  # bytes of the length of a text
LONGEST_TEXT = 2**(8 * TEXT_LENGTH) - 1


@dataclass(frozen=True)
class Field:
    """A piece of the message's words: an argument, or the length of a text."""

    argument: model.Argument
    offset: int
    size: int

    @property
    def word(self) -> int:
        return self.offset // WORD

    @property
    def shift(self) -> int:
        return self.offset % WORD * 8

    @property
    def mask(self) -> int:
        return ((1 << 8 * self.size) - 1) << self.shift

    @property
    def unsigned(self) -> str:
        return f"uint{8 * self.size}_t"


def short(call: model.Call) -> Optional[model.Argument]:
    """The buffer that travels in the last words of the message or of the reply when it fits there; bit 31 of its length says
    so. The only thing in a window, and what comes back is counted by the result."""
    if returned(call) or any(argument.kind in ("handle", "client") for argument in call.arguments):
        return None
    out = coming_out(call)
    windows = going_in(call) + ([out] if out else [])
    if len(windows) != 1 or windows[0].kind != "buffer" or not short_most(call, windows[0]):
        return None
    counted = call.result.kind == "scalar" and call.result.name == "size"
    return windows[0] if windows[0].direction == "in" or counted else None


def short_most(call: model.Call, argument: model.Argument) -> int:
    """Bytes of the buffer that fit beside what else stands in the words."""
    return (model.WORDS - (words_used(call) if argument.direction == "in" else 1)) * WORD


def lengths(call: model.Call) -> Set[str]:
    """The arguments that count a buffer."""
    return {argument.length for argument in call.arguments if argument.kind == "buffer"}


def _size(call: model.Call, argument: model.Argument) -> int:
    """Bytes of the argument in the words; 0 if it does not stand there."""
    if argument.kind in ("handle", "client"):
        return WORD
    if argument.kind == "text":
        return TEXT_LENGTH
    if argument.kind in ("flags", "enum"):
        return 4
    if argument.kind != "scalar":
        return 0
    assert argument.type is not None
    size = model.SCALARS[argument.type.name].size
    return min(size, LENGTH) if argument.name in lengths(call) else size


def fields(call: model.Call) -> List[Field]:
    """Each at the first free place of its alignment, in the order of the arguments."""
    taken: Set[int] = set()
    found: List[Field] = []
    for argument in call.arguments:
        size = _size(call, argument)
        if not size:
            continue
        offset = 0
        while any(at in taken for at in range(offset, offset + size)):
            offset += size
        taken |= set(range(offset, offset + size))
        found.append(Field(argument, offset, size))
    return found


def words_used(call: model.Call) -> int:
    return max((field.word + 1 for field in fields(call)), default=0)


def unused_bits(call: model.Call, word: int) -> int:
    """The bits of a word that nothing has, which are zero."""
    unused = 2**64 - 1
    for field in fields(call):
        if field.word == word:
            unused &= ~field.mask
    return unused


def going_in(call: model.Call) -> List[model.Argument]:
    """What the read window holds, one after the other."""
    return [argument for argument in call.arguments
            if argument.kind == "text" or (argument.direction == "in" and argument.kind in ("buffer", "struct"))]


def coming_out(call: model.Call) -> Optional[model.Argument]:
    """What the write window is for."""
    return next((argument for argument in call.arguments
                 if argument.direction == "out" and argument.kind in ("buffer", "struct")), None)


def returned(call: model.Call) -> List[model.Argument]:
    """What comes back in words 1 to 3 of the reply."""
    return [argument for argument in call.arguments if argument.kind in ("value", "gift")]


def handles(call: model.Call) -> List[model.Argument]:
    """Those that go in."""
    return [argument for argument in call.arguments if argument.kind == "handle"]


def given(call: model.Call) -> List[model.Argument]:
    """Of these, the ones that the caller does not keep."""
    return [argument for argument in handles(call) if not argument.kept]
