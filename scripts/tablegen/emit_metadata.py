"""kernel/metadata.c: what the table says of each call, as constant data. kernel/sys/metadata.h describes it."""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple

from . import layout, model
from .emit_numbers import TABLE
from .output import CFile, string

_U32 = 0xFFFFFFFF
_PRIME = 0x01000193
_MIX = 0x9E3779B1

_LOOKUP = """\
/* FNV-1a. */
static uint32_t hash(const char *name)
{
	uint32_t value = HASH_START;

	for (; *name; name++)
		value = (value ^ (uint8_t)*name) * 0x01000193u;
	return value;
}

const struct call_info *call_by_number(uint64_t number)
{
	return number < SYSCALL_SLOTS && by_number[number] ? &calls[by_number[number] - 1] : NULL;
}

/* The first hash picks a displacement, which was chosen so that the second gives each name a place of its own. */
const struct call_info *call_by_name(const char *name)
{
	const uint32_t first = hash(name);
	const uint32_t place = ((first ^ displacements[first % HASH_BUCKETS]) * 0x9E3779B1u) >> HASH_SHIFT;
	const struct call_info *call = call_by_number(by_hash[place]);

	return call && strcmp(call->name, name) == 0 ? call : NULL;
}

bool call_declares(const struct call_info *call, long error)
{
	for (unsigned i = 0; i < call->error_count; i++) {
		if (call->errors[i] == error)
			return true;
	}
	return false;
}

const struct object_info *object_info(uint32_t number)
{
	for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
		if (objects[i].number == number)
			return &objects[i];
	}
	return NULL;
}

static const struct error_info *error_find(int error)
{
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		if (errors[i].number == error)
			return &errors[i];
	}
	return NULL;
}

const char *error_name(int error)
{
	const struct error_info *found = error_find(error);

	return found ? found->name : NULL;
}

const char *error_text(int error)
{
	const struct error_info *found = error_find(error);

	return found ? found->text : NULL;
}"""


def emit(interface: model.Interface, path: str) -> str:
    out = CFile(path, "What the call table says of each call.")
    for header in ("sys/metadata.h", "abi/errors.h", "abi/types.h", "lib/string.h"):
        out.add(f'#include "{header}"')
    _errors(out, interface)
    calls = interface.calls_of(TABLE)
    structs = _structs_in_use(interface, calls)
    _sets(out, _sets_in_use(interface, calls, structs))
    _structs(out, structs)
    _objects(out, interface)
    for call in calls:
        _details(out, interface, call)
    _calls(out, interface, calls)
    _lookup(out, interface, calls)
    return out.text()


def _errors(out: CFile, interface: model.Interface) -> None:
    out.add("", "static const struct error_info {", "\tconst char *name;", "\tconst char *text;", "\tint number;",
            "} errors[] = {")
    for error in interface.errors:
        out.add(f"\t{{ {string(error.name)}, {string(error.text)}, {error.name} }},")
    out.add("};")


def _named_values(out: CFile, name: str, values: List[Tuple[str, str]]) -> None:
    out.add("", f"static const struct named_value {name}[] = {{")
    out.add(*[f"\t{{ {string(text)}, {c_name} }}," for text, c_name in values])
    out.add("};")


def _structs_in_use(interface: model.Interface, calls: List[model.Call]) -> List[model.Struct]:
    """Those that a call names; an unused constant would be a warning."""
    names = {argument.struct for call in calls for argument in call.arguments}
    return [struct for struct in interface.structs if struct.name in names]


def _sets_in_use(interface: model.Interface, calls: List[model.Call],
                 structs: List[model.Struct]) -> List[model.ValueSet]:
    types = [a.type for call in calls for a in call.arguments if a.type]
    types += [member.type for struct in structs for member in struct.members]
    used = {(t.kind, t.name) for t in types}
    return [s for s in interface.sets if (s.kind, s.name) in used]


def _sets(out: CFile, sets: List[model.ValueSet]) -> None:
    for value_set in sets:
        label = f"{value_set.kind}_{value_set.name}"
        _named_values(out, f"values_{label}", [(v.name, value_set.c_name(v)) for v in value_set.values])
        flags = "true" if value_set.kind == "flags" else "false"
        out.add("", f"static const struct value_set {label} = {{ {string(value_set.name)}, values_{label}, "
                f"{len(value_set.values)}, {flags} }};")


def _objects(out: CFile, interface: model.Interface) -> None:
    for item in interface.objects:
        rights = [(r.name, interface.right_c_name(item.name, r.name)) for r in interface.common + item.rights]
        _named_values(out, f"values_rights_{item.name}", rights)
        out.add("", f"static const struct value_set rights_{item.name} = {{ {string(item.name)}, "
                f"values_rights_{item.name}, {len(rights)}, true }};")
    out.add("", "static const struct object_info objects[] = {")
    for item in interface.objects:
        out.add(f"\t{{ {string(item.name)}, &rights_{item.name}, OBJECT_{item.name.upper()} }},")
    out.add("};")


def _structs(out: CFile, structs: List[model.Struct]) -> None:
    for struct in structs:
        out.add("", f"static const struct field_info fields_{struct.name}[] = {{")
        for member, offset in zip(struct.members, layout.offsets(struct)):
            kind, value_set = _kind(member.type)
            out.add(f"\t{{ {string(member.name)}, {value_set}, {offset}, {max(1, member.count)}, {kind}, "
                    f"{layout.member_size(member)} }},")
        out.add("};", "")
        out.add(f"static const struct struct_info struct_{struct.name} = {{ {string(struct.name)}, "
                f"fields_{struct.name}, {layout.size_of(struct)}, {len(struct.members)} }};")


def _kind(type_name: model.TypeName) -> Tuple[str, str]:
    """The kind of a scalar, flags or enum, and its set."""
    if type_name.kind != "scalar":
        return f"VALUE_{type_name.kind.upper()}", f"&{type_name.kind}_{type_name.name}"
    if type_name.name == "bool":
        return "VALUE_BOOL", "NULL"
    if type_name.name == "vaddr":
        return "VALUE_ADDRESS", "NULL"
    return ("VALUE_SIGNED" if model.SCALARS[type_name.name].signed else "VALUE_UNSIGNED"), "NULL"


def _object_reference(interface: model.Interface, name: str) -> str:
    found = interface.object(name)
    return f"&objects[{interface.objects.index(found)}]" if found else "NULL"


def _details(out: CFile, interface: model.Interface, call: model.Call) -> None:
    """The arguments and errors of a call."""
    if call.arguments:
        places = {slot.name: slot.offset for slot in layout.packed_slots(call)} if call.packed else {}
        out.add("", f"static const struct arg_info args_{call.name}[] = {{")
        for position, argument in enumerate(call.arguments):
            out.add(*_argument(interface, call, argument, places.get(argument.name, position)))
        out.add("};")
    if call.errors:
        out.add("", f"static const uint16_t errors_{call.name}[] = {{ {', '.join(call.errors)} }};")


def _argument(interface: model.Interface, call: model.Call, argument: model.Argument, place: int) -> List[str]:
    fields: Dict[str, str] = {"name": string(argument.name)}
    size = layout.packed_size_of(argument)
    if argument.kind in ("scalar", "flags", "enum"):
        assert argument.type is not None
        fields["kind"], value_set = _kind(argument.type)
        if value_set != "NULL":
            fields["set"] = value_set
    else:
        fields["kind"] = f"VALUE_{argument.kind.upper()}"
    if argument.kind == "handle":
        if argument.object != "handle":
            fields["object"] = _object_reference(interface, argument.object)
        if argument.rights:
            fields["rights"] = " | ".join(interface.right_c_name(argument.object, r) for r in argument.rights)
    if argument.direction:
        fields["direction"] = f"DIRECTION_{argument.direction.upper()}"
    if argument.kind == "buffer":
        assert argument.type is not None
        size = model.SCALARS[argument.type.name].size
    if argument.kind == "struct":
        fields["layout"] = f"&struct_{argument.struct}"
        size = 0
    fields["rights_from"] = str(call.position(argument.rights_from) if argument.rights_from else -1)
    fields["length"] = str(call.position(argument.length) if argument.length else -1)
    fields["size"] = str(size)
    fields["position"] = str(place)
    return ["\t{"] + [f"\t\t.{key} = {value}," for key, value in fields.items()] + ["\t},"]


def _calls(out: CFile, interface: model.Interface, calls: List[model.Call]) -> None:
    out.add("", "static const struct call_info calls[] = {")
    for call in calls:
        attributes = [{"struct": "CALL_PACKED", "noreturn": "CALL_NORETURN", "blocks": "CALL_BLOCKS",
                       "message": "CALL_MESSAGE", "lend": "CALL_LEND"}[a] for a in call.attributes]
        result_kind, size = "VALUE_NONE", 0
        if call.result.kind == "handle":
            result_kind, size = "VALUE_HANDLE", 4
        elif call.result.kind == "scalar":
            result_kind = _kind(model.TypeName("scalar", call.result.name, call.result.span))[0]
            size = model.SCALARS[call.result.name].size
        fields = {
            "name": string(call.name),
            "args": f"args_{call.name}" if call.arguments else "NULL",
            "errors": f"errors_{call.name}" if call.errors else "NULL",
            "object": _object_reference(interface, call.result.name) if call.result.kind == "handle" else "NULL",
            "number": f"SYS_{call.name}",
            "line": str(call.span.line),
            "packed_size": f"sizeof(struct {call.name}_args)" if call.packed else "0",
            "packed_oldest": f"{call.name.upper()}_ARGS_OLDEST" if call.packed else "0",
            "arity": str(len(call.arguments)),
            "error_count": str(len(call.errors)),
            "attributes": " | ".join(attributes) or "0",
            "result_kind": result_kind,
            "result_size": str(size),
        }
        out.add("\t{", *[f"\t\t.{key} = {value}," for key, value in fields.items()], "\t},")
    out.add("};")


# Perfect hash: hash and displace


def fnv(name: str, start: int) -> int:
    value = start
    for byte in name.encode():
        value = ((value ^ byte) * _PRIME) & _U32
    return value


def place_of(first: int, displacement: int, shift: int) -> int:
    return (((first ^ displacement) * _MIX) & _U32) >> shift


def perfect_hash(names: List[str]) -> Tuple[int, List[int], List[Optional[str]]]:
    """A start value, displacements and the name at each place. Sizes are powers of two."""
    bits = max(1, (2 * len(names) - 1).bit_length())
    buckets = 1 << max(0, bits - 3)
    for start in range(0x811C9DC5, 0x811C9DC5 + 1000):
        found = _displace(names, start & _U32, buckets, bits)
        if found is not None:
            return (start & _U32, *found)
    raise AssertionError("no perfect hash; use more buckets")


def _displace(names: List[str], start: int, buckets: int,
              bits: int) -> Optional[Tuple[List[int], List[Optional[str]]]]:
    filled: List[Optional[str]] = [None] * (1 << bits)
    displacements = [0] * buckets
    groups: List[List[str]] = [[] for _ in range(buckets)]
    for name in names:
        groups[fnv(name, start) % buckets].append(name)
    for group in sorted(groups, key=len, reverse=True):
        if not group:
            continue
        bucket = fnv(group[0], start) % buckets
        for displacement in range(0x10000):
            places = [place_of(fnv(name, start), displacement, 32 - bits) for name in group]
            if len(set(places)) == len(places) and all(filled[p] is None for p in places):
                break
        else:
            return None
        displacements[bucket] = displacement
        for name, place in zip(group, places):
            filled[place] = name
    return displacements, filled


def _numbers(values: List[int]) -> List[str]:
    lines = [", ".join(str(v) for v in values[i:i + 20]) for i in range(0, len(values), 20)]
    return [f"\t{line}," for line in lines]


def _lookup(out: CFile, interface: model.Interface, calls: List[model.Call]) -> None:
    table = interface.table(TABLE)
    assert table is not None
    index = {call.number: i + 1 for i, call in enumerate(calls)}
    numbers = {call.name: call.number for call in calls}
    start, displacements, filled = perfect_hash([call.name for call in calls])
    out.add("", "/* For each number, 1 + its place in calls[]; 0 for an empty slot. */")
    out.add("static const uint16_t by_number[SYSCALL_SLOTS] = {")
    out.add(*_numbers([index.get(n, 0) for n in range(table.slots)]), "};", "")
    out.add("enum {", f"\tHASH_BUCKETS = {len(displacements)},",
            f"\tHASH_SHIFT = {32 - (len(filled).bit_length() - 1)},", "};", "", f"#define HASH_START {start:#x}u", "")
    out.add("static const uint16_t displacements[HASH_BUCKETS] = {", *_numbers(displacements), "};", "")
    out.add("/* The number of the call at each place of the hash; 0 for none. */")
    out.add(f"static const uint16_t by_hash[{len(filled)}] = {{")
    out.add(*_numbers([numbers[name] if name else 0 for name in filled]), "};", "")
    out.add(_LOOKUP)
