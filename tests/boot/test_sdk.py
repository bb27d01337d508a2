"""Programs from outside the tree: compiled with the SDK anywhere, put into the boot archive, run in the system."""

import random
import re
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Dict, List

ROOT = Path(__file__).resolve().parents[2]
SPECS = ROOT / "build/sdk/tabula.specs"
COMPILER = "riscv64-unknown-elf-gcc"

ORDINARY = r"""
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local int counter = 40;
static int constructed;

__attribute__((constructor)) static void construct(void) { constructed = 1; }
static void farewell(void) { fputs("atexit", stdout); } /* no newline: exit has to write it out */

int main(int argc, char **argv)
{
	atexit(farewell);
	for (int i = 1; i < argc; i++)
		printf("%d=%s\n", i, argv[i]);
	counter += 2;
	printf("%s %d %d %s\n", argv[0], constructed, counter, getenv("PATH"));
	printf("%.3f %g %e %5d|%-5s|%#lx\n", sqrt(atof("2")), 1e100, -0.5f, 42, "ab", 255L);
	char *block = malloc(3 << 20);
	memset(block, 'x', 3 << 20);
	block = realloc(block, 5 << 20);
	printf("%c\n", block[(3 << 20) - 1]);
	free(block);
	FILE *file = fopen("/no/such/file", "r");
	printf("%d %d %s\n", file == NULL, errno == ENOENT, strerror(errno));
	file = fopen("/etc", "w");
	printf("%d %s\n", file == NULL, strerror(errno));
	printf("%d", getchar());
	return 7;
}
"""

ORDINARY_OUTPUT = """\
1=one
2=two words
ordinary 1 42 /bin
1.414 1e+100 -5.000000e-01    42|ab   |0xff
x
1 1 No such file or directory
1 Is a directory
-1atexit\
"""

FILES = r"""
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void tell(const char *what, long result)
{
	printf("%s: %ld %s\n", what, result, result < 0 ? strerror(errno) : "");
}

int main(void)
{
	char buffer[32] = "";
	struct stat status;
	int fd = open("/etc/motd", O_RDONLY);
	tell("open", fd);
	tell("read", read(fd, buffer, 6));
	printf("%s\n", buffer);
	tell("seek back", lseek(fd, -5, SEEK_CUR));
	tell("seek before", lseek(fd, -2, SEEK_CUR));
	int other = dup(fd);
	tell("read", read(other, buffer, 1));
	tell("shared", lseek(fd, 0, SEEK_CUR));
	tell("far", lseek(fd, 1000000, SEEK_SET));
	tell("read", read(fd, buffer, 1));
	tell("write", write(fd, "x", 1));
	tell("close", close(fd));
	tell("close", close(fd));
	tell("read", read(fd, buffer, 1));
	tell("read", read(-1, buffer, 1));
	tell("directory", open("/etc", O_RDWR));
	tell("through a file", open("/etc/motd/x", O_RDONLY));
	tell("slash", open("/etc/motd/", O_RDONLY));
	tell("dots", open("//bin/../etc/./motd", O_RDONLY));
	tell("missing dots", open("/missing/../etc/motd", O_RDONLY));
	tell("empty", open("", O_RDONLY));
	tell("create", open("/new", O_WRONLY | O_CREAT, 0644));
	tell("unlink", unlink("/new"));
	tell("unlink", unlink("/missing"));
	tell("stat", stat("/etc", &status));
	printf("%d\n", S_ISDIR(status.st_mode));
	tell("chdir", chdir("/etc"));
	tell("stat", stat("motd", &status));
	printf("%d %s\n", S_ISREG(status.st_mode), getcwd(buffer, sizeof buffer));
	DIR *directory = opendir(".");
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
		printf("[%s]", entry->d_name);
	tell("\nclosedir", closedir(directory));
	tell("opendir", opendir("motd") == NULL ? -1 : 0);
	while ((fd = open("motd", O_RDONLY)) >= 0)
		;
	tell("many", fd);
	return 0;
}
"""

FILES_OUTPUT = """\
open: 3 
read: 6 
Tabula
seek back: 1 
seek before: -1 Invalid argument
read: 1 
shared: 2 
far: 1000000 
read: 0 
write: -1 Bad file number
close: 0 
close: -1 Bad file number
read: -1 Bad file number
read: -1 Bad file number
directory: -1 Is a directory
through a file: -1 Not a directory
slash: -1 Not a directory
dots: 3 
missing dots: -1 No such file or directory
empty: -1 No such file or directory
create: 5 
unlink: 0 
unlink: -1 No such file or directory
stat: 0 
1
chdir: 0 
stat: 0 
1 /etc
[.][..][motd]
closedir: 0 
opendir: -1 Not a directory
many: -1 File descriptor value too large
"""

CHILDREN = r"""
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <tabula/handles.h>

extern char **environ;

static int run(const char *path, char *const argv[], char *const envp[])
{
	pid_t pid;
	int status;
	fflush(stdout);
	int error = posix_spawn(&pid, path, NULL, NULL, argv, envp);
	if (error != 0)
		return printf("%s: %s\n", path, strerror(error));
	if (waitpid(pid, &status, 0) != pid)
		return printf("waitpid: %s\n", strerror(errno));
	if (WIFSIGNALED(status))
		return printf("%s: signal %d\n", path, WTERMSIG(status));
	return printf("%s: status %d\n", path, WEXITSTATUS(status));
}

/* How many handles can be made: what is lost shows as fewer. */
static int free_handles(void)
{
	static any_handle made[100000];
	int count = 0;
	while (count < 100000 && (made[count] = ANY(memory_create(1))).value > 0)
		count++;
	for (int i = 0; i < count; i++)
		handle_close(made[i]);
	return count;
}

static char huge[200000];

int main(int argc, char **argv)
{
	char *words[] = { "echo", "a b", "", "c", NULL };
	char *variables[] = { "ONLY=this", NULL };
	char *shell[] = { "sh", "-c", "echo $ONLY; exit 5", NULL };
	char *long_one[] = { "echo", huge, NULL };
	if (argc > 1)
		return 100;
	system("true"); /* what the library keeps once it has had a child is there from now on */
	int before = free_handles();
	run("/bin/echo", words, NULL);
	run("/bin/sh", shell, variables);
	run("/bin/crash", (char *[]){ "crash", "illegal", NULL }, environ);
	for (int round = 0; round < 2; round++) {
		run("/bin/nothing", words, NULL);
		run("/bin", words, NULL);
		run("/etc/motd", words, NULL);
		run("/bin/motd/x", words, NULL);
		memset(huge, 'x', sizeof huge - 1);
		run("/bin/echo", long_one, NULL);
	}
	run(argv[0], (char *[]){ argv[0], "child", NULL }, NULL);
	run("/bin/children", (char *[]){ argv[0], "child", NULL }, NULL);
	errno = 0;
	printf("%d %s\n", waitpid(12345, NULL, 0), strerror(errno));
	printf("system: %d\n", WEXITSTATUS(system("exit 9")));
	printf("handles: %s\n", before > 10 && before == free_handles() ? "all there" : "some are lost");
	fflush(stdout);
	abort();
}
"""

CHILDREN_OUTPUT = """\
a b  c
/bin/echo: status 0
this
/bin/sh: status 5
/bin/crash: signal 4
""" + """\
/bin/nothing: No such file or directory
/bin: Is a directory
/etc/motd: Permission denied
/bin/motd/x: No such file or directory
/bin/echo: Arg list too long
""" * 2 + """\
children: No such file or directory
/bin/children: status 100
-1 No children
system: 9
handles: all there
children: IOT trap
"""

ROUNDING = r"""
#include <math.h>
#include <stdio.h>

static volatile double numbers[] = { 0.5, -0.5, 2147483647.5, -2147483648.5, 4503599627370495.5, 0x1.90975fbde15bp+919 };

int main(void)
{
	for (int i = 0; i < 6; i++)
		printf("%a %a %a\n", ceil(numbers[i]), floor(numbers[i]), trunc(numbers[i]));
	return 0;
}
"""

ROUNDING_OUTPUT = """\
0x1p+0 0x0p+0 0x0p+0
-0x0p+0 -0x1p+0 -0x0p+0
0x1p+31 0x1.fffffffcp+30 0x1.fffffffcp+30
-0x1p+31 -0x1.00000002p+31 -0x1p+31
0x1p+52 0x1.ffffffffffffep+51 0x1.ffffffffffffep+51
0x1.90975fbde15bp+919 0x1.90975fbde15bp+919 0x1.90975fbde15bp+919
"""


class Sdk(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = Path(temporary.name)

    def compile(self, name: str, source: str, *flags: str) -> Path:
        """Compiles from another directory, as somebody outside the tree would; warnings are errors."""
        (self.directory / f"{name}.c").write_text(source)
        done = subprocess.run([COMPILER, f"--specs={SPECS}", "-Wall", "-Werror", *flags, f"{name}.c", "-o", name],
                              cwd=str(self.directory), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)
        return self.directory / name

    def run_in_system(self, program: Path, command: str, status: int, output: str) -> None:
        done = subprocess.run([str(ROOT / "scripts/run"), "--program", str(program), command],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.stdout, output, done.stderr)
        self.assertEqual(done.returncode, status, done.stderr)

    def test_ordinary_program(self) -> None:
        program = self.compile("ordinary", ORDINARY)
        self.run_in_system(program, "ordinary one 'two words'", 7, ORDINARY_OUTPUT)

    def test_own_flags_and_separate_steps(self) -> None:
        self.compile("ordinary.o", ORDINARY, "-c", "-O3", "-g", "-std=gnu11", "-DNAME=1", "-fno-builtin")
        subprocess.run([COMPILER, f"--specs={SPECS}", "ordinary.o", "-lm", "-o", "ordinary"],
                       cwd=str(self.directory), check=True)
        self.run_in_system(self.directory / "ordinary", "ordinary one 'two words'", 7, ORDINARY_OUTPUT)

    def test_other_code_model(self) -> None:
        program = self.compile("ordinary", ORDINARY, "-mcmodel=medlow", "-march=rv64imafd", "-O1")
        self.run_in_system(program, "ordinary one 'two words'", 7, ORDINARY_OUTPUT)

    def test_files(self) -> None:
        self.run_in_system(self.compile("files", FILES), "files", 0, FILES_OUTPUT)

    def test_children(self) -> None:
        self.run_in_system(self.compile("children", CHILDREN), "children", 134, CHILDREN_OUTPUT)

    def test_rounding(self) -> None:
        self.run_in_system(self.compile("rounding", ROUNDING, "-fno-builtin"), "rounding", 0, ROUNDING_OUTPUT)

    def run_all(self, programs: Dict[str, bytes]) -> List[str]:
        """Runs each file in one machine; returns what each printed with its status."""
        options, command = [], ""
        for name, contents in programs.items():
            (self.directory / name).write_bytes(contents)
            options += ["--program", str(self.directory / name)]
            command += f"echo @; {name}; echo $?; "
        done = subprocess.run([str(ROOT / "scripts/run"), *options, command + "echo @; echo alive"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 0, done.stderr)
        results = done.stdout.decode(errors="replace").split("@\n")[1:]
        self.assertEqual((len(results), results[-1]), (len(programs) + 1, "alive\n"))
        return results[:-1]

    def test_broken_programs_are_refused(self) -> None:
        """Each is an ELF file by its first bytes, so that the archive lets it be run."""
        good = (ROOT / "build/archive/bin/true").read_bytes()

        def with_bytes(offset: int, text: str, *values: int) -> bytes:
            size = struct.calcsize("<" + text)
            return good[:offset] + struct.pack("<" + text, *values) + good[offset + size:]

        text = 64 + 56  # the header of the segment that is loaded first; RISC-V attributes stand before it
        self.assertEqual(struct.unpack_from("<II", good, text), (1, 5))
        broken = {
            "short": good[:20], "headless": good[:64], "cut": good[:4096 + 1000],
            "class32": with_bytes(4, "B", 1), "bigendian": with_bytes(5, "B", 2), "shared": with_bytes(16, "H", 3),
            "amd64": with_bytes(18, "H", 62), "entry0": with_bytes(24, "Q", 0),
            "entryk": with_bytes(24, "Q", 0xffffffc080200000), "entryodd": with_bytes(24, "Q", 0x10000001),
            "headers": with_bytes(32, "Q", 1 << 63), "many": with_bytes(56, "H", 0xffff),
            "none": with_bytes(56, "H", 0), "wx": with_bytes(text + 4, "I", 7),
            "offset": with_bytes(text + 8, "Q", (1 << 64) - 4096), "low": with_bytes(text + 16, "Q", 0),
            "high": with_bytes(text + 16, "Q", 0x3ffffff000), "kernel": with_bytes(text + 16, "Q", 0xffffffc080200000),
            "filesize": with_bytes(text + 32, "Q", 1 << 40), "memsize": with_bytes(text + 40, "Q", (1 << 64) - 1),
            "small": with_bytes(text + 40, "Q", 1),
        }
        for name, result in zip(broken, self.run_all(broken)):
            with self.subTest(name):
                self.assertEqual(result, f"sh: {name}: not a program for this system\n126\n")

    def test_programs_with_flipped_bits_harm_nobody(self) -> None:
        good = (ROOT / "build/archive/bin/true").read_bytes()
        random_bits = random.Random(2)
        flipped = {}
        for i in range(48):
            bit = random_bits.randrange(8 * 8, 8 * (64 + 6 * 56))
            contents = bytearray(good)
            contents[bit // 8] ^= 1 << bit % 8
            flipped[f"flip{i}"] = bytes(contents)
        self.run_all(flipped)

    def test_no_segment_is_writable_and_executable(self) -> None:
        loads = [words for words in self.segments("ordinary") if words[0] == "LOAD"]
        rights = ["".join(words[6:-1]) for words in loads]
        self.assertEqual(rights, ["RE", "R", "RW", "RW"])  # the stack before the data, in one mapping

    def test_what_each_fork_copies_is_in_one_page(self) -> None:
        """The end of the stack, and the beginning of the thread-local data: see user/libc/program.ld."""
        stack = next(words for words in self.segments("ordinary") if words[0] == "GNU_STACK")
        symbols = subprocess.run(["riscv64-unknown-elf-nm", str(self.directory / "ordinary")], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout
        found = re.search(r"^(\w+) . __tls_block$", symbols, re.MULTILINE)
        assert found
        self.assertEqual((int(stack[2], 16) + int(stack[5], 16)) >> 12, int(found.group(1), 16) >> 12)

    def segments(self, name: str) -> List[List[str]]:
        program = self.compile(name, ORDINARY)
        listing = subprocess.run(["riscv64-unknown-elf-readelf", "-lW", str(program)], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout
        return [line.split() for line in listing.splitlines() if line.split()]


if __name__ == "__main__":
    unittest.main()
