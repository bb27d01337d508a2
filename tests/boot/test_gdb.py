"""Plain GDB on the emulator's stub: steps in and out of the kernel, backtraces across the trap, symbols of all programs."""

from __future__ import annotations

import re
import subprocess
import unittest

from tests.support import boot, gdb
from tests.support.tree import Tree


class Debugger(unittest.TestCase):
    def test_step_into_ecall_and_over_sret(self) -> None:
        """From the instruction before the ecall of clock_gettime, one by one, through the kernel and back behind it."""
        said = gdb.debug("/bin/time true", [
            "hbreak clock_gettime",
            "continue",
            "delete",
            "python",
            "def pc(): return int(gdb.parse_and_eval('$pc')) & (2**64 - 1)",
            "def insn(): return int.from_bytes(gdb.selected_inferior().read_memory(pc(), 4).tobytes(), 'little')",
            "def step(): gdb.execute('stepi', to_string=True)",
            "while insn() != 0x00000073: step()",
            "ecall = pc()",
            "step()",
            "print('entered', gdb.execute('info symbol $pc', to_string=True).strip())",
            "count = 0",
            "while insn() != 0x10200073 and count < 500: step(); count += 1",
            "print('leaves', gdb.execute('info symbol $pc', to_string=True).strip())",
            "step()",
            "print('back', pc() - ecall, 'time', int(gdb.parse_and_eval('$a0')))",
            "end",
        ])
        self.assertRegex(said, r"entered riscv_trap_entry in section")
        self.assertRegex(said, r"leaves \w+")
        self.assertRegex(said, r"back 4 time [1-9]")

    def test_backtrace_crosses_into_the_program(self) -> None:
        said = gdb.debug("/bin/time true", [
            "hbreak bin/time.c:main", "continue", "delete",  # others ask for the time, too
            "hbreak sys_clock_now", "continue", "bt",
        ])
        self.assertRegex(said, r"(?m)^#0 .*sys_clock_now \(")
        self.assertRegex(said, r"(?m)^#\d+ .*clock_gettime \(")
        self.assertRegex(said, r"(?m)^#\d+ .* main \(.*bin/time\.c:\d+$")
        self.assertRegex(said, r"(?m)^#\d+ .*_start \(")
        self.assertNotIn("Backtrace stopped", said)

    def test_breakpoint_in_a_program(self) -> None:
        said = gdb.debug("/bin/echo one two", ["hbreak echo.c:main", "continue", "info symbol $pc", "print argv[2]"])
        self.assertRegex(said, r"main.* in section \.text of .*build/user/bin/echo")
        self.assertRegex(said, r'\$1 = 0x[0-9a-f]+ "two"')

    def test_symbols_of_every_program(self) -> None:
        lines = (boot.ROOT / "build/archive.list").read_text().split("\n")
        programs = {line.rpartition("/")[2] for line in lines
                    if "=build/archive/bin/" in line and not line.startswith("/bin/foreign-")}
        self.assertIn("sh", programs)
        said = gdb.debug("true", [
            "python",
            "for file in gdb.objfiles():",
            "    main = file.lookup_global_symbol('main')",
            "    if main: print('main of', file.filename, 'at', hex(int(main.value().address)), main.symtab.filename)",
            "end",
        ])
        found = re.findall(r"main of .*build/user/bin/([\w-]+) at (0x\w+) \S+\.c$", said, re.MULTILINE)
        self.assertEqual(sorted(name for name, _ in found), sorted(programs))
        self.assertEqual(len({address for _, address in found}), len(programs), found)


class Targets(unittest.TestCase):
    """What `make qemu-gdb` and `make gdb` do, in a copy of the tree, so that a real session is left alone."""

    def test_port_is_handed_over(self) -> None:
        with Tree() as tree:
            words = [str(tree.root / "scripts/run"), "--interactive", "--gdb", "auto"]
            emulator = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            assert emulator.stderr
            try:
                self.assertRegex(emulator.stderr.readline(), rb"waits for the debugger on port \d+: run `make gdb`")
                script = ["hbreak sys_process_create", "continue", "bt"]
                said = tree.run(gdb.GDB or "gdb", "-nx", "-batch", "-x", ".gdbinit", *[f"-ex={line}" for line in script])
            finally:
                emulator.kill()
                emulator.communicate()
        self.assertRegex(said.output, r"(?m)^#0 .*sys_process_create \(")
        self.assertRegex(said.output, r"(?m)^#\d+ .*main \(.*init\.c:\d+$")

    def test_nothing_waits(self) -> None:
        with Tree(build=False) as tree:
            said = tree.make("gdb")
        self.assertNotEqual(said.status, 0)
        self.assertIn("run 'make qemu-gdb' in another terminal first", said.output)


if __name__ == "__main__":
    unittest.main()
