"""user/tabula/serve/NAME.h: what a server of a protocol defines, and what it may call."""

from __future__ import annotations

from typing import List

from . import model, wire
from .emit_protocol_client import value_type
from .emit_protocol_types import BANNER
from .emit_prototypes import errors_text
from .emit_stubs import handle_type
from .output import CFile


def handler_parameters(call: model.Call) -> List[str]:
    parts = ["struct request *request"]
    counted = wire.lengths(call)
    parts += [_handler_parameter(argument) for argument in call.arguments if argument.name not in counted]
    if call.result.kind == "handle":
        parts.append("struct gift *result")
    return parts


def _handler_parameter(argument: model.Argument) -> str:
    name = argument.name
    if argument.kind == "scalar":
        assert argument.type is not None
        return f"{model.SCALARS[argument.type.name].user} {name}"
    if argument.kind in ("flags", "enum"):
        assert argument.type is not None
        return f"enum {argument.type.name} {name}"
    if argument.kind == "handle":
        return f"{handle_type(argument.object)} {name}"
    if argument.kind == "client":
        return f"struct client *{name}"
    if argument.kind == "text":
        return f"const char *{name}"
    if argument.kind == "buffer":
        return f"{'const ' if argument.direction == 'in' else ''}struct lent_{argument.direction} *{name}"
    if argument.kind == "value":
        return f"{value_type(argument)} *{name}"
    if argument.kind == "gift":
        return f"struct gift *{name}"
    return f"{'const ' if argument.direction == 'in' else ''}struct {argument.struct} *{name}"


def answer_parameters(call: model.Call) -> List[str]:
    parts = ["struct server *server", "uint32_t token"]
    if call.result.kind != "handle":
        parts.append("long returned")
    else:
        parts.append("int returned")
    for argument in call.arguments:
        if argument.kind == "value":
            parts.append(f"{value_type(argument)} {argument.name}")
        elif argument.kind == "gift":
            parts.append(f"struct gift {argument.name}")
        elif argument is wire.coming_out(call) and argument.kind == "struct":
            parts.append(f"const struct {argument.struct} *{argument.name}")
        elif argument is wire.short(call) and argument.direction == "out":
            parts.append(f"const struct lent_out *{argument.name}")
    if call.result.kind == "handle":
        parts.append("struct gift result")
    return parts


def handler(call: model.Call) -> str:
    return f"long serve_{call.name}({', '.join(handler_parameters(call))})"


def answer(call: model.Call) -> str:
    return f"int answer_{call.name}({', '.join(answer_parameters(call))})"


def emit(interface: model.Interface, protocol: model.Protocol, path: str) -> str:
    out = CFile(path, f"The protocol {protocol.name}, for servers. A server defines each serve_ function: a handler gets "
                "arguments that have been checked and returns the result, a negated error, or DEFERRED; then it keeps the "
                "token, and calls the answer_ function later.", header=True, banner=BANNER)
    out.add("#include <tabula/server.h>", "#include <tabula/protocol/types.h>", "")
    out.comment("For server_init.")
    out.add(f"extern const struct protocol {protocol.name}_protocol;")
    for call in interface.calls_of(protocol.name):
        out.add()
        out.comment(call.text, *_contract(call), errors_text(call))
        out.from_table(call.span)
        out.add(f"{handler(call)};")
        out.from_here()
        out.add(f"{answer(call)};")
    return out.text()


def _contract(call: model.Call) -> List[str]:
    names = [argument.name for argument in wire.handles(call)]
    return [f"The handler owns {' and '.join(names)}, also when it fails."] if names else []
