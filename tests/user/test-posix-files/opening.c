/* open: its errors, what its flags do, and threads that open and close at once. */
#define _GNU_SOURCE
#include "posix-files.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

void test_open(void)
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

void test_threads(void)
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
