"""Fifos of user/servers/files: who waits for whom to open them, the ends of both sides, names that go."""

from __future__ import annotations

import errno
import random
import stat
import unittest
from typing import Dict, List

from tests.support import files

READ, WRITE, NONBLOCK = files.READ, files.WRITE, files.NONBLOCK
ROOM = 16384


class Fifos(unittest.TestCase):
    counts_subtests = True

    def begin(self, blocks: int = 4096) -> files.Files:
        """A file system with a fifo /f."""
        there = files.Files(blocks)
        self.addCleanup(there.kill)
        self.assertEqual(there.number("make_fifo", 0, b"/f", 0o640), 0)
        return there

    def met(self, there: files.Files, file: int) -> None:
        self.assertEqual(there.command("meet", file)[0], "0")

    def test_what_it_is(self) -> None:
        there = self.begin()
        self.assertEqual(there.number("make_fifo", 0, b"/f", 0o640), -errno.EEXIST)
        self.assertEqual(there.number("make_fifo", 0, b"/none/f", 0o640), -errno.ENOENT)
        self.assertEqual(there.number("make_fifo", 0, b"/g/", 0o640), -errno.ENOENT)
        status = there.stat(b"/f")
        assert isinstance(status, files.Status)
        self.assertEqual((status.mode, status.links, status.size), (stat.S_IFIFO | 0o640, 1, 0))
        root = there.open(b"/")
        listed = there.listing(root)
        assert isinstance(listed, list)
        self.assertEqual([kind for name, _, kind in listed if name == b"f"], [stat.S_IFIFO >> 12])
        self.assertEqual(there.open(b"/f", READ | files.DIRECTORY), -errno.ENOTDIR)
        self.assertEqual(there.open(b"/f", READ | files.CREATE | files.EXCLUSIVE), -errno.EEXIST)
        self.assertEqual(there.open(b"/f/x"), -errno.ENOTDIR)
        self.assertEqual(there.open(b"/f", 0), -errno.EINVAL)

    def test_permissions(self) -> None:
        there = self.begin()
        there.number("make_fifo", 0, b"/r", 0o400)
        there.number("make_fifo", 0, b"/w", 0o200)
        self.assertEqual(there.open(b"/r", WRITE), -errno.EACCES)
        self.assertEqual(there.open(b"/w", READ), -errno.EACCES)
        self.assertGreater(there.open(b"/r", READ), 0)
        self.assertGreater(there.open(b"/w", WRITE), 0)

    def test_a_reader_waits_for_a_writer(self) -> None:
        there = self.begin()
        reader = there.open(b"/f", READ)
        waiting = there.waits("meet", reader)
        writer = there.open(b"/f", WRITE)
        self.assertEqual(there.answers, {waiting: (0, b"")})
        self.met(there, reader)
        self.met(there, writer)

    def test_a_writer_waits_for_a_reader(self) -> None:
        there = self.begin()
        first, second = there.open(b"/f", WRITE), there.open(b"/f", WRITE)
        waiting = [there.waits("meet", first), there.waits("meet", second)]
        reader = there.open(b"/f", READ)
        self.assertEqual(there.answers, {token: (0, b"") for token in waiting})
        self.met(there, reader)

    def test_somebody_who_came_and_went_was_met(self) -> None:
        """Both in an open that waits, and before the one that has opened it begins to wait."""
        there = self.begin()
        reader = there.open(b"/f", READ)
        waiting = there.waits("meet", reader)
        late = there.open(b"/f", READ)
        writer = there.open(b"/f", WRITE)
        self.assertEqual(there.number("write", writer, b"hello"), 5)
        there.close(writer)
        self.assertEqual(there.answers, {waiting: (0, b"")})
        self.met(there, late)
        self.assertEqual(there.read(reader), b"hello")
        self.assertEqual(there.read(late), b"")
        there.waits("meet", there.open(b"/f", READ))  # who comes afterwards has met nobody

    def test_who_does_not_wait(self) -> None:
        there = self.begin()
        self.assertEqual(there.open(b"/f", WRITE | NONBLOCK), -errno.ENXIO)
        reader = there.open(b"/f", READ | NONBLOCK)
        self.assertEqual(there.read(reader), b"")
        writer = there.open(b"/f", WRITE | NONBLOCK)
        self.assertEqual(there.read(reader), -errno.EAGAIN)
        self.assertEqual(there.number("write", writer, b"x" * (ROOM + 1)), ROOM)
        self.assertEqual(there.number("write", writer, b"x"), -errno.EAGAIN)
        there.close(reader)
        self.assertEqual(there.number("write", writer, b"x"), -errno.EPIPE)
        self.assertEqual(there.open(b"/f", WRITE | NONBLOCK), -errno.ENXIO)

    def test_one_that_reads_and_writes(self) -> None:
        there = self.begin()
        both = there.open(b"/f", READ | WRITE)
        self.met(there, both)
        self.assertEqual(there.number("write", both, b"self"), 4)
        self.assertEqual(there.number("ready_now", both, 3), 3)
        self.assertEqual(there.read(both), b"self")
        self.assertEqual(there.number("ready_now", both, 3), 2)
        writer = there.open(b"/f", WRITE)
        self.met(there, writer)
        there.close(writer)
        waiting = there.waits("read", both, 1)  # no end: it writes itself
        there.close(both)
        self.assertEqual(there.answers, {waiting: (-errno.EBADF, b"")})

    def test_the_end_and_a_new_beginning(self) -> None:
        there = self.begin()
        reader, writer = there.open(b"/f", READ), there.open(b"/f", WRITE)
        waiting = there.waits("read", reader, 5)
        there.close(writer)
        self.assertEqual(there.answers.pop(waiting), (0, b""))
        self.assertEqual(there.read(reader), b"")
        writer = there.open(b"/f", WRITE)
        waiting = there.waits("read", reader, 5)
        there.number("write", writer, b"again")
        self.assertEqual(there.answers.pop(waiting), (5, b"again"))
        another = there.open(b"/f", WRITE)
        there.close(writer)
        waiting = there.waits("read", reader, 5)  # one that writes is left
        there.close(another)
        self.assertEqual(there.answers.pop(waiting), (0, b""))

    def test_several_readers(self) -> None:
        there = self.begin()
        readers = [there.open(b"/f", READ) for _ in range(3)]
        writer = there.open(b"/f", WRITE)
        waiting = [there.waits("read", reader, 2) for reader in readers]
        there.number("write", writer, b"abcdef")
        self.assertEqual(there.answers, dict(zip(waiting, [(2, b"ab"), (2, b"cd"), (2, b"ef")])))
        for reader in readers[1:]:
            there.close(reader)
        self.assertEqual(there.number("write", writer, b"x"), 1)
        there.close(readers[0])
        self.assertEqual(there.number("write", writer, b"x"), -errno.EPIPE)

    def test_readiness(self) -> None:
        """Before the first writer there is no end to be told of; after the last one there is, until the next."""
        there = self.begin()
        reader = there.open(b"/f", READ | NONBLOCK)
        self.assertEqual(there.number("ready_now", reader, 1), 0)
        self.assertGreater(there.number("watch", reader, 1, 1), 0)
        writer = there.open(b"/f", WRITE)
        self.assertEqual((there.number("ready_now", reader, 1), there.number("told", 1)), (0, 0))
        there.number("write", writer, b"x")
        self.assertEqual((there.number("ready_now", reader, 1), there.number("told", 1)), (1, 1))
        there.close(writer)
        self.assertEqual(there.number("ready_now", reader, 1), 5)
        there.read(reader)
        self.assertEqual(there.number("ready_now", reader, 1), 5)
        writer = there.open(b"/f", WRITE)
        self.assertEqual(there.number("ready_now", reader, 1), 0)
        there.close(reader)
        self.assertEqual(there.number("ready_now", writer, 2), 6)

    def test_waiting_is_interrupted(self) -> None:
        there = self.begin()
        reader, other = there.open(b"/f", READ), there.open(b"/f", READ)
        waiting, still = there.waits("meet", reader), there.waits("meet", other)
        there.command("interrupt", reader)
        self.assertEqual(there.answers, {waiting: (-errno.EINTR, b"")})
        there.waits("meet", reader)
        there.open(b"/f", WRITE)
        self.assertEqual(there.answers[still], (0, b""))

    def test_who_waits_goes(self) -> None:
        """Its description goes with it: then nobody reads."""
        there = self.begin()
        reader = there.open(b"/f", READ)
        waiting = there.waits("meet", reader)
        there.close(reader)
        self.assertEqual(there.answers, {waiting: (-errno.EBADF, b"")})
        self.assertEqual(there.open(b"/f", WRITE | NONBLOCK), -errno.ENXIO)
        there.waits("meet", there.open(b"/f", WRITE))

    def test_a_flood_of_calls(self) -> None:
        there = self.begin()
        reader = there.open(b"/f", READ)
        tokens = [there.waits("meet", reader) for _ in range(256)]
        self.assertEqual(there.command("meet", reader)[0], str(-errno.ENOMEM))
        for token in tokens[:-1]:
            there.command("leave", token)
        last = there.waits("meet", reader)
        there.open(b"/f", WRITE)
        self.assertEqual(there.answers, {tokens[-1]: (0, b""), last: (0, b"")})

    def test_names(self) -> None:
        """What is open stays the same under other names, and without one; a new fifo of the name is another."""
        there = self.begin()
        reader = there.open(b"/f", READ)
        self.assertEqual(there.number("rename", 0, b"/f", 0, b"/g"), 0)
        self.assertEqual(there.number("link", 0, b"/g", 0, b"/h"), 0)
        writer = there.open(b"/h", WRITE)
        there.number("write", writer, b"one")
        for name in (b"/g", b"/h"):
            self.assertEqual(there.number("unlink", 0, name), 0)
        there.number("make_fifo", 0, b"/g", 0o600)
        other = there.open(b"/g", READ | NONBLOCK)
        self.assertEqual((there.read(reader), there.read(other)), (b"one", b""))
        status = there.status(reader)
        assert isinstance(status, files.Status)
        self.assertEqual((status.links, stat.S_ISFIFO(status.mode)), (0, True))

    def test_what_nobody_has_read_goes(self) -> None:
        there = self.begin()
        whole = there.number("free")
        reader, writer = there.open(b"/f", READ), there.open(b"/f", WRITE)
        there.number("write", writer, b"lost")
        status = there.stat(b"/f")
        assert isinstance(status, files.Status)
        self.assertEqual(status.size, 4)
        there.close(reader)
        self.assertEqual(there.open(b"/f", READ | NONBLOCK), reader + 2)
        self.assertEqual(there.read(reader + 2), b"lost")  # the writer had it open all the time
        there.number("write", writer, b"lost")
        there.close(writer)
        there.close(reader + 2)
        self.assertEqual(there.number("free"), whole)
        self.assertEqual(there.read(there.open(b"/f", READ | NONBLOCK)), b"")

    def test_what_a_fifo_can_not_do(self) -> None:
        there = self.begin()
        both = there.open(b"/f", READ | WRITE)
        self.assertEqual(there.number("seek", both, 0, 0), -errno.ESPIPE)
        self.assertEqual(there.read_at(both, 0, 1), -errno.ESPIPE)
        self.assertEqual(there.number("write_at", both, 0, b"x"), -errno.ESPIPE)
        self.assertEqual(there.number("truncate", both, 0), -errno.EINVAL)
        self.assertEqual(there.listing(both), -errno.ENOTDIR)

    def test_times(self) -> None:
        there = self.begin()
        both = there.open(b"/f", READ | WRITE)

        def times() -> List[int]:
            status = there.status(both)
            assert isinstance(status, files.Status)
            return [status.accessed, status.modified, status.changed]

        before = times()
        there.number("write", both, b"x")
        written = times()
        self.assertEqual([new > old for new, old in zip(written, before)], [False, True, True])
        there.read(both)
        self.assertEqual([new > old for new, old in zip(times(), written)], [True, False, False])
        waiting, before = there.waits("read", both, 1), times()
        there.number("write", both, b"y")
        self.assertEqual(there.answers[waiting], (1, b"y"))
        self.assertEqual([new > old for new, old in zip(times(), before)], [True, True, True])

    def test_no_room(self) -> None:
        there = self.begin(32)
        while there.number("make_directory", 0, b"/%d" % there.number("free") + b"x" * random.Random(1).randrange(200),
                           0o755) == 0:
            pass
        filler = there.open(b"/fill", WRITE | files.CREATE)
        for _ in range(64):
            if filler < 0 or there.number("write", filler, b"x" * 4096) <= 0:
                break
        self.assertEqual(there.open(b"/f", READ), -errno.ENOSPC)
        self.assertEqual(there.number("make_fifo", 0, b"/" + b"g" * 200, 0o600), -errno.ENOSPC)
        self.assertEqual(there.number("unlink", 0, b"/f"), 0)

    def test_everything_goes_in_the_end(self) -> None:
        there = self.begin()
        whole = there.number("free")
        for seed in range(20):
            self.run_fifo(there, random.Random(seed))
            self.assertEqual(there.number("free"), whole)
        there.end()

    def run_fifo(self, there: files.Files, chance: random.Random) -> None:
        """Random openings and ends of both sides: who waits has met nobody, and each that comes ends the waiting."""
        opened: Dict[int, int] = {}
        waiting: Dict[int, int] = {}
        for _ in range(200):
            if opened and chance.random() < 0.5:
                file = chance.choice(list(opened))
                there.close(file)
                del opened[file]
                waiting = {token: other for token, other in waiting.items() if other != file}
                continue
            side = chance.choice((READ, WRITE))
            present = any(side != other for other in opened.values())
            file = there.open(b"/f", side)
            opened[file] = side
            answer = there.command("meet", file)
            self.assertEqual(answer[0] == "waits", not present)
            met = [token for token, other in waiting.items() if opened[other] != side]
            for token in met:
                self.assertEqual(there.answers.pop(token), (0, b""))
                del waiting[token]
            there.answers.clear()
            if answer[0] == "waits":
                waiting[int(answer[1])] = file
        for file in opened:
            there.close(file)
        there.answers.clear()


if __name__ == "__main__":
    unittest.main()
