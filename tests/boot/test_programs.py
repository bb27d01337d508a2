"""Programs that no one here wrote, compiled with the SDK as they are and run; see docs/PROGRAMS.md."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import List, Sequence

from tests.support import boot, sources

LUA = """\
local squares = {}
for i = 1, 1000 do squares[#squares + 1] = i * i end
print(#squares, squares[777], _VERSION)
print(string.format("%5.2f|%-5s|%x|%q", math.pi, "a", 255, "q\\n"))
print(("hello world"):gsub("o", "0"), table.concat({1, 2, 3}, "-"))
local co = coroutine.wrap(function(a) for i = 1, 3 do a = coroutine.yield(a * i) end end)
print(co(2), co(3), co(4))
print(pcall(error, {code = 7}), select("#", pcall(error)))
print(2^53, 7 // 2, -7 % 3, 1 << 40, 0x7fffffffffffffff + 1)
for line in io.lines("/etc/motd") do print(#line > 10) break end
print(io.open("/nothing"))
print(os.getenv("HOME"), type(os.time()), os.date("!%Y-%m-%d", 86400))
os.exit(6)
"""

LUA_OUTPUT = """\
1000\t603729\tLua 5.4
 3.14|a    |ff|"q\\
"
hell0 w0rld\t1-2-3
2\t6\t12
false\t2
9.007199254741e+15\t3\t2\t1099511627776\t-9223372036854775808
true
nil\t/nothing: No such file or directory\t2
/\tnumber\t1970-01-02
"""

MAWK = r"""
seq 10 | mawk '{ s += $1; a[$1 % 3] = a[$1 % 3] " " $1 } END { print s; for (i = 0; i < 3; i++) print i ":" a[i] }'
mawk 'BEGIN {
	while (("ls /etc" | getline x) > 0) print "got " x
	printf "%5.2f|%s\n", 3.14159, toupper("abc")
	if (system("exit 3") == 3) print "three"
	print "a" > "/tmp/o"; close("/tmp/o"); getline z < "/tmp/o"
	gsub(/a/, "b", z); print z, match("foobar", /o+b/), RSTART, RLENGTH
}'
"""

MAWK_OUTPUT = """\
55
0: 3 6 9
1: 1 4 7 10
2: 2 5 8
got motd
 3.14|ABC
three
b 2 2 3
"""

FIGLET_OUTPUT = r"""
 _____     _           _
|_   _|_ _| |__  _   _| | __ _
  | |/ _` | '_ \| | | | |/ _` |
  | | (_| | |_) | |_| | | (_| |
  |_|\__,_|_.__/ \__,_|_|\__,_|
"""

ED = r"""
printf 'one\ntwo\nthree\n' > /tmp/f
printf '2s/two/TWO/\na\nadded\n.\n,p\n/thr/d\nu\ng/e$/s//E/\nw\nq\n' | ed -s /tmp/f
cat /tmp/f; printf '!echo shell\nr !seq 2\n$p\nQ\n' | ed -s
"""

ED_OUTPUT = "one\nTWO\nadded\nthree\nonE\nTWO\nadded\nthreE\nshell\n2\n"

DASH = r"""
for i in 1 2 3; do echo $((i * i)); done
x=$(ls /etc; seq 2 | while read n; do echo "n$n"; done); echo "$x"
f() { local a=$1; echo "f $a"; return 4; }; f 7; echo $?
trap 'echo got' USR1; kill -USR1 $$; (sleep 0.01; exit 5) & wait $!; echo $?
cat << END
here $x
END
crash null 2> /dev/null; echo $?; echo a* /et*
trap 'echo bye' EXIT
"""

DASH_OUTPUT = "1\n4\n9\nmotd\nn1\nn2\nf 7\n4\ngot\n5\nhere motd\nn1\nn2\n139\na* /etc\nbye\n"

PATCH = r"""
cd /tmp; seq 3 > a
printf -- '--- a\n+++ b\n@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n' > change
patch a change && cat a; patch -R a < change && cat a
seq 4 6 > a; patch -f a change > /dev/null; echo $?; ls
"""

PATCH_OUTPUT = ("patching file a\n1\ntwo\n3\npatching file a\n1\n2\n3\n1\n"
                "a\na.orig\na.rej\nchange\n")


class Fetched(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.here = Path(temporary.name)

    def fetch(self, package: str) -> Path:
        try:
            return sources.fetch(package)
        except sources.Unavailable as error:
            self.skipTest(f"the source of {package} can't be had: {error}")

    def build(self, name: str, files: List[Path], *flags: str) -> Path:
        """Compiles in one go, with the program's own warnings left alone."""
        words = ["riscv64-unknown-elf-gcc", f"--specs={boot.ROOT}/build/sdk/tabula.specs", "-O2", "-w", *flags,
                 *map(str, files), "-lm", "-o", str(self.here / name)]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)
        return self.here / name

    def run_words(self, script: str, *programs: Path) -> str:
        result = boot.run(script, programs=list(programs))
        self.assertEqual(result.status, 0, str(result))
        return result.output


class Compiled(Fetched):
    """A command of the compiler is enough."""

    takes_long = True

    def test_lua(self) -> None:
        folder = self.fetch("lua5.4") / "src"
        program = self.build("lua", [file for file in sorted(folder.glob("*.c")) if file.name != "luac.c"])
        (self.here / "script.lua").write_text(LUA)
        result = boot.run("lua /bin/script.lua", programs=[program, self.here / "script.lua"])
        self.assertEqual((result.output, result.status), (LUA_OUTPUT, 6), str(result))

    def test_figlet(self) -> None:
        folder = self.fetch("figlet")
        files = [folder / f"{name}.c" for name in ("figlet", "zipio", "crc", "inflate", "utf8")]
        program = self.build("figlet", files, "-DTLF_FONTS", '-DDEFAULTFONTDIR="/bin"',
                             '-DDEFAULTFONTFILE="standard"')
        result = boot.run("figlet Tabula", programs=[program, folder / "fonts/standard.flf"])
        lines = [line.rstrip() for line in result.output.rstrip().splitlines()]
        self.assertEqual(lines, FIGLET_OUTPUT.strip("\n").splitlines(), str(result))

    def test_bzip2(self) -> None:
        folder = self.fetch("bzip2")
        files = "blocksort huffman crctable randtable compress decompress bzlib bzip2".split()
        program = self.build("bzip2", [folder / f"{name}.c" for name in files])
        output = self.run_words("cd /tmp; seq 20000 > big; bzip2 -k big; bzip2 -t big.bz2; echo $?; mv big other; "
                                "bzip2 -d big.bz2; tail -n 1 big; "
                                "wc -c < other; wc -c < big; echo text | bzip2 | bzip2 -dc", program)
        self.assertEqual(output.split(), ["0", "20000", "108894", "108894", "text"])

    def test_minigzip(self) -> None:
        """And zlib, of which it is the smallest program."""
        folder = self.fetch("zlib")
        program = self.build("minigzip", sorted(folder.glob("*.c")) + [folder / "test/minigzip.c"], f"-I{folder}")
        output = self.run_words("cd /tmp; seq 20000 > big; minigzip < big > packed; minigzip -d < packed | tail -n 1; "
                                "minigzip big; ls big.gz; minigzip -d big.gz; wc -c < big", program)
        self.assertEqual(output.split(), ["20000", "big.gz", "108894"])


class Configured(Fetched):
    """These look at the system first, by their own scripts."""

    takes_long = True

    def configured(self, package: str, *targets: str, settings: Sequence[str] = ()) -> Path:
        """Configures and makes a package in a copy of its source, as its README says for another machine."""
        folder = self.here / package
        shutil.copytree(self.fetch(package), folder)
        environment = {**os.environ, "CFLAGS": "-O2 -w",
                       "CC": f"riscv64-unknown-elf-gcc --specs={boot.ROOT}/build/sdk/tabula.specs"}
        for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
            environment.pop(name, None)
        configure = ["./configure", "--host=riscv64-unknown-elf", *settings]
        for words in (configure, *(["make", *target.split()] for target in targets)):
            done = subprocess.run(words, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
            self.assertEqual(done.returncode, 0, done.stdout)
        return folder

    def test_mawk(self) -> None:
        program = self.configured("mawk", "mawk") / "mawk"
        (self.here / "script").write_text(MAWK)
        self.assertEqual(self.run_words("sh /bin/script", program, self.here / "script"), MAWK_OUTPUT)

    def test_dc(self) -> None:
        program = self.configured("bc", "-C lib", "-C dc") / "dc/dc"
        self.assertEqual(self.run_words("echo '2 200 ^ p 10 k 2 v p' | dc", program),
                         f"{2 ** 200}\n1.4142135623\n")

    def test_ed(self) -> None:
        compiler = f"riscv64-unknown-elf-gcc --specs={boot.ROOT}/build/sdk/tabula.specs"
        folder = self.configured("ed", "ed", settings=[f"CC={compiler}", "CFLAGS=-O2 -w"])  # it does not look elsewhere
        (self.here / "script").write_text(ED)
        self.assertEqual(self.run_words("sh /bin/script", folder / "ed", self.here / "script"), ED_OUTPUT)

    def test_pv(self) -> None:
        program = self.configured("pv", "LD=riscv64-unknown-elf-ld pv") / "pv"
        output = self.run_words("seq 1000 | pv -q | tail -n 1; seq 1000 | pv -n -s 3893 2>&1 > /tmp/out | tail -n 1; "
                                "wc -l < /tmp/out", program)
        self.assertEqual(output.split(), ["1000", "100", "1000"])

    def test_dash(self) -> None:
        program = self.configured("dash", "") / "src/dash"
        (self.here / "script").write_text(DASH)
        self.assertEqual(self.run_words("dash /bin/script", program, self.here / "script"), DASH_OUTPUT)

    def test_patch(self) -> None:
        folder = self.configured("patch", "-C lib", "-C src patch", settings=["gl_cv_func_fflush_stdin=yes"])
        (self.here / "script").write_text(PATCH)
        self.assertEqual(self.run_words("sh /bin/script", folder / "src/patch", self.here / "script"), PATCH_OUTPUT)


if __name__ == "__main__":
    unittest.main()
