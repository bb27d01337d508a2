"""arch/riscv/asid.c on a model of harts that remember translations under ASIDs, which QEMU's do not.

The model is worth as much as the mistakes that it finds: so each line that keeps harts from using what is gone is taken
out once, and has to be missed.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Dict, Tuple

ROOT = Path(__file__).resolve().parents[2]
STEPS = "100000"
SEEDS = ("1", "2", "3")
BITS = ("0", "1", "2", "16")

SET_SATP = "\tcsr_write(satp, entry->satp);\n"
FENCE = "\tif (again)\n\t\triscv_fence_translations();\n"
VISITORS = "\t__atomic_fetch_or(&space->visitors, 1u << this_hart()->index, __ATOMIC_SEQ_CST);\n"
LOOK = "\t\tif (is_in(i, space))\n\t\t\tfound |= 1u << i;\n\t}\n"
ACQUIRE = "\t__atomic_thread_fence(__ATOMIC_ACQUIRE)"

# What is in the file, and what takes its place.
MISTAKES: Dict[str, Tuple[str, str, str]] = {
    "an ASID is given out again without a fence": ("asid.c", FENCE, ""),
    "the fence comes while the old ASID is in satp": ("asid.c", SET_SATP + FENCE, FENCE + SET_SATP),
    "entries of the former generation are valid": ("asid.c", "\t\thart->generation++;\n", ""),
    "a hart that is elsewhere comes back with its ASID":
        ("asid.c", "\t\t\t__atomic_store_n(&space->entry[i].generation, 0, __ATOMIC_RELAXED);\n", "\t\t\t(void)0;\n"),
    "a hart that has come meanwhile is not asked": ("asid.c", LOOK + ACQUIRE, "\t}\n" + ACQUIRE),
    "a hart that has left is not counted": ("asid.c", "__atomic_load_n(&space->entry[i].generation, __ATOMIC_RELAXED) || ", ""),
    "translations are made before anybody knows of the hart": ("asid.c", VISITORS + SET_SATP, SET_SATP + VISITORS),
    "a new ASID comes without a fence.i": ("asid.c", FENCE + "\triscv_fence_code();\n", FENCE),
    "a hart says where it is after it has looked": (
        "arch_types.h", "\triscv_store_ordered(&hart->space, space);\n\tif",
        "\tbool valid = __atomic_load_n(&entry->generation, __ATOMIC_RELAXED) == hart->generation;\n"
        "\triscv_store_ordered(&hart->space, space);\n\tif (valid) {\n\t\tcsr_write(satp, entry->satp);\n\t\treturn;\n\t}\n\tif"),
}


def compile_driver(directory: Path, *flags: str) -> Path:
    subprocess.run(["cc", "-std=gnu17", "-O1", "-g", *flags, "-DDEBUG_CHECKS=0", "-iquote", f"{ROOT}/kernel",
                    "-iquote", str(directory / "arch/riscv"), f"-I{ROOT}/build/gen", "-o", str(directory / "driver"),
                    str(directory / "tests/host/asid_driver.c"), f"{ROOT}/kernel/lib/bits.c"], check=True)
    return directory / "driver"


def run(driver: Path, seed: str, bits: str, *allowed: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(driver), seed, STEPS, bits, *allowed], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)


class Asids(unittest.TestCase):
    counts_subtests = True

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.tree = Path(directory.name)
        shutil.copytree(ROOT / "arch/riscv", self.tree / "arch/riscv")
        (self.tree / "tests/host").mkdir(parents=True)
        shutil.copy(ROOT / "tests/host/asid_driver.c", self.tree / "tests/host")

    def test_nothing_stale_is_used(self) -> None:
        driver = compile_driver(self.tree, "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined",
                                "-fno-sanitize-recover=all")
        for bits in BITS:
            for seed in SEEDS:
                with self.subTest(f"{bits} bits, seed {seed}"):
                    done = run(driver, seed, bits)
                    self.assertEqual(done.returncode, 0, done.stdout)
                    self.assertRegex(done.stdout, rf"^{(1 << int(bits)) - 1} asids, ")

    def test_the_command_line_allows_fewer(self) -> None:
        driver = compile_driver(self.tree)
        for allowed, most in (("0", 0), ("2", 3), ("16", 15), ("17", 15), ("", 15), ("x", 15), ("1x", 15)):
            with self.subTest(f"asid-bits={allowed}"):
                done = run(driver, "1", "4", allowed)
                self.assertEqual(done.returncode, 0, done.stdout)
                self.assertIn(f"{most} asids, ", done.stdout)
                self.assertEqual("log: " in done.stdout, allowed not in ("0", "2", "16"), done.stdout)

    def test_each_mistake_is_found(self) -> None:
        for name, (file, there, instead) in MISTAKES.items():
            with self.subTest(name):
                path = self.tree / "arch/riscv" / file
                text = path.read_text()
                self.assertEqual(text.count(there), 1, "the list of mistakes does not fit the file any more")
                path.write_text(text.replace(there, instead))
                driver = compile_driver(self.tree, "-w")
                path.write_text(text)
                found = any(run(driver, seed, bits).returncode == 1 for seed in SEEDS for bits in BITS)
                self.assertTrue(found, "the model does not see it")


if __name__ == "__main__":
    unittest.main()
