"""abi/errors.h: the errors, for the kernel alone; programs have the C library's <errno.h>."""

from __future__ import annotations

from .model import Interface
from .output import CFile


def emit(interface: Interface, path: str) -> str:
    out = CFile(path, "The errors that calls return, negated. For the kernel: programs have <errno.h>, which agrees.",
                header=True)
    out.add("enum error {")
    for error in sorted(interface.errors, key=lambda e: e.number):
        out.add(f"\t{error.name} = {error.number}, /* {error.text} */")
    out.add("};")
    return out.text()
