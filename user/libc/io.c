/*
 * Reading and writing. The server copies straight from and to the program's memory. A server that has ended is EIO;
 * nobody at the other end of a pipe is EPIPE, and SIGPIPE before it.
 */
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <tabula/protocol/file.h>

#include "signals.h"

/* -EPIPE says either that the server is gone or, by one that is there, that nobody reads. */
__attribute__((noinline, cold)) static ssize_t write_broken(endpoint_handle file)
{
	struct file_status status;
	if (file_stat(file, &status) != 0)
		return server_result(-EPIPE);
	(void)raise(SIGPIPE);
	return posix_result(-EPIPE);
}

static inline ssize_t written(endpoint_handle file, long count)
{
	return count == -EPIPE ? write_broken(file) : server_result(count);
}

/* Apart, so that a call that nobody interrupts needs no registers but those that the kernel leaves alone. */
__attribute__((noinline, cold)) static long read_again(endpoint_handle file, void *buffer, size_t size)
{
	long count;
	do
		count = file_read(file, buffer, size, DEADLINE_NEVER);
	while (call_again(count));
	return count;
}

__attribute__((flatten)) static long read_some(endpoint_handle file, void *buffer, size_t size)
{
	call_begin(file.value);
	long count = file_read(file, buffer, size, DEADLINE_NEVER);
	if (call_again(count))
		count = read_again(file, buffer, size);
	call_end();
	return count;
}

ssize_t read(int fd, void *buffer, size_t size)
{
	endpoint_handle file = descriptor_handle(fd);
	if (file.value < 0)
		return posix_result(file.value);
	if (file.value == 0)
		return posix_result(console_input(buffer, size));
	return server_result(read_some(file, buffer, size));
}

/* Goes on after a call that has written less than all, as it does when it was cut short for a signal to somebody else. */
__attribute__((noinline, cold)) static long write_rest(
	endpoint_handle file, const char *bytes, size_t size, long count)
{
	size_t done = count > 0 ? (size_t)count : 0;
	while (done < size && (count > 0 || count == -EINTR) && !call_interrupted()) {
		count = file_write(file, bytes + done, size - done, DEADLINE_NEVER);
		if (count > 0)
			done += (size_t)count;
	}
	return done > 0 ? (long)done : count;
}

__attribute__((flatten)) static long write_all(endpoint_handle file, const char *bytes, size_t size)
{
	call_begin(file.value);
	long count = file_write(file, bytes, size, DEADLINE_NEVER);
	if (count != (long)size)
		count = write_rest(file, bytes, size, count);
	call_end();
	return count;
}

ssize_t write(int fd, const void *buffer, size_t size)
{
	endpoint_handle file = descriptor_handle(fd);
	if (file.value < 0)
		return posix_result(file.value);
	if (file.value == 0)
		return posix_result(console_output(buffer, size));
	return written(file, write_all(file, buffer, size));
}

ssize_t pread(int fd, void *buffer, size_t size, off_t offset)
{
	endpoint_handle file = descriptor_handle(fd);
	if (file.value < 0)
		return posix_result(file.value);
	return server_result(file_read_at(file, (uint64_t)offset, buffer, size, DEADLINE_NEVER));
}

ssize_t pwrite(int fd, const void *buffer, size_t size, off_t offset)
{
	endpoint_handle file = descriptor_handle(fd);
	if (file.value < 0)
		return posix_result(file.value);
	return server_result(file_write_at(file, (uint64_t)offset, buffer, size, DEADLINE_NEVER));
}

enum { VECTOR_MAX = 1024 };

static bool vector_fits(const struct iovec *vector, int count)
{
	size_t total = 0;
	for (int i = 0; i < count; i++)
		if (__builtin_add_overflow(total, vector[i].iov_len, &total))
			return false;
	return count >= 0 && count <= VECTOR_MAX && total <= LONG_MAX;
}

ssize_t readv(int fd, const struct iovec *vector, int count)
{
	if (!vector_fits(vector, count))
		return posix_result(-EINVAL);
	ssize_t total = 0;
	for (int i = 0; i < count; i++) {
		ssize_t part = read(fd, vector[i].iov_base, vector[i].iov_len);
		if (part < 0)
			return total > 0 ? total : part;
		total += part;
		if ((size_t)part < vector[i].iov_len)
			break;
	}
	return total;
}

ssize_t writev(int fd, const struct iovec *vector, int count)
{
	if (!vector_fits(vector, count))
		return posix_result(-EINVAL);
	ssize_t total = 0;
	for (int i = 0; i < count; i++) {
		ssize_t part = write(fd, vector[i].iov_base, vector[i].iov_len);
		if (part < 0)
			return total > 0 ? total : part;
		total += part;
		if ((size_t)part < vector[i].iov_len)
			break;
	}
	return total;
}

off_t lseek(int fd, off_t offset, int whence)
{
	endpoint_handle file = descriptor_handle(fd);
	if (file.value < 0)
		return posix_result(file.value);
	return server_result(file_seek(file, offset, (enum whence)whence));
}

int ftruncate(int fd, off_t length)
{
	endpoint_handle file = descriptor_handle(fd);
	if (file.value < 0)
		return (int)posix_result(file.value);
	long result = length < 0 ? -EINVAL : file_truncate(file, (uint64_t)length);
	return (int)server_result(result == -EBADF ? -EINVAL : result);
}

int fsync(int fd)
{
	endpoint_handle file = descriptor_handle(fd);
	if (file.value < 0)
		return (int)posix_result(file.value);
	return (int)server_result(file.value == 0 ? console_sync() : file_sync(file, DEADLINE_NEVER));
}

int fdatasync(int fd)
{
	return fsync(fd);
}

int isatty(int fd)
{
	endpoint_handle file = descriptor_handle(fd);
	struct file_status status = {0};
	int error = file.value > 0 ? file_stat(file, &status) : file.value;
	if (error == 0 && (file.value == 0 ? console_is_terminal() : status.terminal))
		return 1;
	if (error == 0)
		error = -ENOTTY;
	(void)server_result(error);
	return 0;
}
