/* Fifos: names, who waits for whom in open, signals meanwhile, ends of either side, poll, processes that are killed. */
#define _GNU_SOURCE
#include "fails.h"
#include "suite.h"
#include "telling.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <tabula/protocol/directory.h>
#include <tabula/protocol/file.h>
#include <unistd.h>

#define FIFO  "/tmp/fifo"
#define OTHER "/tmp/other"

enum { ROUNDS = 100, WRITERS = 4, LINES = 200, PIPE_BYTES = 16384 };

/* A new one: nobody has it open, not even somebody whose end the server has yet to hear of. */
static void make_fifo(void)
{
	(void)unlink(FIFO);
	if (mkfifo(FIFO, 0600))
		ktap_bail_out("no fifo: %s", strerror(errno));
}

static int status_of(pid_t pid)
{
	int status = -1;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The server hears of the end of a process, or of a close, a little later. */
static bool nobody_reads(void)
{
	uint64_t until = now() + PATIENCE;
	int fd;

	while ((fd = open(FIFO, O_WRONLY | O_NONBLOCK)) >= 0 && now() < until) {
		close(fd);
		thread_sleep(now() + MS);
	}
	if (fd >= 0)
		close(fd);
	return fd < 0 && errno == ENXIO;
}

static void test_names(void)
{
	struct checks c = {0};
	struct stat status;
	char *argv[] = {(char[]){"x"}, NULL};
	pid_t pid;
	mode_t mask = umask(027);

	check(&c, !mkfifo(FIFO, 0777), "made");
	umask(mask);
	check(&c, !stat(FIFO, &status) && S_ISFIFO(status.st_mode) && (status.st_mode & 07777) == 0750,
		"mode %o", (unsigned)status.st_mode);
	FAILS(&c, EEXIST, mkfifo(FIFO, 0600));
	FAILS(&c, ENOENT, mkfifo("/tmp/none/f", 0600));
	FAILS(&c, EBADF, mkfifoat(77, "f", 0600));
	FAILS(&c, EACCES, execv(FIFO, argv));
	check(&c, posix_spawn(&pid, FIFO, NULL, NULL, argv, environ) == EACCES, "no program");
	FAILS(&c, EINVAL, truncate(FIFO, 0));
	FAILS(&c, ENOTDIR, chdir(FIFO));
	FAILS(&c, ENOTDIR, open(FIFO, O_RDONLY | O_DIRECTORY));
	check(&c, !rename(FIFO, OTHER) && !lstat(OTHER, &status) && S_ISFIFO(status.st_mode), "renamed");
	check(&c, !link(OTHER, FIFO) && !unlink(OTHER) && !unlink(FIFO), "linked and removed");
	check(&c, !mknod(FIFO, S_IFIFO | 0600, 0) && !stat(FIFO, &status) && S_ISFIFO(status.st_mode),
		"mknod");
	check(&c, !mknod(OTHER, S_IFREG | 0600, 0) && !stat(OTHER, &status) && S_ISREG(status.st_mode),
		"a file");
	FAILS(&c, EEXIST, mknod(OTHER, 0600, 0));
	FAILS(&c, EPERM, mknod("/tmp/device", S_IFCHR | 0600, 0));
	FAILS(&c, EINVAL, mknod("/tmp/directory", S_IFDIR | 0700, 0));
	check(&c, !unlink(FIFO) && !unlink(OTHER), "removed");
	checks_report(&c, "names, modes, and what a fifo is not");
}

static void test_without_waiting(void)
{
	struct checks c = {0};
	struct stat status;
	char bytes[8];
	int reader, writer;

	make_fifo();
	FAILS(&c, ENXIO, open(FIFO, O_WRONLY | O_NONBLOCK));
	reader = open(FIFO, O_RDONLY | O_NONBLOCK);
	check(&c, reader >= 0 && read(reader, bytes, 8) == 0, "nobody writes");
	writer = open(FIFO, O_WRONLY | O_NONBLOCK);
	FAILS(&c, EAGAIN, read(reader, bytes, 8));
	check(&c, write(writer, "abc", 3) == 3 && !fstat(reader, &status) && status.st_size == 3, "bytes");
	check(&c, read(reader, bytes, 8) == 3 && !memcmp(bytes, "abc", 3), "the same");
	FAILS(&c, ESPIPE, lseek(reader, 0, SEEK_SET));
	close(reader);
	close(writer);
	writer = open(FIFO, O_RDWR);
	check(&c, writer >= 0 && write(writer, "x", 1) == 1 && read(writer, bytes, 8) == 1, "both in one");
	close(writer);
	check(&c, nobody_reads(), "nobody reads any more");
	unlink(FIFO);
	checks_report(&c, "O_NONBLOCK and O_RDWR do not wait");
}

/* A child that opens the fifo, and tells with what bytes, or writes so many. */
static pid_t child_opens(int flags)
{
	char bytes[8] = "child";
	pid_t pid = fork();

	if (pid != 0)
		return pid;

	int fd = open(FIFO, flags);

	if (fd < 0)
		_exit(1);
	if (flags == O_WRONLY)
		_exit(write(fd, bytes, 5) == 5 ? 0 : 2);
	_exit(read(fd, bytes, 8) == 6 && !memcmp(bytes, "parent", 6) && read(fd, bytes, 8) == 0 ? 0 : 3);
}

static void test_waiting(void)
{
	struct checks c = {0};
	char bytes[8];

	for (int i = 0; i < ROUNDS; i++) {
		make_fifo();
		pid_t pid = child_opens(i & 1 ? O_WRONLY : O_RDONLY);

		if (i & 2)
			thread_sleep(now() + MS); /* now the child is first, now this one */

		int fd = open(FIFO, i & 1 ? O_RDONLY : O_WRONLY);

		if (i & 1)
			check(&c,
				read(fd, bytes, 8) == 5 && !memcmp(bytes, "child", 5) &&
					read(fd, bytes, 8) == 0,
				"from the child");
		else
			check(&c, write(fd, "parent", 6) == 6, "to the child");
		close(fd);
		int status = status_of(pid);
		check(&c, status == 0, "round %d: the child says %d", i, status);
	}
	unlink(FIFO);
	checks_report(&c, "who reads waits for who writes, and the other way round");
}

/* ---- signals */

/* A child in an open that waits, whose handler tells. It ends with INTERRUPTED, or 0 when open was not. */
static pid_t child_interrupted(int flags, int action_flags, int *from)
{
	pid_t pid = fork_telling(action_flags, from);

	if (pid != 0)
		return pid;

	int fd = open(FIFO, flags);

	_exit(fd >= 0 ? 0 : errno == EINTR && handled > 1 ? INTERRUPTED : 1);
}

static void test_interrupted(void)
{
	static const int sides[] = {O_RDONLY, O_WRONLY};
	struct checks c = {0};
	char byte;
	int from;

	for (int i = 0; i < 2; i++) {
		make_fifo();
		pid_t pid = child_interrupted(sides[i], 0, &from);

		interrupt(&c, pid, from);
		check(&c, i || nobody_reads(), "nothing of it is left");

		make_fifo();
		pid = child_interrupted(sides[i], SA_RESTART, &from);
		check(&c, read(from, &byte, 1) == 1, "it has its handler");
		for (int n = 0; n < 20; n++)
			check(&c, !kill(pid, SIGUSR1) && read(from, &byte, 1) == 1, "signal %d", n);
		int fd = open(FIFO, sides[1 - i]);
		check(&c, status_of(pid) == 0, "SA_RESTART goes on");
		close(fd);
		close(from);
	}
	unlink(FIFO);
	checks_report(&c, "signals while open waits");
}

static void test_killed(void)
{
	struct checks c = {0};

	for (int i = 0; i < ROUNDS / 4; i++) {
		make_fifo();
		pid_t pid = child_opens(O_RDONLY);
		int status;

		thread_sleep(now() + (uint64_t)i * MS / 8);
		check(&c, !kill(pid, i & 1 ? SIGKILL : SIGINT) && waitpid(pid, &status, 0) == pid, "killed");
		check(&c, nobody_reads(), "and reads no more");
	}
	unlink(FIFO);
	checks_report(&c, "who is killed while open waits is nobody's partner");
}

/* ---- ends */

static void test_ends(void)
{
	struct checks c = {0};
	char bytes[8];
	int reader, writer;
	void (*before)(int) = signal(SIGPIPE, tell);

	make_fifo();
	reader = open(FIFO, O_RDONLY | O_NONBLOCK);
	fcntl(reader, F_SETFL, 0);
	for (int i = 0; i < 3; i++) {
		writer = open(FIFO, O_WRONLY);
		check(&c, write(writer, "again", 5) == 5 && !close(writer), "written");
		check(&c, read(reader, bytes, 8) == 5, "read, round %d", i);
		check(&c, read(reader, bytes, 8) == 0, "the end");
	}
	writer = open(FIFO, O_WRONLY);
	close(reader);
	handled = 0;
	while (write(writer, "x", 1) == 1)
		thread_sleep(now() + MS);
	check(&c, errno == EPIPE && handled == 1, "nobody reads: %s", strerror(errno));
	close(writer);
	signal(SIGPIPE, before);
	unlink(FIFO);
	checks_report(&c, "the end when the last writer goes, bytes again from the next, EPIPE");
}

static void test_many(void)
{
	struct checks c = {0};
	char line[17];
	unsigned counts[WRITERS] = {0};
	pid_t pids[WRITERS];

	make_fifo();
	for (int i = 0; i < WRITERS; i++)
		if ((pids[i] = fork()) == 0) {
			int fd = open(FIFO, O_WRONLY);

			for (int n = 0; n < LINES; n++) {
				snprintf(line, sizeof(line), "%d writes %6d\n", i, n);
				if (write(fd, line, 16) != 16)
					_exit(1);
			}
			close(fd);
			_exit(0);
		}

	/* Reads and writes itself until all have come and gone, so there is no end before. */
	FILE *stream = fdopen(open(FIFO, O_RDWR), "r");
	unsigned from, number, wrong = 0;

	for (int n = 0; n < WRITERS * LINES; n++) {
		if (fscanf(stream, "%u writes %u\n", &from, &number) != 2 || from >= WRITERS ||
			counts[from]++ != number)
			wrong++;
		if (n == WRITERS * LINES - 2) /* the last newline would wait for what follows */
			break;
	}
	check(&c, wrong == 0, "%u lines of one writer are out of order", wrong);
	for (int i = 0; i < WRITERS; i++)
		check(&c, status_of(pids[i]) == 0, "writer %d", i);
	fclose(stream);
	unlink(FIFO);
	checks_report(&c, "several writers");
}

static void test_poll(void)
{
	struct checks c = {0};
	char bytes[8];
	int writer;

	make_fifo();
	struct pollfd one = {.fd = open(FIFO, O_RDONLY | O_NONBLOCK), .events = POLLIN};

	check(&c, poll(&one, 1, 20) == 0, "nobody has written yet: %#x", (unsigned)one.revents);
	pid_t pid = child_opens(O_WRONLY);

	check(&c, poll(&one, 1, -1) == 1 && (one.revents & POLLIN), "the first writer");
	check(&c, status_of(pid) == 0 && read(one.fd, bytes, 8) == 5, "its bytes");
	check(&c, poll(&one, 1, -1) == 1 && (one.revents & POLLHUP), "and its end");
	writer = open(FIFO, O_WRONLY);
	check(&c, poll(&one, 1, 0) == 0, "the end is over: %#x", (unsigned)one.revents);
	close(one.fd);
	one = (struct pollfd){.fd = writer, .events = POLLOUT};
	while (poll(&one, 1, 0) == 1 && !(one.revents & POLLERR))
		thread_sleep(now() + MS);
	check(&c, one.revents == (POLLOUT | POLLERR), "nobody reads: %#x", (unsigned)one.revents);
	close(writer);
	unlink(FIFO);
	checks_report(&c, "poll");
}

/* ---- threads and fork */

static void *opens(void *result)
{
	int fd = open(FIFO, O_RDONLY);

	*(int *)result = fd < 0 ? -errno : fd;
	return result;
}

/* Whether nobody reads, when what this program knew of a reader has gone. A writer that does not wait tells. */
static bool is_over(int writer)
{
	for (uint64_t until = now() + PATIENCE / 10; write(writer, "x", 1) == 1 && now() < until;)
		thread_sleep(now() + MS);
	return write(writer, "x", 1) == -1 && errno == EPIPE;
}

/* A child is made while another thread waits in open, or is about to. Whether the thread's end is the end of what it has opened. */
static bool fork_leaves_it(struct checks *c)
{
	pthread_t thread;
	char byte;
	int fd = -1, ends[2], writer;
	bool over;

	make_fifo();
	check(c, !pipe(ends) && !pthread_create(&thread, NULL, opens, &fd), "a thread");
	thread_sleep(now() + 20 * MS);
	pid_t pid = fork();

	if (pid == 0) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
	}
	writer = open(FIFO, O_WRONLY);
	pthread_join(thread, NULL);
	check(c, fd >= 0 && !close(fd), "the reader: %d", fd);
	check(c, writer >= 0 && !fcntl(writer, F_SETFL, O_NONBLOCK), "the writer: %s", strerror(errno));
	over = is_over(writer);
	close(ends[1]);
	check(c, status_of(pid) == 0, "the child");
	close(ends[0]);
	close(writer);
	return over;
}

/*
 * The child does not have what the other thread waits for. It may happen that the thread has been given it but has not written
 * that down when the child is made, as with anything that another thread opens just then; but not each time.
 */
static void test_fork(void)
{
	struct checks c = {0};
	bool over = false;
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);

	for (int i = 0; i < 5 && !over; i++)
		over = fork_leaves_it(&c);
	check(&c, over, "the child reads");
	signal(SIGPIPE, before);
	unlink(FIFO);
	checks_report(&c, "fork while a thread waits in open");
}

/* ---- who knows no library */

static void test_hostile(void)
{
	struct checks c = {0};
	endpoint_handle root = own_root(), file;
	uint32_t waits = 7;

	make_fifo();
	check(&c, file_meet(root, DEADLINE_NEVER) == 0, "a directory has nobody to meet");
	file = directory_open(root, FIFO, OPEN_READ, 0, &waits, DEADLINE_NEVER);
	check(&c, file.value > 0 && waits == 1, "a fifo that waits");
	for (int i = 0; i < 1000; i++) {
		int error = file_meet(file, now());

		check(&c, error == -ETIMEDOUT || error == -ENOMEM, "%d: %d", i, error);
	}
	check(&c, directory_open(root, FIFO, OPEN_CREATE, 0, &waits, DEADLINE_NEVER).value == -EINVAL,
		"neither");
	handle_close(ANY(file));
	check(&c, nobody_reads(), "it has gone");
	unlink(FIFO);
	checks_report(&c, "calls that give up, and handles that go");
}

int main(void)
{
	ktap_plan(11);
	test_names();
	test_without_waiting();
	test_waiting();
	test_interrupted();
	test_killed();
	test_ends();
	test_many();
	test_poll();
	test_fork();
	test_hostile();
	ktap_ok(access(FIFO, F_OK) && access(OTHER, F_OK), "nothing is left");
	return ktap_end();
}
