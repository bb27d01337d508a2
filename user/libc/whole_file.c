/*
 * What is done to a file as a whole, or to all of them.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "libc.h"

int truncate(const char *path, off_t length)
{
	struct stat status;
	if (stat(path, &status) != 0)
		return -1;
	if (S_ISFIFO(status.st_mode)) /* opening it would wait for somebody who reads */
		return (int)posix_result(-EINVAL);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int result = ftruncate(fd, length), error = errno;
	(void)close(fd);
	errno = error;
	return result;
}

/* The file server writes nothing later than it answers. */
void sync(void)
{
}

/* Advice that is not taken. */
int posix_fadvise(int fd, off_t offset, off_t length, int advice)
{
	struct stat status;
	(void)offset;
	if (advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE || length < 0)
		return EINVAL;
	if (fstat(fd, &status) != 0)
		return errno;
	return S_ISFIFO(status.st_mode) ? ESPIPE : 0;
}

int fchownat(int directory, const char *path, uid_t owner, gid_t group, int flags)
{
	struct stat status;
	if (fstatat(directory, path, &status, flags) != 0)
		return -1;
	bool same = (owner == 0 || owner == (uid_t)-1) && (group == 0 || group == (gid_t)-1);
	return (int)posix_result(same ? 0 : -EPERM);
}

static struct timespec *exact(const struct timeval times[2], struct timespec to[2])
{
	for (int i = 0; times != NULL && i < 2; i++)
		to[i] = (struct timespec){.tv_sec = times[i].tv_sec, .tv_nsec = times[i].tv_usec * 1000};
	return times != NULL ? to : NULL;
}

int lutimes(const char *path, const struct timeval times[2])
{
	struct timespec to[2];
	return utimensat(AT_FDCWD, path, exact(times, to), AT_SYMLINK_NOFOLLOW);
}

int futimes(int fd, const struct timeval times[2])
{
	struct timespec to[2];
	return futimens(fd, exact(times, to));
}

/* There is one terminal. */
char *ttyname(int fd)
{
	static char name[] = "/dev/tty";
	return isatty(fd) ? name : NULL;
}

int ttyname_r(int fd, char *name, size_t size)
{
	const char *own = ttyname(fd);
	if (own == NULL)
		return errno;
	if (strlen(own) >= size)
		return ERANGE;
	strcpy(name, own);
	return 0;
}

int readdir_r(DIR *directory, struct dirent *entry, struct dirent **result)
{
	int before = errno;
	errno = 0;
	*result = readdir(directory);
	int error = errno;
	errno = before;
	if (*result != NULL)
		*result = memcpy(entry, *result, sizeof *entry);
	return error;
}
