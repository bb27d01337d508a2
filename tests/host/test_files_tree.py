"""Names in the file system of user/servers/files: random calls, against this machine's own file system."""

from __future__ import annotations

import errno
import os
import random
import stat
import tempfile
import unittest
from typing import Callable, Dict, List, Tuple

from tests.host.test_user_archive import entry
from tests.support import files

NAMES = [b"a", b"b", b"c", b"d", b"\xff \n"]
DEPTH = 40  # directories above the one that is used, so that no ".." leads out of them
CALLS = 3000

# Where two paths are wrong, which one a system complains of is its own affair.
TWO_PATHS = ("rename", "link")


class Twins:
    """The same calls on both; each gives a result that can be compared, or -errno."""

    def __init__(self, there: str) -> None:
        self.ours = files.Files()
        deep = b"/deep" * DEPTH
        self.start = 0
        for depth in range(1, DEPTH + 1):
            assert self.ours.number("make_directory", 0, b"/deep" * depth, 0o755) == 0
        self.start = self.ours.open(deep, files.READ | files.DIRECTORY)
        os.makedirs(os.fsencode(there) + deep)
        self.there = os.open(os.fsencode(there) + deep, os.O_RDONLY)
        self.open: List[Tuple[int, int]] = []

    def end(self) -> None:
        """Closes all."""
        for ours, theirs in self.open:
            self.ours.close(ours)
            os.close(theirs)
        os.close(self.there)
        self.ours.end()

    @staticmethod
    def theirs(call: Callable[[], object]) -> object:
        try:
            result = call()
        except OSError as error:
            return -(error.errno or 0)
        return 0 if result is None else result

    def open_file(self, path: bytes, how: int) -> Tuple[object, object]:
        flags = {0: 0, 1: os.O_RDONLY, 2: os.O_WRONLY, 3: os.O_RDWR}[how & 3]
        for bit, flag in ((files.CREATE, os.O_CREAT), (files.EXCLUSIVE, os.O_EXCL), (files.TRUNCATE, os.O_TRUNC),
                          (files.DIRECTORY, os.O_DIRECTORY), (files.NOFOLLOW, os.O_NOFOLLOW), (files.APPEND, os.O_APPEND)):
            flags |= flag if how & bit else 0
        ours = self.ours.open(path, how, at=self.start)
        theirs = self.theirs(lambda: os.open(path, flags, 0o644, dir_fd=self.there))
        if ours >= 0 and isinstance(theirs, int) and theirs >= 0:
            self.open.append((ours, theirs))
            return 0, 0
        return ours, theirs

    def close_file(self, place: int) -> Tuple[object, object]:
        ours, theirs = self.open.pop(place)
        self.ours.close(ours)
        os.close(theirs)
        return 0, 0

    def read(self, place: int, size: int) -> Tuple[object, object]:
        ours, theirs = self.open[place]
        return self.ours.read(ours, size), self.theirs(lambda: os.read(theirs, size))

    def write(self, place: int, data: bytes) -> Tuple[object, object]:
        ours, theirs = self.open[place]
        return self.ours.number("write", ours, data), self.theirs(lambda: os.write(theirs, data))

    def seek(self, place: int, offset: int, whence: int) -> Tuple[object, object]:
        ours, theirs = self.open[place]
        if stat.S_ISDIR(os.fstat(theirs).st_mode):
            return 0, 0  # positions in directories are each system's own
        return self.ours.number("seek", ours, offset, whence), self.theirs(lambda: os.lseek(theirs, offset, whence))

    def truncate(self, place: int, size: int) -> Tuple[object, object]:
        ours, theirs = self.open[place]
        results = self.ours.number("truncate", ours, size), self.theirs(lambda: os.ftruncate(theirs, size))
        return results if results != (-errno.EBADF, -errno.EINVAL) else (0, 0)  # not open for writing: both are POSIX

    def stat(self, path: bytes, follow: bool) -> Tuple[object, object]:
        ours = self.ours.stat(path, follow, at=self.start)
        theirs = self.theirs(lambda: os.stat(path, dir_fd=self.there, follow_symlinks=follow))
        if isinstance(ours, int) or isinstance(theirs, int):
            return ours, theirs
        assert isinstance(theirs, os.stat_result)
        is_directory = stat.S_ISDIR(theirs.st_mode)  # some systems don't count the links of these
        return ((stat.S_IFMT(ours.mode), is_directory or (ours.size, ours.links)),
                (stat.S_IFMT(theirs.st_mode), is_directory or (theirs.st_size, theirs.st_nlink)))

    def names(self, path: bytes) -> Tuple[object, object]:
        ours = self.ours.names(path, at=self.start)

        def listed() -> List[bytes]:
            directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY, dir_fd=self.there)
            try:
                return sorted(os.fsencode(name) for name in os.listdir(directory))
            finally:
                os.close(directory)

        return sorted(ours) if isinstance(ours, list) else ours, self.theirs(listed)

    def make_directory(self, path: bytes) -> Tuple[object, object]:
        return (self.ours.number("make_directory", self.start, path, 0o755),
                self.theirs(lambda: os.mkdir(path, 0o755, dir_fd=self.there)))

    def remove(self, path: bytes) -> Tuple[object, object]:
        return self.ours.number("remove", self.start, path), self.theirs(lambda: os.rmdir(path, dir_fd=self.there))

    def unlink(self, path: bytes) -> Tuple[object, object]:
        return self.ours.number("unlink", self.start, path), self.theirs(lambda: os.unlink(path, dir_fd=self.there))

    def rename(self, old: bytes, new: bytes) -> Tuple[object, object]:
        return (self.ours.number("rename", self.start, old, self.start, new),
                self.theirs(lambda: os.rename(old, new, src_dir_fd=self.there, dst_dir_fd=self.there)))

    def link(self, old: bytes, new: bytes) -> Tuple[object, object]:
        return (self.ours.number("link", self.start, old, self.start, new),
                self.theirs(lambda: os.link(old, new, src_dir_fd=self.there, dst_dir_fd=self.there,
                                            follow_symlinks=False)))

    def make_link(self, target: bytes, path: bytes) -> Tuple[object, object]:
        return (self.ours.number("make_link", self.start, target, path),
                self.theirs(lambda: os.symlink(target, path, dir_fd=self.there)))

    def read_link(self, path: bytes) -> Tuple[object, object]:
        answer = self.ours.command("read_link", self.start, path)
        ours = int(answer[0]) or bytes.fromhex(answer[1][1:])
        return ours, self.theirs(lambda: os.readlink(path, dir_fd=self.there))


class Names(unittest.TestCase):
    counts_subtests = True

    def test_random_calls(self) -> None:
        done: Dict[str, int] = {}
        for seed in range(1, 7):
            with self.subTest(seed=seed), tempfile.TemporaryDirectory() as there:
                twins = Twins(there)
                self.addCleanup(twins.ours.kill)
                self.run_twins(random.Random(seed), twins, done)

        for name, successes in done.items():
            self.assertGreater(successes, 20, f"{name} hardly ever succeeds")

    @staticmethod
    def path(chance: random.Random, slash: bool = True) -> bytes:
        parts = [chance.choice(NAMES) for _ in range(chance.choice((1, 1, 1, 2, 2, 3)))]
        if chance.random() < 0.15:
            parts.insert(chance.randrange(len(parts) + 1), chance.choice((b".", b"..", b"..")))
        path = chance.choice((b"/", b"/", b"//")).join(parts)
        return path + b"/" if slash and chance.random() < 0.04 else path

    def run_twins(self, chance: random.Random, twins: Twins, done: Dict[str, int]) -> None:
        for count in range(CALLS):
            name, arguments = self.choose(chance, twins)
            ours, theirs = getattr(twins, name)(*arguments)
            text = f"call {count}: {name}{arguments}: ours {ours!r}, theirs {theirs!r}"
            if name in TWO_PATHS and isinstance(ours, int) and isinstance(theirs, int) and ours < 0 and theirs < 0:
                continue
            self.assertEqual(ours, theirs, text)
            done[name] = done.get(name, 0) + (not isinstance(ours, int) or ours >= 0)
        twins.end()

    def choose(self, chance: random.Random, twins: Twins) -> Tuple[str, Tuple[object, ...]]:
        """A call that makes sense now and then."""
        kind = chance.choice(("path", "path", "path", "file") if twins.open else ("path",))
        if kind == "file":
            place = chance.randrange(len(twins.open))
            if len(twins.open) > 8:
                return "close_file", (place,)
            return chance.choice((
                ("read", (place, chance.choice((0, 1, 10, 5000)))),
                ("write", (place, chance.randbytes(chance.choice((0, 1, 7, 4096, 9000))))),
                ("seek", (place, chance.choice((-5000, -1, 0, 3, 4096, 100000)), chance.randrange(3))),
                ("truncate", (place, chance.choice((0, 1, 4095, 4096, 20000)))),
                ("close_file", (place,))))
        path = self.path(chance)
        plain = self.path(chance, slash=False)
        return chance.choice((
            ("open_file", (plain, self.how(chance))),
            ("open_file", (path, files.READ | chance.choice((0, files.DIRECTORY, files.NOFOLLOW)))),
            ("make_directory", (plain,)),
            ("make_directory", (path.rstrip(b"/"),)),
            ("remove", (plain,)),
            ("unlink", (plain,)),
            ("rename", (plain, path.rstrip(b"/"))),
            ("rename", (plain, path.rstrip(b"/"))),
            ("link", (plain, path.rstrip(b"/"))),
            ("make_link", (self.path(chance), plain)),
            ("read_link", (plain,)),
            ("stat", (path, chance.random() < 0.5)),
            ("names", (path,))))

    @staticmethod
    def how(chance: random.Random) -> int:
        how = chance.choice((files.READ, files.WRITE, files.READ | files.WRITE))
        for bit, odds in ((files.CREATE, 0.7), (files.EXCLUSIVE, 0.1), (files.TRUNCATE, 0.2), (files.NOFOLLOW, 0.1),
                          (files.APPEND, 0.2)):
            how |= bit if chance.random() < odds else 0
        if how & files.TRUNCATE and not how & files.WRITE:
            how ^= files.TRUNCATE  # undefined in POSIX
        if how & files.EXCLUSIVE and not how & files.CREATE:
            how ^= files.EXCLUSIVE  # the same
        return how


class ByHand(unittest.TestCase):
    """What random calls don't meet, or this machine does otherwise."""

    def setUp(self) -> None:
        self.files = files.Files()
        self.addCleanup(self.files.end)

    def gives(self, error: int, name: str, *arguments: object) -> None:
        """A command at the root gives this error (0: succeeds)."""
        self.assertEqual(self.files.number(name, 0, *arguments), -error, f"{name}{arguments}")

    def test_the_root(self) -> None:
        root = self.files.stat(b"/")
        for path in (b"/..", b"//", b"/./", b"..", b"../../..", b"."):
            self.assertEqual(self.files.stat(path), root)
        self.gives(errno.EBUSY, "remove", b"/")
        self.gives(errno.EISDIR, "unlink", b"/")
        self.gives(errno.EEXIST, "make_directory", b"/", 0o755)
        self.gives(errno.EBUSY, "rename", b"/", 0, b"x")
        self.gives(errno.EPERM, "link", b"/", 0, b"x")

    def test_long_names(self) -> None:
        name = b"n" * 255
        self.gives(0, "make_directory", name, 0o755)
        self.gives(errno.ENAMETOOLONG, "make_directory", name + b"n", 0o755)
        self.assertEqual(self.files.stat(name + b"n"), -errno.ENAMETOOLONG)
        self.assertEqual(self.files.names(b"."), [name])
        self.assertEqual(self.files.stat(b""), -errno.ENOENT)

    def test_every_byte_can_be_in_a_name(self) -> None:
        names = [bytes([byte]) * 3 for byte in range(1, 256) if byte != ord("/")]
        for name in names:
            self.files.close(self.files.open(name, files.WRITE | files.CREATE))
        self.assertEqual(self.files.names(b"/"), names)

    def test_links(self) -> None:
        self.gives(0, "make_directory", b"d", 0o755)
        self.files.close(self.files.open(b"d/f", files.WRITE | files.CREATE))
        self.gives(0, "make_link", b"/d/f", b"absolute")
        self.gives(0, "make_link", b"../absolute", b"d/again")
        self.gives(0, "make_link", b"/", b"d/root")
        self.assertEqual(self.files.stat(b"d/root/d/again"), self.files.stat(b"d/f"))
        self.gives(0, "make_link", b"loop", b"loop")
        self.assertEqual(self.files.stat(b"loop"), -errno.ELOOP)
        self.gives(0, "make_link", b"gone", b"to-nowhere")
        self.assertEqual(self.files.open(b"to-nowhere", files.WRITE | files.CREATE | files.EXCLUSIVE), -errno.EEXIST)
        self.files.close(self.files.open(b"to-nowhere", files.WRITE | files.CREATE))
        self.assertEqual(self.files.stat(b"to-nowhere"), self.files.stat(b"gone"))
        self.gives(errno.ENOENT, "make_link", b"", b"empty")
        self.gives(errno.ENAMETOOLONG, "make_link", b"x" * 2048, b"long")

    def test_a_chain_of_links_ends(self) -> None:
        self.files.close(self.files.open(b"l0", files.WRITE | files.CREATE))
        for i in range(1, 18):
            self.gives(0, "make_link", b"l%d" % (i - 1), b"l%d" % i)
        self.assertEqual(self.files.stat(b"l16"), self.files.stat(b"l0"))
        self.assertEqual(self.files.stat(b"l17"), -errno.ELOOP)
        # Each link doubles the work: 2 to the 40th steps, if nobody counts.
        self.gives(0, "make_link", b".", b"m0")
        for i in range(1, 40):
            self.gives(0, "make_link", b"m%d/m%d" % (i - 1, i - 1), b"m%d" % i)
        self.assertEqual(self.files.stat(b"m39"), -errno.ELOOP)

    def test_open_files_outlive_their_names(self) -> None:
        file = self.files.open(b"f", files.READ | files.WRITE | files.CREATE)
        self.files.command("write", file, b"still there")
        self.gives(0, "unlink", b"f")
        self.assertEqual(self.files.read_at(file, 0, 100), b"still there")
        status = self.files.status(file)
        self.assertEqual(getattr(status, "links"), 0)
        before = self.files.number("free")
        self.files.close(file)
        self.assertGreater(self.files.number("free"), before)

    def test_a_removed_directory(self) -> None:
        self.gives(0, "make_directory", b"d", 0o755)
        here = self.files.open(b"d", files.READ | files.DIRECTORY)
        self.gives(0, "remove", b"d")
        self.assertEqual(self.files.stat(b"..", at=here), -errno.ENOENT)
        self.assertEqual(self.files.open(b"f", files.WRITE | files.CREATE, at=here), -errno.ENOENT)
        self.assertEqual(self.files.number("make_directory", here, b"x", 0o755), -errno.ENOENT)
        self.assertEqual(self.files.number("make_link", here, b"x", b"y"), -errno.ENOENT)
        self.assertEqual(self.files.listing(here), -errno.ENOENT)
        self.assertEqual(self.files.command("path", here, 100)[0], str(-errno.ENOENT))
        self.assertIsInstance(self.files.stat(b"/", at=here), files.Status)
        self.files.close(here)

    def test_paths_of_directories(self) -> None:
        self.gives(0, "make_directory", b"abc", 0o755)
        self.gives(0, "make_directory", b"abc/de", 0o755)
        deep = self.files.open(b"abc/de")
        for size in range(1, 12):
            answer = self.files.command("path", deep, size)
            expected = ["0", "x" + b"/abc/de".hex()] if size >= 8 else [str(-errno.ENAMETOOLONG), "x"]
            self.assertEqual(answer, expected, size)
        self.gives(0, "rename", b"abc", 0, b"z")
        self.assertEqual(self.files.command("path", deep, 100)[1], "x" + b"/z/de".hex())
        self.assertEqual(self.files.command("path", 0, 2)[1], "x2f")
        self.assertEqual(self.files.command("path", 0, 1)[0], str(-errno.ENAMETOOLONG))

    def test_permissions_of_the_owner(self) -> None:
        both = files.READ | files.WRITE
        self.files.close(self.files.open(b"f", both | files.CREATE, 0o000))
        self.assertEqual(self.files.open(b"f", files.READ), -errno.EACCES)
        self.gives(0, "set_mode", b"f", 0o400)
        self.assertEqual(self.files.open(b"f", both), -errno.EACCES)
        self.files.close(self.files.open(b"f", files.READ))
        self.gives(0, "make_directory", b"d", 0o755)
        self.files.close(self.files.open(b"d/f", files.WRITE | files.CREATE))
        self.gives(0, "set_mode", b"d", 0o500)
        self.gives(errno.EACCES, "unlink", b"d/f")
        self.gives(errno.EACCES, "rename", b"d/f", 0, b"g")
        self.gives(errno.EACCES, "rename", b"f", 0, b"d/g")
        self.gives(errno.EACCES, "make_directory", b"d/e", 0o755)
        self.assertEqual(self.files.open(b"d/g", files.WRITE | files.CREATE), -errno.EACCES)
        self.gives(0, "set_mode", b"d", 0o600)
        self.assertEqual(self.files.stat(b"d/f"), -errno.EACCES)
        self.assertEqual(self.files.names(b"d"), [b"f"])

    def test_listing_while_names_come_and_go(self) -> None:
        stay = [b"s%03d" % i for i in range(300)]
        for name in stay:
            self.files.close(self.files.open(name, files.WRITE | files.CREATE))
            self.files.close(self.files.open(b"x" + name, files.WRITE | files.CREATE))
        listed: List[bytes] = []
        directory = self.files.open(b"/", files.READ | files.DIRECTORY)
        for count in range(1000):
            part = self.files.listing(directory, 100)
            assert isinstance(part, list)
            if not part:
                break
            listed += [name for name, _, _ in part]
            if count < len(stay):
                self.gives(0, "unlink", b"x" + stay[(count * 7) % 300])
                self.files.close(self.files.open(b"y%d" % count, files.WRITE | files.CREATE))
        self.assertEqual([name for name in listed if name in stay], stay)
        self.assertEqual(len(listed), len(set(listed)))

    def test_positions_in_a_listing(self) -> None:
        for i in range(50):
            self.files.close(self.files.open(b"%d" % i, files.WRITE | files.CREATE))
        directory = self.files.open(b"/", files.READ | files.DIRECTORY)
        everything = self.files.listing(directory)
        assert isinstance(everything, list)
        self.assertEqual(len(everything), 52)
        self.assertEqual(self.files.listing(directory), [])
        for place in range(52):
            position = everything[place][1]
            self.assertEqual(self.files.number("seek", directory, position, 0), position)
            self.assertEqual(self.files.listing(directory), everything[place + 1:])
        self.files.number("seek", directory, 0, 0)
        self.assertEqual(self.files.listing(directory, 31), -errno.EINVAL)
        self.assertEqual(self.files.listing(directory, 32), everything[:1])

    def test_many_names(self) -> None:
        names = [b"%d" % i for i in range(3000)]
        for name in names:
            self.files.close(self.files.open(name, files.WRITE | files.CREATE))
        self.assertEqual(self.files.names(b"/"), names)
        before = self.files.number("free")
        for name in names:
            self.assertEqual(self.files.number("unlink", 0, name), 0)
        self.assertEqual(self.files.names(b"/"), [])
        self.assertGreater(self.files.number("free"), before + 3000 // 32)

    def test_the_boot_archive(self) -> None:
        archive = (entry("bin", mode=0o040700) + entry("bin/ls", b"program", mode=0o100755) + entry("./a/b/f", b"x" * 5000) +
                   entry("bin/link", b"ls", mode=0o120777) + entry("f", b"old") + entry("f", b"new") +
                   entry("device", mode=0o020666) + entry("TRAILER!!!", mode=0))
        self.assertEqual(self.files.command("fill", archive), ["0"])
        self.assertEqual(self.files.names(b"/"), [b"bin", b"a", b"f"])
        self.assertEqual(self.files.names(b"bin"), [b"ls", b"link"])
        for path, mode, size in ((b"bin", 0o040700, 0), (b"bin/link", 0o100755, 7), (b"a/b/f", 0o100644, 5000),
                                 (b"f", 0o100644, 3)):
            status = self.files.stat(path)
            assert isinstance(status, files.Status)
            self.assertEqual((status.mode, status.size, status.blocks), (mode, size, 0), path)
        file = self.files.open(b"a/b/f", files.READ | files.WRITE)
        self.files.command("write_at", file, 4999, b"yz")
        self.assertEqual(self.files.read(file), b"x" * 4999 + b"yz")
        self.assertEqual(self.files.read(self.files.open(b"f")), b"new")

    def test_a_broken_archive(self) -> None:
        answer = self.files.command("fill", entry("f", b"there") + b"junk")
        self.assertEqual(" ".join(answer), "the archive is broken")
        self.assertEqual(self.files.names(b"/"), [b"f"])

    def test_times(self) -> None:
        file = self.files.open(b"f", files.READ | files.WRITE | files.CREATE)

        def times() -> Tuple[int, int, int]:
            status = self.files.status(file)
            assert isinstance(status, files.Status)
            return status.accessed, status.modified, status.changed

        def moved(name: str, *arguments: object) -> Tuple[bool, bool, bool]:
            before = times()
            self.files.command(name, *arguments)
            after = times()
            return after[0] > before[0], after[1] > before[1], after[2] > before[2]

        self.assertEqual(moved("status", file), (False, False, False))
        self.assertEqual(moved("write", file, b"x"), (False, True, True))
        self.assertEqual(moved("read", file, 1), (True, False, False))
        self.assertEqual(moved("truncate", file, 0), (False, True, True))
        self.assertEqual(moved("link", 0, b"f", 0, b"g"), (False, False, True))
        self.assertEqual(moved("unlink", 0, b"g"), (False, False, True))


if __name__ == "__main__":
    unittest.main()
