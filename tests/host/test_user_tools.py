"""The tools of user/bin that need nothing but POSIX, compiled for this machine with sanitizers."""

import concurrent.futures
import os
import random
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Dict, Tuple

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ["cat", "clear", "cmp", "cp", "diff", "echo", "env", "expr", "false", "find", "grep", "head", "hexdump", "ln", "ls",
         "mkdir", "mv", "od", "readlink", "rm", "rmdir", "sed", "seq", "sleep", "sort", "tail", "tee", "time",
         "touch", "true", "uniq", "wc", "xargs", "yes"]
FLAGS = ["-std=gnu17", "-D_GNU_SOURCE", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined",
         "-fno-sanitize-recover=all", "-static-libasan"]  # each is started hundreds of times, which is quicker so


def compile_tool(name: str, folder: Path) -> None:
    sources = sorted(map(str, (ROOT / "user/bin" / name).glob("*.c"))) or [str(ROOT / f"user/bin/{name}.c")]
    subprocess.run(["cc", *FLAGS, *sources, "-lm", "-o", str(folder / name)], check=True)


class Tools(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.temporary = tempfile.TemporaryDirectory()
        cls.bin = Path(cls.temporary.name) / "bin"
        cls.bin.mkdir()
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda name: compile_tool(name, cls.bin), TOOLS))

    @classmethod
    def tearDownClass(cls) -> None:
        cls.temporary.cleanup()

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.here = Path(temporary.name)

    def write(self, files: Dict[str, str]) -> None:
        for name, text in files.items():
            (self.here / name).parent.mkdir(parents=True, exist_ok=True)
            (self.here / name).write_text(text)

    def run_line(self, line: str, given: str = "") -> Tuple[int, str]:
        """Runs a line of the host's shell in which the tools come first; both streams are one text."""
        environment = {"BIN": str(self.bin), "PATH": f"{self.bin}:/usr/bin:/bin", "LC_ALL": "C"}
        done = subprocess.run(["/bin/sh", "-c", line], input=given, cwd=str(self.here), env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        return done.returncode, done.stdout

    def expect(self, line: str, output: str = "", status: int = 0, given: str = "") -> None:
        with self.subTest(line):
            self.assertEqual(self.run_line(line, given), (status, output))

    def lines(self) -> str:
        return "".join(f"{i}\n" for i in range(1, 21))

    def test_help_and_wrong_options(self) -> None:
        for name in TOOLS:
            with self.subTest(name):
                if name in ("true", "false"):
                    continue  # these ignore their arguments, as everywhere
                status, output = self.run_line(f"{self.bin}/{name} --help")
                self.assertEqual((status, output.partition(" ")[0]), (0, "usage:"))
                if name in ("clear", "echo", "expr", "find", "sleep", "yes", "seq"):
                    continue  # these take no options, or any word
                status, output = self.run_line(f"{self.bin}/{name} -Z x")
                self.assertIn("usage: ", output)
                self.assertNotEqual(status, 0)

    def test_failed_writes_are_told(self) -> None:
        for line in ("$BIN/echo a", "cat file", "head file", "tail file", "wc file", "grep a file", "sort file", "hexdump file",
                     "cmp file other", "diff file other",
                     "seq 3", "find", "clear", "yes", "uniq file", "tee < file", "env", "ls"):
            self.write({"file": "a\n", "other": "b\n"})
            with self.subTest(line):
                status, output = self.run_line(line + " > /dev/full")
                self.assertNotEqual(status, 0)
                self.assertIn("No space left on device", output)

    def test_cmp(self) -> None:
        self.write({"a": "abc\ndef\n", "b": "abc\ndxf\n", "short": "abc\n", "empty": ""})
        self.expect("cmp a a")
        self.expect("cmp a b", "a b differ: byte 6, line 2\n", 1)
        self.expect("cmp -l a b", "6 145 170\n", 1)
        self.expect("cmp -s a b", "", 1)
        self.expect("cat b | cmp a -", "a - differ: byte 6, line 2\n", 1)
        self.expect("cmp a short", "cmp: EOF on short after byte 4\n", 1)
        self.expect("cmp empty a", "cmp: EOF on empty which is empty\n", 1)
        self.expect("cmp a none", "cmp: none: No such file or directory\n", 2)
        self.assertEqual(self.run_line("cmp a")[0], 2)

    def test_diff(self) -> None:
        self.write({"a": "one\ntwo\nthree\nfour\n", "b": "zero\none\nthree\n4\nfive\n", "no": "one\ntwo\nthree\nfour",
                    "d/a": "One\ntwo \nthree\nfour\n", "empty": ""})
        self.expect("diff a a")
        self.expect("diff a b", "0a1\n> zero\n2d2\n< two\n4c4,5\n< four\n---\n> 4\n> five\n", 1)
        self.expect("diff -U 0 a b", "--- a\n+++ b\n@@ -0,0 +1 @@\n+zero\n@@ -2 +2,0 @@\n-two\n"
                                     "@@ -4 +4,2 @@\n-four\n+4\n+five\n", 1)
        self.expect("diff -u no a", "--- no\n+++ a\n@@ -1,4 +1,4 @@\n one\n two\n three\n-four\n"
                                    "\\ No newline at end of file\n+four\n", 1)
        self.expect("diff -q a b", "Files a and b differ\n", 1)
        self.expect("diff a d", "1,2c1,2\n< one\n< two\n---\n> One\n> two \n", 1)
        self.expect("diff -bi d a")
        self.expect("diff empty - < b | wc -l", "6\n")
        self.expect("diff a none", "diff: none: No such file or directory\n", 2)
        self.assertEqual(self.run_line("diff -U x a b")[0], 2)

    def test_diff_of_anything(self) -> None:
        """The old file is made the new one by what diff says, and no diff of this machine finds fewer lines to change."""
        if not shutil.which("patch"):
            self.skipTest("there is no patch")
        source = random.Random(7)
        for _ in range(12):
            old, new = ("".join(source.choice("abc") + "\n" for _ in range(source.randrange(15))) for _ in range(2))
            self.write({"old": old, "new": new[:-1] if source.random() < 0.2 else new})
            line = "$BIN/diff old new | grep -c '^[<>]'; /usr/bin/diff -d old new | grep -c '^[<>]'"
            found, least = self.run_line(line)[1].split()
            self.assertEqual(found, least, (old, new))
            self.run_line("$BIN/diff -u old new > change; patch -s old change")
            self.assertEqual((self.here / "old").read_text(), (self.here / "new").read_text(), (old, new))

    def test_head(self) -> None:
        self.write({"file": self.lines(), "short": "a\nb"})
        self.expect("head file", "".join(f"{i}\n" for i in range(1, 11)))
        self.expect("head -n 2 file short", "==> file <==\n1\n2\n\n==> short <==\na\nb")
        self.expect("head -c 3", "abc", given="abcdef")
        self.expect("head -n 0 file")
        self.expect("head none file -n1", "head: none: No such file or directory\n==> file <==\n1\n", 1)
        self.assertEqual(self.run_line("head -n x file")[0], 1)

    def test_tail(self) -> None:
        self.write({"file": self.lines(), "short": "a\nb"})
        self.expect("tail -n 2 file", "19\n20\n")
        self.expect("tail short", "a\nb")
        self.expect("tail -n 1 short", "b")
        self.expect("tail -n +19 file", "19\n20\n")
        self.expect("tail -c 4 file", "\n20\n")
        self.expect("tail -c +50 file", "0\n")
        self.expect("tail -n 0 file")
        self.expect("tail -n 1", "last\n", given="x" * 10000 + "\n" + "y\n" * 5000 + "last\n")
        self.expect("tail -n 3", "\n\n\n", given="a" + "\n" * 9000)
        self.expect("tail -c 6000 | wc -c", "6000\n", given="z" * 100000)

    def test_wc(self) -> None:
        self.write({"a": "one two\nthree\n", "b": " \u00e9\u00e9\tx"})
        self.expect("wc a", "      2       3      14 a\n")
        self.expect("wc -l a b", "      2 a\n      0 b\n      2 total\n")
        self.expect("wc -cm < b", "      7       5\n")
        self.expect("wc none", "wc: none: No such file or directory\n", 1)

    def test_grep(self) -> None:
        self.write({"d/one": "Apple\nbanana\ncherry pie\n", "d/two/deep": "apple tart\n", "pattern": "a.c\nabc\n"})
        self.expect("grep an d/one", "banana\n")
        self.expect("grep -i apple d/one d/two/deep", "d/one:Apple\nd/two/deep:apple tart\n")
        self.expect("grep -vn an d/one", "1:Apple\n3:cherry pie\n")
        self.expect("grep -c a d/one d/two/deep", "d/one:1\nd/two/deep:1\n")
        self.expect("grep -rl 'apple' d", "d/two/deep\n")
        self.expect("grep -q an d/one")
        self.expect("grep -q none d/one", "", 1)
        self.expect("grep -E '^(Ap|ch)' d/one", "Apple\ncherry pie\n")
        self.expect("grep '\\(.\\)\\1' d/one", "Apple\ncherry pie\n")
        self.expect("grep -F a.c pattern", "a.c\n")
        self.expect("grep -x abc pattern", "abc\n")
        self.expect("grep -e Apple -e pie d/one", "Apple\ncherry pie\n")
        self.expect("grep 'Apple\nbanana' d/one", "Apple\nbanana\n")
        self.expect("grep a d", "grep: d: Is a directory\n", 2)
        self.expect("grep a none pattern", "grep: none: No such file or directory\npattern:a.c\npattern:abc\n", 2)
        self.expect("grep -s a none", "", 2)
        self.expect("grep b", "b\n", given="a\nb")
        self.assertEqual(self.run_line("grep '\\(' d/one")[0], 2)
        self.assertEqual(self.run_line("grep -F '$.*[a]^\\' ", "x$.*[a]^\\y\n"), (0, "x$.*[a]^\\y\n"))

    def test_finding(self) -> None:
        """What is not the same under other systems; the rest is compared with them, by snippets."""
        self.write({"d/a": "1", "d/e/b": "2"})
        for words, wrong in (
                ("-name", "-name: a word is missing behind it"),
                ("-foo", "-foo: there is no such test; find --help lists them"),
                ("\\( -print", "(: the ) is missing"), ("-print \\)", "): there is no ( before it"),
                ("\\( \\)", "( ): nothing stands between them"), ("-o -print", "-o: a test is missing there"),
                ("-print -o", "-o: nothing stands behind it"), ("! -a -print", "!: nothing stands behind it"),
                ("-print d", "d: files stand before the expression"),
                ("-type x", "x: there is no such type; find --help lists them"),
                ("-size 1x", "1x: is not a size; as +20k, in units of 512 bytes or in c, k, M, G"),
                ("-links +", "+: is not a number"),
                ("-mtime 99999999999999999999", "99999999999999999999: is not a number"), ("-perm 8", "8: is not a mode"),
                ("-maxdepth -1", "-1: is not a number of directories"), ("-newer none", "none: No such file or directory"),
                ("-exec echo {}", "-exec: the ; at its end is missing; the shell has to be told \\;"),
                ("-exec \\;", "-exec: the program is missing"), ("-exec {} +", "-exec: the program is missing"),
                ("-name e -prune -o -delete", "-prune: has no effect, as -delete begins with what is in a directory; "
                 "-depth says that you know")):
            self.expect(f"find d {words}", f"find: {wrong}\n", 1)
        self.expect("find none d -name a", "find: none: No such file or directory\nd/a\n", 1)
        self.expect("find d -name a -exec none {} \\;", "find: none: No such file or directory\n", 1)
        self.expect("find d -name b -exec sh -c 'cat; exit 3' \\; -o -name b -print", "typedd/e/b\n", given="typed")
        deep = " ".join(["!"] * 400)
        self.expect(f"find d/a {deep} -name b; find d/a ! {deep} -name b", "d/a\n")
        self.expect(f"find d/a {deep} {deep}", "find: !: too many of them are within each other\n", 1)
        self.expect(f"find d {'-name x -o ' * 5000} -name b", "d/e/b\n")
        os.chmod(self.here / "d/e", 0)
        if os.getuid() != 0:
            self.expect("find d -name b; chmod 755 d/e", "find: d/e: Permission denied\n", 0)
        (self.here / "ring").mkdir()
        (self.here / "ring/up").symlink_to("..")
        self.expect("find -L ring/up -name up", f"ring/up\nfind: ring/up/ring/up: {os.strerror(40)}\n", 1)

    def test_words_for_programs(self) -> None:
        """The same for xargs."""
        for words, given, wrong in (
                ("", "a 'b\n", "': the quote has no end; with -0 it is nothing special"),
                ("", "a\\", "\\: nothing stands behind it"), ("-n 0", "", "-n: a number that is more than 0 stands there"),
                ("-s x", "", "-s: a number that is more than 0 stands there"),
                ("-s 6 echo a", "", "the arguments are too long"), ("-s 8 echo", "abcdefgh", "the words are too long"),
                ("-x -n 3 -s 9 echo", "a b c", "the words are too long"),
                ("-s 12 -I X echo XXX", "abc", "the words are too long")):
            self.expect(f"xargs {words}", f"xargs: {wrong}\n", 1, given=given)
        self.expect("xargs sh -c 'exit 255'", "xargs: sh: ended with status 255, so no other is run\n", 124, given="a")
        self.expect("xargs sh -c 'kill -9 $$'", "xargs: sh: ended by signal 9\n", 125, given="a")
        self.expect("xargs ./", "xargs: ./: Permission denied\n", 126, given="a")
        self.expect("xargs none", "xargs: none: No such file or directory\n", 127, given="a")
        self.expect("xargs -t -n 1 echo x", "echo x a\nx a\necho x b\nx b\n", given="a b")
        self.expect("xargs -n 1 echo x", "x \nx \n", given="'' \"\"")
        self.expect("xargs -I X -n 2 echo X", "X a b\nX c\n", given="a b\nc")
        self.expect("xargs -n 2 -I X echo X", "a b\nc\n", given="a b\nc")
        self.expect("xargs < .", "xargs: standard input: Is a directory\n", 1)
        self.assertRegex(self.run_line("xargs > /dev/full", "a")[1], "No space left on device")

    def test_sort(self) -> None:
        self.expect("sort", "B\na\nb\n", given="b\na\nB")
        self.expect("sort -f", "a\nB\nb\n", given="b\na\nB\n")
        self.expect("sort -n", "-2\n1.5\n9\n10\n", given="10\n9\n1.5\n-2\n")
        self.expect("sort -rn", "10\n9\nx\n", given="9\n10\nx\n")
        self.expect("sort -u", "a\nb\n", given="b\na\nb\na\n")
        self.expect("sort -k 2", "x 1\ny 2\n", given="y 2\nx 1\n")
        self.expect("sort -t : -k 2,2n -k 1,1r", "b:1\na:1\nc:10\n", given="c:10\na:1\nb:1\n")
        self.expect("sort -k 2,2 -u", "b 1\nc 2\n", given="b 1\na 1\nc 2\n")
        self.expect("sort none", "sort: none: No such file or directory\n", 2)
        numbers = [str(i * 7919 % 10007) for i in range(5000)]
        self.expect("sort -n", "\n".join(sorted(numbers, key=int)) + "\n", given="\n".join(numbers) + "\n")
        self.assertEqual(self.run_line("sort -k 0")[0], 2)

    def test_sed(self) -> None:
        """What it complains about, and what happens to files then; the rest is compared with others, by snippets."""
        for script, wrong in (
                ("s/a/b", "the '/' that ends the replacement is missing"), ("s/a", "the '/' that ends the pattern is missing"),
                ("k", "'k': there is no such command; sed --help lists them"), ("p q", "'q' can't stand behind 'p'"),
                ("{p", "the } is missing"), ("p}", "there is no { before the }"), ("0p", "lines are counted from 1"),
                ("2,p", "an address is missing behind the comma"), ("s/a/\\1/", "\\1: the pattern has no such group"),
                ("y/ab/c/", "y: 2 characters can't become 1"), ("1,2q", "'q' can't have two addresses"),
                ("a", "the text for 'a' is missing"), ("r", "the name of a file is missing")):
            self.expect(f"sed '{script}' < /dev/null", f"sed: line 1 of the script: {wrong}\n", 1)
        self.expect("sed 'p\n\n5k' < /dev/null",
                    "sed: line 3 of the script: 'k': there is no such command; sed --help lists them\n", 1)
        self.expect("sed 'b x' < /dev/null", "sed: x: there is no such label\n", 1)
        self.expect("sed -f none", "sed: none: No such file or directory\n", 1)
        self.expect("sed p none", "sed: none: No such file or directory\n", 2)
        self.write({"d/a": "1\n2\n", "d/b": "1\n"})
        self.expect("sed -i 1h d/a d/b; sed -i p d; sed -i //d d/b; ls d; cat d/a d/b",
                    "sed: d: only files can be edited in place\n"
                    "sed: an empty pattern is the one before it; there was none\na\nb\n1\n2\n1\n")
        self.expect("sed -i p", "sed: -i: the files are missing\n", 1)

    def test_hexdump(self) -> None:
        self.expect("hexdump", "00000000  61 62 0a                                          |ab.|\n00000003\n", given="ab\n")
        same = "30 " * 8
        self.expect("hexdump", f"00000000  {same} {same} |{'0' * 16}|\n*\n00000030\n", given="0" * 48)
        self.assertEqual(self.run_line("hexdump -v", "0" * 48)[1].count("|0000"), 3)
        self.expect("hexdump -s 2 -n 3", "00000002  32 33 34                                          |234|\n00000005\n",
                    given="0123456789")
        self.expect("hexdump")

    def test_counting(self) -> None:
        self.expect("seq 3", "1\n2\n3\n")
        self.expect("seq -1 1", "-1\n0\n1\n")
        self.expect("seq 5 -2 1", "5\n3\n1\n")
        self.expect("seq -s , 8 10", "8,9,10\n")
        self.expect("seq -w 9 11", "09\n10\n11\n")
        self.expect("seq 2 1")
        self.expect("seq -w .5 0.25 1", "0.50\n0.75\n1.00\n")
        self.expect("seq 9223372036854775806 9223372036854775807", "9223372036854775806\n9223372036854775807\n")
        self.assertEqual(self.run_line("seq 1 0 2")[0], 1)
        for words in ("x", "1 0.00 2", "1e3", ".", "-", "1.2.3", "0 0.00000000000000000001 1"):
            self.assertEqual(self.run_line(f"seq {words}")[0], 1, words)
        self.expect("yes | head -n 2", "y\ny\n")
        self.expect("yes a b 2>/dev/null | head -n 1", "a b\n")
        self.expect("uniq -c", "      2 a\n      1 b\n      1 a\n", given="a\na\nb\na\n")
        self.expect("uniq -d", "a\n", given="a\na\nb\n")
        self.expect("uniq -u", "b\n", given="a\na\nb\n")

    def test_time(self) -> None:
        self.expect("sleep 0.01")
        self.assertEqual(self.run_line("sleep -1")[0], 1)
        self.assertEqual(self.run_line("sleep")[0], 1)
        self.assertEqual(self.run_line("sleep 1x")[0], 1)
        self.assertRegex(self.run_line("time sleep 0.02")[1], r"^real 0\.[0-9]{6}\n$")
        self.assertEqual(self.run_line("time sh -c 'exit 5'")[0], 5)
        self.expect("time nothing", "time: nothing: No such file or directory\n", 127)

    def test_env(self) -> None:
        self.expect("env -i A=1 B=2", "A=1\nB=2\n")
        self.expect("A=1 env -u A sh -c 'echo [$A]'", "[]\n")
        self.expect("env A='x y' sh -c 'echo $A; exit 3'", "x y\n", 3)
        self.expect("env nothing", "env: nothing: No such file or directory\n", 127)

    def test_directories(self) -> None:
        self.expect("mkdir a && mkdir -p a/b/c a/b && ls a/b", "c\n")
        self.expect("mkdir a", "mkdir: a: File exists\n", 1)
        self.expect("mkdir x/y", "mkdir: x/y: No such file or directory\n", 1)
        self.expect("mkdir -m 700 m && ls -ld m | head -c 10", "drwx------")
        self.expect("rmdir a", "rmdir: a: Directory not empty\n", 1)
        self.expect("rmdir -p a/b/c && ls", "m\n")
        self.expect("mkdir p p/q; rmdir -p p//q/ && ls", "m\n")
        self.expect("mkdir -m 9 n 2>/dev/null", "", 1)

    def test_touching(self) -> None:
        def times(name: str) -> Tuple[int, int]:
            status = (self.here / name).stat()
            return status.st_atime_ns, status.st_mtime_ns

        self.expect("touch a b && ls", "a\nb\n")
        self.expect("touch -c none && ls", "a\nb\n")
        self.expect("TZ=UTC touch -t 202001020304.05 a")
        self.assertEqual(times("a"), (1577934245 * 10**9,) * 2)
        self.expect("TZ=UTC touch -m -d 2021-02-03T04:05:06.25Z a")
        self.assertEqual(times("a"), (1577934245 * 10**9, 1612325106250000000))
        self.expect("touch -ra b")
        self.assertEqual(times("b"), times("a"))
        self.expect("TZ=UTC touch -a -t 6901020304 b")
        self.assertEqual(times("b"), (-31438560 * 10**9, 1612325106250000000))
        self.expect("TZ=UTC touch -t 01020304 b && touch b && ls", "a\nb\n")
        self.assertGreater(times("b")[0], times("a")[1])
        for wrong in ("13020304", "202002300304", "0102030", "01020304.5", "01020304.61", "x", "201x01020304"):
            self.expect(f"touch -t {wrong} c", f"touch: {wrong}: not a time\n", 1)
        for wrong in ("2020-01-02", "2020-13-02T00:00:00", "2020-01-02T00:00:00x", "2020-01-02T25:00:00"):
            self.expect(f"touch -d {wrong} c", f"touch: {wrong}: not a time\n", 1)
        self.expect("touch -r none c", "touch: none: No such file or directory\n", 1)
        self.expect("touch x/y c; ls", "touch: x/y: No such file or directory\na\nb\nc\n", 0)
        self.assertEqual(self.run_line("touch x/y")[0], 1)
        self.assertEqual(self.run_line("touch")[0], 1)

    def test_removing(self) -> None:
        self.write({"t/a": "1", "t/b/c": "2", "t/b/d": "3", "f": "4", "kept/file": "5"})
        self.expect("rm t", "rm: t: Is a directory\n", 1)
        (self.here / "t/link").symlink_to("../kept")
        self.expect("rm -r t/ && ls . kept", ".:\nf\nkept\n\nkept:\nfile\n")
        self.expect("rm f none", "rm: none: No such file or directory\n", 1)
        self.expect("rm -f none && rm -f")
        self.expect("rm -r .", "rm: .: this directory, the one above it and / stay\n", 1)
        self.expect("rm -rf kept/..", "rm: kept/..: this directory, the one above it and / stay\n", 1)

    def test_moving(self) -> None:
        self.write({"a": "1\n", "b": "2\n", "d/x": "3\n"})
        self.expect("mv a c && cat c", "1\n")
        self.expect("mv -n c b && cat b c", "2\n1\n")
        self.expect("mv c b && cat b", "1\n")
        self.expect("mv b d/ && cat d/b", "1\n")
        self.expect("mv d e && ls e", "b\nx\n")
        self.expect("mv none f", "mv: none: No such file or directory\n", 1)
        self.expect("mv e/b e/x none", "mv: none: Not a directory\n", 1)

    def test_linking(self) -> None:
        self.write({"a": "1\n", "d/x": "2\n"})
        self.expect("ln a b && echo more >> b && cat a", "1\nmore\n")
        self.expect("ln a b", "ln: b: File exists\n", 1)
        self.expect("ln -f a b && cat b", "1\nmore\n")
        self.expect("ln a d && cat d/a", "1\nmore\n")
        self.expect("ln d/x && cat x", "2\n")
        self.expect("ln -f x b && cat b", "2\n")
        self.expect("ln none f", "ln: none: No such file or directory\n", 1)

    def test_listing(self) -> None:
        self.write({"d/.h": "", "d/a": "12345", "d/b": "1" * 3000, "d/e/f": "x", "z": ""})
        (self.here / "d/l").symlink_to("a")
        os.chmod(self.here / "z", 0o755)
        for name, when in (("d/a", 1577934245), ("d/b", 1577934246), ("d/e", 1577934247)):
            os.utime(self.here / name, (when, when))
        os.utime(self.here / "d/l", (1577934248, 1577934248), follow_symlinks=False)
        self.expect("ls d", "a\nb\ne\nl\n")
        self.expect("ls -A d", ".h\na\nb\ne\nl\n")
        self.expect("ls -a d | head -n 3", ".\n..\n.h\n")
        self.expect("ls -r d", "l\ne\nb\na\n")
        self.expect("ls -t d", "l\ne\nb\na\n")
        self.expect("ls -tr d", "a\nb\ne\nl\n")
        self.expect("ls -S d/a d/b z", "d/b\nd/a\nz\n")
        self.expect("ls -F . d", ".:\nd/\nz*\n\nd:\na\nb\ne/\nl@\n")
        self.expect("ls -R d", "d:\na\nb\ne\nl\n\nd/e:\nf\n")
        self.expect("ls -d d d/l", "d\nd/l\n")
        self.expect("TZ=UTC ls -l d/a d/b", "-rw-r--r--  1         5 Jan  2  2020 d/a\n"
                    "-rw-r--r--  1      3000 Jan  2  2020 d/b\n")
        self.assertRegex(self.run_line("ls -l d/e")[1], r"^total \d+\n-rw.* f\n$")
        self.assertRegex(self.run_line("ls -s d/e")[1], r"^total (\d+)\n +\1 f\n$")
        self.expect("TZ=UTC ls -lh d/b", "-rw-r--r--  1      2.9K Jan  2  2020 d/b\n")
        self.assertRegex(self.run_line("ls -l d/l")[1], r"^lrwxrwxrwx  1 +1 .* d/l -> a\n$")
        self.assertRegex(self.run_line("ls -l z")[1], r"^-rwxr-xr-x  1 +0 \w\w\w [ \d]\d \d\d:\d\d z\n$")
        number = (self.here / "z").stat().st_ino
        self.expect("ls -i z", f"{number:6} z\n")
        (self.here / "broken").symlink_to("nowhere")
        self.expect("ls broken none", "ls: none: No such file or directory\nbroken\n", 2)

    def test_questions(self) -> None:
        self.write({"a": "1\n", "b": "2\n", "d/x": "3\n"})
        self.expect("cp -i a b && cat b", "cp: replace b? 2\n", given="n\n")
        self.expect("cp -i a b && cat b", "cp: replace b? 1\n", given="y\n")
        self.expect("cp -i a c && cat c", "1\n")
        self.expect("mv -i a b && ls", "mv: replace b? a\nb\nc\nd\n", given="")
        self.expect("mv -i a b && ls", "mv: replace b? b\nc\nd\n", given="Yes\n")
        self.expect("rm -i b c; ls", "rm: remove b? rm: remove c? c\nd\n", given="y\nn\n")
        self.expect("rm -ri d; ls", "rm: remove d? rm: remove d/x? c\n", given="y\ny\n")
        self.expect("rm -if c; ls", "")
        self.write({"p": "1\n"})
        os.chmod(self.here / "p", 0o640)
        os.utime(self.here / "p", (1577934245, 1577934246))
        self.expect("cp -p p q")
        status = (self.here / "q").stat()
        self.assertEqual((status.st_mode & 0o777, status.st_atime, status.st_mtime), (0o640, 1577934245, 1577934246))

    def test_more_of_sort_head_and_tail(self) -> None:
        self.write({"file": self.lines(), "two": "b\na\n"})
        self.expect("head -3 file", "1\n2\n3\n")
        self.expect("head -n -18 file two", "==> file <==\n1\n2\n\n==> two <==\n")
        self.assertEqual(self.run_line("seq 100000 | head -n -5000 | cksum"), self.run_line("seq 95000 | cksum"))
        self.expect("seq 9999 | head -c -7 | tail -c 8", "9997\n999")
        self.expect("tail -2 file", "19\n20\n")
        self.expect("tail -f file two 2>/dev/null", "", 1)
        self.expect("{ tail -n 1 -f file & sleep 0.3; echo more >> file; sleep 0.6; kill $!; }", "20\nmore\n")
        self.expect("sort -c two", "sort: two:2: out of order: a\n", 1)
        self.expect("sort -c", given="a\na\nb\n")
        self.assertEqual(self.run_line("sort -cu", "a\na\n")[0], 1)
        self.expect("sort -o two two && cat two", "a\nb\n")
        self.expect("sort -o x/y two", "sort: x/y: No such file or directory\n", 2)
        self.expect("sort -m two two", "a\na\nb\nb\n")
        self.expect("sort -b", "  a\nb\n  c\n", given="b\n  c\n  a\n")
        self.expect("sort -k 2b", "x   a\ny b\n", given="y b\nx   a\n")
        self.assertRegex(self.run_line("time -p true")[1], r"^real \d\.\d+\nuser \d+\.\d\d\nsys \d+\.\d\d\n$")

    def test_numbers_of_bytes(self) -> None:
        self.expect("od", "0000000 061141 000012\n0000003\n", given="ab\n")
        self.expect("od -A x -t x1 -j 1 -N 1", "000001 62\n000002\n", given="ab\n")
        self.expect("od -c -tx2", "0000000   a   b  \\n\n           6261    000a\n0000003\n", given="ab\n")
        for words in ("-t q", "-t ''", "-t x3", "-A y", "-j x", "-N -1"):
            self.assertEqual(self.run_line(f"od {words}", "a")[0], 1, words)
        self.expect("od -j 9", "od: the files end before that place\n", 1, given="ab")

    def test_expressions(self) -> None:
        self.expect("expr 9223372036854775807 + 1", "expr: the result is too large\n", 2)
        self.expect("expr -9223372036854775808 / -1", "expr: the result is too large\n", 2)
        self.expect("expr -9223372036854775808 % -1", "0\n", 1)
        self.expect("expr 1 / 0", "expr: division by zero\n", 2)
        self.expect("expr \\( 1", "expr: a ) is missing\n", 2)
        self.expect("expr a : '\\('", "expr: the pattern is not understood\n", 2)

    def test_symbolic_links(self) -> None:
        self.write({"a": "1\n", "d/x": "2\n"})
        self.expect("ln -s a s && cat s && ls -F", "1\na\nd/\ns@\n")
        self.expect("ln -s nowhere n && ls -d n", "n\n")
        self.expect("ln -s a s", "ln: s: File exists\n", 1)
        self.expect("ln -sf d/x s && cat s", "2\n")
        self.expect("ln -s ../a d && cat d/a", "1\n")
        self.expect("ln -s a x/y", "ln: x/y: No such file or directory\n", 1)

    def test_copying(self) -> None:
        self.write({"a": "1\n", "d/x": "2\n", "d/e/y": "3\n", "big": "z" * 100000})
        self.expect("cp a b && cat b", "1\n")
        self.expect("cp big b && cmp big b")
        self.expect("cp a d && cat d/a", "1\n")
        self.expect("cp d f", "cp: d: Is a directory\n", 1)
        self.expect("cp -r d f && cat f/a f/x f/e/y", "1\n2\n3\n")
        self.expect("cp -r d f && cat f/d/e/y", "3\n")
        self.expect("cp a a", "cp: a: is the same file as a\n", 1)
        self.expect("cp none x; cp a none/x", "cp: none: No such file or directory\ncp: none/x: No such file or directory\n", 1)
        self.expect("cp a b none", "cp: none: Not a directory\n", 1)
        status, _ = self.run_line("cp -r d d/inner")
        self.assertEqual(status, 1)
        self.assertEqual(sorted(os.listdir(self.here / "d/inner")), ["a", "e", "x"])
        self.expect("cp -r d a", "cp: a: Not a directory\n", 1)

    def test_tee(self) -> None:
        self.expect("tee a b && cat a b", "1\n1\n1\n", given="1\n")
        self.expect("tee -a a && cat a", "2\n1\n2\n", given="2\n")
        self.expect("tee x/y", "tee: x/y: No such file or directory\n3\n", 1, given="3\n")


if __name__ == "__main__":
    unittest.main()
