"""A terminal of 80 columns, and the system at the other end of it: what somebody sees who types."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from typing import Callable, List

from tests.support import boot

_ESCAPE = re.compile(r"\x1b\[\??([0-9;]*)([A-Za-z])")


class Screen:
    """What has been printed, as it looks: lines without end upwards, and a cursor. Of what terminals understand only what
    the system uses; anything else is an error."""

    def __init__(self, columns: int = 80) -> None:
        self.columns = columns
        self.lines: List[List[str]] = [[]]
        self.top = 0  # the line that the cursor goes home to
        self.row = self.column = 0
        self.held = ""

    def feed(self, text: str) -> None:
        text = self.held + text
        self.held = ""
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                self._put(text[at])
                at += 1
                continue
            escape = _ESCAPE.match(text, at)
            if not escape:
                if len(text) - at > 16:
                    raise AssertionError(f"an escape that this terminal does not know: {text[at:at + 16]!r}")
                self.held = text[at:]
                return
            self._escape(escape.group(1), escape.group(2))
            at = escape.end()

    def text(self, row: int) -> str:
        return "".join(self.lines[row]).rstrip() if row < len(self.lines) else ""

    def row_text(self) -> str:
        """The line that the cursor is on, with the spaces up to it."""
        return "".join(self.lines[self.row]).rstrip().ljust(self.column)

    def _put(self, char: str) -> None:
        if char == "\r":
            self.column = 0
        elif char == "\n":
            self._down()
        elif char == "\b":
            self.column = max(0, self.column - 1)
        elif char == "\t":
            self.column = min(self.columns - 1, self.column // 8 * 8 + 8)
        elif char >= " ":
            if self.column == self.columns:
                self.column = 0
                self._down()
            line = self.lines[self.row]
            line += " " * (self.column + 1 - len(line))
            line[self.column] = char
            self.column += 1

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append([])

    def _escape(self, words: str, what: str) -> None:
        number = int(words or "1") if words.isdigit() or not words else 1
        if what == "C":
            self.column = min(self.columns - 1, self.column + number)
        elif what == "D":
            self.column = max(0, self.column - number)
        elif what == "K":
            del self.lines[self.row][self.column:]
        elif what == "H":
            self.row, self.column = self.top, 0
        elif what == "J":
            del self.lines[self.row][self.column:]
            del self.lines[self.row + 1:]
        elif what not in "hl":  # modes: nothing that is to be seen here
            raise AssertionError(f"an escape that this terminal does not know: {words}{what}")


class Terminal:
    """The system on a pseudo-terminal, arguments as for boot.options(); use as a context manager."""

    def __init__(self, **machine: object) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        words = [sys.executable, str(boot.RUN), "--interactive", *boot.options(**machine)]  # type: ignore
        self.process = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        self.screen = Screen()
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a character may come in two parts

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *details: object) -> None:
        try:
            os.killpg(self.process.pid, 9)
        except ProcessLookupError:
            pass
        self.process.wait()
        os.close(self.master)

    def type(self, keys: str) -> None:
        """Types, or pastes, and reads what comes meanwhile, as a terminal does."""
        data = keys.encode()
        while data:
            readable, writable, _ = select.select([self.master], [self.master], [], boot.LIMIT)
            if writable:
                data = data[os.write(self.master, data[:1024]):]
            if readable:
                self._read()
            if not readable and not writable:
                raise AssertionError("the terminal takes nothing any more")

    def wait(self, is_there: Callable[[], bool], what: str = "something", limit: float = 60) -> None:
        """Reads until something shows."""
        deadline = time.monotonic() + limit
        while not is_there():
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0] or not self._read():
                shown = "\n".join(self.screen.text(row) for row in range(len(self.screen.lines)))
                raise AssertionError(f"waited for {what}; the screen so far:\n{shown}")

    def wait_row(self, text: str, column: int) -> None:
        """Waits until the cursor's line is this, and the cursor there."""
        shown = text.rstrip().ljust(column)
        self.wait(lambda: self.screen.row_text() == shown and self.screen.column == column, f"{text!r} and column {column}")

    def wait_prompt(self, after: int = 0) -> None:
        """Waits for the prompt with nothing behind it, below a line."""
        self.wait(lambda: self.screen.row >= after and self.screen.row_text() == "tabula$ ", "the prompt")

    def run(self, keys: str) -> List[str]:
        """Types a line at the prompt; returns the lines that come before the next."""
        before = self.screen.row
        self.type(keys + "\r")
        self.wait_prompt(before + 1)
        return [self.screen.text(row) for row in range(before + 1, self.screen.row)]

    def ends(self) -> int:
        while self._read():
            pass
        return self.process.wait(boot.LIMIT)

    def _read(self) -> bool:
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the other side has been closed
            return False
        self.screen.feed(self.decoder.decode(data))
        return bool(data)
