"""scripts/setup: says what is missing and what it is called on each system, and installs it where it can."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What setup itself runs; everything else is missing unless a test puts it there.
BASICS = ["sh", "env", "grep", "sed", "sort", "tr", "id", "cat"]


class Setup(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="tabula-setup-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        for name in BASICS:
            (self.bin / name).symlink_to(shutil.which(name) or self.fail(f"no {name} here"))

    def command(self, name: str, script: str = "exit 0") -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def setup(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(["/bin/sh", str(ROOT / "scripts/setup"), *arguments], env={"PATH": str(self.bin)},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, timeout=60)

    def tools(self, without: str = "") -> None:
        """All tools, as far as setup looks at them."""
        firmware = self.folder / "opensbi-riscv64-generic-fw_dynamic.bin"
        firmware.write_bytes(b"")
        self.command("riscv64-unknown-elf-gcc", "echo /somewhere/picolibc.specs")
        self.command("qemu-system-riscv64", f"echo {self.folder}")
        for name in ("riscv64-unknown-elf-ld", "python3", "gdb-multiarch", "clang-format", "gcc"):
            self.command(name)
        self.command("clang", f"echo {self.folder}")
        (self.folder / "libclang_rt.fuzzer.a").write_bytes(b"")
        if without:
            (self.bin / without).unlink()

    def test_nothing_missing_here(self) -> None:
        done = subprocess.run([str(ROOT / "scripts/setup")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, b""))

    def test_nothing_missing(self) -> None:
        self.tools()
        self.assertEqual((self.setup().returncode, self.setup().stdout), (0, ""))
        self.assertEqual(self.setup("--missing").stdout, "\n")
        self.assertIn("Nothing is missing", self.setup("--check").stdout)

    def test_names_what_is_missing(self) -> None:
        self.tools(without="qemu-system-riscv64")
        self.assertEqual(self.setup("--missing").stdout, "emulator firmware\n")
        self.assertEqual(self.setup("--check").returncode, 1)

    def test_compiler_without_its_library(self) -> None:
        self.tools()
        self.command("riscv64-unknown-elf-gcc", "echo picolibc.specs")
        self.assertEqual(self.setup("--missing").stdout, "picolibc\n")

    def test_clang_without_its_libraries(self) -> None:
        self.tools()
        self.command("apt-get", "exit 100")
        (self.folder / "libclang_rt.fuzzer.a").unlink()
        self.assertEqual(self.setup("--missing").stdout, "clang-runtime\n")

    def test_building_needs_less_than_testing(self) -> None:
        self.tools(without="clang")
        self.assertEqual(self.setup("--missing", "build").stdout, "\n")
        self.assertEqual(self.setup("--missing", "test").stdout, "clang\n")

    def test_other_systems_are_told_the_packages(self) -> None:
        for manager, line in (
            ("pacman", r"pacman -S .*clang.* qemu-system-riscv .*riscv64-elf-gcc"),
            ("dnf", r"dnf install .*qemu-system-riscv"),
            ("brew", r"brew install .*qemu .*riscv64-elf-gcc"),
        ):
            with self.subTest(manager):
                self.command(manager)
                done = self.setup()
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertRegex(done.stdout, line)
                self.assertIn("picolibc is not packaged there", done.stdout)
                (self.bin / manager).unlink()

    def test_unknown_system(self) -> None:
        done = self.setup()
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"Debian calls them .*gcc-riscv64-unknown-elf")

    def debian(self, has_new_emulator: bool) -> None:
        """A Debian whose apt-get notes what it was asked and then brings the tools."""
        self.tools()
        (self.bin / "hidden").mkdir()
        for name in ("riscv64-unknown-elf-gcc", "qemu-system-riscv64"):
            (self.bin / name).rename(self.bin / "hidden" / name)
        log = self.folder / "log"
        bring = f"for f in {self.bin}/hidden/*; do {shutil.which('mv')} $f {self.bin}; done"
        self.command("apt-get", f'echo "$DEBIAN_FRONTEND $*" >> {log}; case "$*" in *install*) {bring};; esac')
        self.command("apt-cache", f"echo Package: $2; exit {0 if has_new_emulator else 100}"
                     if has_new_emulator else "exit 100")
        self.command("sudo", f'echo sudo >> {log}; exec "$@"')

    def installed(self) -> str:
        done = self.setup()
        self.assertEqual(done.returncode, 0, done.stdout)
        return (self.folder / "log").read_text()

    def test_debian_installs(self) -> None:
        self.debian(has_new_emulator=False)
        log = self.installed()
        self.assertRegex(log, r"noninteractive -q update\n")
        self.assertRegex(log, r"noninteractive -q -y install --no-install-recommends "
                              r"gcc-riscv64-unknown-elf opensbi picolibc-riscv64-unknown-elf qemu-system-misc\n")
        self.assertEqual("sudo" in log, os.getuid() != 0)

    def test_later_debian_has_another_emulator_package(self) -> None:
        self.debian(has_new_emulator=True)
        log = self.installed()
        self.assertIn("qemu-system-riscv\n", log)
        self.assertNotIn("qemu-system-misc", log)

    def test_installation_that_fails(self) -> None:
        self.debian(has_new_emulator=False)
        self.command("apt-get", 'case "$*" in *install*) echo no network; exit 100;; esac')
        done = self.setup()
        self.assertEqual(done.returncode, 1)
        self.assertIn("apt-get failed", done.stdout)

    def test_neither_root_nor_sudo(self) -> None:
        self.debian(has_new_emulator=False)
        (self.bin / "sudo").unlink()
        (self.bin / "id").unlink()
        self.command("id", "echo 1000")
        done = self.setup()
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"install them with: apt-get install --no-install-recommends ")
        self.assertFalse((self.folder / "log").exists(), "nothing was installed")


if __name__ == "__main__":
    unittest.main()
