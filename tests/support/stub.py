"""QEMU's debugger stub, as far as tests need it without GDB: to have the firmware boot on a hart of our choice.

The firmware (OpenSBI's fw_base.S) has hart 0 set the machine up while the others wait in a loop; behind the loop all of
them go the same way, and who comes first boots. So hart 0 is held right behind the loop until another is through.
"""

from __future__ import annotations

import socket
import time
from pathlib import Path

LIMIT = 20.0
PC = 32
BRANCH, COMPRESSED_BRANCHES = 0x63, (6, 7)


class Stub:
    """A connection to a machine that waits for its debugger at a Unix socket. Use as a context manager."""

    def __init__(self, path: Path) -> None:
        deadline = time.monotonic() + LIMIT
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT)
        while True:
            try:
                self.socket.connect(str(path))
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        self.ask("qXfer:features:read:target.xml:0,ffb")  # or it gives no registers

    def __enter__(self) -> "Stub":
        return self

    def __exit__(self, *details: object) -> None:
        self.socket.close()

    def ask(self, packet: str) -> str:
        self.send(packet)
        return self.reply()

    def send(self, packet: str) -> None:
        self.socket.sendall(f"${packet}#{sum(packet.encode()) & 0xFF:02x}".encode())

    def reply(self) -> str:
        """The next packet, acknowledged."""
        data = b""
        while b"#" not in data or len(data) - data.index(b"#") < 3:
            more = self.socket.recv(4096)
            if not more:
                raise AssertionError(f"the stub ended after {data!r}")
            data += more
        self.socket.sendall(b"+")
        return data[data.index(b"$") + 1 : data.index(b"#")].decode("latin-1")

    def run_alone(self, hart: int, seconds: float) -> None:
        self.send(f"vCont;c:{hart + 1:x}")
        time.sleep(seconds)
        self.socket.sendall(b"\x03")
        self.reply()

    def behind_the_loop(self, hart: int) -> int:
        """The hart waits in a loop that ends with the first branch behind where it is: the address after that."""
        self.ask(f"Hg{hart + 1:x}")
        pc = int.from_bytes(bytes.fromhex(self.ask(f"p{PC:x}")), "little")
        code = bytes.fromhex(self.ask(f"m{pc:x},40"))
        at = 0
        while at < len(code) - 4:
            word = int.from_bytes(code[at : at + 2], "little")
            size = 4 if word & 3 == 3 else 2
            if word & 0x7F == BRANCH or (word & 3 == 1 and word >> 13 in COMPRESSED_BRANCHES):
                return pc + at + size
            at += size
        raise AssertionError(f"hart {hart} is at {pc:#x}, where there is no loop; the firmware has changed")

    def boot_on(self, hart: int, seconds: float) -> None:
        """For another hart than 0. It gets some seconds to itself; then all run, without the debugger."""
        self.run_alone(hart, seconds)
        address = self.behind_the_loop(hart)
        self.ask(f"Z0,{address:x},4")
        self.ask("vCont;c:1")
        self.ask(f"z0,{address:x},4")
        self.run_alone(hart, seconds)
        self.ask("D")
