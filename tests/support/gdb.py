"""Debugs a boot with GDB: starts the machine with its stub on a socket, runs GDB in batch mode, gives what it has said."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Dict, Sequence

from tests.support import boot

GDB = shutil.which("gdb-multiarch") or shutil.which("riscv64-unknown-elf-gdb")


def debug(command: str, script: Sequence[str], timeout: float = 120, **machine: object) -> str:
    """Boots, stopped at the first instruction, to run a command line; GDB does what the script says, then the machine is killed.

    Returns what GDB has printed. A command of the script that fails ends it, with GDB's complaint last.
    """
    assert GDB, "there is no debugger; scripts/setup installs it"
    with tempfile.TemporaryDirectory(prefix="tabula-gdb-") as folder, socket.socket(socket.AF_UNIX) as listener:
        stub = f"{folder}/stub"
        listener.bind(stub)
        listener.listen(1)
        emulator = _start(command, listener, f"{folder}/console", machine)
        try:
            return _batch(folder, stub, script, timeout)
        finally:
            os.killpg(emulator.pid, signal.SIGKILL)
            emulator.wait()


def _start(command: str, listener: socket.socket, log: str, machine: Dict[str, object]) -> "subprocess.Popen[bytes]":
    """The emulator takes over the socket, which listens already, so GDB can connect at once."""
    chardev = f"socket,id=stub,fd={listener.fileno()},server=on,wait=off"
    words = [str(boot.RUN), "--gdb", "chardev:stub", "--qemu=-chardev", f"--qemu={chardev}"]
    words += boot.options(**machine) + [command]  # type: ignore[arg-type]
    with open(log, "wb") as console:
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                                pass_fds=[listener.fileno()], start_new_session=True)


def _batch(folder: str, stub: str, script: Sequence[str], timeout: float) -> str:
    file = Path(folder) / "script.gdb"
    file.write_text("\n".join(["set remotetimeout 60", f"target remote {stub}", *script, ""]))
    assert GDB
    words = [GDB, "-nx", "-batch", "-x", "scripts/gdb/setup.gdb", "-x", str(file)]
    done = subprocess.run(words, cwd=boot.ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=timeout)
    return done.stdout.decode("utf-8", "replace")
