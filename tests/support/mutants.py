"""Mutants: the tree with one check, fence or lock less. scripts/mutate makes them and sees which test falls."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, List, Optional, Tuple

ROOT = Path(__file__).resolve().parents[2]
GENERATOR = "scripts/tablegen/emit_thunks.py"


@dataclass(frozen=True)
class Mutant:
    file: str
    line: int
    kind: str  # check, fence, lock, order, thunk
    what: str  # the line that is gone or changed
    text: str  # of the whole file, changed

    @property
    def name(self) -> str:
        return f"{self.file}:{self.line} {self.kind}: {self.what}"

    @property
    def key(self) -> Tuple[str, str]:
        """What the list of known survivors knows it by: line numbers change."""
        return self.file, self.what


# Only hardware that the emulator does not model can tell these, or nothing can: the file, the line, and why.
KNOWN = {
    ("kernel/sys/process.c", "if (arch_time_now() >= deadline)"):
        "the wait that begins in vain is over at once, with the same error",
    ("kernel/object/futex.c", "if (arch_time_now() >= deadline)"):
        "the same; a waker that comes at that moment wakes it, which is as good",
    ("kernel/object/fault_report.c", "if (*work <= 0)"):
        "tests/boot/test_latency.py sees it, 2,500,000 instructions for test-elf, which takes too long here",
    ("arch/riscv/device.c", "if (!fdt_open(&fdt, riscv_early_memory(boot_device_tree), DEVICE_TREE_MOST))"):
        "the same tree has been opened before at boot, which stops there if it is none",
    ("kernel/mem/pool.c", "lock_acquire(&pool->lock);"): "the sum of figures that are told, never acted on",
    ("arch/riscv/mmu.c", "riscv_fence_code();"):
        "QEMU keeps no instruction cache apart from memory: it notices each store to code",
    ("arch/riscv/asid.c", "riscv_fence_code();"): "the same",
    ("arch/riscv/shootdown.c", "riscv_fence_code();"): "the same",
    ("arch/riscv/mmu.c", "riscv_fence_translation(address); /* an invalid entry may be cached, 4.2.1 */"):
        "QEMU caches no invalid translations",
    ("arch/riscv/entry.S", "sfence.vma"): "nothing has been cached at power-on in QEMU",
}

# An order that hardware may use and x86, on which the hosted kernel and the emulator run, does not.
WEAKER = "x86 gives this order to every load and store; ThreadSanitizer sees it only where plain data depends on it"


def sources() -> List[str]:
    files = sorted(ROOT.glob("kernel/**/*.[ch]")) + sorted(ROOT.glob("arch/riscv/*.[chS]"))
    return [str(file.relative_to(ROOT)) for file in files] + [GENERATOR]


def all_mutants() -> Iterator[Mutant]:
    for file in sources():
        yield from mutants_of(file, (ROOT / file).read_text(encoding="utf-8"))


def mutants_of(file: str, text: str) -> Iterator[Mutant]:
    lines = text.split("\n")
    for number, line in enumerate(lines):
        for find in FINDERS:
            if find.__name__ == "thunk" and file != GENERATOR or find.__name__ != "thunk" and file == GENERATOR:
                continue
            found = find(file, lines, number)
            if found is not None:
                kind, changed = found
                yield Mutant(file, number + 1, kind, " ".join(line.split()), "\n".join(changed))


Found = Optional[Tuple[str, List[str]]]


def without(lines: List[str], first: int, last: int) -> List[str]:
    return lines[:first] + [""] * (last + 1 - first) + lines[last + 1:]


def check(file: str, lines: List[str], at: int) -> Found:
    """`if (...)` with a way out behind it that says no: an error, false or nothing."""
    if file.endswith(".S") or not re.match(r"\t+if \(", lines[at]) or at + 1 >= len(lines):
        return None
    last = at
    while last < at + 3 and lines[last].count("(") and not lines[last].rstrip().endswith(")"):
        last += 1
    way_out = lines[last + 1] if last + 1 < len(lines) else ""
    if not re.match(r"\t+return( \(handle_result\))?( ?\{?-E\w+\}?| false| NULL)?;", way_out):
        return None
    return "check", without(lines, at, last + 1)


def try_check(file: str, lines: List[str], at: int) -> Found:
    """TRY of what changes nothing."""
    return ("check", without(lines, at, at)) if re.match(r"\t+TRY\(check_\w+\(.*\)\);$", lines[at]) else None


def fence(file: str, lines: List[str], at: int) -> Found:
    if re.match(r"\t+__atomic_thread_fence\(.*\);", lines[at]):
        return "fence", without(lines, at, at)
    if re.match(r"\t+riscv_fence_(translations?|code)\(", lines[at]):
        return "fence", lines[:at] + [re.sub(r"riscv_fence_\w+\([^()]*\);", "(void)0;", lines[at])] + lines[at + 1:]
    if file.endswith(".S") and re.match(r"\t(sfence|fence|sc\.d|csrc\t)", lines[at]):
        return "fence", without(lines, at, at)
    return None


def order(file: str, lines: List[str], at: int) -> Found:
    if not re.search(r"__ATOMIC_(ACQUIRE|RELEASE|ACQ_REL|SEQ_CST)", lines[at]) or "thread_fence" in lines[at]:
        return None
    return "order", lines[:at] + [re.sub(r"__ATOMIC_(ACQUIRE|RELEASE|ACQ_REL|SEQ_CST)", "__ATOMIC_RELAXED", lines[at])] + \
        lines[at + 1:]


def lock(file: str, lines: List[str], at: int) -> Found:
    """A lock is not taken, nor given back, in one function."""
    match = re.match(r"\t+lock_acquire\((.+)\);", lines[at])
    if not match:
        return None
    changed, taken = list(lines), match.group(1)
    changed[at] = ""
    for number in range(at + 1, len(lines)):
        if lines[number].startswith("}"):
            break
        if lines[number].strip() == f"lock_release({taken});":
            changed[number] = lines[number].replace(f"lock_release({taken})", "(void)0")
    return "lock", changed


THUNK_CHANGES = [
    ('wanted = " | ".join(rights) or "0"', 'wanted = "0"'),
    ('object_type = "OBJECT_ANY" if any_type else', 'object_type = "OBJECT_ANY" if True else'),
    ('self.ranges.append(f"TRY(thunk_range({register}, {argument.length}, {element}));")', "pass"),
    ('self.ranges.append(f"TRY(thunk_range({register}, 1, sizeof {name}));")', "pass"),
    ('self.scalars += [f"if (!{argument.type.name}_known({register}))", "\\treturn -EINVAL;"]', "pass"),
    ('self.scalars += [f"if ({register} > 1)", "\\treturn -EINVAL;"]', "pass"),
    ("self.ranges += struct_checks(self.interface, argument)", "pass"),
]


def thunk(file: str, lines: List[str], at: int) -> Found:
    """The generator leaves a check out of every thunk."""
    for old, new in THUNK_CHANGES:
        if old in lines[at]:
            return "thunk", lines[:at] + [lines[at].replace(old, new)] + lines[at + 1:]
    return None


FINDERS: List[Callable[[str, List[str], int], Found]] = [check, try_check, fence, order, lock, thunk]
