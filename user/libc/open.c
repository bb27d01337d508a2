/*
 * What makes descriptors: open, pipe. And the mask of the modes of new files.
 *
 * A fifo is opened in two steps: the server gives the handle at once, and the call that waits for the other side is made through
 * that. So a signal ends the waiting of this open alone, and who dies in it leaves nothing behind.
 */
#define _GNU_SOURCE /* pipe2 */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/protocol/device.h>
#include <tabula/protocol/directory.h>
#include <tabula/protocol/file.h>

#include "signals.h"

static mode_t mask;

mode_t mode_masked(mode_t mode)
{
	return mode & 07777 & ~mask;
}

mode_t mask_current(void)
{
	return mask;
}

void mask_inherit(mode_t inherited)
{
	mask = inherited;
}

mode_t umask(mode_t new)
{
	mode_t old = mask;
	mask = new & 0777;
	return old;
}

static const struct {
	int flag;
	enum open how;
} flags_how[] = {
	{O_APPEND, OPEN_APPEND},
	{O_NONBLOCK, OPEN_NONBLOCK},
	{O_CREAT, OPEN_CREATE},
	{O_EXCL, OPEN_EXCLUSIVE},
	{O_TRUNC, OPEN_TRUNCATE},
	{O_DIRECTORY, OPEN_DIRECTORY},
	{O_NOFOLLOW, OPEN_NOFOLLOW},
};

static enum open how_of(int flags)
{
	static const uint32_t access[] = {[O_RDONLY] = OPEN_READ,
		[O_WRONLY] = OPEN_WRITE,
		[O_RDWR] = OPEN_READ | OPEN_WRITE,
		[O_ACCMODE] = 0};
	uint32_t how = access[flags & O_ACCMODE];
	for (size_t i = 0; i < sizeof flags_how / sizeof flags_how[0]; i++)
		if (flags & flags_how[i].flag)
			how |= flags_how[i].how;
	return (enum open)how;
}

/* Waits until a fifo has been opened for its other side. The handle, or -errno as the value. */
static endpoint_handle meet(endpoint_handle file)
{
	int error;
	int32_t outer = thread_self->meets; /* a handler may have interrupted another open */
	thread_self->meets = file.value;
	call_begin(file.value);
	do
		error = file_meet(file, DEADLINE_NEVER);
	while (call_again(error));
	call_end();
	thread_self->meets = outer;
	if (error == 0)
		return file;
	handle_close(ANY(file));
	return (endpoint_handle){error};
}

/* Another server has the device, and opens it. The handle, or -errno as the value. */
static endpoint_handle open_device(endpoint_handle device, enum open how)
{
	endpoint_handle file = device_open(device, how);
	handle_close(ANY(device));
	return file;
}

static endpoint_handle open_at(
	endpoint_handle start, const char *path, int flags, mode_t mode, uint32_t *then)
{
	if (start.value < 0)
		return start;
	return directory_open(start, path, how_of(flags), mode_masked(mode), then, DEADLINE_NEVER);
}

endpoint_handle open_handle(int directory, const char *path, int flags, mode_t mode)
{
	uint32_t then = OPENING_DONE;
	endpoint_handle file = {
		(int32_t)PATH_CALL(open_at(path_start(directory, path), path, flags, mode, &then).value)};
	if (file.value > 0 && then == OPENING_MEET)
		return meet(file);
	if (file.value > 0 && then == OPENING_DEVICE)
		return open_device(file, how_of(flags));
	return file;
}

static int open_from(int directory, const char *path, int flags, mode_t mode)
{
	endpoint_handle file = open_handle(directory, path, flags, mode);
	return file.value < 0 ? file.value : descriptor_install(file, 0, flags & O_CLOEXEC);
}

/* The mode is there only for a file that may be new. */
#define MODE_ARGUMENT(mode, flags) \
	mode_t mode = 0; \
	if ((flags)&O_CREAT) { \
		va_list arguments; \
		va_start(arguments, flags); \
		mode = (mode_t)va_arg(arguments, int); \
		va_end(arguments); \
	}

int open(const char *path, int flags, ...)
{
	MODE_ARGUMENT(mode, flags)
	return (int)server_result(open_from(AT_FDCWD, path, flags, mode));
}

int openat(int directory, const char *path, int flags, ...)
{
	MODE_ARGUMENT(mode, flags)
	return (int)server_result(open_from(directory, path, flags, mode));
}

int creat(const char *path, mode_t mode)
{
	return open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

static int pipe_open(int ends[2], int flags)
{
	endpoint_handle read_end, write_end;
	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	long result =
		directory_pipe(own_root(), how_of(flags & O_NONBLOCK) & OPEN_NONBLOCK, &read_end, &write_end);
	if (result < 0)
		return (int)result;
	int reader = descriptor_install(read_end, 0, flags & O_CLOEXEC);
	int writer = reader >= 0 ? descriptor_install(write_end, 0, flags & O_CLOEXEC) : reader;
	if (reader < 0)
		handle_close(ANY(write_end));
	else if (writer < 0)
		(void)close(reader);
	if (writer < 0)
		return writer;
	ends[0] = reader;
	ends[1] = writer;
	return 0;
}

int pipe(int ends[2])
{
	return (int)server_result(pipe_open(ends, 0));
}

int pipe2(int ends[2], int flags)
{
	return (int)server_result(pipe_open(ends, flags));
}
