"""Programs that no one here wrote, compiled with the SDK as they are and run; see docs/PROGRAMS.md."""

import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import List

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

FIGLET_OUTPUT = r"""
 _____     _           _
|_   _|_ _| |__  _   _| | __ _
  | |/ _` | '_ \| | | | |/ _` |
  | | (_| | |_) | |_| | | (_| |
  |_|\__,_|_.__/ \__,_|_|\__,_|
"""


class Programs(unittest.TestCase):
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


if __name__ == "__main__":
    unittest.main()
