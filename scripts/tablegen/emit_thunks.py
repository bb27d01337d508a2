"""kernel/thunks.c: one function a call that enforces what its line says and calls the handler.

The order of the checks: scalars, flags and enums (EINVAL), handles (EBADF, EFTYPE, EACCES), ranges and structs
(EFAULT, EINVAL). A packed struct is fetched before all of them.
"""

from __future__ import annotations

from typing import Dict, List

from . import errors, layout, model
from .emit_numbers import TABLE
from .output import CFile

_REGISTERS = ", ".join(f"uint64_t a{i}" for i in range(model.REGISTERS))
_PASSED = ", ".join(f"a{i}" for i in range(model.REGISTERS))


def emit(interface: model.Interface, path: str) -> str:
    out = CFile(path, "The thunks of the system calls: each checks the argument registers as its line in the table "
                "says and calls the handler.")
    for header in ("kernel/syscalls.h", "sys/thunk.h", "sys/metadata.h"):
        out.add(f'#include "{header}"')
    out.add("", '#pragma GCC diagnostic ignored "-Wunused-parameter"')
    calls = interface.calls_of(TABLE)
    for value_set in _sets_in_use(interface, calls):
        known(out, value_set)
    out.add("", f"long thunk_no_such_call({_REGISTERS})", "{", "\treturn -ENOSYS;", "}")
    for call in calls:
        _thunk(out, interface, call)
    return out.text()


def _sets_in_use(interface: model.Interface, calls: List[model.Call]) -> List[model.ValueSet]:
    used = set()
    for call in calls:
        for argument in call.arguments:
            if argument.kind in ("flags", "enum") and argument.type:
                used.add((argument.kind, argument.type.name))
            struct = interface.struct(argument.struct) if argument.kind == "struct" else None
            if struct and argument.direction == "in":
                used |= {(m.type.kind, m.type.name) for m in struct.members}
    return [s for s in interface.sets if (s.kind, s.name) in used]


def struct_checks(interface: model.Interface, argument: model.Argument) -> List[str]:
    """Lines that refuse what no flag, enum or bool of a struct that was copied in can be."""
    struct = interface.struct(argument.struct)
    assert struct is not None
    lines: List[str] = []
    for member in struct.members:
        if not errors.is_checked(member.type):
            continue
        place = f"{argument.name}.{member.name}" + ("[i]" if member.count else "")
        wrong = f"{place} > 1" if member.type.kind == "scalar" else f"!{member.type.name}_known({place})"
        indent = "\t" if member.count else ""
        if member.count:
            lines.append(f"for (size_t i = 0; i < {member.count}; i++)")
        lines += [f"{indent}if ({wrong})", f"{indent}\treturn -EINVAL;"]
    return lines


def known(out: CFile, value_set: model.ValueSet) -> None:
    """A predicate: is this a value of the set?"""
    names = [value_set.c_name(value) for value in value_set.values]
    out.add("", f"static inline bool {value_set.name}_known(uint64_t value)", "{")
    if value_set.kind == "flags":
        out.add(f"\tconst uint64_t known = {' | '.join(names)};", "", "\treturn (value & ~known) == 0;")
    else:
        out.add("\tswitch (value) {", *[f"\tcase {name}:" for name in names], "\t\treturn true;", "\tdefault:",
                "\t\treturn false;", "\t}")
    out.add("}")


class _Thunk:
    """The parts of one thunk, in the order in which they stand."""

    def __init__(self, interface: model.Interface, call: model.Call) -> None:
        self.interface = interface
        self.call = call
        self.locals: List[str] = []
        self.scalars: List[str] = []
        self.handles: List[str] = []
        self.ranges: List[str] = []
        self.copies_out: List[str] = []
        self.passed: Dict[str, str] = {}
        self.named = {a.length for a in call.arguments if a.kind == "buffer"}
        self.named |= {a.rights_from for a in call.arguments if a.rights_from}
        if call.lend:
            self.add_windows()
        for position, argument in enumerate(call.arguments):
            self.add(argument, f"arguments.{argument.name}" if call.packed else f"a{position}")

    def add(self, argument: model.Argument, register: str) -> None:
        if argument.kind in ("scalar", "flags", "enum"):
            self.add_scalar(argument, register)
        elif argument.kind == "handle":
            self.add_handle(argument, register)
        elif argument.kind == "buffer":
            self.add_buffer(argument, register)
        else:
            self.add_struct(argument, register)

    def add_scalar(self, argument: model.Argument, register: str) -> None:
        assert argument.type is not None
        name = argument.name
        if argument.kind != "scalar":
            self.scalars += [f"if (!{argument.type.name}_known({register}))", "\treturn -EINVAL;"]
            c_type = f"enum {argument.type.name}"
        else:
            c_type = model.SCALARS[argument.type.name].kernel
            if c_type == "bool":
                self.scalars += [f"if ({register} > 1)", "\treturn -EINVAL;"]
        value = f"(uaddr_t){{ {register} }}" if c_type == "uaddr_t" else f"({c_type}){register}"
        if name in self.named:
            self.locals.append(f"const {c_type} {name} = {value};")
            value = name
        self.passed[name] = value

    def add_handle(self, argument: model.Argument, register: str) -> None:
        name = argument.name
        any_type = argument.object == "handle"
        object_type = "OBJECT_ANY" if any_type else f"OBJECT_{argument.object.upper()}"
        rights = [self.interface.right_c_name(argument.object, right) for right in argument.rights]
        if argument.rights_from:
            rights += self.rights_from(argument)
        self.locals.append(f"struct handle_ref {name};")
        wanted = " | ".join(rights) or "0"
        self.handles.append(f"TRY(thunk_handle({register}, {object_type}, {wanted}, &{name}));")
        self.passed[name] = name if any_type else f"{argument.object}_of({name}.object)"

    def rights_from(self, argument: model.Argument) -> List[str]:
        """For each flag that is set, the right of its name."""
        flags = self.call.argument(argument.rights_from)
        assert flags.type is not None
        value_set = self.interface.value_set("flags", flags.type.name)
        assert value_set is not None
        return [f"({flags.name} & {value_set.c_name(flag)} ? "
                f"{self.interface.right_c_name(argument.object, flag.name)} : 0)" for flag in value_set.values]

    def add_buffer(self, argument: model.Argument, register: str) -> None:
        assert argument.type is not None
        element = f"sizeof({model.SCALARS[argument.type.name].kernel})"
        self.ranges.append(f"TRY(thunk_range({register}, {argument.length}, {element}));")
        self.passed[argument.name] = f"(struct user_{argument.direction}){{ {{ {register} }} }}"

    def add_struct(self, argument: model.Argument, register: str) -> None:
        name = argument.name
        self.passed[name] = f"&{name}"
        if argument.direction == "in":
            self.locals.append(f"struct {argument.struct} {name};")
            self.ranges.append(f"TRY(thunk_copy_in(&{name}, {register}, sizeof {name}));")
            self.ranges += struct_checks(self.interface, argument)
        else:
            self.locals.append(f"struct {argument.struct} {name} = {{ 0 }};")
            self.ranges.append(f"TRY(thunk_struct_range({register}, sizeof {name}));")
            self.copies_out.append(f"TRY(thunk_copy_out({register}, &{name}, sizeof {name}));")

    def add_windows(self) -> None:
        self.locals.append("const struct windows *const windows = thunk_windows();")
        self.ranges += [f"TRY(thunk_range(windows->{way}_address, windows->{way}_size, 1));"
                        for way in ("read", "write")]

    def packed(self) -> List[str]:
        name = f"{self.call.name}_args"
        lines = [f"TRY(thunk_struct_in(&arguments, sizeof arguments, {name.upper()}_OLDEST, a0, a1));"]
        reserved = [slot.name for slot in layout.packed_slots(self.call) if slot.argument is None]
        if reserved:
            lines += [f"if ({' || '.join(f'arguments.{r} != 0' for r in reserved)})", "\treturn -EINVAL;"]
        return lines

    def checks(self) -> List[str]:
        return self.scalars + self.handles + self.ranges

    def invocation(self) -> str:
        passed = [self.passed[a.name] for a in self.call.arguments]
        passed += ["thunk_message()"] * self.call.message + ["windows"] * self.call.lend
        arguments = ", ".join(passed)
        value = f"sys_{self.call.name}({arguments})"
        return f"{value}.value" if self.call.result.kind == "handle" else value


def _thunk(out: CFile, interface: model.Interface, call: model.Call) -> None:
    """The checks in a function of their own, so that every way out of them passes thunk_result."""
    thunk = _Thunk(interface, call)
    out.add("", f"static inline long check_{call.name}({_REGISTERS})", "{")
    if call.packed:
        out.add(f"\tstruct {call.name}_args arguments;", "", *[f"\t{line}" for line in thunk.packed()], "")
    body = thunk.locals + ([""] if thunk.locals and thunk.checks() else []) + thunk.checks()
    for line in body:
        out.add(f"\t{line}" if line else "")
    value = thunk.invocation()
    out.from_table(call.span)
    if call.noreturn:
        out.add(f"\t{value};")
    elif thunk.copies_out:
        out.add(f"\tconst long returned = {value};")
    else:
        out.add(f"\treturn {value};")
    out.from_here()
    if thunk.copies_out:
        out.add("\tif (returned == CALL_AGAIN)", "\t\treturn thread_restart_call();")
        out.add("\tif (returned >= 0) {", *[f"\t\t{line}" for line in thunk.copies_out], "\t}", "\treturn returned;")
    out.add("}", "", f"long thunk_{call.name}({_REGISTERS})", "{",
            f"\treturn thunk_result(SYS_{call.name}, check_{call.name}({_PASSED}));", "}")
