"""kernel/syscalls.h: one typed prototype for each handler."""

from __future__ import annotations

from .emit_numbers import TABLE
from .model import SCALARS, Argument, Call, Interface
from .output import CFile


def parameter(argument: Argument) -> str:
    """How the handler declares an argument."""
    name = argument.name
    if argument.kind == "scalar":
        assert argument.type is not None
        return f"{SCALARS[argument.type.name].kernel} {name}"
    if argument.kind in ("flags", "enum"):
        assert argument.type is not None
        return f"enum {argument.type.name} {name}"
    if argument.kind == "handle":
        if argument.object == "handle":
            return f"struct handle_ref {name}"
        return f"struct {argument.object} *{name}"
    if argument.kind == "buffer":
        return f"struct user_{argument.direction} {name}"
    const = "const " if argument.direction == "in" else ""
    return f"{const}struct {argument.struct} *{name}"


def prototype(call: Call) -> str:
    parts = [parameter(argument) for argument in call.arguments] + call.extra_parameters
    parameters = ", ".join(parts) or "void"
    if call.noreturn:
        result = "_Noreturn void"
    else:
        result = {"void": "long", "scalar": "long", "handle": "handle_result"}[call.result.kind]
    if call.message:
        result = "long"  # what a thunk returns: so it can end in a jump
    return f"{result} sys_{call.name}({parameters})"


def errors_text(call: Call) -> str:
    return f"Errors: {' '.join(call.errors)}." if call.errors else "Errors: none."


def emit(interface: Interface, path: str) -> str:
    out = CFile(path, "The handlers of the system calls: a handler that differs from its line in the table doesn't "
                "compile. A thunk calls each with arguments that it has checked.", header=True)
    for header in ("arch_types.h", "abi/errors.h", "abi/syscall_numbers.h", "abi/types.h", "mem/user.h", "object/handle.h"):
        out.add(f'#include "{header}"')
    out.add("#include <stdbool.h>", "#include <stddef.h>", "#include <stdint.h>", "")
    out.add(*[f"struct {item.name};" for item in interface.objects], "struct message;", "struct windows;")
    out.add()
    out.comment("What a slot of a table holds: takes the argument registers, returns the result or -errno.")
    out.add("typedef long syscall_thunk(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);", "")
    out.add(f"extern syscall_thunk *const {TABLE}_table[SYSCALL_SLOTS];", "")
    out.comment("The table of another system's calls: each becomes a message to the exception endpoint.")
    out.add("extern syscall_thunk *const foreign_table[SYSCALL_SLOTS];", "")
    out.comment("Stands in every empty slot; returns -ENOSYS.")
    out.add("syscall_thunk thunk_no_such_call;")
    out.comment("Stands in every slot of foreign_table, slot 0 too, so that any number comes to it. The architecture's.")
    out.add("syscall_thunk thunk_foreign;")
    for call in interface.calls_of(TABLE):
        out.add()
        out.comment(call.text, errors_text(call))
        out.from_table(call.span)
        out.add(prototype(call) + ";")
        out.from_here()
        out.add(f"syscall_thunk thunk_{call.name}{f', ARCH_WHOLE_CALL({call.name})' * call.is_whole};")
    return out.text()
