"""scripts/layers: includes that the design forbids are refused, with file and line; the tree itself is clean."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

FILES = [
    "kernel/abi/abi.h", "kernel/lib/list.h", "kernel/arch.h", "kernel/log.h", "kernel/doors.h", "kernel/sched.h",
    "kernel/mem/frame.h", "kernel/object/thread.h", "kernel/sys/thread.h", "arch/riscv/csr.h",
    "user/include/tabula/spawn.h", "user/servers/init/init.h", "user/servers/fs/fs.h", "user/libc/private.h",
]


class Layers(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="tabula-layers-")
        self.addCleanup(folder.cleanup)
        self.tree = Path(folder.name)
        for name in FILES:
            self.write(name, "#pragma once\n")

    def write(self, name: str, text: str) -> None:
        path = self.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def check(self) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, str(ROOT / "scripts/layers"), str(self.tree)]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)

    def allowed(self, file: str, *includes: str) -> None:
        self.write(file, "".join(f"#include {include}\n" for include in includes))
        done = self.check()
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def refused(self, file: str, include: str, message: str) -> None:
        self.write(file, f"/* head */\n\n#include {include}\n")
        done = self.check()
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, rf"^{file}:3: error: {message}")

    def test_the_tree_itself(self) -> None:
        done = subprocess.run([sys.executable, str(ROOT / "scripts/layers")], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, universal_newlines=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_each_layer_may_include_those_below(self) -> None:
        self.allowed("kernel/lib/a.c", "<stddef.h>", '"list.h"', '"abi/abi.h"', '"abi/types.h"')
        self.allowed("kernel/log.c", '"log.h"', '"lib/list.h"', '"arch.h"')
        self.allowed("kernel/mem/frame.c", '"mem/frame.h"', '"log.h"')
        self.allowed("kernel/object/a.c", '"mem/frame.h"', '"sched.h"', '"object/thread.h"')
        self.allowed("kernel/sys/a.c", '"object/thread.h"', '"kernel/syscalls.h"', '"mem/frame.h"')
        self.allowed("arch/riscv/a.c", '"csr.h"', '"doors.h"', '"arch.h"', '"offsets.h"')
        self.allowed("user/bin/a.c", "<stdio.h>", "<tabula/spawn.h>", "<tabula/syscalls.h>", "<abi/abi.h>")

    def test_lib_includes_no_object(self) -> None:
        self.refused("kernel/lib/a.c", '"object/thread.h"', "kernel/lib may not include kernel/object/thread.h")

    def test_base_includes_no_memory(self) -> None:
        self.refused("kernel/log.c", '"mem/frame.h"', "kernel may not include kernel/mem/frame.h")

    def test_memory_includes_no_object(self) -> None:
        self.refused("kernel/mem/a.c", '"object/thread.h"', "kernel/mem may not include kernel/object/thread.h")

    def test_nobody_includes_sys(self) -> None:
        for file in ("kernel/object/a.c", "kernel/mem/a.c", "kernel/log.c", "kernel/init.c", "arch/riscv/a.c"):
            with self.subTest(file):
                self.refused(file, '"sys/thread.h"', r"\S+ may not include kernel/sys/thread.h")
                (self.tree / file).unlink()

    def test_arch_includes_no_object(self) -> None:
        self.refused("arch/riscv/a.S", '"object/thread.h"', "arch/riscv may not include kernel/object/thread.h")

    def test_kernel_does_not_reach_over_the_seam(self) -> None:
        self.refused("kernel/mem/a.c", '"csr.h"', "kernel/mem may not include arch/riscv/csr.h")
        self.refused("kernel/mem/a.c", '"../../arch/riscv/csr.h"', "kernel/mem may not include arch/riscv/csr.h")

    def test_kernel_uses_no_c_library(self) -> None:
        self.refused("kernel/mem/a.c", "<stdio.h>", "the kernel may not include <stdio.h>")

    def test_user_sees_no_kernel(self) -> None:
        self.refused("user/bin/a.c", '"../../kernel/log.h"', "user/bin/a.c may not include kernel/log.h")
        (self.tree / "user/bin/a.c").unlink()
        self.refused("user/servers/fs/fs.c", '"log.h"', "user/servers/fs may not include kernel/log.h")

    def test_programs_do_not_see_inside_the_library(self) -> None:
        self.refused("user/bin/a.c", '"../libc/private.h"', "user/bin/a.c may not include user/libc/private.h")

    def test_servers_do_not_include_each_other(self) -> None:
        self.refused("user/servers/fs/fs.c", '"../init/init.h"', "user/servers/fs may not include user/servers/init/init.h")

    def test_header_that_is_nowhere(self) -> None:
        self.refused("kernel/mem/a.c", '"nowhere.h"', '"nowhere.h" is not in the tree')


if __name__ == "__main__":
    unittest.main()
