"""Broken boot archives and broken programs: a clear message, never more than that."""

from __future__ import annotations

import random
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Dict, List

from tests.support import boot

BUILD = boot.ROOT / "build"
PROGRAMS = BUILD / "archive/bin"

# Where the fields of an ELF header and of its first program header lie, and how wide they are.
HEADER = {"magic": (0, 4), "class": (4, 1), "order": (5, 1), "type": (16, 2), "machine": (18, 2), "entry": (24, 8),
          "phoff": (32, 8), "phentsize": (54, 2), "phnum": (56, 2)}
SEGMENT = {"type": (0, 4), "flags": (4, 4), "offset": (8, 8), "vaddr": (16, 8), "filesz": (32, 8), "memsz": (40, 8),
           "align": (48, 8)}
VALUES = [0, 1, 0x7FFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF_8020_0000, 0x40_0000_0000, 0xFFFF_FFFF_FFFF_F000]


class InFolder(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="tabula-archive-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path

    def archive(self, files: Dict[str, Path]) -> Path:
        path = self.folder / "initrd.cpio"
        specs = [f"{name}={file}" for name, file in files.items()]
        subprocess.run([str(boot.ROOT / "scripts/mkarchive"), str(path), *specs], check=True)
        return path


class Archive(InFolder):
    def refused(self, archive: object, message: str) -> None:
        result = boot.run("echo never", initrd=archive)  # type: ignore[arg-type]
        self.assertEqual((result.status, result.raw), (boot.STATUS_PANIC, b""), result)
        self.assertRegex(result.errors, f"panic: {message}")

    def test_missing(self) -> None:
        self.refused("none", "no boot archive: .*-initrd")

    def test_empty(self) -> None:
        self.refused(self.file("empty", b""), "no boot archive")

    def test_truncated(self) -> None:
        whole = (BUILD / "initrd.cpio").read_bytes()
        for size in (1, 109, 110, 111, 4096, len(whole) // 2, len(whole) - 4):
            with self.subTest(size=size):
                result = boot.run("echo ok", initrd=self.file("cut", whole[:size]))
                self.assertIn(result.status, (0, boot.STATUS_PANIC), result)
                if result.status:
                    self.assertRegex(result.errors, "panic: .*boot archive")

    def test_garbage(self) -> None:
        self.refused(self.file("garbage", random.Random(1).randbytes(65536)), "no /init .* no cpio archive")

    def test_sizes_that_lie(self) -> None:
        """The size of a file, then of its name, says more than there is."""
        whole = bytearray(self.archive({"/init": PROGRAMS / "init"}).read_bytes())
        for field, digits in ((54, b"ffffffff"), (54, b"7fffffff"), (94, b"ffffffff"), (94, b"00000000"), (54, b"zzzzzzzz")):
            with self.subTest(field=field, digits=digits):
                data = bytes(whole[:field] + digits + whole[field + 8 :])
                self.refused(self.file("lies", data), "no /init in the boot archive")

    def test_no_init(self) -> None:
        self.refused(self.archive({"/bin/sh": PROGRAMS / "sh"}), "no /init in the boot archive: ")

    def test_no_shell(self) -> None:
        result = boot.run("echo never", initrd=self.archive({"/init": PROGRAMS / "init"}))
        self.assertNotEqual(result.status, 0, result)
        self.assertIn("init: /bin/sh: No such file or directory", result.errors)

    def test_init_is_no_program(self) -> None:
        for data in (b"#!/bin/sh\n", b"\x7fELF", (PROGRAMS / "init").read_bytes()[:4096]):
            with self.subTest(size=len(data)):
                self.refused(self.archive({"/init": self.file("init", data)}), "/init in the boot archive is not a program")


class Programs(InFolder):
    """Broken programs are tried many at a time: one boot, one shell, which has to outlive them all."""

    def tried(self, programs: Dict[str, bytes]) -> Dict[str, int]:
        """Runs each; returns its status."""
        files = {"/init": PROGRAMS / "init", "/servers/files": PROGRAMS / "files"}
        files.update({f"/bin/{name}": PROGRAMS / name for name in ("sh", "echo")})
        files.update({f"/bin/{name}": self.file(name, data) for name, data in programs.items()})
        command = "; ".join(f"{name}; echo STATUS {name} $?" for name in programs)
        result = boot.run(f"{command}; echo END", timeout=120, initrd=self.archive(files))
        self.assertEqual((result.status, result.output[-4:]), (0, "END\n"), f"{result}\n{result.log[-4000:]}")
        words = [line.split() for line in result.output.split("\n") if line.startswith("STATUS ")]
        self.assertEqual([name for _, name, _ in words], list(programs))
        return {name: int(status) for _, name, status in words}

    def sound(self) -> bytes:
        source = "int main(void) { return 42; }\n"
        return boot.program_build(source, self.folder, "sound", ["-Wl,-s"]).read_bytes()

    def test_a_sound_one(self) -> None:
        self.assertEqual(self.tried({"p": self.sound()}), {"p": 42})

    def test_truncated(self) -> None:
        sound = self.sound()
        sizes = [0, 1, 4, 16, 63, 64, 100, 120, 176, 300, 4096]
        self.assertEqual(set(self.tried({f"p{size}": sound[:size] for size in sizes}).values()) - {126, 127}, set())

    def test_not_for_this_machine(self) -> None:
        programs = {"text": b"hello\n" * 100, "host": Path("/bin/true").read_bytes()[:65536]}
        self.assertEqual(set(self.tried(programs).values()), {126})

    def test_fields(self) -> None:
        """Each field of the header and of each program header, with values that overflow, overlap or reach the kernel."""
        sound = self.sound()
        offset, = struct.unpack_from("<Q", sound, 32)
        count, = struct.unpack_from("<H", sound, 56)
        places = dict(HEADER)
        for index in range(count):
            places.update({f"{name}{index}": (offset + 56 * index + at, size) for name, (at, size) in SEGMENT.items()})
        mutants: Dict[str, bytes] = {}
        for name, (at, size) in places.items():
            for number, value in enumerate(VALUES):
                data = bytearray(sound)
                data[at : at + size] = (value & (256**size - 1)).to_bytes(size, "little")
                mutants[f"{name}_{number}"] = bytes(data)
        names = list(mutants)
        for chunk in (names[i : i + 40] for i in range(0, len(names), 40)):
            statuses = self.tried({name: mutants[name] for name in chunk})
            self.assertTrue(all(0 <= status <= 159 for status in statuses.values()), statuses)

    def test_flipped_bits(self) -> None:
        """Bits of the headers but the entry point, which could well lead into a loop that is not the kernel's fault."""
        sound = self.sound()
        bits = self.flips(random.Random(2))
        mutants = {}
        for number, chosen in enumerate(bits):
            data = bytearray(sound)
            for bit in chosen:
                data[bit // 8] ^= 1 << bit % 8
            mutants[f"m{number}"] = bytes(data)
        self.tried(mutants)

    @staticmethod
    def flips(source: random.Random) -> List[List[int]]:
        usable = [bit for bit in range(64 * 8 + 3 * 56 * 8) if not 24 * 8 <= bit < 32 * 8]
        return [source.sample(usable, source.choice((1, 1, 2, 8))) for _ in range(60)]


if __name__ == "__main__":
    unittest.main()
