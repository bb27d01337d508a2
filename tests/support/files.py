"""The file system of user/servers/files on this machine: builds its driver, and talks to it."""

from __future__ import annotations

import atexit
import functools
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, NamedTuple, Tuple, Union

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "user/servers/files"
DRIVER = ROOT / "tests/host/files"

READ, WRITE, APPEND, NONBLOCK, CREATE, EXCLUSIVE, TRUNCATE, DIRECTORY, NOFOLLOW = (1 << bit for bit in range(9))
PLAIN = ("block", "data", "description", "device", "directory", "fill", "node", "path", "piece", "pipe", "pipe_buffer",
         "pipe_call", "pipe_fifo", "pipe_watch", "record_lock", "tree")
RECORD = 24  # bytes of a directory_record before its name


@functools.lru_cache(maxsize=None)
def driver() -> Path:
    """The driver, compiled with sanitizers; once a run."""
    directory = tempfile.TemporaryDirectory()
    atexit.register(directory.cleanup)
    program = Path(directory.name) / "driver"
    write_types(Path(directory.name))
    sources = [str(SERVER / f"{name}.c") for name in PLAIN] + [str(ROOT / "user/libc/archive.c")]
    subprocess.run(["cc", "-std=gnu17", "-g", "-O1", "-Wall", "-Wextra", "-Wshadow", "-Werror",
                    "-fsanitize=address,undefined", "-fno-sanitize-recover=all", f"-I{SERVER}", f"-I{DRIVER}/fake",
                    f"-I{directory.name}", f"-I{ROOT}/build/gen", "-idirafter", str(ROOT / "user/include"),
                    "-o", str(program), str(DRIVER / "driver.c"), str(DRIVER / "pages.c"), *sources], check=True)
    return program


def write_types(directory: Path) -> None:
    """The types of the protocols, as the server has them, but for the numbers of errors, which are this machine's."""
    tables = [ROOT / "user/servers/types.tbl", *sorted(SERVER.glob("*.tbl"))]
    command = [sys.executable, "-m", "tablegen", "--types", str(ROOT / "kernel/abi/types.tbl"), "--calls",
               str(ROOT / "kernel/abi/syscalls.tbl"), "--lock", str(ROOT / "user/servers/protocols.lock"), "--out",
               str(directory)]
    for table in tables:
        command += ["--protocol", str(table)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")})
    text = (directory / "user/tabula/protocol/types.h").read_text("utf-8")
    header = directory / "tabula/protocol/types.h"
    header.parent.mkdir(parents=True)
    header.write_text(re.sub(r"^ABI_ASSERT\(E.*\n", "", text, flags=re.M), "utf-8")


class Status(NamedTuple):
    """What stat tells."""

    number: int
    size: int
    blocks: int
    accessed: int
    modified: int
    changed: int
    mode: int
    links: int


class Broken(Exception):
    """The driver has ended or said something that makes no sense."""


class Files:
    """One file system. Paths and data are bytes; results are counts or -errno."""

    def __init__(self, blocks: int = 4096) -> None:
        self.process = subprocess.Popen([str(driver())], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.answers: Dict[int, Tuple[int, bytes]] = {}
        self.log: List[str] = []
        self.command("begin", blocks)

    def __enter__(self) -> "Files":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Ends the driver, which must have nothing to complain of."""
        _, errors = self.process.communicate()
        if self.process.returncode != 0:
            raise Broken(f"status {self.process.returncode}: {errors.decode(errors='replace')}")

    def kill(self) -> None:
        """Whatever the driver does; for tests that have failed."""
        self.process.kill()
        self.process.communicate()

    def command(self, name: str, *arguments: Union[int, bytes, bool]) -> List[str]:
        """Sends a line; returns the words of the answer, and keeps answers to earlier calls."""
        words = [f"x{item.hex()}" if isinstance(item, bytes) else str(int(item)) for item in arguments]
        line = " ".join([name, *words])
        self.log.append(line)
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        while True:
            answer = self.process.stdout.readline().decode().split()
            if not answer or answer[0] == "broken:":
                _, errors = self.process.communicate()
                recent = "\n".join(self.log[-20:])
                raise Broken(f"{' '.join(answer)} after\n{recent}\n{errors.decode(errors='replace')}")
            if answer[0] != "answer":
                return answer
            self.answers[int(answer[1])] = (int(answer[2]), bytes.fromhex(answer[3][1:]))

    def number(self, name: str, *arguments: Union[int, bytes, bool]) -> int:
        return int(self.command(name, *arguments)[0])

    def open(self, path: bytes, how: int = READ, mode: int = 0o644, at: int = 0) -> int:
        return self.number("open", at, path, how, mode)

    def close(self, file: int) -> None:
        self.command("close", file)

    def read(self, file: int, size: int = 1 << 20) -> Union[int, bytes]:
        """The bytes, or an error."""
        return self._bytes(self.command("read", file, size))

    def read_at(self, file: int, offset: int, size: int) -> Union[int, bytes]:
        return self._bytes(self.command("read_at", file, offset, size))

    def waits(self, name: str, *arguments: Union[int, bytes]) -> int:
        """The token of a call that has to wait."""
        answer = self.command(name, *arguments)
        if answer[0] != "waits":
            raise Broken(f"{name} does not wait but gives {answer}")
        return int(answer[1])

    @staticmethod
    def _bytes(answer: List[str]) -> Union[int, bytes]:
        count = int(answer[0])
        return count if count < 0 else bytes.fromhex(answer[1][1:])

    def stat(self, path: bytes, follow: bool = True, at: int = 0) -> Union[int, Status]:
        return self._status(self.command("stat", at, path, follow))

    def status(self, file: int) -> Union[int, Status]:
        return self._status(self.command("status", file))

    @staticmethod
    def _status(answer: List[str]) -> Union[int, Status]:
        if answer[0] != "0":
            return int(answer[0])
        values = [int(word, 8 if place == 6 else 10) for place, word in enumerate(answer[1:])]
        return Status(*values)

    def listing(self, file: int, size: int = 4096) -> Union[int, List[Tuple[bytes, int, int]]]:
        """Name, position and type of what one call lists."""
        records = self._bytes(self.command("list", file, size))
        if isinstance(records, int):
            return records
        found = []
        while records:
            position, kind = int.from_bytes(records[8:16], "little"), int.from_bytes(records[16:20], "little")
            length, name_length = int.from_bytes(records[20:22], "little"), int.from_bytes(records[22:24], "little")
            found.append((records[RECORD:RECORD + name_length], position, kind))
            records = records[length:]
        return found

    def names(self, path: bytes, at: int = 0) -> Union[int, List[bytes]]:
        """All names of a directory but the dots, in order."""
        file = self.open(path, READ | DIRECTORY, at=at)
        if file < 0:
            return file
        found: List[bytes] = []
        while True:
            part = self.listing(file)
            if isinstance(part, int) or not part:
                self.close(file)
                return part if isinstance(part, int) else found
            found += [name for name, _, _ in part if name not in (b".", b"..")]
