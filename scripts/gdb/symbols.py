"""Gives GDB the symbols of the kernel and of every program in the boot archive, and the command attach-tabula.

The programs are those of build/archive.list; the archive holds them without debug information, so the files that the
linker has left in build/user/bin are taken instead.
"""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import gdb

ROOT = Path(__file__).resolve().parents[2]


def programs() -> Iterator[Path]:
    try:
        lines = (ROOT / "build/archive.list").read_text().split("\n")
    except OSError:
        return
    for name in dict.fromkeys(line.partition("=")[2] for line in lines):  # each once: a program may have two names
        path = Path(name)
        linked = ROOT / "build/user/bin" / path.name
        file = linked if path.parent == Path("build/archive/bin") else ROOT / path
        if file.is_file() and file.read_bytes()[:4] == b"\x7fELF":
            yield file


def load() -> None:
    kernel = ROOT / "build/kernel.elf"
    if not kernel.is_file():
        raise gdb.GdbError("Nothing is built: run `make` first.")
    gdb.execute(f'file "{kernel}"', to_string=True)
    for program in programs():
        gdb.execute(f'add-symbol-file "{program}"', to_string=True)


class Attach(gdb.Command):
    """Connects to the machine that `make qemu-gdb` has started, or to the stub that is given."""

    def __init__(self) -> None:
        super().__init__("attach-tabula", gdb.COMMAND_RUNNING)

    def invoke(self, argument: str, _from_tty: bool) -> None:
        port = ROOT / "build/gdb.port"
        if not argument and not port.is_file():
            raise gdb.GdbError("Nothing waits: run `make qemu-gdb` in another terminal.")
        stub = argument or "localhost:" + port.read_text().strip()
        try:
            gdb.execute(f"target remote {stub}")
        except gdb.error as error:
            raise gdb.GdbError(f"{error}\nNothing answers at {stub}: run `make qemu-gdb` in another terminal.")


load()
Attach()
