"""A run about the protocols of servers: their code, their lock, their manual."""

from __future__ import annotations

import argparse
import os
from typing import Dict

from . import checker, emit_protocol_client, emit_protocol_manual, emit_protocol_metadata, emit_protocol_server
from . import emit_protocol_thunks, emit_protocol_types, model, parser
from .cli_outputs import take_lock, take_manual
from .source import Complaints, read_source

_PER_PROTOCOL = {
    "user/tabula/protocol/{}.h": emit_protocol_client.emit,
    "user/tabula/serve/{}.h": emit_protocol_server.emit,
    "user/protocols/{}.c": emit_protocol_thunks.emit,
}
_OF_ALL = {
    "user/tabula/protocol/types.h": emit_protocol_types.emit,
    "user/protocols/methods.c": emit_protocol_metadata.emit,
}


def run(options: argparse.Namespace, complaints: Complaints) -> Dict[str, str]:
    """The files to write; none if there are complaints."""
    calls = model.Interface()
    types = read_source(options.types, complaints)
    parser.parse(types, calls, complaints)
    for path in options.calls:
        parser.parse(read_source(path, complaints), calls, complaints)
    if complaints:
        return {}

    interface = model.Interface(borrowed={options.types})
    parser.parse(types, interface, complaints)
    sources = [read_source(path, complaints) for path in options.protocol]
    for source in sources:
        parser.parse(source, interface, complaints)
    _drop_errors_of_calls(interface)
    checker.check_protocols(interface, {call.name for call in calls.calls}, complaints)
    if complaints:
        return {}
    files = take_lock(options, interface.published(), sources[0], complaints)
    if options.out:
        files.update(_code(options.out, interface))
    take_manual(options, emit_protocol_manual.emit(interface), files, complaints)
    return files


def _drop_errors_of_calls(interface: model.Interface) -> None:
    """An error that the calls have got later than the protocols is theirs, if it has the same number."""
    borrowed = {(e.name, e.number) for e in interface.errors if not interface.is_own(e.span)}
    interface.errors = [e for e in interface.errors
                        if not interface.is_own(e.span) or (e.name, e.number) not in borrowed]


def _code(out: str, interface: model.Interface) -> Dict[str, str]:
    files: Dict[str, str] = {}
    for protocol in interface.protocols:
        for name, emit in _PER_PROTOCOL.items():
            path = os.path.join(out, name.format(protocol.name))
            files[path] = emit(interface, protocol, path)
    for name, emit_all in _OF_ALL.items():
        path = os.path.join(out, name)
        files[path] = emit_all(interface, path)
    return files
