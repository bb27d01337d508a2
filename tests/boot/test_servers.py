"""Servers that end: init starts them again, and the shell goes on."""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from tests.support import boot

# Ends the program of a name, once or again and again; prints its number.
KILLER = r"""
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tabula/handles.h>
#include <tabula/protocol/program.h>

int main(int argc, char **argv)
{
	endpoint_handle programs = {startup_handle(STARTUP_PROGRAMS).value};
	struct program_info info = {0};
	int times = argc > 2 ? atoi(argv[2]) : 1;
	long pid = 0;

	while (times-- > 0) {
		for (pid = 0; (pid = program_next(programs, pid, &info)) == 0; pid = info.pid)
			if (strcmp((char *)info.name, argv[1]) == 0)
				break;
		if (pid < 0) {
			printf("no %s: %ld\n", argv[1], pid);
			return 1;
		}
		pid = info.pid;
		if (program_signal(programs, pid, SIGKILL, DEADLINE_NEVER) != 0)
			printf("can't end %ld\n", pid);
		while (program_next(programs, pid - 1, &info) == 0 && info.pid == pid)
			thread_yield();
	}
	printf("ended %s\n", argv[1]);
	return 0;
}
"""


class Restarts(unittest.TestCase):
    folder: "tempfile.TemporaryDirectory[str]"
    killer: Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory(prefix="tabula-servers-")
        cls.killer = boot.program_build(KILLER, cls.folder.name, "killer")

    @classmethod
    def tearDownClass(cls) -> None:
        cls.folder.cleanup()

    def test_console(self) -> None:
        with boot.Console(programs=[self.killer]) as console:
            console.expect(console.PROMPT)
            for _ in range(3):
                console.send("killer console\r")
                console.expect(r"^\[ *[\d.]+\] init: console has ended with status 137; here is a new one\n")
                console.expect(r"ended console\n")
                console.expect(console.PROMPT)
                self.assertEqual(console.command("echo on we go"), "on we go")

    def test_console_of_a_command(self) -> None:
        result = boot.run("echo before; killer console; echo after", programs=[self.killer])
        self.assertEqual((result.status, result.output), (0, "before\nended console\nafter\n"))
        self.assertIn("] init: console has ended with status 137; here is a new one\n", result.errors)


# A console that takes over the log and is heard of no more; the next ones end at once.
STUCK = r"""
#include <tabula/handles.h>
#include <tabula/syscalls.h>

int main(void)
{
	notification_handle lines = notification_create();

	if (process_id() > 4 || log_print(own_system(), lines, 1))
		return 7;
	for (;;)
		(void)notification_wait(lines, 2, DEADLINE_NEVER);
}
"""


class Stuck(unittest.TestCase):
    """A console that answers nobody: init does not wait for it for good."""

    def test_console(self) -> None:
        with tempfile.TemporaryDirectory(prefix="tabula-servers-") as folder:
            stuck = boot.program_build(STUCK, folder, "stuck")
            listed = (boot.ROOT / "build/archive.list").read_text().splitlines()
            files = [f"/servers/console={stuck}" if line.startswith("/servers/console=") else line for line in listed]
            archive = Path(folder) / "archive"
            subprocess.run([str(boot.ROOT / "scripts/mkarchive"), str(archive), *files], check=True, cwd=boot.ROOT)
            result = boot.run("exit 9", initrd=archive)
        self.assertEqual((result.status, result.output), (9, ""), result)
        said = re.findall(r"\] (init: .*)", result.log.replace("\x01", "\n"))
        self.assertEqual(said[:2], ["init: console does not answer, and is ended",
                                    "init: console has ended with status 137; here is a new one"])
        self.assertIn("init: console has ended with status 7; it does so at once, again and again, so it stays so",
                      result.log)


# Uses all servers from several threads at once, ends one of them meanwhile, and sees to it that all calls come back, and that
# it is served again.
SIEGE = r"""
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/protocol/file.h>
#include <tabula/protocol/program.h>
#include <tabula/protocol/terminal.h>

#define SECOND 1000000000ul

enum { WORKERS = 6 };

static struct worker {
	volatile unsigned long done, served; /* calls that came back, and those that did what they should */
	int (*work)(int number);
	const char *what;
} workers[WORKERS];

static endpoint_handle programs, console;

/* A file that has what was written to it. */
static int use_files(int number)
{
	char path[32], back[8] = "";
	int fd, good;

	snprintf(path, sizeof(path), "/tmp/siege%d", number);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return 0;
	good = write(fd, "siege", 5) == 5 && lseek(fd, 0, SEEK_SET) == 0 && read(fd, back, 8) == 5;
	close(fd);
	return good && !strcmp(back, "siege") && unlink(path) == 0;
}

static int use_console(int number)
{
	struct file_status status;

	return number % 2 ? terminal_get_mode(console) >= 0 : file_stat(console, &status) == 0;
}

/* An old handle is -EBADF to a new process server; that is an answer, too. */
static int use_programs(int number)
{
	uint32_t parent, group;
	long pid = program_self(programs, &parent, &group);

	(void)number;
	return pid > 0 || pid == -EBADF;
}

static void *work(void *argument)
{
	struct worker *worker = argument;

	for (;;) {
		worker->served += worker->work((int)(worker - workers)) != 0;
		worker->done++;
	}
}

static void wait_for_all(int served)
{
	unsigned long before[WORKERS];
	unsigned long until = clock_now() + 60 * SECOND;

	for (int i = 0; i < WORKERS; i++)
		before[i] = served ? workers[i].served : workers[i].done;
	for (int i = 0; i < WORKERS;) {
		if ((served ? workers[i].served : workers[i].done) > before[i] + 2)
			i++;
		else if (clock_now() > until)
			printf("siege: %s %s\n", workers[i].what, served ? "is not served" : "hangs"), exit(1);
		else
			thread_sleep(clock_now() + SECOND / 1000);
	}
}

static uint32_t find(const char *name)
{
	struct program_info info = {0};

	while (program_next(programs, info.pid, &info) == 0)
		if (strcmp((char *)info.name, name) == 0)
			return info.pid;
	printf("siege: no %s\n", name);
	exit(1);
}

int main(int argc, char **argv)
{
	int (*const uses[])(int) = {use_files, use_console, use_programs};
	const char *const what[] = {"files", "console", "process"};
	pthread_t thread;

	programs.value = startup_handle(STARTUP_PROGRAMS).value;
	console.value = startup_handle(STARTUP_CONSOLE).value;
	for (int i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){.work = uses[i % 3], .what = what[i % 3]};
		if (pthread_create(&thread, NULL, work, &workers[i]))
			return 1;
	}
	wait_for_all(1);

	uint32_t pid = find(argv[argc - 1]);
	unsigned long start = clock_now();
	long error = program_signal(programs, (int32_t)pid, SIGKILL, DEADLINE_NEVER);

	if (error && error != -EPIPE)
		printf("siege: %u can't be ended: %ld\n", pid, error);
	wait_for_all(0);
	wait_for_all(1);
	printf("siege: all serve again after %lu ms\n", (clock_now() - start) / 1000000);
	return 0;
}
"""


# A program that has children and handlers when the process server dies, and goes on with the next one. Says what is wrong.
LIFE = r"""
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/protocol/program.h>

static volatile sig_atomic_t heard;

static void check(int good, const char *what)
{
	if (!good)
		printf("life: %s: %s\n", what, strerror(errno));
}

static void hear(int number)
{
	heard = number;
}

enum { QUEUED = 3 };

static void queue_some(void)
{
	sigset_t set = 1ul << SIGRTMIN;

	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < QUEUED; i++)
		check(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i}) == 0, "sigqueue");
}

/* What is queued is kept: all of it, once. */
static void check_queued(void)
{
	sigset_t set = 1ul << SIGRTMIN;
	const struct timespec none = {0};
	siginfo_t info;

	for (int i = 0; i < QUEUED; i++)
		check(sigtimedwait(&set, &info, &none) == SIGRTMIN && info.si_value.sival_int == i, "what was queued");
	check(sigtimedwait(&set, &info, &none) == -1 && errno == EAGAIN, "more was queued");
	check(kill(getpid(), SIGRTMIN) == 0 && sigtimedwait(&set, &info, &none) == SIGRTMIN, "another");
}

/* Has its parent's pipe tell it to go on. */
static pid_t begin(int go[2], int status)
{
	char byte;

	if (pipe(go))
		return -1;
	pid_t pid = fork();

	if (pid == 0) {
		close(go[1]);
		read(go[0], &byte, 1);
		/* It is a program with a number and a parent as before, if it comes back before that or after. */
		_exit(kill(getpid(), 0) == 0 && kill(getppid(), 0) == 0 ? status : 99);
	}
	return pid;
}

static int status_of(pid_t pid)
{
	int status = -1;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static pid_t server(void)
{
	endpoint_handle programs = {startup_handle(STARTUP_PROGRAMS).value};
	struct program_info info = {0};

	while (program_next(programs, info.pid, &info) == 0)
		if (strcmp((char *)info.name, "process") == 0)
			return (pid_t)info.pid;
	return 0;
}

/* The number that this program has is the same, now that another process runs it. */
static int second(pid_t before)
{
	check(getpid() == before, "exec changes the number");
	check(status_of(fork() ?: (_exit(8), 0)) == 8, "fork after exec");
	puts("life: done");
	return 3;
}

int main(int argc, char **argv)
{
	int early[2], late[2], stays[2];
	char number[12], *child[] = {"sh", "-c", "kill -0 $$ && exit 6", NULL};
	char *self[] = {argv[0], "exec", number, NULL};
	pid_t pid = getpid(), first, last, quiet, spawned;
	struct rusage usage;

	if (argc > 2 && !strcmp(argv[1], "exec"))
		return second(atoi(argv[2]));
	signal(SIGUSR1, hear);
	queue_some();
	first = begin(early, 4);
	last = begin(late, 5);
	quiet = begin(stays, 6);
	check(kill(server(), SIGKILL) == 0, "the server that dies of it");
	write(early[1], "", 1); /* may come back before its parent does */
	if (argc > 1)
		usleep(300000);
	check(kill(pid, 0) == 0, "the number of this program is not known");
	check(getpid() == pid, "the number is another");
	check(kill(pid, SIGUSR1) == 0 && heard == SIGUSR1, "a signal to this program");
	check_queued();
	check(status_of(first) == 4, "a child from before");
	write(late[1], "", 1);
	check(status_of(last) == 5, "another child from before");
	check(kill(quiet, SIGTERM) == 0, "a signal to a child from before");
	check(status_of(quiet) == 128 + SIGTERM, "a child that is ended");
	check(status_of(fork() ?: (_exit(kill(pid, 0) ? 9 : 7), 0)) == 7, "a new child");
	check(!posix_spawn(&spawned, "/bin/sh", NULL, NULL, child, NULL), "posix_spawn");
	check(status_of(spawned) == 6, "a program that is started");
	check(wait(NULL) == -1 && errno == ECHILD, "a child is left");
	check(getrusage(RUSAGE_SELF, &usage) == 0, "getrusage");
	snprintf(number, sizeof(number), "%d", (int)pid);
	execv(self[0], self);
	check(0, "exec");
	return 1;
}
"""


class Siege(unittest.TestCase):
    """Each server is ended in turn, again and again, while all are in use; the shell goes on."""

    takes_long = True

    def siege(self, harts: int) -> None:
        with tempfile.TemporaryDirectory(prefix="tabula-servers-") as folder:
            program = boot.program_build(SIEGE, folder, "siege")
            with boot.Console(smp=harts, programs=[program]) as console:
                console.expect(console.PROMPT)
                for server in ("console", "files", "process") * 3:
                    console.send(f"siege {server}\r")
                    console.expect(f"^.*init: {server} has ended with status 137; here is a new one\n(.*\n)*.*"
                                   r"siege: all serve again after \d+ ms\n")
                    console.expect(console.PROMPT)
                    self.assertEqual(console.command("echo on > /tmp/a; cat /tmp/a; rm /tmp/a; echo $?"), "on\n0")
                names = [line.split()[6] for line in console.command("ps").splitlines()[1:]]
                self.assertEqual(sorted(names), ["console", "files", "init", "process", "ps", "sh"])
                console.send("siege console > /dev/null; sleep 1000\r")
                console.expect("here is a new one\n")
                console.send("\x03")  # the new console knows whom it is for
                console.expect(console.PROMPT)
                console.send("shutdown 3\r")
                self.assertEqual(console.ends(), 3)

    def test_one_hart(self) -> None:
        self.siege(1)

    def test_two_harts(self) -> None:
        self.siege(2)

    def test_four_harts(self) -> None:
        self.siege(4)


class ProcessServer(unittest.TestCase):
    """The shell when the process server is a new one: its jobs are still there, and others can be started."""

    def test_jobs(self) -> None:
        with boot.Console() as console:
            console.expect(console.PROMPT)
            console.command("mkfifo /tmp/go")
            for _ in range(2):
                console.command("(cat /tmp/go; exit 7) &")
                console.command("sleep 1000 &")
                self.end_server(console, "/bin/kill -KILL")
                self.assertEqual(console.command("jobs"), "[1]  Running   (cat /tmp/go; exit 7) \n[2]  Running   sleep 1000 ")
                console.command("kill -STOP %2")
                self.becomes(console, "jobs", 1, "[2]  Stopped   sleep 1000 ")
                self.assertEqual(console.command("bg %2; jobs").splitlines()[2], "[2]  Running   sleep 1000 ")
                console.send("sh -c 'echo begun; sleep 1000'\r")
                console.expect("^begun\n")
                console.send("\x1a")
                console.expect("Stopped")
                console.expect(console.PROMPT)
                self.assertIn("sh: Terminated", console.command("kill %3; wait %3"))
                self.assertEqual(console.command("echo > /tmp/go; wait %1; echo $?").split(), ["7"])
                self.assertIn("Terminated", console.command("kill %2; wait %2"))
                self.assertEqual(console.command("jobs; echo a | cat; (exit 4); echo $?"), "a\n4")

    def test_numbers(self) -> None:
        """A program has the number that it had, to itself and to others, and so has its group; also one that makes no call."""
        with boot.Console() as console:
            console.expect(console.PROMPT)
            console.command("set -m; sleep 1000 & a=$!; (sleep 1000; exit 1) & b=$!")
            for _ in range(3):
                before = self.listed(console)
                numbers = console.command("echo $$ $a $b").split()
                self.assertEqual([before[int(number)][2] for number in numbers], ["sh", "sleep", "sh"])
                server = self.end_server(console, "kill -9")
                after = self.listed(console)
                self.assertNotIn(server, after)
                self.assertEqual([row[2] for number, row in after.items() if number not in before], ["process"])
                self.assertEqual({n: row for n, row in after.items() if n in before},
                                 {n: row for n, row in before.items() if n != server})
                self.assertEqual(console.command("echo $$ $a $b; kill -0 $$ $a $b; echo $?").splitlines(),
                                 [" ".join(numbers), "0"])
            self.assertEqual(console.command("kill -TERM $a; wait $a; echo $?").splitlines()[-1], "143")
            self.assertEqual(console.command("kill -KILL -$b; wait $b; echo $?").splitlines()[-1], "137")

    def end_server(self, console: boot.Console, how: str) -> int:
        """Returns the number that it had, when there is another."""
        number = next(line.split()[0] for line in console.command("ps").splitlines() if " process " in line)
        said = console.command(f"{how} {number}; killed=$?; until ps > /dev/null 2>&1; do :; done; echo $killed")
        self.assertIn("init: process has ended with status 137; here is a new one\n", said)
        self.assertEqual(said.splitlines()[-1], "0")
        return int(number)

    def becomes(self, console: boot.Console, command: str, at: int, line: str) -> None:
        """Waits until this line of what the command prints is there."""
        deadline = time.monotonic() + boot.LIMIT
        while (said := console.command(command).splitlines())[at : at + 1] != [line] and time.monotonic() < deadline:
            continue
        self.assertEqual(said[at : at + 1], [line])

    @staticmethod
    def listed(console: boot.Console) -> "dict[int, tuple[int, int, str]]":
        """Parent, group and name by the number of each program, but for ps itself."""
        rows = [line.split() for line in console.command("ps -l").splitlines()[1:]]
        return {int(row[0]): (int(row[1]), int(row[2]), row[9]) for row in rows if row[9] != "ps"}

    def test_foreground(self) -> None:
        """Who has the terminal keeps it, and hears of Ctrl-C."""
        with boot.Console() as console:
            console.expect(console.PROMPT)
            server = next(line.split()[0] for line in console.command("ps").splitlines() if " process " in line)
            console.send(f"(until ps -t | grep -q ' cat  *reply from console'; do :; done; kill -9 {server}) & cat\r")
            console.expect("here is a new one\n")
            console.send("still here\r")
            console.expect("^still here\n")
            console.send("\x03")
            console.expect(console.PROMPT)
            self.assertEqual(console.command("echo $?"), "130")

    def life(self, harts: int) -> None:
        """A program that is none of the shell's kind goes on as well, first or after its children."""
        with tempfile.TemporaryDirectory(prefix="tabula-servers-") as folder:
            program = boot.program_build(LIFE, folder, "life")
            with boot.Console(smp=harts, programs=[program]) as console:
                console.expect(console.PROMPT)
                for line in ["/bin/life", "/bin/life late", "(/bin/life; exit $?)", "env sh -c '/bin/life late; exit $?'"] * 3:
                    with self.subTest(line=line):
                        self.assertEqual(console.command(f"{line}; echo $?").split("\n", 1)[1], "life: done\n3")

    def test_programs_on_one_hart(self) -> None:
        self.life(1)

    def test_programs_on_two_harts(self) -> None:
        self.life(2)

    def test_programs_on_four_harts(self) -> None:
        self.life(4)


class Hostile(unittest.TestCase):
    """The suite of that name, which in the other tests has a console that can't be read."""

    def test_terminal(self) -> None:
        with boot.Console() as console:
            console.expect(console.PROMPT)
            console.send("test-hostile\r")
            self.assertIn("pass:5 fail:0", console.expect(r"^# Totals: .*\n"))
            console.expect(console.PROMPT)
            self.assertEqual(console.command("echo alive"), "alive")
            console.send("cat\rab\x7fc\r")
            console.expect(r"^ac\n")
            console.send("\x03")
            console.expect(console.PROMPT)


if __name__ == "__main__":
    unittest.main()
