"""user/protocols/methods.c: what the tables say of each method, as constant data. tabula/methods.h describes it."""

from __future__ import annotations

from typing import List, Tuple

from . import layout, model, wire
from .emit_protocol_types import BANNER
from .output import CFile, string

_LOOKUP = """\
const struct method_info *method_by_label(uint32_t label)
{
	size_t low = 0, high = sizeof methods / sizeof methods[0];

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (methods[middle].label == label)
			return &methods[middle];
		if (methods[middle].label < label)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}"""


def emit(interface: model.Interface, path: str) -> str:
    out = CFile(path, "What the tables of the protocols say of each method.", banner=BANNER)
    out.add("#include <stddef.h>", "#include <tabula/methods.h>")
    calls = [call for protocol in interface.protocols for call in interface.calls_of(protocol.name)]
    _sets(out, interface, calls)
    for call in calls:
        if call.arguments:
            out.add("", f"static const struct method_argument arguments_{call.name}[] = {{")
            for argument in call.arguments:
                out.add(_argument(interface, call, argument))
            out.add("};")
        numbers_of = [str(error.number) for name in call.errors for error in interface.errors if error.name == name]
        out.add("", f"static const uint16_t errors_{call.name}[] = {{ {', '.join([*numbers_of, '0'])} }};")
    out.add("", "/* In the order of their labels. */", "static const struct method_info methods[] = {")
    numbers = {protocol.name: protocol.number for protocol in interface.protocols}
    for call in calls:
        arguments = f"arguments_{call.name}" if call.arguments else "NULL"
        label = numbers[call.table] << 16 | call.number
        blocks = "true" if "blocks" in call.attributes else "false"
        out.add(f"\t{{ {string(call.name)}, {arguments}, {label:#x}, {len(call.arguments)}, {_result(call)}, "
                f"{blocks}, errors_{call.name} }},")
    out.add("};", "", _LOOKUP)
    return out.text()


def _sets(out: CFile, interface: model.Interface, calls: List[model.Call]) -> None:
    used = {(a.type.kind, a.type.name) for call in calls for a in call.arguments if a.type}
    for item in interface.sets:
        if (item.kind, item.name) not in used:
            continue
        out.add("", f"static const struct method_name names_{item.kind}_{item.name}[] = {{")
        out.add(*[f"\t{{ {string(value.name)}, {value.value:#x} }}," for value in item.values], "};", "")
        flags = "true" if item.kind == "flags" else "false"
        out.add(f"static const struct method_names {item.kind}_{item.name} = {{ {string(item.name)}, "
                f"names_{item.kind}_{item.name}, {len(item.values)}, {flags} }};")


def _scalar(type_name: model.TypeName) -> str:
    if type_name.kind != "scalar":
        return f"METHOD_{type_name.kind.upper()}"
    scalar = model.SCALARS[type_name.name]
    if scalar.name in ("bool", "vaddr"):
        return "METHOD_BOOL" if scalar.name == "bool" else "METHOD_ADDRESS"
    return "METHOD_SIGNED" if scalar.signed else "METHOD_UNSIGNED"


def _result(call: model.Call) -> str:
    if call.result.kind == "void":
        return "METHOD_NOTHING"
    if call.result.kind == "handle":
        return "METHOD_HANDLE"
    return _scalar(model.TypeName("scalar", call.result.name, call.result.span))


def _kind(argument: model.Argument) -> str:
    if argument.kind in ("scalar", "flags", "enum", "value"):
        assert argument.type is not None
        return _scalar(argument.type)
    return "METHOD_HANDLE" if argument.kind == "gift" else f"METHOD_{argument.kind.upper()}"


def _place(call: model.Call, argument: model.Argument) -> Tuple[int, int]:
    """Offset and size in the words."""
    for field in wire.fields(call):
        if field.argument is argument:
            return field.offset, field.size
    for word, returned in enumerate(wire.returned(call), 1):
        if returned is argument:
            return word * wire.WORD, wire.WORD
    return -1, 0


def _argument(interface: model.Interface, call: model.Call, argument: model.Argument) -> str:
    names = "NULL"
    if argument.type and argument.type.kind in ("flags", "enum"):
        names = f"&{argument.type.kind}_{argument.type.name}"
    kind = "NULL"
    size = argument.most
    if argument.kind == "struct":
        struct = interface.struct(argument.struct)
        assert struct is not None
        kind, size = string(argument.struct), layout.size_of(struct)
    elif argument.kind in ("handle", "gift"):
        kind = string(argument.object)
    out = "true" if argument.direction == "out" else "false"
    offset, bytes_there = _place(call, argument)
    length = call.position(argument.length) if argument.length else -1
    return (f"\t{{ {string(argument.name)}, {names}, {kind}, {_kind(argument)}, {out}, {offset}, {bytes_there}, "
            f"{length}, {size} }},")
