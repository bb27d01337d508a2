"""The shell's parser, compiled for this machine with sanitizers."""

import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import List

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ["parse.c", "expand.c", "pattern.c", "words.c", "variable.c"]


class ShellParser(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.directory = tempfile.TemporaryDirectory()
        cls.driver = Path(cls.directory.name) / "driver"
        shell = ROOT / "user/bin/sh"
        subprocess.run(
            ["cc", "-std=gnu17", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined",
             "-fno-sanitize-recover=all", f"-I{shell}", "-o", str(cls.driver),
             str(ROOT / "tests/host/shell_driver.c"), *(str(shell / name) for name in SOURCES)], check=True)
        cls.files = Path(cls.directory.name) / "files"
        (cls.files / "bin").mkdir(parents=True)
        for name in ("bin/ls", "bin/cat", "one.c", "two.c", ".hidden"):
            (cls.files / name).touch()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.directory.cleanup()

    def drive(self, *arguments: str) -> List[str]:
        done = subprocess.run([str(self.driver), *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, cwd=str(self.files))
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout.splitlines()

    def expect(self, given: str, *expected: str) -> None:
        with self.subTest(given):
            self.assertEqual(self.drive("words", given, "first", "se cond"), list(expected))

    def test_words(self) -> None:
        self.expect("a b  c", "[a][b][c] ;")
        self.expect(" a\tb ", "[a][b] ;")
        self.expect("", )
        self.expect(" \n# only a comment", )
        self.expect("a #b c\nd#e", "[a] ;", "[d#e] ;")
        self.expect("a\\\nb \\\n c", "[ab][c] ;")

    def test_connectors(self) -> None:
        self.expect("a;b", "[a] ;", "[b] ;")
        self.expect("a&&b||c", "[a] &&", "[b] ||", "[c] ;")
        self.expect("a &&\n# comment\n b;", "[a] &&", "[b] ;")
        self.expect("a ';' b\\;c \"&&\"", "[a][;][b;c][&&] ;")

    def test_quotes(self) -> None:
        self.expect("'a b'\"c d\"e\\ f", "[a bc de f] ;")
        self.expect("'' \"\" a", "[][][a] ;")
        self.expect("'$A \\ \"'", "[$A \\ \"] ;")
        self.expect('"\\$A \\" \\\\ \\n $B"', '[$A " \\ \\n two] ;')
        self.expect('"a\\\nb"', "[ab] ;")

    def test_variables(self) -> None:
        self.expect("$A", "[x][y] ;")
        self.expect('"$A"', "[x y] ;")
        self.expect("p$A\\q", "[px][yq] ;")
        self.expect("${B}s $Bs $B.$B", "[twos][two.two] ;")
        self.expect("a $EMPTY $NONE b", "[a][b] ;")
        self.expect('"$EMPTY"', "[] ;")
        self.expect("$?", "[42] ;")
        self.expect("$# $0 $1 $2 $3", "[2][" + "$# $0 $1 $2 $3".replace(" ", "][") + "][first][se][cond] ;")
        self.expect('"$@"', "[first][se cond] ;")
        self.expect("$", "[$] ;")
        self.expect("$% a$", "[$%][a$] ;")
        self.expect('"$QUOTE"', "[a'b\"c $A *] ;")

    def test_assignments(self) -> None:
        self.expect("X=1", "=[X=1] ;")
        self.expect("X=$A Y='a b' cmd Z=3", "=[X=x y]=[Y=a b][cmd][Z=3] ;")
        self.expect("1X=2 =3 X\\=4", "[1X=2][=3][X=4] ;")
        self.expect("X=*", "=[X=*] ;")

    def test_patterns(self) -> None:
        self.expect("*", "[bin][one.c][two.c] ;")
        self.expect("*.c", "[one.c][two.c] ;")
        self.expect("b*/[lc]?", "[bin/ls] ;")
        self.expect("bin/*", "[bin/cat][bin/ls] ;")
        self.expect(".h*", "[.hidden] ;")
        self.expect("'*'.c \\*.c \"*\" *.none", "[*.c][*.c][*][*.none] ;")
        self.expect("*\"e.c\"", "[one.c] ;")

    def test_incomplete(self) -> None:
        for text in ("'a", '"a', '"a\\"', "a &&", "a ||\n", "a\\"):
            self.expect(text, "incomplete")

    def test_errors(self) -> None:
        self.expect("; a", "syntax error: a command is missing before ';'", "error")
        self.expect("a ;; b", "syntax error: a command is missing before ';'", "error")
        self.expect("&& a", "syntax error: a command is missing before '&&'", "error")
        self.expect("a | b", "'|': there are no pipes yet", "error")
        self.expect("a & b", "'&': programs don't run in the background yet; use ';' or '&&'", "error")
        self.expect("a > b", "'>': programs can't be redirected yet; quote it to print it", "error")
        self.expect("(a)", "'(': there are no groups of commands yet; quote it to print it", "error")
        self.expect("a `b`", "the output of a command can't be used as words yet", "error")
        self.expect("${A", "'${': only a name and '}' can follow")
        self.expect("${A:-b}", "'${': only a name and '}' can follow")

    def test_long_words_are_refused(self) -> None:
        self.expect("a" * 65536, "[" + "a" * 65536 + "] ;")
        self.expect("a" * 65537, "a word is longer than 65536 bytes")

    def test_random_inputs_are_survived(self) -> None:
        for seed in range(4):
            self.assertEqual(self.drive("fuzz", str(seed), "20000"), [])


if __name__ == "__main__":
    unittest.main()
