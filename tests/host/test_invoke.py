"""Calls from inside the kernel, by number and by name: the real invoke.c and metadata over a table of fakes."""

import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = r"""
#include <stdio.h>
#include "kernel/syscalls.h"
#include "sys/invoke.h"

static long fake(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	printf("%lu %lu %lu %lu %lu %lu: ", a0, a1, a2, a3, a4, a5);
	return 7;
}

syscall_thunk *const native_table[SYSCALL_SLOTS] = {[0 ... SYSCALL_SLOTS - 1] = fake};

int main(void)
{
	const uint64_t a[] = {1, 2, 3, 4, 5, 6, 7};

	printf("%ld\n", call_invoke(SYS_process_id, 0, a));
	printf("%ld\n", call_invoke(SYS_memory_read, 4, a));
	printf("%ld\n", call_invoke_name("memory_read", 4, a));
	printf("%ld\n", call_invoke_name("vm_map", 2, a));
	printf("%ld\n", call_invoke(SYS_memory_read, 3, a));
	printf("%ld\n", call_invoke(SYS_memory_read, 5, a));
	printf("%ld\n", call_invoke_name("vm_map", 7, a));
	printf("%ld\n", call_invoke(SYS_ipc_call, 1, a));
	printf("%ld\n", call_invoke(0, 0, a));
	printf("%ld\n", call_invoke(SYSCALL_SLOTS, 0, a));
	printf("%ld\n", call_invoke(UINT64_MAX, 0, a));
	printf("%ld\n", call_invoke_name("memory_rea", 4, a));
	printf("%ld\n", call_invoke_name("", 0, a));
	return 0;
}
"""

EINVAL, ENOSYS = -22, -88

EXPECTED = f"""\
0 0 0 0 0 0: 7
1 2 3 4 0 0: 7
1 2 3 4 0 0: 7
1 2 0 0 0 0: 7
{EINVAL}
{EINVAL}
{EINVAL}
{EINVAL}
{ENOSYS}
{ENOSYS}
{ENOSYS}
{ENOSYS}
{ENOSYS}
"""


class Invoke(unittest.TestCase):
    def test_by_number_and_by_name(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            source, program = Path(folder, "test.c"), Path(folder, "test")
            source.write_text(PROGRAM, encoding="utf-8")
            command = ["gcc", "-std=gnu17", "-fsanitize=address,undefined", "-iquote", "tests/host/kernel",
                       "-Ikernel", "-Iarch/riscv", "-Ibuild/gen",
                       "-ffunction-sections", "-Wl,--gc-sections",
                       str(source), "kernel/sys/invoke.c", "build/gen/kernel/metadata.c", "kernel/lib/string.c",
                       "-fno-builtin", "-o", str(program)]
            subprocess.run(command, cwd=ROOT, check=True)
            done = subprocess.run([str(program)], stdout=subprocess.PIPE, text=True, check=True)
        self.assertEqual(done.stdout, EXPECTED)


if __name__ == "__main__":
    unittest.main()
