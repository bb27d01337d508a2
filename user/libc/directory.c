/*
 * The working directory, and what is done to names. A path goes to the server as it is, through the directory that it
 * begins at.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/protocol/directory.h>

#include "libc.h"

enum { PATH_ROOM = 1024 };

static endpoint_handle current; /* a handle of its own; atomic */
uint32_t directory_turn;

endpoint_handle own_directory(void)
{
	return (endpoint_handle){__atomic_load_n(&current.value, __ATOMIC_ACQUIRE)};
}

void directory_inherit(endpoint_handle directory)
{
	current = directory;
}

endpoint_handle path_start(int fd, const char *path)
{
	if (*path == '/')
		return own_root();
	return fd == AT_FDCWD ? own_directory() : descriptor_handle(fd);
}

/* ---- the working directory */

static int change_to(endpoint_handle directory)
{
	if (directory.value < 0)
		return directory.value;
	int32_t old = __atomic_exchange_n(&current.value, directory.value, __ATOMIC_ACQ_REL);
	__atomic_fetch_add(
		&directory_turn, 1, __ATOMIC_RELEASE); /* before the old one is none: see PATH_CALL */
	if (old > 0)
		handle_close(ANY((endpoint_handle){old}));
	return 0;
}

static endpoint_handle directory_at(endpoint_handle start, const char *path)
{
	return directory_open(start, path, OPEN_DIRECTORY, 0, &(uint32_t){0}, DEADLINE_NEVER);
}

int chdir(const char *path)
{
	endpoint_handle directory = {
		(int32_t)PATH_CALL(directory_at(path_start(AT_FDCWD, path), path).value)};
	return (int)server_result(change_to(directory));
}

int fchdir(int fd)
{
	endpoint_handle directory = descriptor_handle(fd);
	if (directory.value < 0)
		return (int)posix_result(directory.value);
	return (int)server_result(change_to(directory_at(directory, ".")));
}

char *getcwd(char *buffer, size_t size)
{
	char path[PATH_ROOM];
	if (buffer != NULL && size == 0) {
		errno = EINVAL;
		return NULL;
	}
	long length = PATH_CALL(directory_path(own_directory(), path, sizeof path));
	if (length > 0 && buffer != NULL && (size_t)length > size)
		length = -ERANGE;
	if (server_result(length) < 0)
		return NULL;
	return buffer != NULL ? memcpy(buffer, path, (size_t)length) : strdup(path);
}

/* ---- names */

static int make_at(endpoint_handle start, const char *path, mode_t mode, bool fifo)
{
	if (start.value < 0)
		return start.value;
	return fifo ? directory_make_fifo(start, path, mode_masked(mode))
		    : directory_make(start, path, mode_masked(mode));
}

int mkdirat(int directory, const char *path, mode_t mode)
{
	return (int)server_result(PATH_CALL(make_at(path_start(directory, path), path, mode, false)));
}

int mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}

int mkfifoat(int directory, const char *path, mode_t mode)
{
	return (int)server_result(PATH_CALL(make_at(path_start(directory, path), path, mode, true)));
}

int mkfifo(const char *path, mode_t mode)
{
	return mkfifoat(AT_FDCWD, path, mode);
}

/* A file or a fifo. Devices are the servers' own, and made by nobody. */
int mknodat(int directory, const char *path, mode_t mode, dev_t device)
{
	(void)device;
	switch (mode & S_IFMT) {
	case S_IFIFO:
		return mkfifoat(directory, path, mode);
	case 0:
	case S_IFREG:
		break;
	case S_IFCHR:
	case S_IFBLK:
		return (int)posix_result(-EPERM);
	default:
		return (int)posix_result(-EINVAL);
	}
	int fd = openat(directory, path, O_WRONLY | O_CREAT | O_EXCL, mode & 07777);
	return fd < 0 ? -1 : close(fd);
}

int mknod(const char *path, mode_t mode, dev_t device)
{
	return mknodat(AT_FDCWD, path, mode, device);
}

static int remove_at(endpoint_handle start, const char *path, int flags)
{
	if (start.value < 0)
		return start.value;
	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	return flags & AT_REMOVEDIR ? directory_remove(start, path) : directory_unlink(start, path);
}

int unlinkat(int directory, const char *path, int flags)
{
	return (int)server_result(PATH_CALL(remove_at(path_start(directory, path), path, flags)));
}

int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

/* picolibc's knows no directories. */
int remove(const char *path)
{
	int result = unlink(path);
	return result != 0 && errno == EISDIR ? rmdir(path) : result;
}

static int move_at(int from_directory, const char *from, int to_directory, const char *to)
{
	endpoint_handle from_start = path_start(from_directory, from),
			to_start = path_start(to_directory, to);
	if (from_start.value < 0 || to_start.value < 0)
		return -EBADF;
	return directory_rename(from_start, from, to_start, to);
}

int renameat(int from_directory, const char *from, int to_directory, const char *to)
{
	return (int)server_result(PATH_CALL(move_at(from_directory, from, to_directory, to)));
}

int rename(const char *from, const char *to)
{
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

static int link_at(int from_directory, const char *from, int to_directory, const char *to, int flags)
{
	endpoint_handle from_start = path_start(from_directory, from),
			to_start = path_start(to_directory, to);
	if (from_start.value < 0 || to_start.value < 0)
		return -EBADF;
	if (flags & ~AT_SYMLINK_FOLLOW)
		return -EINVAL;
	return directory_link(from_start, from, to_start, to, flags & AT_SYMLINK_FOLLOW);
}

int linkat(int from_directory, const char *from, int to_directory, const char *to, int flags)
{
	return (int)server_result(PATH_CALL(link_at(from_directory, from, to_directory, to, flags)));
}

int link(const char *from, const char *to)
{
	return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

static int make_link_at(endpoint_handle start, const char *target, const char *path)
{
	return start.value < 0 ? start.value : directory_make_link(start, target, path);
}

int symlinkat(const char *target, int directory, const char *path)
{
	return (int)server_result(PATH_CALL(make_link_at(path_start(directory, path), target, path)));
}

int symlink(const char *target, const char *path)
{
	return symlinkat(target, AT_FDCWD, path);
}

static long read_link_at(endpoint_handle start, const char *path, char *buffer, size_t size)
{
	return start.value < 0 ? start.value : directory_read_link(start, path, buffer, size);
}

ssize_t readlinkat(int directory, const char *restrict path, char *restrict buffer, size_t size)
{
	return server_result(PATH_CALL(read_link_at(path_start(directory, path), path, buffer, size)));
}

ssize_t readlink(const char *restrict path, char *restrict buffer, size_t size)
{
	return readlinkat(AT_FDCWD, path, buffer, size);
}
