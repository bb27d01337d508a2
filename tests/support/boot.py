"""Boots the system for a test: one command line through scripts/run, or a session on its console."""

from __future__ import annotations

import codecs
import os
import re
import selectors
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import List, Sequence, Union

ROOT = Path(__file__).resolve().parents[2]
RUN = ROOT / "scripts/run"

STATUS_REFUSED = 252
STATUS_PANIC = 253
STATUS_HANG = 254
STATUS_LOST = 255

# Seconds that a boot may take on a busy machine; a test that expects more work gives more.
LIMIT = 200.0


@dataclass(frozen=True)
class Result:
    """What a command in the system has left behind."""

    status: int
    raw: bytes
    errors: str  # the kernel's messages meanwhile; the console log if something went wrong
    log: str     # everything that came over the console
    seconds: float

    @property
    def output(self) -> str:
        return self.raw.decode("utf-8", "replace")

    def __str__(self) -> str:
        return f"status {self.status}\n--- output\n{self.output}\n--- errors\n{self.errors}"


def options(smp: int = 1, mem: str = "128M", cpu: str = "rv64", append: str = "", programs: Sequence[Union[str, Path]] = (),
            initrd: Union[str, Path, None] = None, kernel: Union[str, Path, None] = None, icount: bool = False,
            date: str = "", more: Sequence[str] = ()) -> List[str]:
    """Arguments of scripts/run."""
    words = ["--smp", str(smp), "--mem", mem, "--cpu", cpu, "--append", append]
    for program in programs:
        words += ["--program", str(program)]
    words += ["--initrd", str(initrd)] if initrd else []
    words += ["--kernel", str(kernel)] if kernel else []
    words += ["--icount"] if icount else []
    words += ["--date", date] if date else []
    return words + list(more)


def run(command: str, timeout: float = LIMIT, **machine: object) -> Result:
    """Runs one command line in a fresh machine; arguments as for options()."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tabula-boot-") as folder:
        log = Path(folder) / "log"
        words = [str(RUN), "--timeout", str(timeout), "--log", str(log)] + options(**machine) + [command]  # type: ignore
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=timeout + 30)
        text = log.read_text("utf-8", "replace") if log.exists() else ""
    return Result(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"), text, time.monotonic() - began)


class Console:
    """A session with the system on its serial line; use as a context manager.

    expect() waits for something to appear behind what has been expected before, and never longer than its limit.
    """

    PROMPT = r"^tabula\$ \Z"

    def __init__(self, **machine: object) -> None:
        words = [sys.executable, str(RUN), "--interactive"] + options(**machine)  # type: ignore
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        start_new_session=True)
        self.text = ""
        self.seen = 0
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.held = ""  # a \r that may belong to a \n
        self.selector = selectors.DefaultSelector()
        assert self.process.stdout and self.process.stdin
        self.selector.register(self.process.stdout, selectors.EVENT_READ)

    def __enter__(self) -> "Console":
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def close(self) -> None:
        try:
            os.killpg(self.process.pid, 9)
        except ProcessLookupError:
            pass
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream
            try:
                stream.close()
            except BrokenPipeError:
                pass
        self.selector.close()

    def send(self, text: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def expect(self, pattern: str, timeout: float = LIMIT) -> str:
        """Waits until the pattern matches behind what was seen so far; returns what came up to its end."""
        deadline = time.monotonic() + timeout
        while True:
            match = re.compile(pattern, re.MULTILINE).search(self.text, self.seen)
            if match:
                begin, self.seen = self.seen, match.end()
                return self.text[begin : match.end()]
            if not self._read(deadline):
                raise AssertionError(f"waited for {pattern!r}; the console so far:\n{self.text}")

    def command(self, line: str, timeout: float = LIMIT) -> str:
        """Types a line at the prompt; returns what comes until the next prompt, without the line itself."""
        self.send(line + "\r")
        self.expect(r"\n", timeout)
        return self.expect(self.PROMPT, timeout).rpartition("\n")[0].lstrip("\n")

    def ends(self, timeout: float = LIMIT) -> int:
        """Waits for the end of the machine; returns its exit status."""
        deadline = time.monotonic() + timeout
        while self._read(deadline):
            pass
        if time.monotonic() >= deadline:
            raise AssertionError(f"waited for the end of the machine; the console so far:\n{self.text}")
        return self.process.wait(timeout=max(1.0, deadline - time.monotonic()))

    def _read(self, deadline: float) -> bool:
        """Reads what is there; False at the end or when the time is up."""
        assert self.process.stdout
        if not self.selector.select(max(0.0, deadline - time.monotonic())):
            return False
        data = os.read(self.process.stdout.fileno(), 65536)
        text = self.held + self.decoder.decode(data, not data)
        self.held = "\r" if data and text.endswith("\r") else ""
        self.text += text[: len(text) - len(self.held)].replace("\r\n", "\n")
        return bool(data)


def program_build(source: str, folder: Union[str, Path], name: str = "tried", flags: Sequence[str] = ()) -> Path:
    """Compiles a C program with the SDK."""
    file = Path(folder) / f"{name}.c"
    file.write_text(source, encoding="utf-8")
    out = Path(folder) / name
    compiler = ["riscv64-unknown-elf-gcc", f"--specs={ROOT}/build/sdk/tabula.specs", "-O2", "-g"]
    done = subprocess.run([*compiler, *flags, str(file), "-o", str(out)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise AssertionError(f"{name}.c does not compile:\n{done.stdout.decode()}")
    return out

