"""user/tabula/syscalls.h: the calls as inline functions for programs."""

from __future__ import annotations

from typing import List

from . import layout
from .emit_numbers import TABLE
from .emit_prototypes import errors_text
from .model import REGISTERS, SCALARS, Argument, Call, Interface
from .output import CFile


def handle_type(name: str) -> str:
    return "any_handle" if name == "handle" else f"{name}_handle"


def parameter(argument: Argument) -> str:
    """How the stub declares an argument."""
    name = argument.name
    if argument.kind == "scalar":
        assert argument.type is not None
        return f"{SCALARS[argument.type.name].user} {name}"
    if argument.kind in ("flags", "enum"):
        assert argument.type is not None
        return f"enum {argument.type.name} {name}"
    if argument.kind == "handle":
        return f"{handle_type(argument.object)} {name}"
    const = "const " if argument.direction == "in" else ""
    if argument.kind == "struct":
        return f"{const}struct {argument.struct} *{name}"
    assert argument.type is not None
    element = "void" if argument.type.name == "u8" else SCALARS[argument.type.name].user
    return f"{const}{element} *{name}"


def result_type(call: Call) -> str:
    """A call that never comes back returns nothing; one that comes back only to fail returns the error."""
    if call.noreturn and not call.errors:
        return "__attribute__((noreturn)) void"
    if call.result.kind == "handle":
        return handle_type(call.result.name)
    return "int" if call.result.kind == "void" else "long"


def _only_sends(call: Call) -> bool:
    """Whether no message comes back: it would be another's, for whom the call would have to wait."""
    return call.message and not call.is_whole


def prototype(call: Call) -> str:
    extra = [f"const {one}" if _only_sends(call) else one for one in call.extra_parameters]
    parts = [parameter(argument) for argument in call.arguments] + extra
    parameters = ", ".join(parts) or "void"
    return f"{result_type(call)} {call.name}({parameters})"


def emit(interface: Interface, path: str) -> str:
    out = CFile(path, "The system calls for programs. A stub returns what the call returns: a value, or the negated "
                "error. A new handle comes as a struct whose value is above zero, or the negated error.", header=True)
    out.add("#include <errno.h>", "#include <stdbool.h>", "#include <stddef.h>", "#include <stdint.h>")
    out.add("#include <abi/syscall_numbers.h>", "#include <abi/types.h>")
    messages = any(call.message for call in interface.calls_of(TABLE))
    out.add(*(["#include <abi/abi.h>", ""] if messages else [""]))
    out.comment("The kernel's errors are those of <errno.h>.")
    for error in interface.errors:
        out.add(f'ABI_ASSERT({error.name} == {error.number}, "<errno.h> and the call table differ in {error.name}");')
    out.add()
    out.comment("One type of handle for each type of object, so that none is taken for another.")
    for name in [item.name for item in interface.objects] + ["handle"]:
        out.add("typedef struct {", "\tint32_t value;", f"}} {handle_type(name)};")
    out.add()
    out.comment("A handle of any type as the calls take it that work on all of them.")
    out.add("#define ANY(handle) tabula_any_handle((handle).value)", "")
    out.add("static inline any_handle tabula_any_handle(int32_t value)", "{", "\tany_handle any = { value };", "",
            "\treturn any;", "}", "")
    out.comment("The trap itself. The kernel preserves every register but a0.")
    for count in range(REGISTERS + 1):
        _trap(out, count)
    if messages:
        out.add("")
        out.comment("Label and token of a message as they come, in one register: gcc would take that apart and join it again, if "
                    "it were stored as two.")
        out.add("typedef uint64_t __attribute__((may_alias)) tabula_message_head;")
        _trap_with_message(out)
    if any(_only_sends(call) for call in interface.calls_of(TABLE)):
        _trap_with_message(out, returns=False)
    if any(call.lend for call in interface.calls_of(TABLE)):
        _trap_with_message(out, lend=True)
    for call in interface.calls_of(TABLE):
        out.add()
        out.comment(call.text, errors_text(call))
        _stub(out, call)
    return out.text()


def _trap(out: CFile, count: int) -> None:
    parameters = ["uint64_t number"] + [f"uint64_t argument{i}" for i in range(count)]
    out.add(f"static inline long tabula_syscall{count}({', '.join(parameters)})", "{")
    out.add('\tregister uint64_t a7 __asm__("a7") = number;')
    out.add('\tregister uint64_t a0 __asm__("a0")' + (" = argument0;" if count else ";"))
    out.add(*[f'\tregister uint64_t a{i} __asm__("a{i}") = argument{i};' for i in range(1, count)])
    inputs = ", ".join(['"r"(a7)'] + [f'"r"(a{i})' for i in range(1, count)])
    output = '"+r"(a0)' if count else '"=r"(a0)'
    out.add("", f'\t__asm__ volatile("ecall" : {output} : {inputs} : "memory");', "\treturn (long)a0;", "}", "")
    if count == REGISTERS:
        out.lines.pop()


def _trap_with_message(out: CFile, lend: bool = False, returns: bool = True) -> None:
    out.add("")
    if lend:
        out.comment("The same, with windows of the caller's memory in t0 to t2.")
        out.add("static inline long tabula_syscall_lend(uint64_t number, uint64_t argument0, struct message *message,",
                "\tconst struct windows *windows)", "{",
                '\tregister uint64_t t0 __asm__("t0") = windows->read_address;',
                '\tregister uint64_t t1 __asm__("t1") = windows->write_address;',
                '\tregister uint64_t t2 __asm__("t2") = windows->read_size | (uint64_t)windows->write_size << 32;')
    elif not returns:
        out.comment("The same, of which nothing comes back.")
        out.add("static inline long tabula_syscall_send(uint64_t number, uint64_t argument0, "
                "const struct message *message)", "{")
    else:
        out.comment("The same with a message in a1 to a6, which comes back there.")
        out.add("static inline long tabula_syscall_message(uint64_t number, uint64_t argument0, "
                "struct message *message)", "{")
    out.add('\tregister uint64_t a7 __asm__("a7") = number;', '\tregister uint64_t a0 __asm__("a0") = argument0;')
    out.add('\tregister uint64_t a1 __asm__("a1") = message->label | (uint64_t)message->token << 32;')
    out.add(*[f'\tregister uint64_t a{i} __asm__("a{i}") = message->word[{i - 2}];' for i in range(2, 6)])
    out.add('\tregister uint64_t a6 __asm__("a6") = message->deadline;', "")
    if not returns:
        inputs = ", ".join(f'"r"(a{i})' for i in [7, *range(1, 7)])
        out.add(f'\t__asm__ volatile("ecall" : "+r"(a0) : {inputs} : "memory");', "\treturn (long)a0;", "}")
        return
    out.add('\t__asm__ volatile("ecall"')
    out.add('\t\t: "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5), "+r"(a6)')
    out.add('\t\t: "r"(a7)' + (', "r"(t0), "r"(t1), "r"(t2)' if lend else ""), '\t\t: "memory");')
    out.add("\t*(tabula_message_head *)message = a1;")
    out.add(*[f"\tmessage->word[{i - 2}] = a{i};" for i in range(2, 6)])
    out.add("\tmessage->badge = a6;", "\treturn (long)a0;", "}")


def _register(argument: Argument) -> str:
    """The expression that a stub puts into an argument register."""
    if argument.kind == "handle":
        return f"(uint64_t){argument.name}.value"
    if argument.kind in ("buffer", "struct"):
        return f"(uint64_t)(uintptr_t){argument.name}"
    return f"(uint64_t){argument.name}"


def _field(argument: Argument, c_type: str) -> str:
    """The same for a field of a packed struct."""
    if argument.kind == "handle":
        return f"({c_type}){argument.name}.value"
    if argument.kind in ("buffer", "struct"):
        return f"({c_type})(uintptr_t){argument.name}"
    return f"({c_type}){argument.name}"


def _stub(out: CFile, call: Call) -> None:
    out.add(f"static inline {prototype(call)}", "{")
    if call.packed:
        out.add(*_packing(call))
        registers = ["(uint64_t)(uintptr_t)&arguments", "sizeof arguments"]
    else:
        registers = [_register(argument) for argument in call.arguments]
    trap = f"tabula_syscall{len(registers)}({', '.join([f'SYS_{call.name}'] + registers)})"
    if call.message:
        name, extra = ("lend", ["message", "windows"]) if call.lend else ("message", ["message"])
        name = "send" if _only_sends(call) else name
        trap = f"tabula_syscall_{name}({', '.join([f'SYS_{call.name}'] + registers + extra)})"
    if call.noreturn and not call.errors:
        out.add("\tfor (;;)", f"\t\t{trap};")
    elif call.result.kind == "handle":
        out.add(f"\t{handle_type(call.result.name)} returned = {{ (int32_t){trap} }};", "", "\treturn returned;")
    elif call.result.kind == "void":
        out.add(f"\treturn (int){trap};")
    else:
        out.add(f"\treturn {trap};")
    out.add("}")


def _packing(call: Call) -> List[str]:
    lines = [f"\tstruct {call.name}_args arguments;", ""]
    for slot in layout.packed_slots(call):
        value = "0" if slot.argument is None else _field(slot.argument, slot.c_type)
        lines.append(f"\targuments.{slot.name} = {value};")
    return lines
