"""What the page tables hold while the system runs, as QEMU's monitor sees them: every page has just its own rights."""

from __future__ import annotations

import re
import socket
import tempfile
import unittest
from dataclasses import dataclass
from pathlib import Path
from typing import List

from tests.support import boot

USER_TOP = 0x4000000000
DIRECT, STACKS, DEVICES, KERNEL = 0xFFFFFFC000000000, 0xFFFFFFE000000000, 0xFFFFFFE040000000, 0xFFFFFFFF80000000
STACK_SLOT, STACK_SIZE, HARTS, PAGE = 0x10000, 0x4000, 8, 0x1000
LINE = re.compile(r"^([0-9a-f]{16}) ([0-9a-f]{16}) ([0-9a-f]{16}) ([rwxugad-]{7})", re.MULTILINE)


@dataclass
class Mapping:
    address: int
    physical: int
    size: int
    attributes: str

    @property
    def end(self) -> int:
        return self.address + self.size


def ask(path: str, command: str) -> str:
    """The answer of QEMU's monitor at a socket."""
    with socket.socket(socket.AF_UNIX) as monitor:
        monitor.settimeout(20)
        monitor.connect(path)
        read_prompt(monitor)
        monitor.sendall(command.encode() + b"\n")
        return read_prompt(monitor)


def read_prompt(monitor: socket.socket) -> str:
    text = b""
    while not text.endswith(b"(qemu) "):
        data = monitor.recv(65536)
        if not data:
            raise AssertionError(f"the monitor ended after {text!r}")
        text += data
    return text.decode("utf-8", "replace").replace("\r", "")


def mappings() -> List[Mapping]:
    """Those in force while a program runs: an idle hart is in the kernel's own space."""
    with tempfile.TemporaryDirectory(prefix="tabula-monitor-") as folder:
        path = str(Path(folder) / "socket")
        with boot.Console(more=["--qemu=-monitor", f"--qemu=unix:{path},server,nowait"]) as console:
            console.expect(console.PROMPT)
            console.send("bench\r")
            console.expect("null_call")
            return [Mapping(int(a, 16), int(p, 16), int(s, 16), flags)
                    for a, p, s, flags in LINE.findall(ask(path, "info mem"))]


class Mappings(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.all = mappings()

    def between(self, start: int, end: int) -> List[Mapping]:
        return [m for m in self.all if start <= m.address < end]

    def test_there_are_some(self) -> None:
        self.assertGreater(len(self.between(0, USER_TOP)), 3)
        self.assertGreater(len(self.between(DIRECT, 1 << 64)), 5)

    def test_none_is_writable_and_executable(self) -> None:
        for mapping in self.all:
            self.assertFalse("w" in mapping.attributes and "x" in mapping.attributes, mapping)

    def test_user_pages_are_low_and_the_kernel_high(self) -> None:
        for mapping in self.all:
            self.assertEqual("u" in mapping.attributes, mapping.address < USER_TOP, mapping)
            self.assertNotEqual(mapping.address, mapping.physical, "nothing is mapped at its physical address")

    def test_accessed_and_dirty_are_set_as_used(self) -> None:
        for mapping in self.all:
            self.assertIn("a", mapping.attributes, mapping)
            self.assertEqual("w" in mapping.attributes, "d" in mapping.attributes, mapping)

    def test_kernel_is_global(self) -> None:
        for mapping in self.between(DIRECT, 1 << 64):
            self.assertIn("g", mapping.attributes, mapping)

    def test_image_has_text_constants_and_data(self) -> None:
        rights = [m.attributes[:3] for m in sorted(self.between(KERNEL, 1 << 64), key=lambda m: m.address)]
        self.assertEqual(rights, ["r-x", "r--", "rw-"])

    def test_direct_map_does_not_write_text_and_constants(self) -> None:
        image = sorted(self.between(KERNEL, 1 << 64), key=lambda m: m.address)
        for mapping in self.between(DIRECT, STACKS):
            self.assertNotIn("x", mapping.attributes, mapping)
            if "w" not in mapping.attributes:
                continue
            for part in image[:2]:
                apart = mapping.physical + mapping.size <= part.physical or part.physical + part.size <= mapping.physical
                self.assertTrue(apart, f"{mapping} can write {part}")

    def test_stacks_have_nothing_below_them(self) -> None:
        pages = {page for m in self.between(STACKS, DEVICES) for page in range(m.address, m.end, PAGE)}
        tops = [STACKS + (index + 1) * STACK_SLOT for index in range(HARTS)]
        self.assertEqual(pages, {page for top in tops for page in range(top - STACK_SIZE, top, PAGE)})

    def test_stacks_are_apart(self) -> None:
        stacks = self.between(STACKS, DEVICES)
        frames = {page for m in stacks for page in range(m.physical, m.physical + m.size, PAGE)}
        self.assertEqual(len(frames), HARTS * STACK_SIZE // PAGE)


if __name__ == "__main__":
    unittest.main()
