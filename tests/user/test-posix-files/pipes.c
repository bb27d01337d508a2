/* What is no file: devices and pipes. */
#define _GNU_SOURCE
#include "posix-files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void test_devices(void)
{
	struct checks c = {0};
	char bytes[100];
	struct stat status;
	int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR),
	    full = open("/dev/full", O_RDWR);

	memset(bytes, 1, sizeof(bytes));
	check(&c, read(null, bytes, 10) == 0 && write(null, bytes, 10) == 10, "null");
	check(&c, read(zero, bytes, 90) == 90 && !bytes[0] && !bytes[89] && bytes[90] == 1, "zero");
	FAILS(&c, ENOSPC, write(full, bytes, 1));
	check(&c, !fstat(null, &status) && S_ISCHR(status.st_mode) && !isatty(null) && errno == ENOTTY,
		"no terminal");
	check(&c, !isatty(99) && errno == EBADF, "not open");
	close(null);
	close(zero);
	close(full);
	checks_report(&c, "devices");
}

volatile sig_atomic_t broken_pipes;

void count_broken(int number)
{
	(void)number;
	broken_pipes++;
	signal(SIGPIPE, count_broken);
}

/* The end of a description is told after the handle was closed; till then a pipe seems open. */
static ssize_t read_to_end(int fd)
{
	uint64_t limit = now() + PATIENCE;
	ssize_t count;
	char byte;

	do
		count = read(fd, &byte, 1);
	while (count < 0 && errno == EAGAIN && now() < limit);
	return count;
}

static ssize_t write_to_end(int fd)
{
	uint64_t limit = now() + PATIENCE;
	ssize_t count;

	do
		count = write(fd, "x", 1);
	while ((count == 1 || errno == EAGAIN) && now() < limit);
	return count;
}

void test_pipes(void)
{
	struct checks c = {0};
	char bytes[100];
	int ends[2];
	struct stat status;

	WORKS(&c, pipe(ends));
	check(&c, write(ends[1], "hello", 5) == 5 && read(ends[0], bytes, 100) == 5, "through");
	check(&c, !fstat(ends[0], &status) && S_ISFIFO(status.st_mode), "a FIFO");
	FAILS(&c, ESPIPE, lseek(ends[0], 0, SEEK_SET));
	FAILS(&c, ESPIPE, pread(ends[0], bytes, 1, 0));
	FAILS(&c, EBADF, write(ends[0], "x", 1));
	FAILS(&c, EBADF, read(ends[1], bytes, 1));
	WORKS(&c, fcntl(ends[0], F_SETFL, O_NONBLOCK));
	FAILS(&c, EAGAIN, read(ends[0], bytes, 1));
	close(ends[1]);
	check(&c, read_to_end(ends[0]) == 0, "the end");
	close(ends[0]);

	WORKS(&c, pipe2(ends, O_NONBLOCK | O_CLOEXEC));
	check(&c, fcntl(ends[0], F_GETFD) == FD_CLOEXEC, "close-on-exec");
	long count = 0;
	while (write(ends[1], bytes, 100) == 100)
		count++;
	check(&c, errno == EAGAIN && count > 40, "full after %ld", count);
	close(ends[0]);
	signal(SIGPIPE, count_broken);
	FAILS(&c, EPIPE, write_to_end(ends[1]));
	check(&c, broken_pipes == 1, "%d signals", (int)broken_pipes);
	signal(SIGPIPE, SIG_IGN);
	FAILS(&c, EPIPE, write(ends[1], bytes, 1));
	signal(SIGPIPE, SIG_DFL);
	close(ends[1]);
	FAILS(&c, EINVAL, pipe2(ends, O_APPEND));
	checks_report(&c, "pipes");
}
