"""The build as its user meets it: quick, silent when nothing has changed, and with a target for everything."""

from __future__ import annotations

import json
import re
import resource
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from tests.support.tree import ROOT, Tree


class Build(unittest.TestCase):
    """On a copy of the tree with what has been built so far."""

    tree: Tree

    @classmethod
    def setUpClass(cls) -> None:
        cls.tree = Tree()
        cls.addClassCleanup(cls.tree.remove)
        first = cls.tree.make()
        assert first.status == 0, first.output

    def setUp(self) -> None:
        self.addCleanup(self.tree.restore)

    def test_second_make_does_nothing_and_says_so(self) -> None:
        again = self.tree.make()
        self.assertEqual((again.status, again.output), (0, "tabula is up to date\n"))

    def test_copy_of_the_tree_is_built_already(self) -> None:
        """But for the specs file that names the place of the SDK."""
        self.tree.make()
        with tempfile.TemporaryDirectory(prefix="tabula-copy-") as folder:
            copy = Path(folder) / "tree"
            shutil.copytree(self.tree.root, copy, symlinks=True)
            made = self.tree.run("make", "-C", str(copy), "--no-print-directory")
            self.assertEqual(made.status, 0, made.output)
            self.assertNotRegex(made.output, r"(?m)^  (CC|AS|LD|AR) ")
            self.assertIn(f"-L{copy}/build/sdk/", (copy / "build/sdk/tabula.specs").read_text())

    def test_debug_build_is_another(self) -> None:
        target = "build/tried/kernel/lib/ring.o"
        first, debug, again = (self.tree.make("B=build/tried", *more, target) for more in ((), ("DEBUG=1",), ("DEBUG=1",)))
        for made in (first, debug):
            self.assertEqual(made.status, 0, made.output)
            self.assertIn("CC      kernel/lib/ring.c", made.output)
        self.assertNotIn("CC ", again.output)

    def test_change_is_built(self) -> None:
        self.tree.append("user/bin/true.c", "/* changed */\n")
        made = self.tree.make()
        self.assertEqual(made.status, 0, made.output)
        self.assertRegex(made.output, r"(?m)^  CC      user/bin/true\.c$")
        self.assertNotIn("CC      kernel", made.output)
        self.assertNotIn("up to date", made.output)

    def test_header_of_the_kernel_is_known_to_what_includes_it(self) -> None:
        self.tree.append("kernel/bootargs.h", "/* changed */\n")
        made = self.tree.make()
        self.assertEqual(made.status, 0, made.output)
        self.assertRegex(made.output, r"(?m)^  CC      kernel/log\.c$")
        self.assertNotIn("CC      kernel/sched.c", made.output)

    def test_commands_are_shown(self) -> None:
        self.tree.append("user/bin/true.c", "/* changed */\n")
        made = self.tree.make("V=1")
        self.assertRegex(made.output, r"(?m)riscv64-unknown-elf-gcc .*-c -o \S+ user/bin/true\.c$")
        self.assertNotIn("  CC ", made.output)

    def test_compile_commands(self) -> None:
        commands = json.loads(self.tree.read("compile_commands.json"))
        by_file = {command["file"]: command for command in commands}
        for file in ("kernel/sched.c", "arch/riscv/trap.S", "user/libc/start.c", "user/servers/init/init.c"):
            self.assertIn(file, by_file)
        command = by_file["kernel/sched.c"]
        self.assertEqual(command["directory"], str(self.tree.root))
        self.assertIn("-Ikernel", command["arguments"])
        compiled = self.tree.run(*command["arguments"][:-1], "-fsyntax-only", "kernel/sched.c")
        self.assertEqual(compiled.status, 0, compiled.output)

    def test_new_file_is_in_compile_commands(self) -> None:
        """Only that is made here, as `make` alone does too: with one more program all are linked anew."""
        self.tree.write("user/bin/tried.c", "int main(void)\n{\n\treturn 0;\n}\n")
        made = self.tree.make("compile_commands.json")
        self.assertEqual(made.status, 0, made.output)
        self.assertIn("user/bin/tried.c", self.tree.read("compile_commands.json"))

    def test_layers_are_checked(self) -> None:
        self.tree.append("kernel/lib/string.c", '#include "object/thread.h"\n')
        made = self.tree.make()
        self.assertNotEqual(made.status, 0, made.output)
        self.assertRegex(made.output, r"kernel/lib/string\.c:\d+: error: kernel/lib may not include kernel/object/thread\.h")

    def test_programs_from_outside(self) -> None:
        self.tree.write("outside/hello.c", '#include <stdio.h>\nint main(void)\n{\n\tputs("mine");\n\treturn 3;\n}\n')
        compiled = self.tree.run("riscv64-unknown-elf-gcc", "--specs=build/sdk/tabula.specs", "outside/hello.c", "-o",
                                 "outside/hello")
        self.assertEqual(compiled.status, 0, compiled.output)
        ran = self.tree.make("run", "PROGRAMS=outside/hello", "CMD=hello; echo $?")
        self.assertRegex(ran.output, r"mine\n3\n$")

    def test_run_fails_as_the_command_does(self) -> None:
        ran = self.tree.make("run", "CMD=echo \"it's\" '$HOME'; exit 9")
        self.assertNotEqual(ran.status, 0)
        self.assertRegex(ran.output, r"(?m)^it's \$HOME$")
        self.assertIn("Error 9", ran.output)

    def test_run_without_a_command(self) -> None:
        ran = self.tree.make("run")
        self.assertNotEqual(ran.status, 0)
        self.assertIn("make run CMD='ls -l /'", ran.output)

    def test_tools_missing(self) -> None:
        made = self.tree.make("CROSS=no-such-")
        self.assertNotEqual(made.status, 0)
        self.assertRegex(made.output, r"missing: compiler .*make doctor")

    def test_doctor(self) -> None:
        self.assertIn("Nothing is missing", self.tree.make("doctor").output)


class Help(unittest.TestCase):
    takes_long = True

    def test_every_target_is_listed(self) -> None:
        with Tree(build=False) as tree:
            listed = tree.make("help")
            self.assertEqual(listed.status, 0, listed.output)
            names = re.findall(r"(?m)^  make ([a-z-]+)", listed.output)
        phony = set()
        for file in ("Makefile", "kernel/kernel.mk", "user/user.mk", "tests/tests.mk"):
            for line in re.findall(r"(?m)^\.PHONY: (.*)$", (ROOT / file).read_text()):
                phony |= set(line.split())
        self.assertEqual(phony - set(names), {"FORCE", "kernel", "user", "generate", "built"} & phony)

    def test_clean_tree_is_built_in_little_time(self) -> None:
        """In processor time, as multiples of what one large file takes: neither other work nor a slow machine counts."""
        with Tree(build=False) as tree:
            before = children_time()
            made = tree.make("-j2")
            self.assertEqual(made.status, 0, made.output)
            whole = children_time() - before
            self.assertLess(whole / min(compile_time(tree, "kernel/object/endpoint_call.c") for _ in range(3)), 400)


def compile_time(tree: Tree, file: str) -> float:
    entries = json.loads((tree.root / "compile_commands.json").read_text())
    entry = next(entry for entry in entries if entry["file"].endswith(file))
    before = children_time()
    subprocess.run(entry["arguments"], cwd=entry["directory"], check=True)
    return children_time() - before


def children_time() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    unittest.main()
