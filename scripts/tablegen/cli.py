"""The command line: reads tables, checks them against themselves and the lock, writes what was asked for.

With --protocol it is about the protocols of servers, beside the calls: cli_protocols.py.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Dict, Sequence

from . import checker, cli_protocols, emit_errors, emit_manual, emit_metadata, emit_numbers, emit_prototypes
from . import emit_stubs, emit_tables, emit_thunks, emit_types, model, parser
from .cli_outputs import take_lock, take_manual
from .output import write_all
from .source import Complaints, Span, read_source

_OUTPUTS = {
    "abi/syscall_numbers.h": emit_numbers.emit,
    "abi/types.h": emit_types.emit,
    "abi/errors.h": emit_errors.emit,
    "kernel/syscalls.h": emit_prototypes.emit,
    "kernel/thunks.c": emit_thunks.emit,
    "kernel/tables.c": emit_tables.emit,
    "kernel/metadata.c": emit_metadata.emit,
    "user/tabula/syscalls.h": emit_stubs.emit,
}


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="tablegen", description="Makes code and manual from the call tables.")
    options.add_argument("--types", required=True, help="the table of types")
    options.add_argument("--calls", required=True, action="append", help="a table of calls; may be given again")
    options.add_argument("--protocol", action="append", default=[], metavar="TABLE",
                         help="a table of a protocol or of types for them; may be given again. Then lock, code and "
                         "manual are those of the protocols")
    options.add_argument("--lock", required=True, help="the record of what has been published")
    options.add_argument("--out", help="folder for the generated code")
    options.add_argument("--manual", help="write the reference manual here")
    options.add_argument("--check-manual", metavar="MANUAL", help="fail if this manual is stale")
    options.add_argument("--accept", action="store_true", help="record new facts in the lock")
    options.add_argument("--check-lock-complete", action="store_true", help="fail if the lock lacks a fact")
    return options.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    options = _arguments(argv)
    complaints = Complaints()
    files = cli_protocols.run(options, complaints) if options.protocol else _run(options, complaints)
    if complaints:
        sys.stderr.write(complaints.render())
        return 1
    try:
        write_all(files)
    except OSError as error:
        sys.stderr.write(f"tablegen: error: can't write {error.filename}: {error.strerror}; check the folder\n")
        return 1
    return 0


def _run(options: argparse.Namespace, complaints: Complaints) -> Dict[str, str]:
    """The files to write; none if there are complaints."""
    interface = model.Interface()
    types = read_source(options.types, complaints)
    sources = [types] + [read_source(path, complaints) for path in options.calls]
    for source in sources:
        parser.parse(source, interface, complaints)
    checker.check(interface, complaints)
    if complaints:
        return {}
    if interface.table(emit_numbers.TABLE) is None:
        complaints.add(Span(sources[1], 1), f"no table {emit_numbers.TABLE}; write `table {emit_numbers.TABLE} 128`")
        return {}
    files = take_lock(options, interface, types, complaints)
    if options.out:
        for name, emit in _OUTPUTS.items():
            path = os.path.join(options.out, name)
            files[path] = emit(interface, path)
    take_manual(options, emit_manual.emit(interface), files, complaints)
    return files
