"""The table generator on the tables of the tree, and when it writes files."""

from __future__ import annotations

import ast
import os
import re
import unittest
from pathlib import Path

from tests.support.tables import ABI, CALLS, CROSS, ROOT, Scratch


KERNEL_FLAGS = ["-std=gnu17", "-O2", "-ffreestanding", "-march=rv64imac_zicsr_zifencei", "-mabi=lp64",
                "-mcmodel=medany", "-DDEBUG_CHECKS=0", "-Wall", "-Wextra", "-Wshadow", "-Wundef", "-Wvla",
                "-Wcast-qual", "-Wstrict-prototypes", "-Wmissing-prototypes", "-Wimplicit-fallthrough", "-Werror"]


class RealTables(Scratch):
    """The tables of the tree."""

    def real(self, *options: str) -> None:
        status, complaints = self.tablegen(*options, types=ABI / "types.tbl", calls=ABI / "syscalls.tbl",
                                           lock=ABI / "syscalls.lock")
        self.assertEqual((status, complaints), (0, ""))

    def test_manual_is_fresh(self) -> None:
        self.real("--check-manual", str(ROOT / "docs/SYSCALLS.md"))

    def test_lock_is_complete(self) -> None:
        self.real("--check-lock-complete")

    def test_scalar_thunk_is_a_jump(self) -> None:
        """A call that needs no check costs nothing on its way to the handler."""
        self.real("--out", str(self.folder / "gen"))
        self.compiled(CROSS + "gcc", *KERNEL_FLAGS, "-Igen", f"-I{ROOT}/kernel", f"-I{ROOT}/arch/riscv", "-c",
                      "gen/kernel/thunks.c", "-o", "thunks.o")
        listing = self.compile(CROSS + "objdump", "-d", "--disassemble=thunk_process_id", "thunks.o").stdout
        code = [line.split("\t")[2].strip() for line in listing.split("\n") if line.count("\t") >= 2]
        self.assertIn(code, [["auipc"], ["auipc", "jr"], ["j"]], listing)

    def test_kernel_parts_compile(self) -> None:
        self.real("--out", str(self.folder / "gen"))
        for part in ("tables", "metadata"):
            self.compiled(CROSS + "gcc", *KERNEL_FLAGS, "-Werror=override-init", "-Igen", f"-I{ROOT}/kernel",
                          f"-I{ROOT}/arch/riscv", "-c", f"gen/kernel/{part}.c", "-o", f"{part}.o")
            sections = self.compile(CROSS + "objdump", "-h", f"{part}.o").stdout
            writable = r"(?m)^ *\d+ (\.data\S*|\.bss\S*|\.sdata\S*) +([0-9a-f]+)"
            for name, size in re.findall(writable, sections):
                self.assertEqual(int(size, 16), 0, f"{name} of {part}.c is not constant")

    def test_a_number_used_twice_in_the_table_does_not_compile(self) -> None:
        """The compiler's own check, behind that of the generator."""
        self.real("--out", str(self.folder / "gen"))
        text = self.get("gen/kernel/tables.c")
        self.put("gen/kernel/tables.c", text.replace("\n};", "\n\t[1] = thunk_no_such_call,\n};"))
        result = self.compile(CROSS + "gcc", *KERNEL_FLAGS, "-Werror=override-init", "-Igen", f"-I{ROOT}/kernel",
                              f"-I{ROOT}/arch/riscv", "-c", "gen/kernel/tables.c", "-o", "tables.o")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("override-init", result.stdout)

    def test_every_slot_is_written_out(self) -> None:
        self.real("--out", str(self.folder / "gen"))
        native, foreign = self.get("gen/kernel/tables.c").split("foreign_table")
        slots = re.findall(r"^\t\[(\d+)\] = (?:thunk_|ARCH_WHOLE_CALL\()", native, re.MULTILINE)
        self.assertEqual(sorted(map(int, slots)), list(range(128)))
        slots = re.findall(r"^\t\[(\d+)\] = thunk_foreign,", foreign, re.MULTILINE)
        self.assertEqual(list(map(int, slots)), list(range(128)))

    def test_stubs_compile_as_c_and_as_cxx(self) -> None:
        self.real("--out", str(self.folder / "gen"))
        flags = ["-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "--specs=picolibc.specs", "-Igen", "-Igen/user",
                 f"-I{ROOT}/kernel", "-c", "-o", "program.o"]
        program = "#include <tabula/syscalls.h>\nint main(void) { thread_exit(); }\n"
        self.put("program.c", program)
        self.put("program.cc", program)
        self.compiled(CROSS + "gcc", "-std=gnu17", *flags, "program.c")
        self.compiled(CROSS + "gcc", "-std=c11", *flags, "program.c")
        self.compiled(CROSS + "g++", "-std=c++17", *flags, "program.cc")

    def test_numbers_are_usable_from_assembly(self) -> None:
        self.real("--out", str(self.folder / "gen"))
        self.put("numbers.S", '#include "abi/syscall_numbers.h"\n\tli a7, SYS_process_exit\n\tli a6, SYSCALL_SLOTS\n')
        self.compiled(CROSS + "gcc", "-Igen", "-c", "numbers.S", "-o", "numbers.o")


class Files(Scratch):
    """When files are written."""

    def times(self) -> "dict[str, int]":
        return {str(path): path.stat().st_mtime_ns for path in (self.folder / "gen").rglob("*") if path.is_file()}

    def test_unchanged_files_are_left_alone(self) -> None:
        self.accept()
        self.generate()
        for path in (self.folder / "gen").rglob("*"):
            os.utime(path, ns=(10**18, 10**18))
        before = self.times()
        self.generate()
        self.assertEqual(self.times(), before)
        self.change("syscalls.tbl", "## Never returns.", "## Never comes back.")
        self.generate()
        changed = {Path(path).name for path, time in self.times().items() if before[path] != time}
        self.assertIn("syscalls.h", changed)
        self.assertFalse({"types.h", "syscall_numbers.h", "errors.h", "tables.c"} & changed, changed)

    def test_nothing_is_written_on_a_complaint(self) -> None:
        self.accept()
        self.change("syscalls.tbl", "u8 a, i8 b", "u9 a, i8 b")
        options = ["--out", str(self.folder / "gen"), "--manual", str(self.folder / "manual.md")]
        self.refused("syscalls.tbl", "u9 a", "unknown type 'u9'", *options)
        self.assertFalse((self.folder / "gen").exists() or (self.folder / "manual.md").exists())

    def test_folder_that_cannot_be_written(self) -> None:
        self.accept()
        self.put("gen", "a file in the way\n")
        status, complaints = self.tablegen("--out", str(self.folder / "gen"))
        self.assertEqual(status, 1)
        self.assertRegex(complaints, r"^tablegen: error: can't write .*gen")

    def test_input_that_is_missing(self) -> None:
        (self.folder / "types.tbl").unlink()
        status, complaints = self.tablegen()
        self.assertEqual(status, 1)
        self.assertRegex(complaints, r"types.tbl:1: error: can't read it: No such file")

    def test_stale_manual(self) -> None:
        self.accept()
        manual = str(self.folder / "manual.md")
        self.assertEqual(self.tablegen("--manual", manual), (0, ""))
        self.assertEqual(self.tablegen("--check-manual", manual), (0, ""))
        self.change("syscalls.tbl", "## Sets.", "## Sets of flags.")
        status, complaints = self.tablegen("--check-manual", manual)
        self.assertEqual(status, 1)
        self.assertRegex(complaints, r"manual.md:1: error: .*`make docs`")

    def test_manual_tells_of_every_call(self) -> None:
        self.accept()
        self.assertEqual(self.tablegen("--manual", str(self.folder / "manual.md")), (0, ""))
        text = self.get("manual.md")
        for name in re.findall(r"(\w+)\(", CALLS):
            self.assertIn(f"\n### {name}\n", text)

    def test_lines_of_the_table_are_named(self) -> None:
        """Each prototype carries the line of the table, and what follows it carries its own again."""
        self.accept()
        self.generate()
        lines = self.get("gen/kernel/syscalls.h").split("\n")
        table = self.get("syscalls.tbl").split("\n")
        for index, line in enumerate(lines):
            match = re.match(r'#line (\d+) "(.*)"', line)
            if match and match.group(2).endswith("syscalls.h"):
                self.assertEqual(int(match.group(1)), index + 2)
            elif match:
                name = re.search(r"sys_(\w+)\(", lines[index + 1])
                assert name is not None
                self.assertIn(f" {name.group(1)}(", table[int(match.group(1)) - 1])

    def test_sources_are_python_3_9(self) -> None:
        for path in (ROOT / "scripts/tablegen").glob("*.py"):
            ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=(3, 9))


if __name__ == "__main__":
    unittest.main()
