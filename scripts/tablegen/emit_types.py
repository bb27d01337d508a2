"""abi/types.h: flags, enums, structs, object types and rights, for kernel and programs."""

from __future__ import annotations

from . import layout, model
from .emit_numbers import TABLE
from .output import CFile

_ASSERT = """\
#ifdef __cplusplus
#define ABI_ASSERT(condition, text) static_assert(condition, text)
#else
#define ABI_ASSERT(condition, text) _Static_assert(condition, text)
#endif"""

# Flags with names that <sys/mman.h> has as macros, of the same values. That may have been included before.
_MACROS_TOO = ("prot", "map")


def emit(interface: model.Interface, path: str) -> str:
    out = CFile(path, "The types of the system calls, for the kernel and for programs.", header=True)
    out.add("#include <stddef.h>", "#include <stdint.h>", "")
    out.add(_ASSERT)
    for value_set in interface.sets:
        names = [value_set.c_name(value) for value in value_set.values if value_set.name in _MACROS_TOO]
        if names:
            out.add("")
        for name in names:
            out.add(f'#pragma push_macro("{name}")', f"#undef {name}")
        emit_value_set(out, value_set)
        for name in names:
            out.add(f'#pragma pop_macro("{name}")')
    _objects(out, interface)
    for struct in interface.structs:
        emit_struct(out, struct)
    for call in interface.calls_of(TABLE):
        if call.packed:
            _packed(out, call)
    return out.text()


def emit_value_set(out: CFile, value_set: model.ValueSet) -> None:
    out.add()
    out.comment(value_set.text)
    out.add(f"enum {value_set.name} {{")
    for value in value_set.values:
        number = f"{value.value:#x}" if value_set.kind == "flags" else str(value.value)
        out.add(f"\t{value_set.c_name(value)} = {number}, /* {value.text} */")
    out.add("};")


def _objects(out: CFile, interface: model.Interface) -> None:
    out.add()
    out.comment("What a handle can name.")
    out.add("enum object_type {", "\tOBJECT_ANY = 0, /* in checks: of whatever type */")
    for item in interface.objects:
        out.add(f"\tOBJECT_{item.name.upper()} = {item.number}, /* {item.text} */")
    out.add("};", "")
    out.comment("What a handle allows.")
    out.add("enum right {")
    for right in interface.common:
        out.add(f"\tRIGHT_{right.name.upper()} = {right.value:#x}, /* {right.text} */")
    for item in interface.objects:
        out.add()
        for right in item.rights:
            out.add(f"\t{interface.right_c_name(item.name, right.name)} = {right.value:#x}, /* {right.text} */")
        whole = 0
        for right in interface.common + item.rights:
            whole |= right.value
        out.add(f"\tRIGHTS_{item.name.upper()}_ALL = {whole:#x},")
    out.add("};", "")
    out.comment("Asks for the rights that the handle has.")
    out.add("#define RIGHTS_SAME UINT32_MAX")


def emit_struct(out: CFile, struct: model.Struct) -> None:
    out.add()
    out.comment(struct.text)
    out.add(f"struct {struct.name} {{")
    for member in struct.members:
        array = f"[{member.count}]" if member.count else ""
        text = f" /* {member.text} */" if member.text else ""
        out.add(f"\t{layout.member_type(member)} {member.name}{array};{text}")
    out.add("};")
    name = struct.name
    out.add(f'ABI_ASSERT(sizeof(struct {name}) == {layout.size_of(struct)}, "layout of {name}");')
    for member, offset in zip(struct.members, layout.offsets(struct)):
        out.add(f'ABI_ASSERT(offsetof(struct {name}, {member.name}) == {offset}, "layout of {name}");')


def _packed(out: CFile, call: model.Call) -> None:
    out.add()
    out.comment(f"The arguments of {call.name}, which are too many for registers. Its stub fills this in.")
    name = f"{call.name}_args"
    out.add(f"struct {name} {{")
    for slot in layout.packed_slots(call):
        text = "" if slot.argument else " /* zero */"
        out.add(f"\t{slot.c_type} {slot.name};{text}")
    out.add("};")
    out.add(f'ABI_ASSERT(sizeof(struct {name}) == {layout.packed_total(call)}, "layout of {name}");')
    for slot in layout.packed_slots(call):
        out.add(f'ABI_ASSERT(offsetof(struct {name}, {slot.name}) == {slot.offset}, "layout of {name}");')
    out.comment("Bytes of its first version; newer ones are longer.")
    out.add(f"#define {name.upper()}_OLDEST {layout.packed_total(call, 0)}u")
