/* disk-posix: a disk as POSIX has a block device. See tests/boot/test_disk.py. */
#include "fails.h"
#include "disks.h"

#include <poll.h>
#include <sys/uio.h>

enum { ROUNDS = 50, TURN = 1000 };

static const size_t sizes[] = {1, 2, 511, 512, 513, 1023, 1024, 1025, 1535, 1536, 1537};
static const int apart[] = {-513, -512, -511, -1, 0, 1, 255, 511};

static void test_status(void)
{
	struct checks c = {0};
	struct stat status = {0}, named = {0};
	int fd = disk_open(O_RDWR | O_CREAT | O_TRUNC);
	struct pollfd wanted = {.fd = fd, .events = POLLIN | POLLOUT};

	check(&c, !fstat(fd, &status) && S_ISBLK(status.st_mode), "mode %o", (unsigned)status.st_mode);
	check(&c, (size_t)status.st_size == disk_size && (size_t)status.st_blocks == disk_size / 512,
		"size %ld", (long)status.st_size);
	check(&c, !stat(DISK, &named) && S_ISBLK(named.st_mode), "mode of the name %o",
		(unsigned)named.st_mode);
	check(&c, (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR, "flags");
	check(&c, poll(&wanted, 1, 0) == 1 && wanted.revents == (POLLIN | POLLOUT), "poll");
	check(&c, fsync(fd) == 0 && isatty(fd) == 0, "fsync");
	FAILS(&c, EINVAL, ftruncate(fd, 0));
	FAILS(&c, EEXIST, open(DISK, O_RDWR | O_CREAT | O_EXCL, 0600));
	FAILS(&c, ENOTDIR, open(DISK, O_RDONLY | O_DIRECTORY));
	FAILS(&c, EPERM, fchmod(fd, 0600));
	close(fd);
	fd = disk_open(O_RDONLY);
	FAILS(&c, EBADF, write(fd, "a", 1));
	FAILS(&c, EBADF, pwrite(fd, "a", 1, 0));
	close(fd);
	fd = disk_open(O_WRONLY);
	FAILS(&c, EBADF, read(fd, &status, 1));
	close(fd);
	checks_report(&c, "status, and what can't be done");
}

static void test_read(void)
{
	struct checks c = {0};
	int fd = disk_open(O_RDONLY);
	uint8_t *all = malloc(KEPT);

	for (size_t border = 4096; border < KEPT; border *= 16)
		for (size_t i = 0; i < COUNT(sizes); i++)
			for (size_t k = 0; k < COUNT(apart); k++)
				check(&c, disk_holds(fd, border + (size_t)apart[k], sizes[i]),
					"%lu at %ld from %lu", (unsigned long)sizes[i], (long)apart[k],
					(unsigned long)border);
	check(&c, read(fd, all, KEPT) == KEPT && !memcmp(all, shadow, KEPT), "a mebibyte at once");
	check(&c, pread(fd, all, KEPT - 4, 3) == KEPT - 4 && !memcmp(all, shadow + 3, KEPT - 4),
		"and at an odd place");
	check(&c, lseek(fd, 100, SEEK_SET) == 100, "lseek");
	for (size_t at = 100, size = 1; at < 300000; at += size, size = size * 3 % 7919)
		check(&c, read(fd, all, size) == (ssize_t)size && !memcmp(all, shadow + at, size),
			"%lu in turn at %lu", (unsigned long)size, (unsigned long)at);
	free(all);
	close(fd);
	checks_report(&c, "what it holds is read, at any offset, of any size");
}

static void test_write(void)
{
	struct checks c = {0};
	int fd = disk_open(O_RDWR), other = disk_open(O_RDONLY);
	size_t border = KEPT + (1 << 16);

	for (size_t i = 0; i < COUNT(sizes); i++)
		for (size_t k = 0; k < COUNT(apart); k++) {
			size_t at = border + (size_t)apart[k];

			check(&c, disk_put(fd, at, sizes[i]), "%lu at %d: %s", (unsigned long)sizes[i],
				apart[k], strerror(errno));
			check(&c, disk_holds(other, border - 2048, 6144), "after %lu at %d",
				(unsigned long)sizes[i], apart[k]);
		}
	for (int i = 0; i < 60; i++) {
		size_t size = 1 + random_below(i % 10 ? 3000 : 300000),
		       at = KEPT + random_below((3 << 20) - size);

		check(&c, disk_put(fd, at, size) && disk_holds(other, at - 1000, size + 1000), "%lu at %lu",
			(unsigned long)size, (unsigned long)at);
	}
	check(&c, disk_put(fd, KEPT + 1, KEPT), "a mebibyte");
	check(&c, disk_holds(other, 0, disk_size), "all of it");
	check(&c, fsync(fd) == 0, "fsync");
	close(fd);
	close(other);
	checks_report(&c, "what is written is there, and nothing beside it");
}

static void test_end(void)
{
	struct checks c = {0};
	int fd = disk_open(O_RDWR);
	uint8_t bytes[2000] = {0};
	off_t end = (off_t)disk_size;

	check(&c, pread(fd, bytes, 2000, end - 700) == 700 && !memcmp(bytes, shadow + end - 700, 700),
		"across the end");
	check(&c, pread(fd, bytes, 2000, end) == 0 && pread(fd, bytes, 2000, INT64_MAX) == 0, "behind it");
	check(&c,
		lseek(fd, -5, SEEK_END) == end - 5 && read(fd, bytes, 2000) == 5 &&
			read(fd, bytes, 2000) == 0,
		"five bytes");
	check(&c, lseek(fd, 0, SEEK_CUR) == end, "the offset stays");
	FAILS(&c, ENOSPC, write(fd, bytes, 1));
	FAILS(&c, ENOSPC, pwrite(fd, bytes, 1, INT64_MAX));
	check(&c, write(fd, bytes, 0) == 0 && read(fd, bytes, 0) == 0, "nothing");
	check(&c, pwrite(fd, shadow + end - 700, 2000, end - 700) == 700, "what there is room for");
	FAILS(&c, EINVAL, lseek(fd, -1, SEEK_SET));
	FAILS(&c, EINVAL, lseek(fd, -end - 1, SEEK_END));
	FAILS(&c, EINVAL, pread(fd, bytes, 1, -1));
	check(&c, lseek(fd, INT64_MAX, SEEK_SET) == INT64_MAX && read(fd, bytes, 1) == 0, "far behind it");
	FAILS(&c, EOVERFLOW, lseek(fd, 1, SEEK_CUR));
	close(fd);
	checks_report(&c, "the end");
}

/* Each reads in turn from where the other has left off. */
static void test_shared_offset(void)
{
	struct checks c = {0};
	int fd = disk_open(O_RDONLY), twin = dup(fd), own = disk_open(O_RDONLY), status = -1;
	uint64_t word[2] = {0};
	pid_t pid;

	check(&c, read(fd, word, 8) == 8 && read(twin, word + 1, 8) == 8, "read");
	check(&c, !memcmp(word, shadow, 16), "dup shares the offset");
	check(&c, read(own, word, 8) == 8 && !memcmp(word, shadow, 8), "another open does not");
	lseek(fd, 0, SEEK_SET);
	pid = fork();
	for (int i = 0; i < ROUNDS; i++) {
		uint8_t bytes[TURN];
		int turn = 0;

		check(&c, read(fd, bytes, TURN) == TURN, "round %d", i);
		while (turn < 2 * ROUNDS && memcmp(bytes, shadow + turn * TURN, TURN))
			turn++;
		check(&c, turn < 2 * ROUNDS, "not where another one has stopped, in round %d", i);
	}
	if (pid == 0)
		_exit(c.failed != 0);
	check(&c, waitpid(pid, &status, 0) == pid && status == 0, "the child: %#x", (unsigned)status);
	check(&c, lseek(fd, 0, SEEK_CUR) == 2 * ROUNDS * TURN, "two that read at once leave it at %ld",
		(long)lseek(fd, 0, SEEK_CUR));
	close(fd);
	close(twin);
	close(own);
	checks_report(&c, "the offset is shared as POSIX says");
}

static void test_writers(void)
{
	struct checks c = {0};
	pid_t pids[WRITERS];
	int fd = disk_open(O_RDONLY);

	writers_start(pids, 400, false);
	writers_end(&c, pids, 400);
	check(&c, disk_holds(fd, 0, disk_size), "all of it");
	close(fd);
	checks_report(&c, "two write at once into the same blocks");
}

int main(void)
{
	random_state = 1;
	shadow_begin();
	ktap_plan(6);
	test_status();
	test_read();
	test_write();
	test_end();
	test_shared_offset();
	test_writers();
	sync();
	printf("# sum %08x\n", (unsigned)shadow_sum());
	return ktap_end();
}
