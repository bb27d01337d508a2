"""user/tabula/protocol/NAME.h: the methods of a protocol as inline functions for its clients."""

from __future__ import annotations

from typing import Dict, List

from . import layout, model, wire
from .emit_prototypes import errors_text
from .emit_protocol_types import BANNER
from .emit_stubs import handle_type, result_type
from .emit_stubs import parameter as call_parameter
from .output import CFile


def method_name(call: model.Call) -> str:
    """The label of its messages."""
    return f"METHOD_{call.name.upper()}"


def value_type(argument: model.Argument) -> str:
    """The C type of a scalar that comes back."""
    assert argument.type is not None
    if argument.type.kind != "scalar":
        return f"enum {argument.type.name}"
    return model.SCALARS[argument.type.name].user


def parameter(argument: model.Argument) -> str:
    name = argument.name
    if argument.kind == "text":
        return f"const char *{name}"
    if argument.kind == "client":
        return f"endpoint_handle {name}"
    if argument.kind == "value":
        return f"{value_type(argument)} *{name}"
    if argument.kind == "gift":
        return f"{handle_type(argument.object)} *{name}"
    return call_parameter(argument)


def prototype(call: model.Call) -> str:
    parts = ["endpoint_handle to"] + [parameter(argument) for argument in call.arguments]
    if "blocks" in call.attributes:
        parts.append("uint64_t deadline")
    return f"{result_type(call)} {call.name}({', '.join(parts)})"


def emit(interface: model.Interface, protocol: model.Protocol, path: str) -> str:
    out = CFile(path, f"The protocol {protocol.name}, for clients. A stub returns what the method returns: a value, or the "
                "negated error. Whatever the method, that can be EPIPE (the server is gone), ENOSYS (it has no such "
                "method), EBADF, EFTYPE or EACCES (`to` is no endpoint to call), ETIMEDOUT, ENOMEM.", header=True,
                banner=BANNER)
    out.add("#include <stdbool.h>", "#include <tabula/protocol.h>", "#include <tabula/protocol/types.h>", "")
    calls = interface.calls_of(protocol.name)
    out.comment(protocol.text)
    out.add("enum {")
    for call in calls:
        out.add(f"\t{method_name(call)} = {protocol.number << 16 | call.number:#x},")
    out.add("};")
    for call in calls:
        out.add()
        out.comment(call.text, *_contract(call), errors_text(call))
        out.add(f"static inline {prototype(call)}", "{")
        out.add(*[f"\t{line}" if line else "" for line in _Stub(interface, call).body()], "}")
    return out.text()


def _contract(call: model.Call) -> List[str]:
    names = [argument.name for argument in wire.given(call)]
    return [f"{' and '.join(names)}: given away, whatever comes of the call."] if names else []


class _Stub:
    def __init__(self, interface: model.Interface, call: model.Call) -> None:
        self.interface = interface
        self.call = call
        self.short = wire.short(call)
        self.going_in = wire.going_in(call)
        self.coming_out = wire.coming_out(call)

    def body(self) -> List[str]:
        lines = self.declarations()
        lines += self.texts() + self.message() + self.windows()
        lines.append(f"returned = {self.invocation()};")
        return lines + self.after()

    def declarations(self) -> List[str]:
        lines = ["struct message message = PROTOCOL_ZERO;"]
        if self.lends():
            lines.append("struct windows windows = PROTOCOL_ZERO;")
        if len(self.going_in) > 1:
            lines.append(f"uint8_t gathered[{sum(self.most(a) for a in self.going_in)}];")
            lines.append("uint32_t gathered_length = 0;")
        if self.short is not None:
            lines.append(f"const bool is_short = {self.short.length} <= {wire.short_most(self.call, self.short)}u;")
        lines += [f"const size_t {a.name}_length = protocol_text({a.name}, {a.most}u);"
                  for a in self.going_in if a.kind == "text"]
        return lines + ["long returned;", ""]

    def most(self, argument: model.Argument) -> int:
        if argument.kind == "text":
            return argument.most
        struct = self.interface.struct(argument.struct)
        assert struct is not None
        return layout.size_of(struct)

    def lends(self) -> bool:
        """Only ipc_call_lend offers handles."""
        offers = any(argument.kind in ("handle", "client") for argument in self.call.arguments)
        return bool(self.going_in) or self.coming_out is not None or offers

    def texts(self) -> List[str]:
        """Refuses texts that are too long; what was to be given away goes all the same."""
        drop = [f"\tprotocol_drop((uint32_t){a.name}.value);" for a in wire.given(self.call)]
        lines: List[str] = []
        for argument in self.going_in:
            if argument.kind != "text":
                continue
            refusal = [f"if ({argument.name}_length > {argument.most}u)"]
            failed = "return -ENAMETOOLONG;"
            if self.call.result.kind == "handle":
                kind = handle_type(self.call.result.name)
                refusal = [refusal[0] + " {", *drop, f"\tconst {kind} too_long = {{ -ENAMETOOLONG }};", "",
                           "\treturn too_long;", "}"]
            elif drop:
                refusal = [refusal[0] + " {", *drop, f"\t{failed}", "}"]
            else:
                refusal.append(f"\t{failed}")
            lines += refusal
        return lines

    def message(self) -> List[str]:
        lines = [f"message.label = {method_name(self.call)};"]
        if "blocks" in self.call.attributes:
            lines.append("message.deadline = deadline;")
        else:
            lines.append("message.deadline = DEADLINE_NEVER;")
        words: Dict[int, List[str]] = {}
        for field in wire.fields(self.call):
            value = self.value(field)
            shifted = f"(uint64_t){value} << {field.shift}" if field.shift else f"(uint64_t){value}"
            words.setdefault(field.word, []).append(shifted)
            if field.argument.kind in ("handle", "client"):
                lines.append(f"message.token |= {1 << field.word:#x};")
        lines += [f"message.word[{word}] = {' | '.join(parts)};" for word, parts in sorted(words.items())]
        return lines

    def value(self, field: wire.Field) -> str:
        argument = field.argument
        if argument.kind == "text":
            return f"{argument.name}_length"
        if argument.kind in ("handle", "client"):
            return f"(uint32_t){argument.name}.value"
        if self.short is not None and argument.name == self.short.length:
            return f"protocol_length({argument.name}, is_short)"
        if argument.name in wire.lengths(self.call):
            return f"protocol_bulk({argument.name})"
        return f"({field.unsigned}){argument.name}"

    def windows(self) -> List[str]:
        lines: List[str] = []
        if len(self.going_in) > 1:
            for argument in self.going_in:
                size = self.size(argument)
                lines.append(f"memcpy(gathered + gathered_length, {argument.name}, {size});")
                lines.append(f"gathered_length += (uint32_t){size};")
            lines += ["windows.read_address = (uintptr_t)gathered;", "windows.read_size = gathered_length;"]
        elif self.going_in:
            lines += self.window("read", self.going_in[0])
        if self.coming_out is not None:
            lines += self.window("write", self.coming_out)
        return lines

    def window(self, way: str, argument: model.Argument) -> List[str]:
        return [f"windows.{way}_address = (uintptr_t){argument.name};",
                f"windows.{way}_size = (uint32_t){self.size(argument)};"]

    def size(self, argument: model.Argument) -> str:
        if argument.kind == "text":
            return f"{argument.name}_length"
        if argument.kind == "struct":
            return f"sizeof *{argument.name}"
        return f"protocol_bulk({argument.length})"

    def invocation(self) -> str:
        if self.short is not None:
            return "protocol_call_buffer(to, &message, &windows, is_short)"
        return "protocol_call_lend(to, &message, &windows)" if self.lends() else "protocol_call(to, &message)"

    def after(self) -> List[str]:
        """Sorts out the reply."""
        returned = wire.returned(self.call)
        gifts = [0] if self.call.result.kind == "handle" else []
        gifts += [word for word, argument in enumerate(returned, 1) if argument.kind == "gift"]
        on_error = [f"protocol_drop((uint32_t){a.name}.value);" for a in wire.given(self.call)]
        on_error += [f"protocol_drop_gift(&message, {word});" for word in gifts[:-1]]
        lines: List[str] = []
        if self.short is not None and self.short.direction == "out":
            words = ", ".join(f"message.word[{i}]" for i in range(1, model.WORDS))
            lines += ["if (is_short && returned > 0)",
                      f"\tprotocol_take_short({words}, {self.short.name}, {self.short.length}, (size_t)returned);"]
        on_error += [f"{argument.name}->value = (int32_t)returned;" for argument in returned if argument.kind == "gift"]
        if on_error:
            lines += ["if (returned < 0) {", *[f"\t{line}" for line in on_error], "}"]
        if returned:
            lines += ["if (returned >= 0) {", *[f"\t{self.taken(a, word)}" for word, a in enumerate(returned, 1)], "}"]
        if self.call.result.kind == "handle":
            kind = handle_type(self.call.result.name)
            return lines + ["", f"const {kind} result = {{ (int32_t)returned }};", "", "return result;"]
        return lines + ["return (int)returned;" if self.call.result.kind == "void" else "return returned;"]

    def taken(self, argument: model.Argument, word: int) -> str:
        if argument.kind == "gift":
            return f"{argument.name}->value = (int32_t)message.word[{word}];"
        c_type = value_type(argument)
        value = f"message.word[{word}] != 0" if c_type == "bool" else f"({c_type})message.word[{word}]"
        return f"*{argument.name} = {value};"
