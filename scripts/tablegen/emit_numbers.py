"""abi/syscall_numbers.h: the numbers, for C and for assembly."""

from __future__ import annotations

from .model import Interface
from .output import CFile

TABLE = "native"


def emit(interface: Interface, path: str) -> str:
    out = CFile(path, "The numbers of the system calls, for C and for assembly.", header=True)
    table = interface.table(TABLE)
    assert table is not None
    calls = interface.calls_of(TABLE)
    width = max([len(call.name) for call in calls] + [len("SYSCALL_SLOTS") - 4])
    for call in calls:
        out.add(f"#define SYS_{call.name:{width}} {call.number}")
    out.add()
    out.add("/* Slots of the table, a power of two, and how many hold a call. */")
    out.add(f"#define {'SYSCALL_SLOTS':{width + 4}} {table.slots}")
    out.add(f"#define {'SYSCALL_COUNT':{width + 4}} {len(calls)}")
    return out.text()
