"""Locks of user/servers/files: random ones against a model that knows each byte, waiting, the end of owners, deadlocks."""

from __future__ import annotations

import errno
import random
import unittest
from typing import Dict, List, Tuple

from tests.support import files

SHARED, EXCLUSIVE, WAITS, ACCESS = 1, 2, 4, 8
END = (1 << 63) - 1
BOTH = files.READ | files.WRITE


class Locks(unittest.TestCase):
    counts_subtests = True

    def begin(self, count: int, blocks: int = 4096) -> Tuple[files.Files, List[int]]:
        """A file /f, opened so often."""
        there = files.Files(blocks)
        self.addCleanup(there.kill)
        return there, [there.open(b"/f", BOTH | files.CREATE) for _ in range(count)]

    @staticmethod
    def lock(there: files.Files, file: int, how: int, begin: int = 0, last: int = END, owner: int = 0, name: int = 0) -> int:
        return there.number("lock", file, owner or file, how, begin, last, name)

    @staticmethod
    def wait(there: files.Files, file: int, how: int, begin: int = 0, last: int = END, owner: int = 0) -> int:
        return there.waits("lock", file, owner or file, how | WAITS, begin, last, 0)

    def test_kinds(self) -> None:
        there, (a, b, c) = self.begin(3)
        self.assertEqual(self.lock(there, a, SHARED), 0)
        self.assertEqual(self.lock(there, b, SHARED), 0)
        self.assertEqual(self.lock(there, c, EXCLUSIVE), -errno.EAGAIN)
        self.assertEqual(self.lock(there, a, EXCLUSIVE), -errno.EAGAIN)
        self.assertEqual(self.lock(there, b, 0), 0)
        self.assertEqual(self.lock(there, a, EXCLUSIVE), 0)
        self.assertEqual(self.lock(there, b, SHARED), -errno.EAGAIN)
        self.assertEqual(self.lock(there, a, SHARED), 0)
        self.assertEqual(self.lock(there, b, SHARED), 0)

    def test_what_is_none(self) -> None:
        there, (a,) = self.begin(1)
        self.assertEqual(self.lock(there, a, SHARED | EXCLUSIVE), -errno.EINVAL)
        self.assertEqual(self.lock(there, a, SHARED, 5, 4), -errno.EINVAL)
        reader, writer = there.open(b"/f", files.READ), there.open(b"/f", files.WRITE)
        self.assertEqual(self.lock(there, reader, EXCLUSIVE | ACCESS), -errno.EBADF)
        self.assertEqual(self.lock(there, writer, SHARED | ACCESS), -errno.EBADF)
        self.assertEqual(self.lock(there, reader, EXCLUSIVE), 0)
        pipe = there.number("pipe", 0)
        self.assertEqual(self.lock(there, pipe, SHARED), -errno.EINVAL)

    def test_who_is_in_the_way(self) -> None:
        there, (a, b, c) = self.begin(3)
        self.lock(there, a, SHARED, 10, 19, name=7)
        self.lock(there, b, EXCLUSIVE, 30, END, name=8)
        self.assertEqual(there.command("find_lock", c, c, EXCLUSIVE, 0, END, 0), ["1", "10", "19", "7"])
        self.assertEqual(there.command("find_lock", c, c, SHARED, 0, END, 0), ["2", "30", str(END), "8"])
        self.assertEqual(there.command("find_lock", c, c, SHARED, 0, 29, 3)[0], "0")
        self.assertEqual(there.command("find_lock", b, b, EXCLUSIVE, 20, END, 3)[0], "0")

    def test_waiting(self) -> None:
        there, (a, b, c, d) = self.begin(4)
        self.lock(there, a, EXCLUSIVE)
        first, second, third = (self.wait(there, b, SHARED), self.wait(there, c, EXCLUSIVE, 0, 9),
                                self.wait(there, d, SHARED, 5, 20))
        self.assertEqual(self.lock(there, a, 0, 10), 0)
        self.assertEqual(there.answers, {})
        self.assertEqual(self.lock(there, a, 0), 0)
        self.assertEqual(there.answers, {first: (0, b""), third: (0, b"")})
        self.lock(there, b, 0)
        self.lock(there, d, 0, 6)
        self.assertNotIn(second, there.answers)
        self.lock(there, d, 0)
        self.assertEqual(there.answers[second], (0, b""))

    def test_less_is_enough(self) -> None:
        """Whoever has something for itself and then shares it lets others go on; also if it had to wait for more."""
        there, (a, b, c) = self.begin(3)
        self.lock(there, a, EXCLUSIVE, 0, 5)
        self.lock(there, b, EXCLUSIVE, 8, 8)
        early, more = self.wait(there, c, SHARED, 0, 5), self.wait(there, a, SHARED, 0, 10)
        self.lock(there, b, 0)
        self.assertEqual(there.answers, {early: (0, b""), more: (0, b"")})

    def test_the_end_of_calls_that_wait(self) -> None:
        there, (a, b, c) = self.begin(3)
        self.lock(there, a, EXCLUSIVE)
        interrupted, gone, left = self.wait(there, b, SHARED), self.wait(there, c, SHARED), self.wait(there, b, EXCLUSIVE)
        there.command("leave", left)
        there.command("interrupt", b)
        self.assertEqual(there.answers, {interrupted: (-errno.EINTR, b"")})
        there.close(c)
        self.assertEqual(there.answers[gone], (-errno.EBADF, b""))
        left = self.wait(there, b, EXCLUSIVE)
        there.command("leave", left)
        there.close(a)
        self.assertEqual(self.lock(there, there.open(b"/f", BOTH), EXCLUSIVE), 0)  # who has left has got nothing

    def test_the_end_of_owners(self) -> None:
        there, (a, b) = self.begin(2)
        whole = there.number("free")
        one, other = there.open(b"/"), there.open(b"/")
        g = there.open(b"/g", BOTH | files.CREATE)
        for file in (a, g):
            for begin in range(0, 100, 2):
                self.assertEqual(self.lock(there, file, EXCLUSIVE, begin, begin, one), 0)
        waiting = [self.wait(there, a, SHARED, 0, 99, other), self.wait(there, g, SHARED, 0, 99, other)]
        self.assertEqual(self.lock(there, b, SHARED, 4, 4), -errno.EAGAIN)
        there.close(g)  # its locks stay, since they are the owner's; who waits through it does not
        there.number("unlink", 0, b"/g")
        self.assertEqual(there.answers, {waiting[1]: (-errno.EBADF, b"")})
        there.close(one)
        self.assertEqual(there.answers[waiting[0]], (0, b""))
        self.assertEqual(self.lock(there, b, SHARED, 4, 4), 0)
        self.assertEqual(self.lock(there, b, EXCLUSIVE, 4, 4), -errno.EAGAIN)
        there.close(other)
        self.assertEqual(self.lock(there, b, 0), 0)
        self.assertEqual(there.number("free"), whole)

    def test_deadlocks(self) -> None:
        there, (a,) = self.begin(1)
        owners = [there.open(b"/") for _ in range(4)]
        for i, owner in enumerate(owners):
            self.lock(there, a, EXCLUSIVE, i, i, owner)
        waiting = [self.wait(there, a, SHARED, i + 1, i + 1, owner) for i, owner in enumerate(owners[:3])]
        self.assertEqual(self.lock(there, a, EXCLUSIVE | WAITS, 0, 0, owners[3]), -errno.EDEADLK)
        self.assertEqual(self.lock(there, a, EXCLUSIVE | WAITS, 2, 2, owners[3]), -errno.EDEADLK)
        there.close(owners[3])
        self.assertEqual(there.answers, {waiting[2]: (0, b"")})
        # Two that share, and both want it for themselves.
        there, (a,) = self.begin(1)
        one, other = there.open(b"/"), there.open(b"/")
        self.lock(there, a, SHARED, owner=one)
        self.lock(there, a, SHARED, owner=other)
        waits = self.wait(there, a, EXCLUSIVE, owner=one)
        self.assertEqual(self.lock(there, a, EXCLUSIVE | WAITS, owner=other), -errno.EDEADLK)
        self.lock(there, a, 0, owner=other)
        self.assertEqual(there.answers, {waits: (0, b"")})

    def test_too_many(self) -> None:
        there, (a, *others) = self.begin(4)
        whole = there.number("free")
        count = 0
        while self.lock(there, a, SHARED, 2 * count, 2 * count) == 0:
            count += 1
        self.assertGreater(count, 200)
        self.assertEqual(self.lock(there, a, SHARED, 10000, 10000), -errno.ENOLCK)
        results = [self.lock(there, other, SHARED, 2 * i, 2 * i) for other in others for i in range(200)]
        self.assertIn(-errno.ENOLCK, results)
        self.assertEqual(self.lock(there, a, 0), 0)
        self.assertEqual(self.lock(there, a, SHARED), 0)
        for other in others:
            self.assertEqual(self.lock(there, other, 0), 0)
        self.assertEqual(self.lock(there, a, EXCLUSIVE), 0)
        self.assertEqual(self.lock(there, a, 0), 0)
        self.assertEqual(there.number("free"), whole)

    def test_no_room(self) -> None:
        there, (a, b) = self.begin(2, 32)
        self.assertEqual(self.lock(there, a, EXCLUSIVE, 0, 9), 0)
        filler = there.open(b"/fill", files.WRITE | files.CREATE)
        while there.number("write", filler, b"x" * 4096) > 0:
            pass
        count = 0
        while self.lock(there, b, SHARED, 20 + 2 * count, 20 + 2 * count) == 0:
            count += 1
        self.assertEqual(self.lock(there, a, 0, 3, 4), 0)  # one more than that would be two
        self.assertEqual(self.lock(there, a, 0, 1, 1), -errno.ENOLCK)
        there.close(filler)
        there.number("unlink", 0, b"/fill")
        self.assertEqual(self.lock(there, a, 0, 1, 1), 0)
        self.assertEqual(self.lock(there, b, EXCLUSIVE, 3, 4), 0)
        self.assertEqual(self.lock(there, b, EXCLUSIVE, 3, 5), -errno.EAGAIN)

    def test_random_locks(self) -> None:
        for seed in range(8):
            with self.subTest(seed=seed):
                self.run_locks(random.Random(seed))

    def run_locks(self, chance: random.Random) -> None:
        """Owners and bytes: what each has, what it can't have, and who gets it in the end."""
        there, (a,) = self.begin(1)
        size = 24
        owners = [there.open(b"/") for _ in range(4)]
        has: Dict[int, List[int]] = {owner: [0] * size for owner in owners}
        waits: Dict[int, Tuple[int, int, int, int]] = {}

        def free(owner: int, kind: int, begin: int, last: int) -> bool:
            return not any(kind | has[other][byte] == 3 or (kind == 2 and has[other][byte])
                           for other in owners if other != owner for byte in range(begin, last + 1))

        for _ in range(1500):
            owner = chance.choice([owner for owner in owners if owner not in [wait[0] for wait in waits.values()]])
            kind, begin = chance.choice((0, SHARED, EXCLUSIVE)), chance.randrange(size)
            last = chance.randrange(begin, size)
            how = kind | chance.choice((0, WAITS))
            answer = there.command("lock", a, owner, how, begin, last, 0)
            if kind == 0 or free(owner, kind, begin, last):
                self.assertEqual(answer[0], "0")
                has[owner][begin:last + 1] = [kind] * (last + 1 - begin)
            elif answer[0] == "waits":
                waits[int(answer[1])] = (owner, kind, begin, last)
            else:
                self.assertEqual(int(answer[0]), -errno.EDEADLK if how & WAITS else -errno.EAGAIN)
            for token in list(there.answers):
                self.assertEqual(there.answers.pop(token), (0, b""))
                owner, kind, begin, last = waits.pop(token)
                has[owner][begin:last + 1] = [kind] * (last + 1 - begin)
            for byte in range(size):
                kinds = [has[owner][byte] for owner in owners]
                self.assertTrue(EXCLUSIVE not in kinds or sum(kinds) == EXCLUSIVE, has)
            for owner, kind, begin, last in waits.values():
                self.assertFalse(free(owner, kind, begin, last))
        there.end()


if __name__ == "__main__":
    unittest.main()
