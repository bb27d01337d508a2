"""scripts/mkarchive and scripts/symbols: what they write, byte for byte, and what they refuse."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import List, Tuple

ROOT = Path(__file__).resolve().parents[2]


def entries(archive: bytes) -> List[Tuple[str, int, bytes, int]]:
    """(name, mode, data, where the data begins), read by the letter of the format."""
    found, at = [], 0
    while True:
        assert archive[at : at + 6] == b"070701", at
        fields = [int(archive[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        mode, size, namesize = fields[1], fields[6], fields[11]
        name = archive[at + 110 : at + 110 + namesize]
        assert name.endswith(b"\0")
        begin = (at + 110 + namesize + 3) & ~3
        if name.startswith(b"TRAILER!!!\0"):
            return found
        found.append((name.rstrip(b"\0").decode(), mode, archive[begin : begin + size], begin))
        at = (begin + size + 3) & ~3


class MakeArchive(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="tabula-mkarchive-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.out = self.folder / "out.cpio"
        (self.folder / "text").write_bytes(b"hello\n")
        (self.folder / "empty").write_bytes(b"")
        (self.folder / "elf").write_bytes(b"\x7fELF" + bytes(range(256)) * 40)

    def make(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([str(ROOT / "scripts/mkarchive"), *arguments], cwd=self.folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, universal_newlines=True)

    def refused(self, message: str, *arguments: str) -> None:
        done = self.make(*arguments)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stdout, f"^mkarchive: .*{message}")
        self.assertEqual([path for path in os.listdir(self.folder) if "cpio" in path], [])

    def test_contents(self) -> None:
        done = self.make("out.cpio", "/init=elf", "/etc/a/motd=text", "/etc/none=empty")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        found = entries(self.out.read_bytes())
        self.assertEqual([(name, oct(mode)) for name, mode, _, _ in found], [
            ("etc", "0o40755"), ("etc/a", "0o40755"), ("etc/a/motd", "0o100644"), ("etc/none", "0o100644"),
            ("init", "0o100755")])
        self.assertEqual([data for _, _, data, _ in found],
                         [b"", b"", b"hello\n", b"", (self.folder / "elf").read_bytes()])
        self.assertEqual({begin % 4096 for _, _, data, begin in found if data}, {0})

    def test_order_does_not_matter(self) -> None:
        self.make("out.cpio", "/a=text", "/b/c=elf")
        first = self.out.read_bytes()
        os.utime(self.folder / "text", (1, 1))
        self.make("out.cpio", "/b/c=elf", "/a=text")
        self.assertEqual(self.out.read_bytes(), first)

    def test_list(self) -> None:
        (self.folder / "list").write_text("# files\n/a=text\n\n/b=empty\n")
        self.make("out.cpio", "--list", "list", "/c=text")
        self.assertEqual([name for name, _, _, _ in entries(self.out.read_bytes())], ["a", "b", "c"])

    def test_other_readers(self) -> None:
        self.make("out.cpio", "/init=elf", "/etc/motd=text")
        reader = shutil.which("cpio") or shutil.which("bsdcpio")
        if not reader:
            self.skipTest("no cpio here")
        listed = subprocess.run([reader, "-it"], stdin=open(self.out, "rb"), stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual(listed.split(), [b"etc", b"etc/motd", b"init"])

    def test_refusals(self) -> None:
        self.refused("given twice", "out.cpio", "/a=text", "/a=elf")
        self.refused("can't read nowhere for /a", "out.cpio", "/a=nowhere")
        self.refused("begins with a slash", "out.cpio", "a=text")
        self.refused("empty parts", "out.cpio", "/a//b=text")
        self.refused("empty parts", "out.cpio", "/a/../b=text")
        self.refused("empty parts", "out.cpio", "/TRAILER!!!=text")
        self.refused("printable", "out.cpio", "/a b=text")
        self.refused("is a file and also the directory", "out.cpio", "/a=text", "/a/b=text")
        self.refused("should be /NAME=PATH", "out.cpio", "/a")
        self.refused("can't read the list", "out.cpio", "--list", "nowhere")
        self.refused("name the archive to write")


class Symbols(unittest.TestCase):
    def table(self, text: str) -> str:
        return subprocess.run([str(ROOT / "scripts/symbols")], input=text, stdout=subprocess.PIPE, check=True,
                              universal_newlines=True).stdout

    def test_functions_only_in_order(self) -> None:
        said = self.table("ffffffff80200000 T kernel_start\nffffffff80200000 t boot\nffffffff80200020 T b\n"
                          "ffffffff80200010 T zeta\nffffffff80200010 t alias\nffffffff80200030 D data\n"
                          "0000000080200000 T low\n                 w undefined\n")
        self.assertIn("symbol_count:\n\t.word 3\n", said)
        self.assertIn("symbol_offsets:\n\t.word 0x0\n\t.word 0x10\n\t.word 0x20\n", said)
        self.assertIn("symbol_names:\n\t.word 0\n\t.word 5\n\t.word 10\n", said)
        self.assertIn('symbol_strings:\n\t.asciz "boot"\n\t.asciz "zeta"\n\t.asciz "b"\n', said)

    def test_empty(self) -> None:
        self.assertIn("symbol_count:\n\t.word 0\n", self.table(""))

    def test_no_beginning(self) -> None:
        done = subprocess.run([str(ROOT / "scripts/symbols")], input="0 T main\n", stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no symbol kernel_start", done.stderr)


if __name__ == "__main__":
    unittest.main()
