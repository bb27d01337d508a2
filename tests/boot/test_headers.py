"""Which of POSIX's headers and functions there are: what is declared links, and what is missing is missed on purpose."""

from __future__ import annotations

import re
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Dict, List, Set

from tests.support import boot

NAMES = boot.ROOT / "tests/support/posix_names.txt"

WIDE = "picolibc's streams are of bytes: there are no wide ones"
OLD = "obsolete: POSIX itself has taken it back, or wants to"
PSEUDO = "there is one terminal, and no pseudo-terminals"
CANCEL = "threads can't be cancelled"
RANDOM = "the machine has no source of randomness to be trusted"
USERS = "there is one user in one group"
NAMED = "there are no names for it"
TIMERS = "a program has one timer, that of alarm and setitimer"
LATER = "nobody has needed it yet"

# Headers that are not there at all, and functions that are not.
ABSENT_HEADERS: Dict[str, str] = {
    "syslog.h": "there is no log that programs write to",
    "sys/random.h": RANDOM,
}

ABSENT: Dict[str, Dict[str, str]] = {
    "fcntl.h": {"posix_fallocate": "the file server promises no room"},
    "grp.h": dict.fromkeys(["getgrouplist", "setgroups"], USERS),
    "pthread.h": {
        **dict.fromkeys(["pthread_cancel", "pthread_setcancelstate", "pthread_setcanceltype", "pthread_testcancel"], CANCEL),
        **dict.fromkeys(["pthread_attr_getguardsize", "pthread_attr_setguardsize", "pthread_attr_getstack",
                         "pthread_attr_setstack"], "stacks and their gaps are the library's"),
        **dict.fromkeys(["pthread_barrier_destroy", "pthread_barrier_init", "pthread_barrier_wait",
                         "pthread_condattr_getclock", "pthread_rwlock_timedrdlock", "pthread_rwlock_timedwrlock",
                         "pthread_spin_destroy", "pthread_spin_init", "pthread_spin_lock", "pthread_spin_trylock",
                         "pthread_spin_unlock"], LATER),
    },
    "sched.h": dict.fromkeys(["sched_get_priority_max", "sched_get_priority_min"], "threads of programs are all equal"),
    "semaphore.h": dict.fromkeys(["sem_close", "sem_open", "sem_unlink"], NAMED),
    "signal.h": {
        "psiginfo": LATER,
        **dict.fromkeys(["sighold", "sigignore", "sigpause", "sigrelse", "sigset"], OLD),
    },
    "stdio.h": {"tempnam": OLD},
    "stdlib.h": {
        **dict.fromkeys(["grantpt", "posix_openpt", "ptsname", "unlockpt"], PSEUDO),
        **dict.fromkeys(["initstate", "setstate"], LATER),
    },
    "sys/mman.h": {
        "msync": "a mapping of a file is a copy",
        **dict.fromkeys(["mlock", "munlock", "madvise", "posix_madvise"], "memory stays where it is, however it is used"),
        **dict.fromkeys(["shm_open", "shm_unlink"], NAMED),
    },
    "sys/wait.h": {"waitid": LATER},
    "time.h": {
        **dict.fromkeys(["timer_create", "timer_delete", "timer_getoverrun", "timer_gettime", "timer_settime"], TIMERS),
        **dict.fromkeys(["clock_getcpuclockid", "getdate"], LATER),
    },
    "unistd.h": {
        **dict.fromkeys(["crypt", "getpass", "ualarm"], OLD),
        **dict.fromkeys(["getdomainname", "gethostid"], "there is no network"),
        "getentropy": RANDOM,
        "chroot": "a program has the root that it was given",
        "confstr": LATER,
    },
    "wchar.h": {
        **dict.fromkeys("""fgetwc fgetws fputwc fputws fwide fwprintf fwscanf getwc getwchar open_wmemstream putwc putwchar
                        swprintf swscanf ungetwc vfwprintf vswprintf vwprintf wprintf wscanf""".split(), WIDE),
        **dict.fromkeys(["wcsftime", "wcstold"], "picolibc lacks it"),
    },
    "wordexp.h": dict.fromkeys(["wordexp", "wordfree"], "popen and the shell do it"),
}


def listed() -> Dict[str, List[str]]:
    lines = [line for line in NAMES.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {header: names.split() for header, _, names in (line.partition(":") for line in lines)}


class Headers(unittest.TestCase):
    maxDiff = None

    def compile(self, text: str, *words: str) -> str:
        """What the compiler says; nothing when it is content."""
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["riscv64-unknown-elf-gcc", f"--specs={boot.ROOT}/build/sdk/tabula.specs", "-w", "-x", "c",
                                   *words, "-o", str(Path(folder) / "out"), "-", "-lm"],
                                  input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.stdout if done.returncode else ""

    def missing(self, header: str, names: List[str]) -> Set[str]:
        """Of these, those that are not declared, or declared and not there."""
        head = f"#define _GNU_SOURCE\n#include <{header}>\n"

        def uses(some: List[str]) -> str:
            return head + "".join(f"void *volatile const use_{name} = (void *){name};\n" for name in some)

        said = self.compile(uses(names), "-c", "-fmax-errors=0")
        undeclared = set(re.findall(r"error: .(\w+). undeclared", said))
        self.assertEqual(bool(said), bool(undeclared), said)
        declared = [name for name in names if name not in undeclared]
        main = "int main(void) { return 0" + "".join(f" + !use_{name}" for name in declared) + "; }\n"
        said = self.compile(uses(declared) + main)
        unlinked = set(re.findall(r"undefined reference to `(\w+)'", said))
        self.assertEqual(bool(said), bool(unlinked), said)
        return undeclared | unlinked

    def test_each_header(self) -> None:
        for header, names in listed().items():
            with self.subTest(header):
                there = not self.compile(f"#include <{header}>\n", "-fsyntax-only")
                self.assertEqual(there, header not in ABSENT_HEADERS, "the header")
                if there:
                    self.assertEqual(self.missing(header, names), set(ABSENT.get(header, {})))

    def test_with_system_calls(self) -> None:
        """<sys/mman.h> has names that the system calls have, too: they mean the same, whatever comes first."""
        calls, mman = "#include <tabula/syscalls.h>\n", "#include <sys/mman.h>\n"
        kept = "const int before[] = {PROT_READ, PROT_WRITE, PROT_EXEC, MAP_FIXED, MAP_SHARED};\n"
        same = ("_Static_assert(PROT_READ == 1 && PROT_WRITE == 2 && PROT_EXEC == 4, \"prot\");\n"
                "_Static_assert(MAP_FIXED == 1 && MAP_SHARED == 2, \"map\");\n")
        needed = "#ifndef MAP_ANONYMOUS\n#error not a macro\n#endif\n#ifndef MAP_SHARED\n#error not a macro\n#endif\n"
        for name, text in {"first": mman + needed + kept + calls + needed, "last": calls + kept + mman + needed,
                           "twice": mman + calls + mman + needed, "alone": mman + needed, "none": calls}.items():
            with self.subTest(name):
                self.assertEqual(self.compile(text + same, "-fsyntax-only", "-Werror", "-Wall", "-Wextra"), "")

    def test_what_is_missing_is_looked_for(self) -> None:
        """Nothing stands in the lists here that the test above does not ask about."""
        names = listed()
        self.assertEqual([header for header in [*ABSENT, *ABSENT_HEADERS] if header not in names], [])
        self.assertEqual([name for header, some in ABSENT.items() for name in some if name not in names[header]], [])


if __name__ == "__main__":
    unittest.main()
