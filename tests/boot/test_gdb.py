"""Plain GDB on the emulator's stub: steps in and out of the kernel, backtraces across the trap, symbols of all programs."""

from __future__ import annotations

import re
import unittest

from tests.support import boot, gdb


class Debugger(unittest.TestCase):
    def test_step_into_ecall_and_over_sret(self) -> None:
        """From the instruction before the ecall of getpid, one by one, through the kernel and back behind it."""
        said = gdb.debug("hello", [
            "hbreak getpid",
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
            "print('back', pc() - ecall, 'pid', int(gdb.parse_and_eval('$a0')))",
            "end",
        ])
        self.assertRegex(said, r"entered riscv_trap_entry in section")
        self.assertRegex(said, r"leaves \w+")
        self.assertRegex(said, r"back 4 pid [1-9]")

    def test_backtrace_crosses_into_the_program(self) -> None:
        said = gdb.debug("hello", ["hbreak sys_process_id", "continue", "bt"])
        self.assertRegex(said, r"(?m)^#0 .*sys_process_id \(")
        self.assertRegex(said, r"(?m)^#\d+ .*getpid \(")
        self.assertRegex(said, r"(?m)^#\d+ .* main \(.*hello\.c:\d+$")
        self.assertRegex(said, r"(?m)^#\d+ .*_start \(")
        self.assertNotIn("Backtrace stopped", said)

    def test_breakpoint_in_a_program(self) -> None:
        said = gdb.debug("echo one two", ["hbreak echo.c:main", "continue", "info symbol $pc", "print argv[2]"])
        self.assertRegex(said, r"main.* in section \.text of .*build/user/bin/echo")
        self.assertRegex(said, r'\$1 = 0x[0-9a-f]+ "two"')

    def test_symbols_of_every_program(self) -> None:
        lines = (boot.ROOT / "build/archive.list").read_text().split("\n")
        programs = [line.rpartition("/")[2] for line in lines if "=build/archive/bin/" in line]
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


if __name__ == "__main__":
    unittest.main()
