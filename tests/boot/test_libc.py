"""Parts of the C library, tried by programs compiled with the SDK."""

import tempfile
import unittest

from tests.support import boot

SYSTEM = r"""
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

int main(void)
{
	struct utsname name;
	char host[64];
	uname(&name);
	printf("%s %s %s %d\n", name.sysname, name.nodename, name.machine, name.release[0] != 0);
	printf("%d %s\n", gethostname(host, sizeof host), host);
	printf("%d %s\n", gethostname(host, 3), strerror(errno));
	printf("%ld %ld %d\n", sysconf(_SC_PAGESIZE), sysconf(_SC_NPROCESSORS_ONLN), getpagesize());
	printf("%d\n", sysconf(_SC_PHYS_PAGES) > 10000 && sysconf(_SC_AVPHYS_PAGES) < sysconf(_SC_PHYS_PAGES));
	errno = 0;
	printf("%ld %s\n", sysconf(12345), strerror(errno));
	printf("%d %d %d %d\n", (int)getuid(), (int)geteuid(), (int)getgid(), (int)getegid());
	return 0;
}
"""

SYSTEM_OUTPUT = """\
Tabula tabula riscv64 1
0 tabula
-1 File or path name too long
4096 2 4096
1
-1 Invalid argument
0 0 0 0
"""

MEMORY = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tabula/handles.h>

static long in_use(void)
{
	struct system_info info;
	system_info(own_system(), &info);
	return (long)((info.memory_total - info.memory_free) >> 10);
}

int main(int argc, char **argv)
{
	static char *many[20000];
	if (argc > 1 && strcmp(argv[1], "twice") == 0) {
		free(many[0] = malloc(10));
		free(many[0]);
	}
	free(malloc(1));
	long before = in_use();
	for (int i = 0; i < 20000; i++)
		memset(many[i] = malloc(1000), 1, 1000);
	char *large = malloc(10 << 20);
	memset(large, 1, 10 << 20);
	long full = in_use();
	for (int i = 0; i < 20000; i++)
		free(many[i]);
	free(large);
	long after = in_use();
	printf("%d %d\n", full - before > 29000, after - before < 1500);
	return 0;
}
"""


class Library(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name

    def test_system(self) -> None:
        program = boot.program_build(SYSTEM, self.folder)
        result = boot.run("tried", programs=[program], smp=2)
        self.assertEqual((result.output, result.status), (SYSTEM_OUTPUT, 0), str(result))

    def test_memory_goes_back_to_the_system(self) -> None:
        program = boot.program_build(MEMORY, self.folder)
        result = boot.run("tried", programs=[program])
        self.assertEqual((result.output, result.status), ("1 1\n", 0), str(result))

    def test_a_broken_heap_is_told(self) -> None:
        program = boot.program_build(MEMORY, self.folder)
        result = boot.run("tried twice", programs=[program])
        self.assertRegex(result.output, r"^malloc: block 0x[0-9a-f]+ was freed already\n")
        self.assertEqual(result.status, 134, str(result))


if __name__ == "__main__":
    unittest.main()
