/* Locks of files: fcntl's by process and by open file, flock, lockf; waiting, signals, deadlocks, the end of their owners. */
#define _GNU_SOURCE
#include "fails.h"
#include "suite.h"
#include "telling.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tabula/protocol/file.h>

#define PATH "/tmp/locked"

enum { WORKERS = 4, ROUNDS = 100 };

static int open_it(void)
{
	int fd = open(PATH, O_RDWR | O_CREAT, 0600);

	if (fd < 0)
		ktap_bail_out("no file: %s", strerror(errno));
	return fd;
}

static int act(int fd, int command, short type, long start, long length)
{
	struct flock flock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};

	return fcntl(fd, command, &flock);
}

static int status_of(pid_t pid)
{
	int status = -1;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Whether another process could lock these bytes for itself. */
static bool others_can(long start, long length)
{
	struct flock flock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
	pid_t pid = fork();

	if (pid == 0)
		_exit(fcntl(open_it(), F_GETLK, &flock) == 0 && flock.l_type == F_UNLCK ? 0 : 1);
	return status_of(pid) == 0;
}

/* The server hears of the end of a process a little later. */
static bool others_can_soon(long start, long length)
{
	uint64_t until = now() + PATIENCE;

	while (!others_can(start, length) && now() < until)
		thread_sleep(now() + MS);
	return others_can(start, length);
}

static void test_process(void)
{
	struct checks c = {0};
	int fd = open_it(), reader = open(PATH, O_RDONLY), ends[2];
	struct flock flock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	check(&c, !ftruncate(fd, 100), "a file");
	check(&c, !act(fd, F_SETLK, F_WRLCK, 10, 10) && !act(reader, F_SETLK, F_RDLCK, 12, 2),
		"once more, shared");
	check(&c, !others_can(10, 1) && !others_can(12, 1) && others_can(0, 10) && others_can(20, 0),
		"its bytes");
	FAILS(&c, EBADF, act(reader, F_SETLK, F_WRLCK, 50, 1));
	FAILS(&c, EBADF, act(77, F_SETLK, F_WRLCK, 0, 0));
	FAILS(&c, EINVAL, act(fd, F_SETLK, 9, 0, 0));
	FAILS(&c, EINVAL, act(fd, F_SETLK, F_WRLCK, -1, 0));
	FAILS(&c, EOVERFLOW, act(fd, F_SETLK, F_WRLCK, 10, INT64_MAX));
	check(&c, !pipe(ends), "a pipe");
	FAILS(&c, EINVAL, act(ends[1], F_SETLK, F_WRLCK, 0, 0));
	pid_t pid = fork();

	if (pid == 0) { /* which has none of them, and closes what its parent has locked */
		bool found = fcntl(fd, F_GETLK, &flock) == 0 && flock.l_type == F_WRLCK &&
			     flock.l_start == 10 && flock.l_len == 2 && flock.l_pid == (short)getppid();

		_exit(!found || close(fd) || close(reader));
	}
	check(&c, status_of(pid) == 0, "who has it");
	check(&c, !others_can(10, 1), "after a child has closed it");
	flock = (struct flock){.l_type = F_UNLCK, .l_whence = SEEK_END, .l_start = -80, .l_len = -5};
	check(&c, !fcntl(fd, F_SETLK, &flock) && others_can(15, 5) && !others_can(14, 1),
		"from the end backwards");
	check(&c, !close(reader) && others_can(0, 0), "closing any descriptor of the file");
	check(&c, !lseek(fd, 0, SEEK_SET) && !lockf(fd, F_LOCK, 5) && !others_can(4, 1) && others_can(5, 0),
		"lockf");
	check(&c, !lockf(fd, F_TEST, 9) && !lockf(fd, F_ULOCK, 0) && others_can(0, 0), "unlocked");
	close(fd);
	close(ends[0]);
	close(ends[1]);
	checks_report(&c, "locks of a process");
}

static void test_open_file(void)
{
	struct checks c = {0};
	int one = open_it(), other = open_it(), copy = dup(one);
	struct flock flock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	check(&c, !act(one, F_OFD_SETLK, F_WRLCK, 0, 10), "locked");
	FAILS(&c, EAGAIN, act(other, F_OFD_SETLK, F_RDLCK, 9, 1));
	FAILS(&c, EAGAIN, act(other, F_SETLK, F_RDLCK, 9, 1));
	check(&c, !fcntl(other, F_OFD_GETLK, &flock) && flock.l_pid == -1 && flock.l_len == 10,
		"whose it is");
	check(&c, !close(one), "one of two descriptors");
	FAILS(&c, EAGAIN, act(other, F_OFD_SETLK, F_RDLCK, 9, 1));
	check(&c, !close(copy) && !act(other, F_OFD_SETLKW, F_WRLCK, 9, 1), "the last one");
	pid_t pid = fork();

	if (pid == 0)
		_exit(act(other, F_OFD_SETLK, F_UNLCK, 0, 0) ? 1 : 0);
	check(&c, status_of(pid) == 0 && others_can(0, 0), "a child has the same");
	close(other);
	checks_report(&c, "locks of an open file");
}

static void test_flock(void)
{
	struct checks c = {0};
	int one = open_it(), other = open(PATH, O_RDONLY);

	check(&c, !flock(one, LOCK_SH) && !flock(other, LOCK_SH | LOCK_NB), "shared");
	FAILS(&c, EAGAIN, flock(one, LOCK_EX | LOCK_NB));
	check(&c, !flock(other, LOCK_UN) && !flock(one, LOCK_EX), "for one");
	FAILS(&c, EAGAIN, flock(other, LOCK_SH | LOCK_NB));
	FAILS(&c, EINVAL, flock(one, LOCK_SH | LOCK_EX));
	FAILS(&c, EBADF, flock(77, LOCK_SH));
	check(&c, !close(one) && !flock(other, LOCK_EX), "after the end, one that may only be read");
	close(other);
	checks_report(&c, "flock");
}

/* Adds one to a number in the file, with a lock around it. */
static int count_up(int worker)
{
	int fd = open_it();
	uint64_t number = 0;

	for (int i = 0; i < ROUNDS; i++) {
		if (worker & 1 ? flock(fd, LOCK_EX) : act(fd, F_SETLKW, F_WRLCK, 0, 8))
			return 1;
		if (pread(fd, &number, 8, 0) != 8)
			return 2;
		number++;
		if (pwrite(fd, &number, 8, 0) != 8)
			return 3;
		if (worker & 1 ? flock(fd, LOCK_UN) : act(fd, F_SETLK, F_UNLCK, 0, 0))
			return 4;
	}
	return 0;
}

static void test_exclusion(void)
{
	struct checks c = {0};
	uint64_t number = 0;
	pid_t pids[WORKERS];
	int fd = open_it();

	check(&c, pwrite(fd, &number, 8, 0) == 8, "a number");
	for (int i = 0; i < WORKERS; i++)
		if ((pids[i] = fork()) == 0)
			_exit(count_up(i));
	for (int i = 0; i < WORKERS; i++)
		check(&c, status_of(pids[i]) == 0, "worker %d", i);
	check(&c, pread(fd, &number, 8, 0) == 8 && number == WORKERS * ROUNDS, "%lu", (unsigned long)number);
	close(fd);
	checks_report(&c, "one at a time");
}

/* ---- exec */

static const char myself[] = "/bin/test-locks";

/* In a child: locks three files in different ways, and becomes a program that says what others find, and unlocks one. */
static int become(bool closes)
{
	int process = open_it(), by_open_file = open(PATH "2", O_RDWR | O_CREAT, 0600),
	    whole = open(PATH "3", O_RDWR | O_CREAT, 0600);
	char number[12];

	if (closes && fcntl(process, F_SETFD, FD_CLOEXEC))
		return 20;
	if (act(process, F_SETLK, F_WRLCK, 5, 5) || act(by_open_file, F_OFD_SETLK, F_WRLCK, 0, 1) ||
		flock(whole, LOCK_EX))
		return 21;
	if (!execl("/nothing", "nothing", NULL) || others_can(5, 1))
		return 22; /* one that fails takes nothing */
	sprintf(number, "%d", process);
	execl(myself, myself, closes ? "closed" : "kept", number, NULL);
	return 23;
}

/* Whether another open file could have this lock. */
static bool is_free(const char *path)
{
	struct flock flock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(open(path, O_RDWR), F_OFD_GETLK, &flock) == 0 && flock.l_type == F_UNLCK;
}

static int after_exec(bool closed, int process)
{
	if (is_free(PATH "2") || is_free(PATH "3"))
		return 30;
	if (closed)
		return others_can(5, 5) ? 0 : 31;
	if (others_can(5, 1) || others_can(9, 1) || !others_can(0, 5))
		return 32;
	if (act(process, F_SETLK, F_UNLCK, 5, 1) || !others_can(5, 1) || others_can(6, 1))
		return 33; /* they are its own */
	return close(process) || !others_can(0, 0) ? 34 : 0;
}

static void test_exec(void)
{
	struct checks c = {0};

	for (int closes = 0; closes < 2; closes++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(become(closes));
		int status = status_of(pid);

		check(&c, status == 0, "closed by exec: %d, %d", closes, status);
		check(&c, others_can_soon(0, 0) && is_free(PATH "2") && is_free(PATH "3"),
			"they have gone with it");
	}
	unlink(PATH "2");
	unlink(PATH "3");
	checks_report(&c, "exec keeps locks, but of a process those of files that it closes");
}

/* ---- waiting, and its end */

/* A child that waits for a lock which this process has; ends with INTERRUPTED when it was. */
static pid_t child_waits(int *from)
{
	pid_t pid = fork_telling(0, from);

	if (pid != 0)
		return pid;
	_exit(act(open_it(), F_SETLKW, F_WRLCK, 0, 0) == 0 ? 0 : errno == EINTR ? INTERRUPTED : 1);
}

static void test_waiting(void)
{
	struct checks c = {0};
	int fd = open_it(), from, status = 0;
	char byte;

	check(&c, !act(fd, F_SETLK, F_WRLCK, 0, 0), "locked");
	pid_t pid = child_waits(&from);

	interrupt(&c, pid, from);
	for (int i = 0; i < 10; i++) {
		pid = child_waits(&from);
		check(&c, read(from, &byte, 1) == 1, "it is there");
		thread_sleep(now() + (uint64_t)i * MS / 2);
		check(&c, !kill(pid, SIGKILL) && waitpid(pid, &status, 0) == pid, "killed");
		close(from);
	}
	pid = child_waits(&from);
	check(&c, read(from, &byte, 1) == 1 && !act(fd, F_SETLK, F_UNLCK, 0, 0), "unlocked");
	check(&c, status_of(pid) == 0, "the last one got it");
	check(&c, others_can_soon(0, 0), "and nobody has it now");
	close(from);
	close(fd);
	checks_report(&c, "signals and ends while one waits");
}

static void test_dead(void)
{
	struct checks c = {0};
	int ends[2], fd = open_it();
	char byte;

	for (int i = 0; i < 10; i++) {
		check(&c, !pipe(ends), "a pipe");
		pid_t pid = fork();

		if (pid == 0) {
			int own = open_it(),
			    error = i & 1 ? flock(own, LOCK_EX) : act(own, F_SETLKW, F_WRLCK, 0, 0);

			if (!error)
				(void)!write(ends[1], "l", 1);
			for (;;)
				pause();
		}
		close(ends[1]);
		check(&c, read(ends[0], &byte, 1) == 1, "the child has it");
		FAILS(&c, EAGAIN, act(fd, F_SETLK, F_WRLCK, 0, 0));
		check(&c, !kill(pid, SIGKILL) && status_of(pid) == -1, "killed");
		check(&c, !act(fd, F_SETLKW, F_WRLCK, 0, 0) && !act(fd, F_SETLK, F_UNLCK, 0, 0),
			"it is free");
		close(ends[0]);
	}
	close(fd);
	checks_report(&c, "nobody who is dead has a lock");
}

static void test_deadlock(void)
{
	struct checks c = {0};
	int fd = open_it(), ends[2];
	char byte;

	check(&c, !pipe(ends) && !act(fd, F_SETLK, F_WRLCK, 0, 1), "the first");
	pid_t pid = fork();

	if (pid == 0) {
		int own = open_it();

		if (act(own, F_SETLK, F_WRLCK, 1, 1) || write(ends[1], "l", 1) != 1)
			_exit(1);
		_exit(act(own, F_SETLKW, F_WRLCK, 0, 1) == 0 ? 0 : errno == EDEADLK ? 10 : 2);
	}
	check(&c, read(ends[0], &byte, 1) == 1, "the second");
	/* Whoever comes second is told. */
	int error = act(fd, F_SETLKW, F_WRLCK, 1, 1) ? errno : 0;

	check(&c, error == 0 || error == EDEADLK, "%d", error);
	check(&c, !act(fd, F_SETLK, F_UNLCK, 0, 0), "given up");
	check(&c, status_of(pid) == (error ? 0 : 10), "the other got it, or was told");
	close(fd);
	close(ends[0]);
	close(ends[1]);
	checks_report(&c, "who would wait for himself is told");
}

static void test_hostile(void)
{
	struct checks c = {0};
	const struct file_range all = {.last = INT64_MAX}, none = {.begin = 1};
	int fd = open_it();
	endpoint_handle file = own_descriptor(fd);

	check(&c, file_lock(file, own_root(), LOCKING_SHARED, &all, DEADLINE_NEVER) == -EINVAL,
		"everybody's root has no locks");
	check(&c, file_lock(file, file, LOCKING_SHARED, &none, DEADLINE_NEVER) == -EINVAL, "no range");
	check(&c, file_lock(file, endpoint_create(), LOCKING_SHARED, &all, DEADLINE_NEVER) < 0, "no owner");
	close(fd);
	checks_report(&c, "owners that are none");
}

int main(int argc, char **argv)
{
	if (argc == 3)
		return after_exec(!strcmp(argv[1], "closed"), atoi(argv[2]));
	ktap_plan(10);
	test_process();
	test_open_file();
	test_flock();
	test_exclusion();
	test_exec();
	test_waiting();
	test_dead();
	test_deadlock();
	test_hostile();
	ktap_ok(!unlink(PATH), "nothing is left");
	return ktap_end();
}
