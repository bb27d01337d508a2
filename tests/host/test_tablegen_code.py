"""Generated code, compiled and run: thunks, metadata, name lookup, stubs."""

from __future__ import annotations

import re
import subprocess
import unittest
from typing import List

from tests.support.tables import CALLS, CROSS, ROOT, TYPES, Scratch


PROGRAMS = ROOT / "tests/host/tablegen"
STUB_FLAGS = ["--specs=picolibc.specs", "-Iinclude", "-Igen", "-Igen/user", f"-I{ROOT}/kernel"]


class Generated(Scratch):
    """Generated code, compiled for the machine that runs the tests and run there."""

    def setUp(self) -> None:
        super().setUp()
        self.accept()
        self.put("sys/metadata.h", (ROOT / "kernel/sys/metadata.h").read_text(encoding="utf-8"))
        self.put("include/errno.h", "".join(f"#define {n} {v}\n" for n, v in re.findall(r"error (\w+) (\d+)", TYPES)))

    def host(self, *sources: str) -> subprocess.CompletedProcess:
        """Compiles and runs a program of tests/host/tablegen with generated code; metadata.h is the kernel's."""
        self.compiled("gcc", "-std=gnu17", "-g", "-O1", "-Wall", "-Wextra", "-Werror",
                      "-fsanitize=undefined", "-fno-sanitize-recover=all", f"-I{PROGRAMS}/fake", "-Igen",
                      "-I.", *sources, "-o", "program")
        return self.compile(str(self.folder / "program"))

    def test_thunks_and_metadata(self) -> None:
        self.generate()
        result = self.host(str(PROGRAMS / "driver.c"),
                           *[f"gen/kernel/{part}.c" for part in ("thunks", "tables", "metadata")])
        self.assertEqual((result.returncode, result.stdout), (0, ""))

    def check_names(self, names: List[str]) -> None:
        self.generate()
        listed = ", ".join(f'"{name}"' for name in names)
        self.put("names.h", f"static const char *const names[] = {{ {listed} }};\n")
        result = self.host(str(PROGRAMS / "names.c"), "gen/kernel/metadata.c")
        self.assertEqual((result.returncode, result.stdout), (0, ""))

    def test_every_name_is_found_and_no_other(self) -> None:
        self.check_names(re.findall(r"(\w+)\(", CALLS))

    def test_names_of_a_full_table(self) -> None:
        names = [f"noun{i % 9}_verb{i}" for i in range(1, 128)]
        calls = "".join(f"\n## Text.\n{i} native - u32 {name}() ! -\n" for i, name in enumerate(names, 1))
        self.put("syscalls.tbl", "table native 128\n" + calls)
        (self.folder / "lock").unlink()
        self.accept()
        self.check_names(names)

    def test_a_version_ends_at_eight_bytes(self) -> None:
        """So that what is added later never moves into the padding of what is published."""
        arguments = ", ".join(f"u32 x{i}" for i in range(7))
        text = f"\n## Text.\n14 native struct u32 f({arguments}@) ! EFAULT EINVAL E2BIG\n"
        for added, oldest, newest in (("", 32, 32), ("; u32 y", 32, 40), ("; u8 y, u32 z; u8 w", 32, 48)):
            self.put("syscalls.tbl", CALLS + text.replace("@", added))
            self.generate()
            types = self.get("gen/abi/types.h")
            self.assertIn(f"#define F_ARGS_OLDEST {oldest}u", types)
            self.assertIn(f"sizeof(struct f_args) == {newest},", types)
            self.put("types.c", '#include "abi/types.h"\n')
            self.compiled(CROSS + "gcc", *STUB_FLAGS, "-Wpadded", "-Werror", "-fsyntax-only", "types.c")

    def test_stubs_put_arguments_where_thunks_look(self) -> None:
        """The stub of a packed call fills in the struct; that of another loads registers."""
        self.generate()
        self.put("stubs.c", """\
#include <tabula/syscalls.h>
long scalars(void) { return narrow(1, -2, 3, -4, -5, true); }
thing_handle made(void) { return make(false); }
void gone(void) { leave(-3); }
int perhaps_gone(thing_handle t) { return leave_by(t); }
long all(thing_handle t) { return packed(1, -2, t, true, 5, MODE_LOW, "abc", 3, 4); }
int asks(thing_handle t, struct message *m, const struct windows *w) { return ask(t, m, w); }
long words(const uint32_t *w, uint64_t *l) { return buffers(w, 3, l, 2); }
""")
        self.compiled(CROSS + "gcc", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror", *STUB_FLAGS, "-S",
                      "stubs.c", "-o", "stubs.s")
        code = self.get("stubs.s")
        scalars = code[code.index("scalars:"):code.index(".size\tscalars")]
        for register, value in zip(("a7", "a0", "a1", "a2", "a3", "a4", "a5"), (1, 1, -2, 3, -4, -5, 1)):
            self.assertRegex(scalars, rf"li\t{register},{value}\b")
        self.assertNotIn("sp", scalars)
        asks = code[code.index("asks:"):code.index(".size\tasks")]
        for register, offset in (("t0", 0), ("t1", 8)):
            self.assertRegex(asks, rf"ld\t{register},{offset}\(a2\)")
        self.assertRegex(asks, r"\tt2,")
        gone = code[code.index("gone:"):code.index(".size\tgone")]
        self.assertNotIn("ret", gone)
        self.assertRegex(gone, r"\n\tj\t")

    def test_wrong_handle_in_a_stub(self) -> None:
        self.generate()
        self.put("stubs.c", "#include <tabula/syscalls.h>\nint f(other_handle o) { return leave_by(o); }\n")
        result = self.compile(CROSS + "gcc", *STUB_FLAGS, "-S", "stubs.c", "-o", "stubs.s")
        self.assertIn("stubs.c:2:", result.stdout)
        self.assertRegex(result.stdout, "incompatible type for argument 1 of .leave_by.")

    def test_libc_that_disagrees_on_an_error(self) -> None:
        self.generate()
        self.change("include/errno.h", "EFTYPE 79", "EFTYPE 80")
        self.put("stubs.c", "#include <tabula/syscalls.h>\n")
        result = self.compile(CROSS + "gcc", *STUB_FLAGS, "-S", "stubs.c", "-o", "stubs.s")
        self.assertIn("differ in EFTYPE", result.stdout)


if __name__ == "__main__":
    unittest.main()
