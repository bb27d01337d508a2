"""Small call tables that use all of the table's language, and the generator run on them in a temporary folder."""

from __future__ import annotations

import contextlib
import io
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import List, Optional, Tuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from tablegen import cli  # noqa: E402

ABI = ROOT / "kernel/abi"
CROSS = "riscv64-unknown-elf-"

TYPES = """\
error E2BIG 7 "Too long"
error EBADF 9 "No handle"
error EAGAIN 11 "Not now"
error EACCES 13 "No right"
error EFAULT 14 "Bad address"
error EINVAL 22 "Invalid"
error EFTYPE 79 "Wrong type"
error ENOSYS 88 "No call"

## Some flags.
flags mode {
	low  0x1         ## the lowest
	high 0x40000000  ## the highest
}

## Some values.
enum colour {
	red  0  ## first
	blue 5  ## not second
}

## What goes in.
struct question {
	flags<mode> mode
	enum<colour> colour
	bool ready[2]
	u8 reserved[6]
}

## What comes out.
struct answer {
	u64 first
	i32 second
	u32 third
}

## Of all.
common {
	right copy 0x01  ## copy it
}

## A thing.
object thing 3 {
	right use  0x100  ## use it
	right low  0x200  ## use it low
	right high 0x400  ## use it high
}

## Another thing.
object other 9 {
	right use 0x100  ## use it
}
"""

CALLS = """\
table native 16

## Narrow scalars.
1 native - u32 narrow(u8 a, i8 b, u16 c, i16 d, i32 e, bool f) ! EINVAL

## Sets.
2 native - u32 sets(flags<mode> mode, enum<colour> colour) ! EINVAL

## Handles.
3 native - u32 handles(thing:use+mode t, handle:copy h, other o, flags<mode> mode)
	! EBADF EFTYPE EACCES EINVAL

## Buffers.
4 native - size buffers(in u32 words[n], u16 n, out u64 longs[k], u64 k) ! EFAULT

## Structs.
5 native - void structs(in struct question q, out struct answer r, bool fail) ! EFAULT EINVAL EAGAIN

## Packed.
6 native struct u64 packed(u8 a, i16 b, thing t, bool c, vaddr d, flags<mode> mode, in u8 buf[len], size len; u32 added)
	! EBADF EFTYPE EFAULT EINVAL E2BIG

gap 7-8 "kept"

## A new thing.
9 native - thing make(bool fail) ! EINVAL EAGAIN

## With a message.
10 native message void tell(thing:use t) ! EBADF EFTYPE EACCES

## With a message and windows.
11 native blocks,message,lend void ask(thing:use t) ! EBADF EFTYPE EACCES EFAULT

## Never returns.
12 native noreturn void leave(i32 status) ! -

## Returns only to fail.
13 native noreturn,blocks void leave_by(thing:use t) ! EBADF EFTYPE EACCES
"""


class Scratch(unittest.TestCase):
    """Tests with tables of their own in a temporary folder."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="tabula-tablegen-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.put("types.tbl", TYPES)
        self.put("syscalls.tbl", CALLS)

    def put(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text, encoding="utf-8")

    def get(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        text = self.get(name)
        self.assertEqual(text.count(old), 1, old)
        self.put(name, text.replace(old, new))

    def tablegen(self, *options: str, types: Optional[Path] = None, calls: Optional[Path] = None,
                 lock: Optional[Path] = None) -> Tuple[int, str]:
        """Runs the generator in this process; returns its status and complaints."""
        complaints = io.StringIO()
        with contextlib.redirect_stderr(complaints):
            status = cli.main(["--types", str(types or self.folder / "types.tbl"),
                               "--calls", str(calls or self.folder / "syscalls.tbl"),
                               "--lock", str(lock or self.folder / "lock"), *options])
        return status, complaints.getvalue()

    def generate(self, *options: str) -> None:
        status, complaints = self.tablegen("--out", str(self.folder / "gen"), *options)
        self.assertEqual((status, complaints), (0, ""))

    def accept(self) -> None:
        self.assertEqual(self.tablegen("--accept"), (0, ""))

    def refused(self, file: str, line_with: str, message: str, *options: str) -> None:
        """The generator complains at the one line of the file that holds the text."""
        lines = [n for n, text in enumerate(self.get(file).split("\n"), 1) if line_with in text]
        self.assertEqual(len(lines), 1, f"{line_with!r} on lines {lines}")
        status, complaints = self.tablegen(*options)
        self.assertEqual(status, 1, complaints)
        self.assertRegex(complaints, rf"(?m)^{re.escape(str(self.folder / file))}:{lines[0]}: error: .*{message}")

    def compile(self, compiler: str, *arguments: str) -> subprocess.CompletedProcess:
        if shutil.which(compiler) is None:
            self.skipTest(f"{compiler} is not installed")
        return subprocess.run([compiler, *arguments], cwd=self.folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, universal_newlines=True, check=False)

    def compiled(self, compiler: str, *arguments: str) -> None:
        result = self.compile(compiler, *arguments)
        self.assertEqual(result.returncode, 0, result.stdout)


def mutate(rng: random.Random, data: bytes, words: List[str]) -> bytes:
    """A table with one piece of random damage."""
    text = data.decode("utf-8", "replace")
    tokens = list(re.finditer(r"\w+|[^\w\s]|\s+", text))
    if not tokens:
        return b"\n"
    token = rng.choice(tokens)
    kind = rng.randrange(7)
    if kind == 0:
        text = text[:token.start()] + text[token.end():]
    elif kind == 1:
        text = text[:token.start()] + rng.choice(words) + text[token.end():]
    elif kind == 2:
        text = text[:token.start()] + rng.choice(words) + " " + text[token.start():]
    elif kind == 3:
        lines = text.split("\n")
        at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
        text = "\n".join(lines)
    elif kind == 4:
        lines = text.split("\n")
        lines.insert(rng.randrange(len(lines)), rng.choice(lines))
        text = "\n".join(lines)
    elif kind == 5:
        text = text[:token.start()]
    else:
        data = text.encode("utf-8")
        at = rng.randrange(len(data))
        return data[:at] + bytes([rng.randrange(256)]) + data[at + 1:]
    return text.encode("utf-8")
