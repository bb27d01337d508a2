/* Files as POSIX has them: the C library over the file server. */
#define _GNU_SOURCE
#include "fails.h"
#include "suite.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define HERE "/tmp/posix"

#define WORKS(c, call) \
	do { \
		long result_ = (long)(call); \
		check(c, result_ >= 0, "%s: %ld, %s", #call, result_, strerror(errno)); \
	} while (0)

static int make(const char *path, const char *text)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		ktap_bail_out("can't make %s: %s", path, strerror(errno));
	return fd;
}

static bool holds(const char *path, const char *text)
{
	char bytes[256];
	int fd = open(path, O_RDONLY);
	ssize_t count = read(fd, bytes, sizeof(bytes));

	close(fd);
	return count == (ssize_t)strlen(text) && !memcmp(bytes, text, (size_t)count);
}

static int count_open(void)
{
	int count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void test_open(void)
{
	struct checks c = {0};

	FAILS(&c, ENOENT, open("none", O_RDONLY));
	FAILS(&c, ENOENT, open("", O_RDONLY));
	FAILS(&c, ENOENT, open("none/x", O_RDONLY | O_CREAT, 0644));
	close(make("f", "hello"));
	FAILS(&c, EEXIST, open("f", O_RDWR | O_CREAT | O_EXCL, 0644));
	FAILS(&c, ENOTDIR, open("f/x", O_RDONLY));
	FAILS(&c, ENOTDIR, open("f", O_RDONLY | O_DIRECTORY));
	FAILS(&c, EISDIR, open(".", O_RDWR));
	check(&c, holds("f", "hello"), "its text");
	close(open("f", O_WRONLY | O_TRUNC));
	check(&c, holds("f", ""), "cut");

	WORKS(&c, symlink("f", "s"));
	FAILS(&c, ELOOP, open("s", O_RDONLY | O_NOFOLLOW));
	int fd = open("s", O_WRONLY | O_APPEND);
	check(&c, write(fd, "ab", 2) == 2 && lseek(fd, 0, SEEK_SET) == 0 && write(fd, "cd", 2) == 2,
		"append");
	check(&c, holds("f", "abcd"), "appended");
	FAILS(&c, EBADF, read(fd, &fd, 1));
	close(fd);
	FAILS(&c, EBADF, read(fd, &fd, 1));
	FAILS(&c, EBADF, close(fd));
	FAILS(&c, EBADF, write(-1, "x", 1));
	FAILS(&c, EBADF, lseek(1000, 0, SEEK_SET));

	char name[NAME_MAX + 2];
	memset(name, 'n', NAME_MAX + 1);
	name[NAME_MAX + 1] = '\0';
	FAILS(&c, ENAMETOOLONG, open(name, O_RDONLY | O_CREAT, 0644));
	char *path = malloc(PATH_MAX + 1);
	memset(path, '/', PATH_MAX);
	path[PATH_MAX] = '\0';
	FAILS(&c, ENAMETOOLONG, open(path, O_RDONLY));
	free(path);
	unlink("s");
	unlink("f");
	checks_report(&c, "open and its errors");
}

static void test_offsets(void)
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

static void test_descriptors(void)
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

/* ---- threads */

enum { THREADS = 4, THREAD_ROUNDS = 300 };

/* Opens a file of its own again and again, and sees to it that the descriptor is that; how often it was not. */
static void *open_and_close(void *path)
{
	struct stat status = {0}, mine;
	long wrong = 0;
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	if (fstat(fd, &mine) || close(fd))
		return (void *)1;
	for (int i = 0; i < THREAD_ROUNDS; i++) {
		fd = open(path, O_RDWR);

		int copy = dup(fd);

		wrong += fstat(fd, &status) || status.st_ino != mine.st_ino;
		wrong += fstat(copy, &status) || status.st_ino != mine.st_ino;
		wrong += close(fd) || close(copy);
	}
	wrong += unlink(path) != 0;
	return (void *)wrong;
}

static void test_threads(void)
{
	struct checks c = {0};
	char paths[THREADS][8];
	pthread_t threads[THREADS];
	void *wrong;

	for (int i = 0; i < THREADS; i++) {
		snprintf(paths[i], sizeof(paths[i]), "t%d", i);
		check(&c, !pthread_create(&threads[i], NULL, open_and_close, paths[i]), "a thread");
	}
	for (int i = 0; i < THREADS; i++)
		check(&c, !pthread_join(threads[i], &wrong) && !wrong, "thread %d: %ld wrong", i,
			(long)wrong);
	checks_report(&c, "threads that open and close at once have descriptors of their own");
}

static void test_names(void)
{
	struct checks c = {0};
	char bytes[64];
	struct stat one, other;

	WORKS(&c, mkdir("d", 0755));
	FAILS(&c, EEXIST, mkdir("d", 0755));
	FAILS(&c, ENOENT, mkdir("x/y", 0755));
	close(make("d/f", "text"));
	FAILS(&c, ENOTEMPTY, rmdir("d"));
	FAILS(&c, ENOTDIR, rmdir("d/f"));
	FAILS(&c, EISDIR, unlink("d"));
	WORKS(&c, link("d/f", "g"));
	check(&c, !stat("d/f", &one) && !stat("g", &other) && one.st_ino == other.st_ino, "the same file");
	check(&c, one.st_nlink == 2, "%d names", (int)one.st_nlink);
	FAILS(&c, EEXIST, link("d/f", "g"));
	FAILS(&c, EPERM, link("d", "e"));
	WORKS(&c, rename("d", "e"));
	FAILS(&c, ENOENT, rename("d", "e"));
	FAILS(&c, EINVAL, rename("e", "e/e"));
	close(make("h", "over"));
	WORKS(&c, rename("h", "g"));
	check(&c, holds("g", "over") && holds("e/f", "text") && !stat("e/f", &one) && one.st_nlink == 1,
		"over it");
	FAILS(&c, EISDIR, rename("g", "e"));
	FAILS(&c, ENOTDIR, rename("e", "g"));
	WORKS(&c, rename(HERE "/e/f", "h")); /* the one path from the root, the other not */
	check(&c, holds("h", "text"), "across directories");

	WORKS(&c, symlink("h", "s"));
	check(&c, readlink("s", bytes, sizeof(bytes)) == 1 && bytes[0] == 'h', "readlink");
	FAILS(&c, EINVAL, readlink("h", bytes, sizeof(bytes)));
	check(&c, !lstat("s", &one) && S_ISLNK(one.st_mode) && one.st_size == 1, "lstat");
	check(&c, !stat("s", &one) && S_ISREG(one.st_mode), "stat");
	WORKS(&c, unlink("s"));
	check(&c, holds("h", "text"), "the file stays");

	int directory = open("e", O_RDONLY | O_DIRECTORY);
	WORKS(&c, mkdirat(directory, "sub", 0700));
	int fd = openat(directory, "sub/f", O_WRONLY | O_CREAT, 0600);
	WORKS(&c, fd);
	close(fd);
	check(&c, !fstatat(directory, "sub/f", &one, 0) && (one.st_mode & 07777) == 0600, "fstatat");
	WORKS(&c, renameat(directory, "sub/f", AT_FDCWD, "moved"));
	WORKS(&c, linkat(AT_FDCWD, "moved", directory, "linked", 0));
	WORKS(&c, unlinkat(directory, "linked", 0));
	WORKS(&c, unlinkat(directory, "sub", AT_REMOVEDIR));
	FAILS(&c, EBADF, openat(99, "x", O_RDONLY));
	FAILS(&c, ENOTDIR, openat(fd = open("moved", O_RDONLY), "x", O_RDONLY));
	close(fd);
	close(directory);
	WORKS(&c, remove("e"));
	WORKS(&c, remove("moved"));
	unlink("g");
	unlink("h");
	checks_report(&c, "names: link, rename, unlink, directories, from descriptors too");
}

static void test_status(void)
{
	struct checks c = {0};
	struct stat status;
	struct timespec times[2] = {{.tv_sec = 1000, .tv_nsec = 5}, {.tv_nsec = UTIME_OMIT}};
	mode_t old = umask(027);
	int fd = open("f", O_RDWR | O_CREAT, 0666);

	check(&c, !fstat(fd, &status) && (status.st_mode & 07777) == 0640, "mask: %#o",
		(unsigned)status.st_mode);
	check(&c, umask(old) == 027, "umask");
	check(&c, S_ISREG(status.st_mode) && status.st_size == 0 && status.st_nlink == 1, "a new file");
	WORKS(&c, fchmod(fd, 0400));
	FAILS(&c, EACCES, open("f", O_WRONLY));
	FAILS(&c, EACCES, access("f", W_OK));
	WORKS(&c, access("f", R_OK));
	WORKS(&c, chmod("f", 0755));
	WORKS(&c, access("f", R_OK | W_OK | X_OK));
	FAILS(&c, ENOENT, access("none", F_OK));
	FAILS(&c, EINVAL, access("f", 64));
	WORKS(&c, futimens(fd, times));
	check(&c, !stat("f", &status) && status.st_atim.tv_sec == 1000 && status.st_atim.tv_nsec == 5,
		"atime");
	time_t before = status.st_mtim.tv_sec;
	times[1] = (struct timespec){.tv_sec = 2000};
	WORKS(&c, utimensat(AT_FDCWD, "f", times, 0));
	check(&c, !stat("f", &status) && status.st_mtim.tv_sec == 2000, "mtime");
	WORKS(&c, utimensat(AT_FDCWD, "f", NULL, 0));
	check(&c, !stat("f", &status) && status.st_mtim.tv_sec >= before && status.st_mtim.tv_sec < 2000,
		"now");
	times[0].tv_nsec = 1000000000;
	FAILS(&c, EINVAL, utimensat(AT_FDCWD, "f", times, 0));
	FAILS(&c, EPERM, chown("f", 5, 5));
	WORKS(&c, write(fd, "12345", 5));
	check(&c, !stat("f", &status) && status.st_size == 5 && status.st_blocks == 8, "blocks");
	close(fd);
	unlink("f");
	checks_report(&c, "status, modes, times");
}

static void test_listing(void)
{
	struct checks c = {0};
	char name[16];
	bool seen[200] = {0};
	unsigned dots = 0, others = 0;
	struct dirent *entry, **list;
	long middle = 0;

	WORKS(&c, mkdir("d", 0755));
	for (unsigned i = 0; i < COUNT(seen); i++) {
		sprintf(name, "d/%u", i);
		close(make(name, ""));
	}
	DIR *directory = opendir("d");
	while ((entry = readdir(directory))) {
		unsigned i = (unsigned)atoi(entry->d_name);
		if (entry->d_name[0] == '.')
			dots++;
		else if (i < COUNT(seen) && !seen[i] && entry->d_type == DT_REG)
			seen[i] = true;
		else
			others++;
		if (!strcmp(entry->d_name, "77"))
			middle = telldir(directory);
	}
	check(&c, dots == 2 && !others, "%u dots, %u others", dots, others);
	for (unsigned i = 0; i < COUNT(seen); i++)
		check(&c, seen[i], "%u is missing", i);
	seekdir(directory, middle);
	entry = readdir(directory);
	check(&c, entry && !strcmp(entry->d_name, "78"), "seekdir");
	rewinddir(directory);
	entry = readdir(directory);
	check(&c, entry && !strcmp(entry->d_name, "."), "rewinddir");
	closedir(directory);
	int count = scandir("d", &list, NULL, alphasort);
	check(&c, count == 202 && !strcmp(list[2]->d_name, "0") && !strcmp(list[201]->d_name, "99"),
		"scandir %d", count);
	while (count > 0)
		free(list[--count]);
	free(list);
	check(&c, !opendir("none") && errno == ENOENT && !opendir("d/1") && errno == ENOTDIR, "opendir");
	for (unsigned i = 0; i < COUNT(seen); i++) {
		sprintf(name, "d/%u", i);
		unlink(name);
	}
	WORKS(&c, rmdir("d"));
	checks_report(&c, "directories are listed");
}

static void test_working_directory(void)
{
	struct checks c = {0};
	char path[64];

	check(&c, getcwd(path, sizeof(path)) && !strcmp(path, HERE), "%s", path);
	WORKS(&c, mkdir("a", 0755));
	WORKS(&c, mkdir("a/b", 0755));
	WORKS(&c, chdir("a/./b/../b/"));
	check(&c, getcwd(path, sizeof(path)) && !strcmp(path, HERE "/a/b"), "%s", path);
	WORKS(&c, rename(HERE "/a", HERE "/z"));
	check(&c, getcwd(path, sizeof(path)) && !strcmp(path, HERE "/z/b"), "%s", path);
	check(&c, !getcwd(path, 4) && errno == ERANGE && !getcwd(path, 0) && errno == EINVAL, "too short");
	char *allocated = getcwd(NULL, 0);
	check(&c, allocated && !strcmp(allocated, HERE "/z/b"), "allocated");
	free(allocated);
	WORKS(&c, rmdir("../b"));
	check(&c, !getcwd(path, sizeof(path)) && errno == ENOENT, "removed");
	FAILS(&c, ENOENT, open("f", O_WRONLY | O_CREAT, 0644));
	FAILS(&c, ENOENT, chdir("none"));
	WORKS(&c, chdir("/"));
	check(&c, getcwd(path, sizeof(path)) && !strcmp(path, "/"), "%s", path);
	FAILS(&c, ENOTDIR, chdir("/etc/motd"));
	int fd = open(HERE, O_RDONLY | O_DIRECTORY);
	WORKS(&c, fchdir(fd));
	close(fd);
	check(&c, getcwd(path, sizeof(path)) && !strcmp(path, HERE), "%s", path);
	WORKS(&c, rmdir("z"));
	checks_report(&c, "the working directory");
}

static void test_archive_files(void)
{
	struct checks c = {0};
	struct stat status;
	char first[8], again[8];
	int fd = open("/bin/true", O_RDWR);

	WORKS(&c, fd);
	check(&c, !fstat(fd, &status) && status.st_blocks == 0 && status.st_size > 4096,
		"nothing is copied yet");
	check(&c,
		read(fd, first, 8) == 8 && !memcmp(first,
						   "\x7f"
						   "ELF",
						   4),
		"a program");
	check(&c, pwrite(fd, "x", 1, 5000) == 1 && pread(fd, again, 8, 0) == 8 && !memcmp(first, again, 8),
		"written");
	check(&c, !fstat(fd, &status) && status.st_blocks == 8, "one block is");
	check(&c, pwrite(fd, "\x7f", 1, 0) == 1, "put back");
	close(fd);

	/* A copy, which lies in blocks, is a program as well. */
	static char bytes[200000];
	fd = open("/bin/hello", O_RDONLY);
	ssize_t size = read(fd, bytes, sizeof(bytes));
	close(fd);
	fd = open("copy", O_WRONLY | O_CREAT, 0755);
	check(&c, size > 0 && write(fd, bytes, (size_t)size) == size, "a copy of %ld bytes", (long)size);
	close(fd);
	fd = open("short", O_WRONLY | O_CREAT, 0755);
	close(fd);
	struct process_result result;
	char *argv[] = {(char[]){"copy"}, NULL};
	process_handle process = spawn("./copy", argv, NULL, 0);
	check(&c, process.value > 0 && !spawn_wait(process, &result) && !result.status, "it runs: %d",
		process.value);
	check(&c, spawn("./short", argv, NULL, 0).value == -ENOEXEC, "one without bytes does not");
	WORKS(&c, chmod("copy", 0644));
	check(&c, spawn("./copy", argv, NULL, 0).value == -EACCES, "nor one that may not");
	check(&c, spawn(".", argv, NULL, 0).value == -EISDIR, "nor a directory");
	unlink("copy");
	unlink("short");
	checks_report(&c, "files of the boot archive can be written, and written files run");
}

static void test_devices(void)
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

static volatile sig_atomic_t broken_pipes;

static void count_broken(int number)
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

static void test_pipes(void)
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

static void test_streams(void)
{
	struct checks c = {0};
	char line[64];
	FILE *file = fopen("f", "w+");

	check(&c, file && fprintf(file, "line %d\nline %d\n", 1, 2) == 14, "fprintf");
	rewind(file);
	check(&c, fgets(line, sizeof(line), file) && !strcmp(line, "line 1\n"), "fgets: %s", line);
	check(&c, ftell(file) == 7 && !fseek(file, -2, SEEK_END) && fgetc(file) == '2', "fseek");
	check(&c, !fclose(file) && holds("f", "line 1\nline 2\n"), "fclose");
	file = fopen("f", "a");
	check(&c, file && fputs("more", file) >= 0 && !fclose(file) && holds("f", "line 1\nline 2\nmore"),
		"append");
	check(&c, !fopen("f", "wx") && errno == EEXIST, "exclusive");
	check(&c, !fopen("none", "r") && errno == ENOENT && !fopen("f", "q") && errno == EINVAL,
		"fopen's errors");
	file = fopen("f", "r");
	check(&c, file && fputc('x', file) == EOF, "for reading only");
	file = freopen("g", "w", file);
	check(&c, file && fputs("other", file) >= 0 && !fclose(file) && holds("g", "other"), "freopen");
	file = tmpfile();
	check(&c, file && fwrite("abc", 1, 3, file) == 3 && !fseek(file, 0, SEEK_SET) && fgetc(file) == 'a',
		"tmpfile");
	check(&c, file && !fclose(file), "its end");
	strcpy(line, "/tmp/XXXXXX");
	int fd = mkstemp(line);
	check(&c, fd >= 0 && !unlink(line), "mkstemp %s", line);
	close(fd);
	file = fopen("/dev/full", "w");
	check(&c, file && fputc('x', file) == 'x' && fclose(file) == EOF, "no room is told at the end");
	file = fopen("/", "r");
	check(&c, file && fgetc(file) == EOF && ferror(file) && !feof(file) && errno == EISDIR,
		"a read that fails");
	check(&c, file && (clearerr(file), fread(line, 1, 1, file)) == 0 && ferror(file), "in fread, too");
	check(&c, file && !fclose(file), "its end");
	file = fopen("/dev/full", "w");
	check(&c, file && fputc('x', file) == 'x' && fflush(file) == EOF && ferror(file),
		"a write that fails");
	check(&c, file && (fclose(file), true), "its end");
	file = fopen("g", "w");
	fputs("flushed", file);
	fflush(NULL);
	check(&c, holds("g", "flushed"), "fflush of all");
	fclose(file);
	unlink("f");
	unlink("g");
	checks_report(&c, "streams");
}

/* ---- this program again, with descriptors */

static int run(const char *program, int in, int out, char *const argv[])
{
	struct process_result result;
	const struct spawn_handle handles[] = {{STARTUP_DESCRIPTOR + 0, ANY(own_descriptor(in)), RIGHTS_SAME},
		{STARTUP_DESCRIPTOR + 1, ANY(own_descriptor(out)), RIGHTS_SAME}};
	process_handle process = spawn_with(program, argv, argv + 1, 0, handles, COUNT(handles));

	if (process.value < 0 || spawn_wait(process, &result))
		return -1;
	return result.status;
}

static void test_inheritance(void)
{
	struct checks c = {0};
	char bytes[64];
	int in = make("in", "first second"), out = make("out", "");
	char *argv[] = {(char[]){"test-posix-files"}, (char[]){"--child"}, NULL};

	lseek(in, 0, SEEK_SET);
	check(&c, read(in, bytes, 6) == 6, "its beginning");
	check(&c, run("/bin/test-posix-files", in, out, argv) == 7, "a child");
	check(&c, lseek(in, 0, SEEK_CUR) == 12, "it has read on from here");
	check(&c, holds("out", "second"), "and written");
	close(in);
	close(out);
	unlink("in");
	unlink("out");
	checks_report(&c, "a child has the descriptors, with their offsets");
}

/* From a file, through two programs, to a file, as a shell does it. */
static void test_spawn_actions(void)
{
	struct checks c = {0};
	char *argv[] = {(char[]){"test-posix-files"}, (char[]){"--child"}, NULL};
	posix_spawn_file_actions_t first, second;
	pid_t pids[2];
	int ends[2], status, open_before = count_open();

	close(make("in", "through a pipe"));
	WORKS(&c, pipe2(ends, O_CLOEXEC));
	check(&c, !posix_spawn_file_actions_init(&first) && !posix_spawn_file_actions_init(&second), "init");
	check(&c, !posix_spawn_file_actions_addopen(&first, 0, "in", O_RDONLY, 0), "open");
	check(&c, !posix_spawn_file_actions_adddup2(&first, ends[1], 1), "dup2");
	check(&c, !posix_spawn_file_actions_adddup2(&second, ends[0], 0), "dup2");
	check(&c, !posix_spawn_file_actions_addopen(&second, 1, "out", O_WRONLY | O_CREAT | O_EXCL, 0600),
		"open");
	check(&c, !posix_spawn_file_actions_addclose(&second, 2), "close");
	check(&c, posix_spawn_file_actions_addclose(&second, -1) == EBADF, "no descriptor");
	check(&c, posix_spawn_file_actions_adddup2(&second, 0, 100000) == EBADF, "no descriptor");
	check(&c, !posix_spawn(&pids[0], "/bin/test-posix-files", &first, NULL, argv, environ), "the first");
	check(&c, !posix_spawn(&pids[1], "/bin/test-posix-files", &second, NULL, argv, environ),
		"the second");
	close(ends[0]);
	close(ends[1]);
	for (int i = 0; i < 2; i++)
		check(&c, waitpid(pids[i], &status, 0) == pids[i] && WEXITSTATUS(status) == 7, "program %d",
			i);
	check(&c, holds("out", "through a pipe"), "what came through");
	check(&c, posix_spawn(&pids[0], "/bin/test-posix-files", &second, NULL, argv, environ) == EBADF,
		"once more");
	check(&c, !posix_spawn_file_actions_destroy(&first) && !posix_spawn_file_actions_destroy(&second),
		"end");
	check(&c, count_open() == open_before, "descriptors");
	unlink("in");
	unlink("out");
	checks_report(&c, "posix_spawn opens, duplicates and closes for the new program");
}

/* Copies from descriptor 0 to 1. */
static int child(void)
{
	char bytes[64];
	ssize_t count;

	while ((count = read(0, bytes, sizeof(bytes))) > 0)
		if (write(1, bytes, (size_t)count) != count)
			return 1;
	return count == 0 ? 7 : 2;
}

enum { LOST = 5 };

/* Descriptor LOST is of a server that has gone. */
static int child_of_lost(void)
{
	char byte = 0;

	signal(SIGPIPE, count_broken);
	if (write(LOST, &byte, 1) != -1 || errno != EIO || broken_pipes)
		return 1;
	if (read(LOST, &byte, 1) != -1 || errno != EIO)
		return 2;
	return close(LOST) ? 3 : 7;
}

static void test_lost_server(void)
{
	char *argv[] = {(char[]){"test-posix-files"}, (char[]){"--lost"}, NULL};
	endpoint_handle place = endpoint_create(), lost = endpoint_badge(place, 1);
	const struct spawn_handle handles[] = {{STARTUP_DESCRIPTOR + LOST, ANY(lost), RIGHTS_SAME},
		{STARTUP_ROOT, ANY(own_root()), RIGHTS_SAME},
		{STARTUP_DIRECTORY, ANY(own_root()), RIGHTS_SAME}};
	struct process_result result = {.status = -1};
	process_handle process;

	handle_close(ANY(place));
	process = spawn_with("/bin/test-posix-files", argv, NULL, 0, handles, COUNT(handles));
	handle_close(ANY(lost));
	if (process.value > 0)
		(void)spawn_wait(process, &result);
	ktap_equal(result.status, 7, "a server that has gone is EIO, and no broken pipe");
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--child"))
		return child();
	if (argc > 1 && !strcmp(argv[1], "--lost"))
		return child_of_lost();
	ktap_plan(16);
	int open_before = count_open();
	if (mkdir(HERE, 0755) || chdir(HERE))
		ktap_bail_out("no place for the test: %s", strerror(errno));
	test_open();
	test_offsets();
	test_descriptors();
	test_threads();
	test_names();
	test_status();
	test_listing();
	test_working_directory();
	test_archive_files();
	test_devices();
	test_pipes();
	test_streams();
	test_inheritance();
	test_spawn_actions();
	test_lost_server();
	ktap_ok(count_open() == open_before && !chdir("/") && !rmdir(HERE), "nothing is left");
	return ktap_end();
}
