/*
 * File descriptors: small numbers that refer to open descriptions, each with its place in a file. Descriptors
 * that dup made share a description. Files can't be written in this system.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "libc.h"

enum { DESCRIPTORS = 64 };

enum kind { KIND_NONE, KIND_CONSOLE, KIND_FILE, KIND_DIRECTORY };

struct description {
	enum kind kind;
	int flags; /* of open */
	int users; /* descriptors that refer to it */
	off_t offset;
	struct file_node node; /* KIND_FILE and KIND_DIRECTORY */
	char *path; /* KIND_DIRECTORY: resolved, allocated */
};

static struct description console = {.kind = KIND_CONSOLE, .flags = O_RDWR, .users = 3};
static struct description descriptions[DESCRIPTORS];
static struct description *table[DESCRIPTORS] = {&console, &console, &console};

/* Null, with errno set, when the descriptor is not open. */
static struct description *description_of(int fd)
{
	if (fd >= 0 && fd < DESCRIPTORS && table[fd] != NULL)
		return table[fd];
	errno = EBADF;
	return NULL;
}

/* The lowest free descriptor from `least` up, or -EMFILE. */
static int descriptor_free(int least)
{
	for (int fd = least; fd < DESCRIPTORS; fd++)
		if (table[fd] == NULL)
			return fd;
	return -EMFILE;
}

/* There is a description for each descriptor, so this finds one. */
static struct description *description_free(void)
{
	struct description *d = descriptions;
	while (d->users > 0)
		d++;
	return d;
}

static int open_resolved(const char *resolved, const struct file_node *node, int flags)
{
	int fd = descriptor_free(0);
	if (fd < 0)
		return fd;
	struct description *d = description_free();
	char *path = node->is_directory ? strdup(resolved) : NULL;
	if (node->is_directory && path == NULL)
		return -ENOMEM;
	d->kind = node->is_directory ? KIND_DIRECTORY : KIND_FILE;
	d->flags = flags;
	d->users = 1;
	d->offset = 0;
	d->node = *node;
	d->path = path;
	table[fd] = d;
	return fd;
}

static int open_path(const char *path, int flags)
{
	char resolved[RESOLVED_MAX];
	struct file_node node;
	int result = path_resolve(path, resolved);
	if (result == 0)
		result = files_find(resolved, &node);
	if (result == -ENOENT && (flags & O_CREAT))
		return -EROFS;
	if (result != 0)
		return result;
	if ((flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if ((flags & O_DIRECTORY) && !node.is_directory)
		return -ENOTDIR;
	if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC))
		return node.is_directory ? -EISDIR : -EROFS;
	if (S_ISLNK(node.mode))
		return -ELOOP;
	return open_resolved(resolved, &node, flags);
}

int open(const char *path, int flags, ...)
{
	return (int)posix_result(open_path(path, flags));
}

int creat(const char *path, mode_t mode)
{
	return open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

int close(int fd)
{
	struct description *d = description_of(fd);
	if (d == NULL)
		return -1;
	table[fd] = NULL;
	if (--d->users == 0 && d->kind == KIND_DIRECTORY)
		free(d->path);
	return 0;
}

/* Bytes of a file from an offset on. */
static ssize_t file_read(const struct description *d, void *buffer, size_t size, off_t offset)
{
	size_t length = d->node.size;
	if ((size_t)offset >= length)
		return 0;
	if (size > length - (size_t)offset)
		size = length - (size_t)offset;
	memcpy(buffer, files_bytes(&d->node) + offset, size);
	return (ssize_t)size;
}

static ssize_t description_read(struct description *d, void *buffer, size_t size)
{
	if (d->kind == KIND_CONSOLE)
		return console_input(buffer, size);
	if (d->kind == KIND_DIRECTORY)
		return -EISDIR;
	ssize_t count = file_read(d, buffer, size, d->offset);
	d->offset += count;
	return count;
}

ssize_t read(int fd, void *buffer, size_t size)
{
	struct description *d = description_of(fd);
	return d != NULL ? posix_result(description_read(d, buffer, size)) : -1;
}

ssize_t write(int fd, const void *buffer, size_t size)
{
	struct description *d = description_of(fd);
	if (d == NULL)
		return -1;
	return posix_result(d->kind == KIND_CONSOLE ? console_output(buffer, size) : -EBADF);
}

ssize_t pread(int fd, void *buffer, size_t size, off_t offset)
{
	struct description *d = description_of(fd);
	if (d == NULL)
		return -1;
	if (d->kind != KIND_FILE)
		return posix_result(d->kind == KIND_CONSOLE ? -ESPIPE : -EISDIR);
	return posix_result(offset < 0 ? -EINVAL : file_read(d, buffer, size, offset));
}

static off_t description_seek(struct description *d, off_t offset, int whence)
{
	if (d->kind == KIND_CONSOLE)
		return -ESPIPE;
	off_t base = 0;
	if (whence == SEEK_CUR)
		base = d->offset;
	else if (whence == SEEK_END)
		base = (off_t)d->node.size;
	else if (whence != SEEK_SET)
		return -EINVAL;
	off_t to;
	if (__builtin_add_overflow(base, offset, &to))
		return -EOVERFLOW;
	if (to < 0)
		return -EINVAL;
	d->offset = to;
	return to;
}

off_t lseek(int fd, off_t offset, int whence)
{
	struct description *d = description_of(fd);
	return d != NULL ? (off_t)posix_result(description_seek(d, offset, whence)) : -1;
}

int fstat(int fd, struct stat *status)
{
	struct description *d = description_of(fd);
	if (d == NULL)
		return -1;
	if (d->kind != KIND_CONSOLE) {
		files_stat(&d->node, status);
		return 0;
	}
	memset(status, 0, sizeof *status);
	status->st_mode = S_IFCHR | S_IRUSR | S_IWUSR;
	status->st_nlink = 1;
	return 0;
}

int isatty(int fd)
{
	struct description *d = description_of(fd);
	if (d == NULL)
		return 0;
	if (d->kind == KIND_CONSOLE && console_is_terminal())
		return 1;
	errno = ENOTTY;
	return 0;
}

/* Makes `to`, which is free, another descriptor of `fd`. */
static int descriptor_share(struct description *d, int to)
{
	d->users++;
	table[to] = d;
	return to;
}

static int descriptor_duplicate(int fd, int least)
{
	struct description *d = description_of(fd);
	if (d == NULL)
		return -1;
	int to = descriptor_free(least);
	return to < 0 ? (int)posix_result(to) : descriptor_share(d, to);
}

int dup(int fd)
{
	return descriptor_duplicate(fd, 0);
}

int dup2(int fd, int to)
{
	struct description *d = description_of(fd);
	if (d == NULL)
		return -1;
	if (to < 0 || to >= DESCRIPTORS)
		return (int)posix_result(-EBADF);
	if (to == fd)
		return to;
	if (table[to] != NULL)
		(void)close(to);
	return descriptor_share(d, to);
}

int fcntl(int fd, int command, ...)
{
	struct description *d = description_of(fd);
	if (d == NULL)
		return -1;
	va_list arguments;
	va_start(arguments, command);
	int argument = command == F_DUPFD ? va_arg(arguments, int) : 0;
	va_end(arguments);
	switch (command) {
	case F_DUPFD:
		if (argument < 0 || argument >= DESCRIPTORS)
			return (int)posix_result(-EINVAL);
		return descriptor_duplicate(fd, argument);
	case F_GETFL:
		return d->flags;
	case F_GETFD:
	case F_SETFD: /* no program inherits descriptors, so there is nothing to mark */
		return 0;
	default:
		return (int)posix_result(-EINVAL);
	}
}

int descriptor_list(int fd, size_t *cursor, struct file_node *node, char *name, size_t size)
{
	struct description *d = description_of(fd);
	if (d == NULL)
		return -EBADF;
	return d->kind == KIND_DIRECTORY ? files_list(d->path, cursor, node, name, size) : -ENOTDIR;
}

int fsync(int fd)
{
	struct description *d = description_of(fd);
	if (d == NULL)
		return -1;
	return (int)posix_result(d->kind == KIND_CONSOLE ? console_sync() : 0);
}
