"""The bytes of files in user/servers/files: holes, sizes, files of the archive, and what happens when room or the
client's memory ends."""

from __future__ import annotations

import errno
import random
import unittest
from typing import List

from tests.support import files

BOTH = files.READ | files.WRITE
BLOCK = 4096
SIZE_MAX = (8 + 1024 + 1024 ** 2 + 1024 ** 3) * BLOCK


class Model:
    """The bytes of one file, and nothing clever."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = bytearray(data)

    def read(self, offset: int, size: int) -> bytes:
        return bytes(self.data[offset:offset + size])

    def write(self, offset: int, data: bytes) -> None:
        if data:
            self.resize(max(len(self.data), offset + len(data)))
            self.data[offset:offset + len(data)] = data

    def resize(self, size: int) -> None:
        self.data = self.data[:size] + bytes(max(0, size - len(self.data)))


class Data(unittest.TestCase):
    counts_subtests = True

    def begin(self, blocks: int = 4096) -> files.Files:
        there = files.Files(blocks)
        self.addCleanup(there.kill)
        return there

    @staticmethod
    def offset(chance: random.Random) -> int:
        """Often near the edges of blocks and of the maps above them."""
        edge = chance.choice((0, 1, 2, 7, 8, 9, 15, 16, 17, 40)) * BLOCK
        return max(0, edge + chance.choice((0, 0, 1, -1, 5, -5, 2048)))

    def test_random_calls(self) -> None:
        for seed in range(1, 5):
            with self.subTest(seed=seed):
                self.run_files(random.Random(seed), self.begin())

    def run_files(self, chance: random.Random, there: files.Files) -> None:
        """Three files that grow at the same time, one of which came from the archive."""
        whole = there.number("free")
        opened = [there.open(b"%d" % i, BOTH | files.CREATE) for i in range(3)]
        models = [Model() for _ in opened]
        origin = chance.randbytes(chance.choice((100, 3 * BLOCK, 20 * BLOCK + 77)))
        there.command("origin", opened[0], origin)
        models[0] = Model(origin)
        for _ in range(1000):
            i = chance.randrange(3)
            self.one_call(chance, there, opened[i], models[i])
        for file, model in zip(opened, models):
            self.assertEqual(self.everything(there, file), bytes(model.data))
        for i, file in enumerate(opened):
            there.close(file)
            self.assertEqual(there.number("unlink", 0, b"%d" % i), 0)
        self.assertGreaterEqual(there.number("free"), whole - 1)  # the table of names keeps a block
        there.end()

    def one_call(self, chance: random.Random, there: files.Files, file: int, model: Model) -> None:
        offset = self.offset(chance)
        kind = chance.randrange(10)
        if kind < 4:
            size = chance.choice((0, 1, 100, BLOCK, 3 * BLOCK + 1))
            self.assertEqual(there.read_at(file, offset, size), model.read(offset, size))
        elif kind < 8:
            data = chance.randbytes(chance.choice((0, 1, 100, BLOCK - 1, BLOCK, 2 * BLOCK, 5 * BLOCK + 3)))
            self.assertEqual(there.number("write_at", file, offset, data), len(data))
            model.write(offset, data)
        elif kind < 9:
            self.failed_write(chance, there, file, model, offset)
        else:
            self.assertEqual(there.number("truncate", file, offset), 0)
            model.resize(offset)

    def failed_write(self, chance: random.Random, there: files.Files, file: int, model: Model, offset: int) -> None:
        """The client's memory ends midway: what was in the file is lost where the write would have gone, no more."""
        data = chance.randbytes(chance.choice((10, BLOCK, 3 * BLOCK)))
        reach = chance.randrange(len(data))
        there.command("fault", reach)
        count = there.number("write_at", file, offset, data)
        there.command("fault", -1)
        self.assertTrue(count == -errno.EFAULT or 0 < count <= reach, count)
        model.write(offset, data[:max(0, count)])
        after = self.everything(there, file)
        self.assertEqual(len(after), len(model.data))
        done = max(0, count)
        for place in range(offset + done, min(offset + len(data), len(after))):
            self.assertIn(after[place], (model.data[place], data[place - offset]), f"byte {place}")
        model.data[offset + done:offset + len(data)] = after[offset + done:offset + len(data)]
        self.assertEqual(after, bytes(model.data))

    @staticmethod
    def everything(there: files.Files, file: int) -> bytes:
        """All bytes of a file, of which one call gives at most a mebibyte."""
        found = b""
        while True:
            part = there.read_at(file, len(found), 1 << 20)
            assert isinstance(part, bytes)
            found += part
            if not part:
                return found

    def test_far_holes(self) -> None:
        """Each level of maps, and the end of the longest file."""
        there = self.begin()
        file = there.open(b"f", BOTH | files.CREATE)
        empty = there.number("free")
        edges = [8, 8 + 1024, 8 + 1024 + 1024 ** 2]
        places = [edge * BLOCK + step for edge in edges for step in (-1, 0)] + [SIZE_MAX - 1]
        for i, place in enumerate(places):
            self.assertEqual(there.number("write_at", file, place, b"%d" % i), 1)
        for i, place in enumerate(places):
            self.assertEqual(there.read_at(file, place - 1, 2 if place + 1 < SIZE_MAX else 9)[1:2], b"%d" % i)
        self.assertEqual(there.number("write_at", file, SIZE_MAX, b"x"), -errno.EFBIG)
        self.assertEqual(there.number("write_at", file, SIZE_MAX - 1, b"xy"), 1)
        self.assertEqual(there.number("truncate", file, SIZE_MAX + 1), -errno.EFBIG)
        self.assertEqual(there.number("truncate", file, SIZE_MAX), 0)
        self.assertEqual(there.read_at(file, 1 << 40, 100), bytes(100))
        for place in (SIZE_MAX, 1 << 62, (1 << 63) - 1):
            self.assertEqual(there.read_at(file, place, 100), b"")
        self.assertEqual(there.number("truncate", file, 0), 0)
        self.assertEqual(there.number("free"), empty)
        there.end()

    def test_full(self) -> None:
        """What fitted stays, what did not is ENOSPC, and what is removed makes room."""
        there = self.begin(512)
        data = random.Random(1).randbytes(100 * BLOCK)
        kept: List[bytes] = []
        for i in range(1000):
            file = there.open(b"%d" % i, BOTH | files.CREATE)
            if file < 0:
                self.assertEqual(file, -errno.ENOSPC)
                break
            count = there.number("write", file, data)
            if count < len(data):
                self.assertTrue(count > 0 or count == -errno.ENOSPC)
            kept.append(data[:max(0, count)])
            there.close(file)
        self.assertGreater(len(kept), 4)
        self.assertLess(len(kept), 1000)
        self.assertEqual(there.number("make_directory", 0, b"d" * 200, 0o755), -errno.ENOSPC)
        self.assertEqual(there.number("make_link", 0, b"t" * 1000, b"l"), -errno.ENOSPC)
        for i, expected in enumerate(kept):
            file = there.open(b"%d" % i)
            if file >= 0:
                self.assertEqual(self.everything(there, file), expected)
                there.close(file)
        self.assertEqual(there.number("rename", 0, b"0", 0, b"1"), 0)
        for i in range(1, len(kept)):
            self.assertEqual(there.number("unlink", 0, b"%d" % i), 0)
        file = there.open(b"again", BOTH | files.CREATE)
        self.assertEqual(there.number("write", file, data), len(data))
        there.close(file)
        there.end()

    def test_pipes_when_files_are_full(self) -> None:
        """What files leave is enough for the pipes of a command line, and no less after pipes have come and gone."""
        there = self.begin(512)
        there.number("make_directory", 0, b"/first", 0o755)
        empty = there.number("free")
        filler = there.open(b"/fill", BOTH | files.CREATE)
        while there.number("write", filler, b"x" * BLOCK * 100) > 0:
            pass
        for _ in range(3):
            ends = self.all_pipes(there)
            self.assertGreaterEqual(len(ends), 10)
            self.assertEqual(there.number("write", filler, b"x" * BLOCK), -errno.ENOSPC)
            for end in ends:
                self.assertEqual(there.number("write", end - 1, b"through"), 7)
                self.assertEqual(there.read(end, 100), b"through")
                self.assertEqual(there.number("make_directory", 0, b"/%d" % end + b"y" * 200, 0o755), -errno.ENOSPC)
                there.close(end)
                there.close(end - 1)
            listed = there.open(b"/")
            self.assertGreater(listed, 0)
            there.close(listed)
            self.assertEqual(there.number("free"), 0)
        there.close(filler)
        there.number("unlink", 0, b"/fill")
        self.assertEqual(there.number("free"), empty)
        there.end()

    def all_pipes(self, there: files.Files) -> List[int]:
        """Makes pipes until there is no room; returns their ends to read from."""
        ends: List[int] = []
        while (end := there.number("pipe", 0)) > 0:
            ends.append(end)
        self.assertEqual(end, -errno.ENOSPC)
        return ends

    def test_each_page_may_be_the_last(self) -> None:
        """The same calls with room for no page, one, two ... until all succeed: errors, and nothing is lost."""
        for pages in range(0, 200):
            there = files.Files(4096)
            whole = there.number("free")
            there.command("pages", pages)
            failed = self.some_calls(there)
            there.command("pages", -1)
            for name in (b"d/f", b"d/g", b"l", b"f", b"h"):
                there.command("unlink", 0, name)
            there.command("remove", 0, b"d")
            self.assertEqual(there.names(b"/"), [])
            self.assertGreaterEqual(there.number("free"), whole - 1)
            there.end()
            if not failed:
                self.assertGreater(pages, 10)
                return
        self.fail("it never succeeds")

    def some_calls(self, there: files.Files) -> int:
        """Returns how many failed, for want of room."""
        data = b"0123456789abcdef" * 2560
        results = [there.number("make_directory", 0, b"d", 0o755)]
        file = there.open(b"d/f", BOTH | files.CREATE)
        results.append(file)
        if file >= 0:
            count = there.number("write", file, data)
            self.assertEqual(self.everything(there, file), data[:max(0, count)])
            results += [count if count == len(data) else -errno.ENOSPC, there.number("write_at", file, 1 << 33, b"x")]
            there.close(file)
        results.append(there.number("make_link", 0, b"t" * 300, b"l"))
        results.append(there.number("link", 0, b"l", 0, b"h"))
        results.append(there.number("rename", 0, b"d/f", 0, b"f" if results[1] >= 0 else b"d/g"))
        end = there.number("pipe", 0)
        results.append(end)
        if end >= 0:
            there.close(end)
            there.close(end - 1)
        failed = [result for result in results if result < 0]
        self.assertLessEqual(set(failed), {-errno.ENOSPC, -errno.ENOENT})
        return len(failed)

    def test_offsets(self) -> None:
        there = self.begin()
        file = there.open(b"f", BOTH | files.CREATE)
        top = (1 << 63) - 1
        for offset, whence, result in ((5, 0, 5), (-6, 1, -errno.EINVAL), (-5, 1, 0), (top, 0, top), (1, 1, -errno.EOVERFLOW),
                                       (-1 << 63, 2, -errno.EINVAL), (3, 2, 3)):
            self.assertEqual(there.number("seek", file, offset, whence), result)
        for offset in (-1, -1 << 63):
            self.assertEqual(there.read_at(file, offset, 1), -errno.EINVAL)
            self.assertEqual(there.number("write_at", file, offset, b"x"), -errno.EINVAL)
            self.assertEqual(there.number("truncate", file, offset), -errno.EINVAL)
        there.command("seek", file, top, 0)
        self.assertEqual(there.read(file, 10), b"")
        self.assertEqual(there.number("write", file, b"x"), -errno.EFBIG)
        there.end()

    def test_how_it_was_opened(self) -> None:
        there = self.begin()
        there.close(there.open(b"f", files.WRITE | files.CREATE))
        reader, writer = there.open(b"f", files.READ), there.open(b"f", files.WRITE)
        self.assertEqual(there.number("write", reader, b"x"), -errno.EBADF)
        self.assertEqual(there.number("write_at", reader, 0, b"x"), -errno.EBADF)
        self.assertEqual(there.number("truncate", reader, 0), -errno.EBADF)
        self.assertEqual(there.read(writer), -errno.EBADF)
        self.assertEqual(there.read_at(writer, 0, 1), -errno.EBADF)
        directory = there.open(b"/", files.READ)
        self.assertEqual(there.read(directory), -errno.EISDIR)
        self.assertEqual(there.number("truncate", directory, 0), -errno.EBADF)
        self.assertEqual(there.open(b"/", files.WRITE), -errno.EISDIR)
        self.assertEqual(there.open(b"/", files.READ | files.TRUNCATE), -errno.EISDIR)
        self.assertEqual(there.open(b"f", files.READ | files.CREATE | files.DIRECTORY), -errno.EINVAL)
        self.assertEqual(there.listing(reader), -errno.ENOTDIR)
        appender = there.open(b"f", BOTH | files.APPEND)
        there.command("write", writer, b"12345")
        there.command("write", appender, b"678")
        there.command("write_at", appender, 0, b"9")
        self.assertEqual(there.read_at(reader, 0, 100), b"123456789")
        self.assertEqual(there.read(appender), b"9")
        there.end()

    def test_many_open(self) -> None:
        there = self.begin(65536)
        file = there.open(b"f", files.READ | files.CREATE)
        count = 1
        while file >= 0:
            file = there.open(b"f", files.READ)
            count += 1
        self.assertEqual(file, -errno.ENFILE)
        self.assertEqual(count, 16385)
        there.close(7)
        self.assertGreaterEqual(there.open(b"f", files.READ), 0)
        there.end()


if __name__ == "__main__":
    unittest.main()
