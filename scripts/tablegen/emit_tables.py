"""kernel/tables.c: the tables through which the trap path calls, every slot written out."""

from __future__ import annotations

from .emit_numbers import TABLE
from .model import Call, Interface
from .output import CFile


def entry(call: Call) -> str:
    """A call that takes a message and waits hands the hart over to who is at the other side."""
    return f"ARCH_WHOLE_CALL({call.name})" if call.is_whole else f"thunk_{call.name}"


def emit(interface: Interface, path: str) -> str:
    out = CFile(path, "The tables of system calls, every slot written out. Two calls with one number would not "
                "compile (-Werror=override-init).")
    out.add('#include "kernel/syscalls.h"', "")
    out.add('#pragma GCC diagnostic error "-Woverride-init"', "")
    out.add(f"syscall_thunk *const {TABLE}_table[SYSCALL_SLOTS] = {{")
    calls = interface.calls_of(TABLE)
    for call in calls:
        out.from_table(call.span)
        out.add(f"\t[{call.number}] = {entry(call)},")
    out.from_here()
    table = interface.table(TABLE)
    assert table is not None
    taken = {call.number for call in calls}
    for number in range(table.slots):
        if number not in taken:
            out.add(f"\t[{number}] = thunk_no_such_call,")
    out.add("};", "", "syscall_thunk *const foreign_table[SYSCALL_SLOTS] = {")
    out.add(*[f"\t[{number}] = thunk_foreign," for number in range(table.slots)])
    out.add("};")
    return out.text()
