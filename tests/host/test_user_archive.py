"""The archive reader of user/libc, compiled for this machine with sanitizers, against broken archives."""

import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import List, Tuple

ROOT = Path(__file__).resolve().parents[2]
FILE, DIRECTORY = 0o100644, 0o040755


def entry(name: str, data: bytes = b"", mode: int = FILE, namesize: int = 0, filesize: int = -1) -> bytes:
    """One entry, with its padding; sizes other than the true ones on request."""
    raw = name.encode() + b"\0"
    filesize = len(data) if filesize < 0 else filesize
    fields = [1, mode, 0, 0, 1, 0, filesize, 0, 0, 0, 0, namesize or len(raw), 0]
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + raw
    head += b"\0" * (-len(head) % 4)
    return head + data + b"\0" * (-len(data) % 4)


TRAILER = entry("TRAILER!!!", mode=0)
# Without padding behind the trailer's name, so that the last byte is one that counts.
GOOD = entry("bin", mode=DIRECTORY) + entry("bin/ls", b"list") + entry("./etc/motd", b"hello") + \
    entry("a/b/c", b"") + TRAILER.rstrip(b"\0") + b"\0"


class ArchiveReader(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.directory = tempfile.TemporaryDirectory()
        cls.driver = Path(cls.directory.name) / "driver"
        subprocess.run(
            ["cc", "-std=gnu17", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined",
             "-fno-sanitize-recover=all", f"-I{ROOT}/user/include", "-o", str(cls.driver),
             str(ROOT / "tests/host/archive_driver.c"), str(ROOT / "user/libc/archive.c")], check=True)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.directory.cleanup()

    def drive(self, mode: str, archive: bytes, *paths: str) -> Tuple[int, List[str]]:
        with tempfile.NamedTemporaryFile(dir=self.directory.name) as file:
            file.write(archive)
            file.flush()
            done = subprocess.run([str(self.driver), mode, file.name, *paths], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        self.assertIn(done.returncode, (0, 1), done.stdout)
        self.assertNotIn("Sanitizer", done.stdout)
        self.assertNotIn("runtime error", done.stdout)
        return done.returncode, done.stdout.splitlines()

    def refused(self, archive: bytes) -> str:
        status, lines = self.drive("list", archive)
        self.assertEqual(status, 1, lines)
        return lines[-1]

    def test_list(self) -> None:
        status, lines = self.drive("list", GOOD)
        self.assertEqual(status, 0)
        self.assertEqual(lines, ["d 0 bin", "f 4 bin/ls", "d 0 etc", "f 5 etc/motd", "d 0 a", "d 0 a/b",
                                 "f 0 a/b/c"])

    def test_find(self) -> None:
        paths = ["", "bin", "bin/ls", "bin/lsx", "bin/l", "bin/ls/x", "etc", "etc/motd", "a/b", "nothing", "b"]
        _, lines = self.drive("find", GOOD, *paths)
        self.assertEqual(lines, [": d 0", "bin: d 0", "bin/ls: f 4", "bin/lsx: No such file or directory",
                                 "bin/l: No such file or directory", "bin/ls/x: Not a directory", "etc: d 0",
                                 "etc/motd: f 5", "a/b: d 0", "nothing: No such file or directory",
                                 "b: No such file or directory"])

    def test_last_of_equal_names_counts(self) -> None:
        archive = entry("x", b"1") + entry("x", b"22") + TRAILER
        self.assertEqual(self.drive("list", archive)[1], ["f 2 x"])
        self.assertEqual(self.drive("find", archive, "x")[1], ["x: f 2"])

    def test_names_padded_with_nuls(self) -> None:
        archive = entry("x" + "\0" * 400, b"1") + TRAILER
        self.assertEqual(self.drive("list", archive)[1], ["f 1 x"])

    def test_broken(self) -> None:
        first = entry("x", b"1")
        cases = [
            (b"", "at 0: it ends without a trailer"),
            (first, "at 116: it ends without a trailer"),
            (b"070707" + first[6:] + TRAILER, "at 0: no cpio (newc) header here"),
            (first[:14] + b"g" + first[15:] + TRAILER, "at 0: a header field is not a hexadecimal number"),
            (first[:14] + b"-" + first[15:] + TRAILER, "at 0: a header field is not a hexadecimal number"),
            (entry("x", namesize=0xffffffff) + TRAILER, "at 0: a name reaches past the end"),
            (entry("x", namesize=1) + TRAILER, "at 0: a name is not terminated"),
            (entry("") + TRAILER, "at 0: a name is empty"),
            (entry("x", filesize=0xffffffff) + TRAILER, "at 0: a file reaches past the end"),
            (entry("x", b"1", filesize=0xfffffffd) + TRAILER, "at 0: a file reaches past the end"),
        ]
        for archive, expected in cases:
            with self.subTest(expected):
                self.assertEqual(self.refused(archive), expected)

    def test_every_truncation_is_refused(self) -> None:
        self.assertEqual(self.drive("truncate", GOOD), (0, []))

    def test_every_flipped_bit_is_survived(self) -> None:
        status, lines = self.drive("flip", GOOD)
        self.assertEqual(status, 0, lines)
        self.assertRegex(lines[-1], r"^[1-9]\d+ of \d+ refused$")


if __name__ == "__main__":
    unittest.main()
