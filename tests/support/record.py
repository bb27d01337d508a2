"""What the tests of one run tell each other, in files of build/record: which errors calls have returned, and figures.

A debug kernel that ends with `report=yes` on its command line logs the errors of each call as `report: call N errors
A B`, the programs of the hosted kernel print the same. Each test class that runs one notes that under its name, and
tests/boot/test_errors.py, which runs last, adds them up. Figures are lines `figure: TEXT`, which scripts/test prints
at its end.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Dict, List, Set, Tuple

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build/record"
sys.path.insert(0, str(ROOT / "scripts"))

from tablegen import model, parser  # noqa: E402
from tablegen.source import Complaints, read_source  # noqa: E402

# A call by its number, and an error by its own.
Pair = Tuple[int, int]

_CALL = re.compile(r"report: call (\d+) errors((?: \d+)+)")
_STACK = re.compile(r"report: hart \d+ stack (\d+) of (\d+) bytes")
_FIGURE = re.compile(r"figure: (.*\S)")


def pairs(log: str) -> Set[Pair]:
    return {(int(number), int(error)) for number, errors in _CALL.findall(log) for error in errors.split()}


def figures(log: str) -> List[str]:
    """Those that a log tells in words, and the stack that the kernel has used."""
    told = list(dict.fromkeys(_FIGURE.findall(log)))
    used = [(int(used), int(size)) for used, size in _STACK.findall(log)]
    most = max(used, default=(0, 0))
    return told + (["kernel stack: {} of {} bytes used at most".format(*most)] if most[0] else [])


def note(name: str, log: str) -> None:
    """Keeps what the log of this test class tells, in place of what it told in an earlier run."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.errors").write_text("".join(f"{call} {error}\n" for call, error in sorted(pairs(log))))
    (FOLDER / f"{name}.figures").write_text("".join(f"{line}\n" for line in figures(log)))


def errors_noted(name: str, since: float) -> Set[Pair]:
    """What the class has noted; FileNotFoundError when it has not run since then."""
    file = FOLDER / f"{name}.errors"
    if file.stat().st_mtime < since:
        raise FileNotFoundError(f"{file} is of an earlier build")
    return {(int(call), int(error)) for call, error in (line.split() for line in file.read_text().splitlines())}


def interface() -> model.Interface:
    """What the tables of calls and types say."""
    complaints, tables = Complaints(), model.Interface()
    for name in ("types", "syscalls"):
        parser.parse(read_source(str(ROOT / f"kernel/abi/{name}.tbl"), complaints), tables, complaints)
    return tables


def declared() -> Dict[Pair, str]:
    """Every error of every call, with its name."""
    tables = interface()
    numbers = {error.name: error.number for error in tables.errors}
    return {(call.number, numbers[error]): f"{call.name} {error}" for call in tables.calls_of("native")
            for error in call.errors}
