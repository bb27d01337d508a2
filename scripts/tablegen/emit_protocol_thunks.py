"""user/protocols/NAME.c: one function a method that enforces what its line says, and the table of them.

The order of the checks: scalars, flags, enums and bits that nothing has (EINVAL), texts and structs, which are copied
once (EFAULT, EINVAL, ENAMETOOLONG), objects shown (EBADF, EXDEV), and last the handles given, which are taken.
"""

from __future__ import annotations

from typing import List

from . import errors, layout, model, wire
from .emit_protocol_client import value_type
from .emit_protocol_server import answer, answer_parameters
from .emit_protocol_types import BANNER
from .emit_stubs import handle_type
from .emit_thunks import known, struct_checks
from .output import CFile, string

_TRY = """\
#define TRY(expression) \\
	do { \\
		const int tried = (expression); \\
		if (tried) \\
			return tried; \\
	} while (0)"""


def emit(interface: model.Interface, protocol: model.Protocol, path: str) -> str:
    out = CFile(path, f"The thunks and the table of the protocol {protocol.name}: each thunk checks a message as its line "
                "in the protocol's table says, and calls the handler.", banner=BANNER)
    out.add("#include <errno.h>", f"#include <tabula/serve/{protocol.name}.h>", "", _TRY)
    calls = interface.calls_of(protocol.name)
    for value_set in _sets_in_use(interface, calls):
        known(out, value_set)
    for call in calls:
        _finish(out, interface, call)
        _answer(out, call)
        _thunk(out, interface, call)
    _table(out, protocol, calls)
    return out.text()


def _sets_in_use(interface: model.Interface, calls: List[model.Call]) -> List[model.ValueSet]:
    used = set()
    for call in calls:
        used |= {(a.type.kind, a.type.name) for a in call.arguments if a.type and a.kind in ("flags", "enum")}
        for argument in wire.going_in(call):
            struct = interface.struct(argument.struct) if argument.kind == "struct" else None
            used |= {(m.type.kind, m.type.name) for m in struct.members} if struct else set()
    return [s for s in interface.sets if (s.kind, s.name) in used]


def _copied_out(call: model.Call) -> bool:
    coming_out = wire.coming_out(call)
    return coming_out is not None and coming_out.kind == "struct"


def _is_short_out(call: model.Call, argument: model.Argument) -> bool:
    return argument is wire.short(call) and argument.direction == "out"


def _finish_parameters(call: model.Call) -> List[str]:
    """Those of the answer, all by address, and the message that becomes the reply."""
    parts = ["struct server *server", "uint32_t token", "struct message *message", "long returned"]
    for argument in call.arguments:
        if argument.kind == "value":
            parts.append(f"const {value_type(argument)} *{argument.name}")
        elif argument.kind == "gift":
            parts.append(f"struct gift *{argument.name}")
        elif argument is wire.coming_out(call) and argument.kind == "struct":
            parts.append(f"const struct {argument.struct} *{argument.name}")
        elif _is_short_out(call, argument):
            parts.append(f"const struct lent_out *{argument.name}")
    if call.result.kind == "handle":
        parts.append("struct gift *result")
    return parts


def _gifts(call: model.Call) -> List[str]:
    """Each gift with the word of the reply that tells it."""
    gifts = ["result:0"] if call.result.kind == "handle" else []
    gifts += [f"{a.name}:{word}" for word, a in enumerate(wire.returned(call), 1) if a.kind == "gift"]
    return gifts


def _finish(out: CFile, interface: model.Interface, call: model.Call) -> None:
    """From what the handler says to the reply."""
    gifts = [gift.split(":") for gift in _gifts(call)]
    drops = [f"gift_drop(server, {name});" for name, _ in gifts]
    used = bool(gifts) or _copied_out(call)
    out.add("", f"static long finish_{call.name}({', '.join(_finish_parameters(call))})", "{")
    if not used:
        out.add("\t(void)server;", "\t(void)token;")
    scalar = call.result.kind == "scalar"
    out.add(f"\tmessage->word[0] = {'(uint64_t)returned' if scalar else '0'};")
    out.add(f"\tmessage->word[1] = message->word[2] = message->word[3] = 0;")
    if drops:
        out.add("\tif (returned < 0) {", *[f"\t\t{drop}" for drop in drops], "\t\treturn returned;", "\t}")
    else:
        out.add("\tif (returned < 0)", "\t\treturn returned;")
    if _copied_out(call):
        _copy_out(out, call, drops)
    for word, argument in enumerate(wire.returned(call), 1):
        if argument.kind == "value":
            assert argument.type is not None
            out.add(f"\tmessage->word[{word}] = (uint64_t)*{argument.name};")
    for argument in call.arguments:
        if _is_short_out(call, argument):
            out.add(f"\tif ({argument.name}->is_short)", f"\t\tlent_give_short({argument.name}, message);")
    for at, (name, word) in enumerate(gifts):
        out.add(f"\treturned = gift_give(server, token, {name}, &message->word[{word}]);")
        rest = [f"\t\tgift_drop(server, {later});" for later, _ in gifts[at + 1:]]
        out.add("\tif (returned < 0) {", *rest, "\t\treturn returned;", "\t}") if rest else \
            out.add("\tif (returned < 0)", "\t\treturn returned;")
    out.add("\treturn 0;", "}")


def _copy_out(out: CFile, call: model.Call, drops: List[str]) -> None:
    argument = wire.coming_out(call)
    assert argument is not None
    name = argument.name
    out.add(f"\tstruct lent_out lent_{name} = {{ server, token, sizeof *{name}, false, {{ 0 }} }};", "")
    out.add(f"\treturned = lent_write(&lent_{name}, 0, {name}, sizeof *{name});")
    if drops:
        out.add("\tif (returned < 0) {", *[f"\t\t{drop}" for drop in drops], "\t\treturn returned;", "\t}")
    else:
        out.add("\tif (returned < 0)", "\t\treturn returned;")


def _answer(out: CFile, call: model.Call) -> None:
    arguments = ["server", "token", "&message", "returned"]
    for parameter in answer_parameters(call)[3:]:
        name = parameter.split()[-1].lstrip("*")
        arguments.append(name if "*" in parameter else f"&{name}")
    out.add("", answer(call), "{", "\tstruct message message = {0};",
            f"\tconst long result_or_error = finish_{call.name}({', '.join(arguments)});", "",
            "\treturn server_answer(server, token, result_or_error, &message);", "}")


def _bits(word: int, bits: int) -> str:
    """An expression that is zero when these bits of a word are."""
    low = (bits & -bits).bit_length() - 1
    if bits >> low << low == 2**64 - (1 << low):
        return f"message->word[{word}] >> {low}"
    return f"(message->word[{word}] & {bits:#x}ul)"


class _Thunk:
    def __init__(self, interface: model.Interface, call: model.Call) -> None:
        self.interface = interface
        self.call = call
        self.fields = wire.fields(call)

    def field(self, argument: model.Argument) -> wire.Field:
        return next(field for field in self.fields if field.argument is argument)

    def raw(self, argument: model.Argument) -> str:
        """The unsigned number that stands in the message."""
        field = self.field(argument)
        shifted = f"message->word[{field.word}]" + (f" >> {field.shift}" if field.shift else "")
        if field.size == wire.WORD:
            return shifted
        return f"({field.unsigned})({shifted})" if field.shift else f"({field.unsigned}){shifted}"

    def declarations(self) -> List[str]:
        lines: List[str] = []
        for argument in self.call.arguments:
            name = argument.name
            if argument.kind in ("scalar", "flags", "enum"):
                lines.append(self.scalar(argument))
            elif argument.kind == "text":
                lines += [f"char {name}[{argument.most + 1}];", f"const size_t {name}_length = {self.raw(argument)};"]
            elif argument.kind == "struct":
                zero = " = { 0 }" if argument.direction == "out" else ""
                lines.append(f"struct {argument.struct} {name}{zero};")
            elif argument.kind == "client":
                lines.append(f"struct client *{name};")
            elif argument.kind == "value":
                lines.append(f"{value_type(argument)} {name} = 0;")
            elif argument.kind == "gift":
                lines.append(f"struct gift {name} = {{ {{ 0 }}, 0, NULL }};")
            elif argument.kind == "handle":
                lines.append(f"any_handle {name}_handle;")
        lines += [self.buffer(argument) for argument in self.call.arguments if argument.kind == "buffer"]
        if self.call.result.kind == "handle":
            lines.append("struct gift result = { { 0 }, 0, NULL };")
        if any(a.kind == "client" for a in self.call.arguments):
            lines.append("int error;")
        return lines + ["long returned;", ""]

    def buffer(self, argument: model.Argument) -> str:
        if argument is wire.short(self.call):
            return f"struct lent_{argument.direction} {argument.name};"
        members = f"request->server, request->token, (uint32_t){argument.length}, false, {{ 0 }}"
        return f"struct lent_{argument.direction} {argument.name} = {{ {members} }};"

    def scalar(self, argument: model.Argument) -> str:
        assert argument.type is not None
        name = argument.name
        if argument.kind in ("flags", "enum"):
            return f"const uint32_t {name} = {self.raw(argument)};"
        c_type = model.SCALARS[argument.type.name].user
        if c_type == "bool":
            return f"const uint8_t {name} = {self.raw(argument)};"
        return f"const {c_type} {name} = ({c_type}){self.raw(argument)};"

    def checks(self) -> List[str]:
        lines = self.unused() + self.scalars()
        offset = "0"
        for argument in wire.going_in(self.call):
            lines += self.fetch(argument, offset)
            size = f"{argument.name}_length" if argument.kind == "text" else f"sizeof {argument.name}"
            offset = size if offset == "0" else f"{offset} + {size}"
        for argument in self.call.arguments:
            if argument.kind == "client":
                word = self.field(argument).word
                lines += [f"{argument.name} = request_shown(request, {word}, &error);", f"if (!{argument.name})",
                          "\treturn error;"]
        return lines + self.takes()

    def unused(self) -> List[str]:
        """A short buffer takes words that are zero else."""
        short = wire.short(self.call)
        lines: List[str] = []
        if short is not None:
            message = ", message" if short.direction == "in" else ""
            lines.append(f"lent_{short.direction}_set(&{short.name}, request, (uint32_t){short.length}{message});")
        words: List[str] = []
        parts: List[str] = []
        for word in range(model.WORDS):
            unused = wire.unused_bits(self.call, word)
            if unused == 2**64 - 1:
                words.append(f"message->word[{word}]")
            elif unused:
                parts.append(_bits(word, unused))
        if short is not None and short.direction == "in":
            lines += [f"if (!{short.name}.is_short && ({' | '.join(words)}))", "\treturn -EINVAL;"]
        else:
            parts += words
        if short is not None:
            parts.append(f"({short.name}.is_short && {short.name}.size > {wire.short_most(self.call, short)})")
        return lines + ([f"if ({' | '.join(parts)})", "\treturn -EINVAL;"] if parts else [])

    def scalars(self) -> List[str]:
        lines: List[str] = []
        for argument in self.call.arguments:
            if argument.kind in ("flags", "enum"):
                assert argument.type is not None
                lines += [f"if (!{argument.type.name}_known({argument.name}))", "\treturn -EINVAL;"]
            elif argument.kind == "scalar" and argument.type and argument.type.name == "bool":
                lines += [f"if ({argument.name} > 1)", "\treturn -EINVAL;"]
        return lines

    def fetch(self, argument: model.Argument, offset: str) -> List[str]:
        name = argument.name
        if argument.kind == "text":
            return [f"if ({name}_length > {argument.most})", "\treturn -ENAMETOOLONG;",
                    f"TRY(request_text(request, {offset}, {name}, {name}_length));"]
        if argument.kind == "struct":
            return [f"TRY(request_struct(request, {offset}, &{name}, sizeof {name}));", *struct_checks(self.interface, argument)]
        return []

    def takes(self) -> List[str]:
        """What has been taken goes again when the next can't be."""
        lines: List[str] = []
        taken: List[str] = []
        for argument in wire.handles(self.call):
            object_type = "OBJECT_ANY" if argument.object == "handle" else f"OBJECT_{argument.object.upper()}"
            rights = " | ".join(self.interface.right_c_name(argument.object, right) for right in argument.rights) or "0"
            how = "copy" if argument.kept else "take"
            take = f"request_{how}(request, {self.field(argument).word}, {object_type}, {rights}, &{argument.name}_handle)"
            if taken:
                lines += [f"returned = {take};", "if (returned) {",
                          *[f"\t(void)handle_close({name}_handle);" for name in taken], "\treturn returned;", "}"]
            else:
                lines.append(f"TRY({take});")
            taken.append(argument.name)
        return lines

    def invocation(self) -> str:
        counted = wire.lengths(self.call)
        passed = ["request"] + [self.passed(a) for a in self.call.arguments if a.name not in counted]
        if self.call.result.kind == "handle":
            passed.append("&result")
        return f"serve_{self.call.name}({', '.join(passed)})"

    def passed(self, argument: model.Argument) -> str:
        name = argument.name
        if argument.kind in ("flags", "enum"):
            assert argument.type is not None
            return f"(enum {argument.type.name}){name}"
        if argument.kind == "handle":
            return f"{name}_handle" if argument.object == "handle" else \
                f"({handle_type(argument.object)}){{ {name}_handle.value }}"
        if argument.kind in ("buffer", "struct", "value", "gift"):
            return f"&{name}"
        return name

    def finish(self) -> str:
        passed = ["request->server", "request->token", "message", "returned"]
        for argument in self.call.arguments:
            if argument.kind in ("value", "gift") or (argument is wire.coming_out(self.call) and argument.kind == "struct") or \
                    _is_short_out(self.call, argument):
                passed.append(f"&{argument.name}")
        if self.call.result.kind == "handle":
            passed.append("&result")
        return f"finish_{self.call.name}({', '.join(passed)})"


def _thunk(out: CFile, interface: model.Interface, call: model.Call) -> None:
    thunk = _Thunk(interface, call)
    out.add("", f"static long thunk_{call.name}(struct request *request, struct message *message)", "{")
    out.add(*[f"\t{line}" if line else "" for line in thunk.declarations() + thunk.checks()])
    out.from_table(call.span)
    out.add(f"\treturned = {thunk.invocation()};")
    out.from_here()
    out.add("\tif (returned == DEFERRED)", "\t\treturn returned;", f"\treturn {thunk.finish()};", "}")


def _table(out: CFile, protocol: model.Protocol, calls: List[model.Call]) -> None:
    slots = calls[-1].number + 1
    taken = {call.number: call for call in calls}
    out.add("", f"static protocol_thunk *const methods[{slots}] = {{")
    for number in range(slots):
        thunk = f"thunk_{taken[number].name}" if number in taken else "protocol_no_method"
        out.add(f"\t[{number}] = {thunk},")
    out.add("};", "", f"const struct protocol {protocol.name}_protocol = {{")
    out.add(f"\t.name = {string(protocol.name)},", f"\t.number = {protocol.number},", f"\t.slots = {slots},",
            "\t.table = methods,", "};")
