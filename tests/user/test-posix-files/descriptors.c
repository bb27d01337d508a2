/* Descriptors: offsets that are shared and not, duplicates, flags, and how many there can be. */
#define _GNU_SOURCE
#include "posix-files.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

void test_offsets(void)
{
	struct checks c = {0};
	char bytes[32];
	int fd = make("f", "0123456789");
	int copy = dup(fd);

	check(&c, lseek(fd, 2, SEEK_SET) == 2 && read(copy, bytes, 3) == 3 && !memcmp(bytes, "234", 3),
		"shared");
	check(&c, lseek(fd, 0, SEEK_CUR) == 5, "after that");
	check(&c, pread(fd, bytes, 4, 1) == 4 && !memcmp(bytes, "1234", 4) && lseek(fd, 0, SEEK_CUR) == 5,
		"pread");
	check(&c, pwrite(fd, "xy", 2, 9) == 2 && lseek(fd, 0, SEEK_END) == 11, "pwrite");
	check(&c, lseek(fd, -1, SEEK_END) == 10 && read(fd, bytes, 9) == 1 && bytes[0] == 'y', "the end");
	check(&c, read(fd, bytes, 9) == 0, "behind it");
	FAILS(&c, EINVAL, lseek(fd, -1, SEEK_SET));
	FAILS(&c, EINVAL, lseek(fd, 0, 17));
	FAILS(&c, EINVAL, pread(fd, bytes, 1, -1));
	check(&c, lseek(fd, 100000, SEEK_SET) == 100000 && write(fd, "z", 1) == 1, "far");
	check(&c, pread(fd, bytes, 2, 50000) == 2 && !bytes[0] && !bytes[1], "a hole");
	WORKS(&c, ftruncate(fd, 3));
	check(&c, holds("f", "012"), "cut");
	WORKS(&c, ftruncate(fd, 5));
	check(&c, pread(fd, bytes, 9, 0) == 5 && !memcmp(bytes, "012\0\0", 5), "longer");
	FAILS(&c, EINVAL, ftruncate(fd, -1));
	WORKS(&c, fsync(fd));

	int other = open("f", O_RDONLY);
	check(&c, read(other, bytes, 1) == 1 && lseek(fd, 0, SEEK_CUR) == 100001, "one of its own");
	FAILS(&c, EINVAL, ftruncate(other, 1));
	struct iovec vector[] = {{bytes, 1}, {bytes + 8, 4}, {bytes + 16, 4}};
	check(&c, readv(other, vector, 3) == 4 && bytes[0] == '1' && bytes[8] == '2', "readv");
	lseek(fd, 0, SEEK_SET);
	check(&c, writev(fd, (struct iovec[]){{(char *)"ab", 2}, {NULL, 0}, {(char *)"cde", 3}}, 3) == 5,
		"writev");
	check(&c, holds("f", "abcde"), "from several places");
	FAILS(&c, EINVAL, readv(fd, vector, -1));
	close(other);
	close(copy);
	close(fd);
	unlink("f");
	checks_report(&c, "offsets, shared and not");
}

void test_descriptors(void)
{
	struct checks c = {0};
	int fd = make("f", "abc"), open_before = count_open();

	check(&c, fcntl(fd, F_DUPFD, 100) == 100 && fcntl(fd, F_DUPFD, 100) == 101, "F_DUPFD");
	check(&c, fcntl(fd, F_DUPFD_CLOEXEC, 100) == 102 && fcntl(102, F_GETFD) == FD_CLOEXEC,
		"F_DUPFD_CLOEXEC");
	check(&c, fcntl(fd, F_GETFD) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0, "F_SETFD");
	check(&c, fcntl(fd, F_GETFD) == FD_CLOEXEC && fcntl(100, F_GETFD) == 0,
		"the flag is the descriptor's");
	check(&c, (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR, "F_GETFL %#x", fcntl(fd, F_GETFL));
	WORKS(&c, fcntl(fd, F_SETFL, O_APPEND));
	check(&c, fcntl(100, F_GETFL) == (O_RDWR | O_APPEND), "shared flags %#x", fcntl(100, F_GETFL));
	check(&c, dup2(fd, 103) == 103 && fcntl(103, F_GETFD) == 0, "dup2");
	check(&c, dup2(fd, fd) == fd && dup2(100, 103) == 103, "onto itself, onto an open one");
	FAILS(&c, EBADF, dup2(99, 103));
	FAILS(&c, EBADF, dup2(99, 99));
	FAILS(&c, EBADF, dup2(fd, -1));
	FAILS(&c, EBADF, dup2(fd, 100000));
	FAILS(&c, EINVAL, fcntl(fd, F_DUPFD, -1));
	FAILS(&c, EINVAL, fcntl(fd, 12345));
	FAILS(&c, EINVAL, dup3(fd, fd, 0));
	check(&c, dup3(fd, 104, O_CLOEXEC) == 104 && fcntl(104, F_GETFD) == FD_CLOEXEC, "dup3");
	for (int i = 100; i <= 104; i++)
		close(i);
	check(&c, count_open() == open_before, "all are closed");

	int most = 0;
	while (dup(fd) >= 0)
		most++;
	check(&c, errno == EMFILE && most > 200, "%d descriptors, then %s", most, strerror(errno));
	FAILS(&c, EMFILE, open("f", O_RDONLY));
	int ends[2];
	FAILS(&c, EMFILE, pipe(ends));
	for (int i = 0; i < 256; i++)
		if (i > 2 && i != fd)
			close(i);
	check(&c, count_open() == open_before, "all are closed again");
	close(fd);
	unlink("f");
	checks_report(&c, "descriptors");
}
