/* mmap, munmap and mprotect: of memory and of files. */
#define _GNU_SOURCE
#include "posix-library.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define USABLE (PROT_READ | PROT_WRITE)

static bool can_be_read(const volatile char *at)
{
	char byte;

	return process_read(own_process(), (uintptr_t)at, (uint8_t *)&byte, 1) == 1;
}

/* Whether a store there ends a child. */
static bool can_be_written(volatile char *at)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		*at = 1;
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && status == 0;
}

void test_mappings(void)
{
	struct checks c = {0};
	int status;
	char *own = mmap(NULL, 3 * PAGE_SIZE - 1, USABLE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *shared = mmap(NULL, 1, USABLE, MAP_SHARED | MAP_ANON, -1, 0);

	check(&c, own != MAP_FAILED && shared != MAP_FAILED && own != shared, "anonymous");
	check(&c, !own[0] && !own[3 * PAGE_SIZE - 1], "zeros up to the end of the page");
	own[PAGE_SIZE] = 5;
	pid_t pid = fork();
	if (pid == 0) {
		own[PAGE_SIZE] = 6;
		shared[0] = 7;
		_exit(0);
	}
	check(&c, waitpid(pid, &status, 0) == pid && own[PAGE_SIZE] == 5 && shared[0] == 7,
		"what a child sees");
	check(&c,
		!mprotect(own + PAGE_SIZE, 1, PROT_READ) && !can_be_written(own + PAGE_SIZE) &&
			can_be_written(own) && can_be_written(own + 2 * PAGE_SIZE),
		"one page to read only");
	check(&c, !mprotect(own + PAGE_SIZE, PAGE_SIZE, PROT_NONE) && !can_be_read(own + PAGE_SIZE),
		"and not at all");
	check(&c,
		!mprotect(own + PAGE_SIZE, PAGE_SIZE, USABLE) && own[PAGE_SIZE] == 5 &&
			can_be_written(own + PAGE_SIZE),
		"and again");
	check(&c, !munmap(own + PAGE_SIZE, 1) && !can_be_read(own + PAGE_SIZE) && can_be_read(own), "a hole");
	check(&c, mprotect(own, 3 * PAGE_SIZE, PROT_READ) == -1 && errno == ENOMEM, "where nothing is");
	check(&c,
		mmap(own, 2 * PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0) == own &&
			!can_be_written(own) && can_be_written(own + 2 * PAGE_SIZE),
		"in place of others");
	check(&c, !munmap(own, 3 * PAGE_SIZE) && !can_be_read(own) && !munmap(shared, 1), "the end");
	checks_report(&c, "memory that is mapped");
}

static bool refuses(int error, size_t size, int prot, int flags, int fd, off_t offset)
{
	return mmap(NULL, size, prot, flags, fd, offset) == MAP_FAILED && errno == error;
}

void test_mapped_files(void)
{
	struct checks c = {0};
	int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0644), writes = open("mapped", O_WRONLY), ends[2];
	char page[PAGE_SIZE];

	memset(page, 'a', sizeof(page));
	check(&c, write(fd, page, sizeof(page)) == PAGE_SIZE && write(fd, "behind", 6) == 6, "a file");
	char *at = mmap(NULL, 2 * PAGE_SIZE, USABLE, MAP_PRIVATE, fd, 0);
	char *second = mmap(NULL, 6, PROT_READ, MAP_PRIVATE, fd, PAGE_SIZE);
	check(&c, at != MAP_FAILED && !memcmp(at, page, sizeof(page)) && !strcmp(at + PAGE_SIZE, "behind"),
		"all");
	check(&c, second != MAP_FAILED && !strcmp(second, "behind") && !can_be_written(second),
		"the second page");
	at[0] = 'b';
	check(&c, pread(fd, page, 1, 0) == 1 && page[0] == 'a', "the file stays as it is");
	check(&c, !munmap(at, 2 * PAGE_SIZE) && !munmap(second, 6), "the end");
	at = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	check(&c, at != MAP_FAILED && at[1] == 'a' && mprotect(at, 1, PROT_WRITE) == -1 && errno == EACCES,
		"code");
	check(&c, at == MAP_FAILED || !munmap(at, PAGE_SIZE), "its end");
	check(&c, refuses(ENODEV, 1, PROT_READ, MAP_SHARED, fd, 0), "a shared one");
	check(&c, refuses(EACCES, 1, PROT_READ, MAP_PRIVATE, writes, 0), "one that can't be read");
	check(&c, refuses(EBADF, 1, PROT_READ, MAP_PRIVATE, -1, 0), "none");
	check(&c, refuses(EINVAL, 1, PROT_READ, MAP_PRIVATE, fd, 1), "inside of a page");
	check(&c, refuses(EINVAL, 0, PROT_READ, MAP_PRIVATE, fd, 0), "nothing");
	check(&c, refuses(EINVAL, 1, PROT_READ, 0, fd, 0), "neither shared nor private");
	check(&c, refuses(EINVAL, 1, 8, MAP_PRIVATE, fd, 0), "an unknown right");
	check(&c, refuses(ENOTSUP, 1, PROT_WRITE | PROT_EXEC, MAP_PRIVATE, fd, 0), "to write and execute");
	check(&c, refuses(ENOMEM, SIZE_MAX, PROT_READ, MAP_PRIVATE | MAP_ANON, -1, 0), "too much");
	check(&c, refuses(ENOMEM, 1ul << 50, PROT_READ, MAP_PRIVATE | MAP_ANON, -1, 0), "much too much");
	check(&c, !pipe(ends) && refuses(ENODEV, 1, PROT_READ, MAP_PRIVATE, ends[0], 0), "a pipe");
	check(&c, munmap(page + 1, 1) == -1 && errno == EINVAL, "munmap");
	close(ends[0]);
	close(ends[1]);
	close(fd);
	close(writes);
	unlink("mapped");
	checks_report(&c, "files that are mapped");
}
