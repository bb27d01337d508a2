"""Pipes of user/servers/files: order, waiting, the end of either side, callers that give up."""

from __future__ import annotations

import errno
import random
import unittest
from typing import List, Tuple

from tests.support import files

ROOM = 16384
ATOMIC = 4096


class Pipes(unittest.TestCase):
    counts_subtests = True
    short = False  # few bytes come with the message of a write

    def begin(self, how: int = 0) -> Tuple[files.Files, int, int]:
        """A pipe: the file system, the end that reads, the end that writes."""
        there = files.Files()
        self.addCleanup(there.kill)
        if self.short:
            there.command("short")
        reader = there.number("pipe", how)
        return there, reader, reader - 1

    def test_bytes_come_in_order(self) -> None:
        there, reader, writer = self.begin()
        self.assertEqual(there.number("write", writer, b"one"), 3)
        self.assertEqual(there.number("write", writer, b"two"), 3)
        self.assertEqual(there.read(reader, 4), b"onet")
        self.assertEqual(there.read(reader, 0), b"")
        self.assertEqual(there.read(reader, 100), b"wo")
        self.assertEqual(there.number("write", writer, b""), 0)

    def test_readers_wait_in_turn(self) -> None:
        there, reader, writer = self.begin()
        first, second = there.waits("read", reader, 2), there.waits("read", reader, 2)
        self.assertEqual(there.number("write", writer, b"abc"), 3)
        self.assertEqual(there.answers, {first: (2, b"ab"), second: (1, b"c")})

    def test_writers_wait_in_turn(self) -> None:
        there, reader, writer = self.begin()
        self.assertEqual(there.number("write", writer, b"x" * ROOM), ROOM)
        first, second = there.waits("write", writer, b"1" * ATOMIC), there.waits("write", writer, b"2")
        self.assertEqual(there.read(reader, 100), b"x" * 100)  # the second would fit, but is not its turn
        self.assertEqual(there.answers, {})
        there.read(reader, ATOMIC - 100)
        self.assertEqual(there.answers, {first: (ATOMIC, b"")})
        self.assertEqual(there.read(reader, 1 << 20), b"x" * (ROOM - ATOMIC) + b"1" * ATOMIC)
        self.assertEqual(there.answers[second], (1, b""))
        self.assertEqual(there.read(reader, 9), b"2")

    def test_few_bytes_come_in_one_piece(self) -> None:
        there, reader, writer = self.begin(files.NONBLOCK)
        there.command("write", writer, b"x" * (ROOM - ATOMIC + 1))
        self.assertEqual(there.number("write", writer, b"y" * ATOMIC), -errno.EAGAIN)
        self.assertEqual(there.number("write", writer, b"y" * (ATOMIC + 1)), ATOMIC - 1)
        self.assertEqual(there.number("write", writer, b"y"), -errno.EAGAIN)
        self.assertEqual(len(there.read(reader, 1 << 20)), ROOM)
        self.assertEqual(there.read(reader, 1), -errno.EAGAIN)

    def test_a_long_write(self) -> None:
        there, reader, writer = self.begin()
        data = random.Random(1).randbytes(200000)
        token = there.waits("write", writer, data)
        got = b""
        while token not in there.answers:
            part = there.read(reader, 10007)
            assert isinstance(part, bytes)
            got += part
        self.assertEqual(there.answers[token], (len(data), b""))
        self.assertEqual(got + there.read(reader, ROOM), data)

    def test_the_end_of_the_writers(self) -> None:
        there, reader, writer = self.begin()
        waiting = there.waits("read", reader, 5)
        there.close(writer)
        self.assertEqual(there.answers, {waiting: (0, b"")})
        self.assertEqual(there.read(reader, 5), b"")

    def test_what_was_written_can_be_read_after_the_end(self) -> None:
        there, reader, writer = self.begin()
        there.command("write", writer, b"last words")
        there.close(writer)
        self.assertEqual(there.read(reader, 100), b"last words")
        self.assertEqual(there.read(reader, 100), b"")

    def test_the_end_of_the_readers(self) -> None:
        there, reader, writer = self.begin()
        partly = there.waits("write", writer, b"x" * (ROOM + 5))
        waiting = there.waits("write", writer, b"y")
        there.close(reader)
        self.assertEqual(there.answers, {partly: (ROOM, b""), waiting: (-errno.EPIPE, b"")})
        self.assertEqual(there.number("write", writer, b"z"), -errno.EPIPE)

    def test_a_description_goes_while_its_calls_wait(self) -> None:
        there, reader, _ = self.begin()
        waiting = there.waits("read", reader, 5)
        ready = there.waits("ready", reader, 1)
        there.close(reader)
        self.assertEqual(there.answers, {waiting: (-errno.EBADF, b""), ready: (-errno.EBADF, b"")})

    def test_calls_that_are_interrupted_lose_nothing(self) -> None:
        there, reader, writer = self.begin()
        first, ready = there.waits("read", reader, 5), there.waits("ready", reader, 1)
        there.command("interrupt", writer)
        self.assertEqual(there.answers, {})
        there.command("interrupt", reader)
        self.assertEqual(there.answers, {first: (-errno.EINTR, b""), ready: (-errno.EINTR, b"")})
        partly = there.waits("write", writer, b"x" * (ROOM + 5))
        waiting = there.waits("write", writer, b"y")
        there.command("interrupt", writer)
        self.assertEqual((there.answers[partly], there.answers[waiting]), ((ROOM, b""), (-errno.EINTR, b"")))
        self.assertEqual(there.read(reader, 1 << 20), b"x" * ROOM)
        self.assertEqual(there.number("write", writer, b"z"), 1)
        self.assertEqual(there.read(reader, 9), b"z")

    def test_callers_that_give_up_lose_nothing(self) -> None:
        there, reader, writer = self.begin()
        gone, waiting = there.waits("read", reader, 5), there.waits("read", reader, 5)
        there.command("leave", gone)
        there.command("write", writer, b"hello")
        self.assertEqual(there.answers, {waiting: (5, b"hello")})
        token = there.waits("write", writer, b"x" * (ROOM + 1))
        there.command("leave", token)
        self.assertEqual(len(there.read(reader, ROOM)), ROOM)

    def test_callers_whose_memory_ends(self) -> None:
        there, reader, writer = self.begin()
        there.command("write", writer, b"hello")
        there.command("fault", 2)
        self.assertEqual(there.read(reader, 5), -errno.EFAULT)
        there.command("fault", -1)
        self.assertEqual(there.read(reader, 5), b"hello")
        there.command("fault", 2)
        self.assertEqual(there.number("write", writer, b"bad"), -errno.EFAULT)
        there.command("fault", -1)
        waiting = there.waits("read", reader, 5), there.waits("read", reader, 5)
        there.command("fault", 6)  # enough for the writer's part and some of the first reader's
        self.assertEqual(there.number("write", writer, b"abcde"), 5)
        self.assertEqual(there.answers, {waiting[0]: (-errno.EFAULT, b""), waiting[1]: (-errno.EFAULT, b"")})
        there.command("fault", -1)
        self.assertEqual(there.read(reader, 5), b"abcde")

    def test_a_flood_of_calls(self) -> None:
        there, reader, writer = self.begin()
        whole = there.number("free")
        tokens = [there.waits("read", reader, 1) for _ in range(256)]
        self.assertEqual(there.read(reader, 1), -errno.ENOMEM)
        for token in tokens[:-1]:
            there.command("leave", token)
        last = there.waits("read", reader, 1)  # the others were swept away
        there.command("write", writer, b"ab")
        self.assertEqual(there.answers, {tokens[-1]: (1, b"a"), last: (1, b"b")})
        self.assertEqual(there.number("free"), whole)

    def test_readiness(self) -> None:
        there, reader, writer = self.begin()
        self.assertEqual(there.number("ready", writer, 2), 2)
        readable = there.waits("ready", reader, 1)
        there.command("write", writer, b"x" * ROOM)
        self.assertEqual(there.answers.pop(readable), (1, b""))
        writable = there.waits("ready", writer, 2)
        there.read(reader, ATOMIC - 1)
        self.assertEqual(there.answers, {})
        there.read(reader, 1)
        self.assertEqual(there.answers.pop(writable), (2, b""))
        hangup = there.waits("ready", writer, 0)
        there.close(reader)
        self.assertEqual(there.answers.pop(hangup), (4, b""))
        self.assertEqual(there.number("ready", writer, 2), 6)

    def test_watches(self) -> None:
        """Each is told once, unless it is over before; whoever has gone without a word is told when there are too many."""
        there, reader, writer = self.begin()
        whole = there.number("free")
        self.assertGreater(there.number("watch", reader, 1, 1), 0)
        second = there.number("watch", reader, 1, 2)
        there.command("unwatch", writer, second)  # not its
        there.command("unwatch", reader, second)
        there.command("unwatch", reader, second)
        there.number("watch", reader, 0, 3)  # only the end of the other side
        there.command("write", writer, b"ab")
        self.assertEqual([there.number("told", i) for i in (1, 2, 3)], [1, 0, 0])
        self.assertEqual(there.number("watches"), 1)
        there.read(reader, 2)
        for i in range(256):
            self.assertGreater(there.number("watch", reader, 1, 10 + i), 0)
        self.assertEqual([there.number("told", i) for i in (3, 10)], [1, 0])  # the oldest had to go
        waiting = there.waits("read", reader, 1)
        self.assertEqual([there.number("told", i) for i in (10, 11)], [1, 0])
        there.command("write", writer, b"ab")
        self.assertEqual(there.answers, {waiting: (1, b"a")})
        self.assertEqual([there.number("told", i) for i in (11, 265)], [1, 1])
        self.assertEqual((there.number("watches"), there.number("free")), (0, whole))
        there.read(reader, 1)
        there.number("watch", reader, 1, 500)
        there.close(reader)
        self.assertEqual((there.number("watches"), there.number("told", 500)), (0, 1))

    def test_everything_goes_with_the_last_end(self) -> None:
        there = files.Files()
        whole = there.number("free")
        for _ in range(100):
            reader = there.number("pipe", 0)
            there.command("write", reader - 1, b"x" * 10000)
            there.close(reader)
            there.close(reader - 1)
        self.assertEqual(there.number("free"), whole)
        there.end()

    def test_random_calls(self) -> None:
        for seed in range(1, 5):
            with self.subTest(seed=seed):
                self.run_pipe(random.Random(seed))

    def run_pipe(self, chance: random.Random) -> None:
        """Whatever waits and gives up: the bytes read are those written, in order, none twice and none missing."""
        there, reader, writer = self.begin()
        written = b""
        read = b""
        reads: List[int] = []
        writes: List[Tuple[int, bytes]] = []
        for _ in range(1000):
            if chance.random() < 0.5:
                data = chance.randbytes(chance.choice((1, 10, 1000, ATOMIC, ATOMIC + 1, 3 * ROOM)))
                answer = there.command("write", writer, data)
                if answer[0] == "waits":
                    writes.append((int(answer[1]), data))
                else:
                    written += data[:max(0, int(answer[0]))]
            else:
                answer = there.command("read", reader, chance.choice((1, 10, 1000, 5000, 2 * ROOM)))
                if answer[0] == "waits":
                    reads.append(int(answer[1]))
                else:
                    read += bytes.fromhex(answer[1][1:])
            while reads and reads[0] in there.answers:
                read += there.answers.pop(reads.pop(0))[1]
            if reads and chance.random() < 0.2:
                there.command("leave", reads.pop(chance.randrange(len(reads))))
            while writes and writes[0][0] in there.answers:
                token, data = writes.pop(0)
                written += data[:there.answers.pop(token)[0]]
        pending = written + b"".join(data for _, data in writes)
        self.assertTrue(pending.startswith(read))
        self.assertGreater(len(read), 100000)
        there.end()


class ShortPipes(Pipes):
    """Few bytes go to a reader that waits for as many without the buffer in between."""

    short = True

    def test_callers_whose_memory_ends(self) -> None:
        there, reader, writer = self.begin()
        waiting = [there.waits("read", reader, 5) for _ in range(3)]
        there.command("fault", 2)
        self.assertEqual(there.number("write", writer, b"abcde"), 5)
        self.assertEqual(there.answers, {token: (-errno.EFAULT, b"") for token in waiting})
        there.command("fault", -1)
        self.assertEqual(there.read(reader, 9), b"abcde")  # nobody has had them

    def test_the_next_reader_has_what_the_first_has_not(self) -> None:
        there, reader, writer = self.begin()
        waiting = [there.waits("read", reader, 5) for _ in range(4)]
        there.command("leave", waiting[0])
        there.command("fault", 7)  # the first one's five, which has gone, and some of the second's
        self.assertEqual(there.number("write", writer, b"abcde"), 5)
        self.assertEqual(there.answers, {token: (-errno.EFAULT, b"") for token in waiting[1:]})
        there.command("fault", -1)
        self.assertEqual(there.read(reader, 9), b"abcde")

    def test_readers_of_less_share_what_is_written(self) -> None:
        there, reader, writer = self.begin()
        waiting = [there.waits("read", reader, size) for size in (1, 9, 2)]
        self.assertEqual(there.number("write", writer, b"abcd"), 4)
        self.assertEqual(there.answers, {waiting[0]: (1, b"a"), waiting[1]: (3, b"bcd")})
        self.assertEqual(there.number("write", writer, b""), 0)
        self.assertEqual(there.number("write", writer, b"ef"), 2)
        self.assertEqual(there.answers.pop(waiting[2]), (2, b"ef"))
        there.waits("read", reader, 1)  # nothing is left


if __name__ == "__main__":
    unittest.main()
