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

/*
 * What else there may be about a call is apart, and ends it, so that one that comes to nothing unusual needs no registers but those
 * that the kernel leaves alone.
 */
__attribute__((noinline, cold)) static ssize_t read_otherwise(
	endpoint_handle file, void *buffer, size_t size, long count)
{
	while (call_again(count))
		count = file_read(file, buffer, size, DEADLINE_NEVER);
	call_end();
	return server_result(count);
}

__attribute__((flatten)) static ssize_t read_file(endpoint_handle file, void *buffer, size_t size)
{
	call_begin(file.value);
	long count = file_read(file, buffer, size, DEADLINE_NEVER);
	if (count < 0)
		return read_otherwise(file, buffer, size, count);
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
	return read_file(file, buffer, size);
}

/* Goes on after a call that has written less than all, as it does when it was cut short for a signal to somebody else. */
__attribute__((noinline, cold)) static ssize_t write_otherwise(
	endpoint_handle file, const char *bytes, size_t size, long count)
{
	size_t done = count > 0 ? (size_t)count : 0;
	while (done < size && (count > 0 || count == -EINTR) && !call_interrupted()) {
		count = file_write(file, bytes + done, size - done, DEADLINE_NEVER);
		if (count > 0)
			done += (size_t)count;
	}
	call_end();
	if (done > 0)
		return (ssize_t)done;
	return count == -EPIPE ? write_broken(file) : server_result(count);
}

__attribute__((flatten)) static ssize_t write_file(endpoint_handle file, const char *bytes, size_t size)
{
	call_begin(file.value);
	long count = file_write(file, bytes, size, DEADLINE_NEVER);
	if (count != (long)size)
		return write_otherwise(file, bytes, size, count);
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
	return write_file(file, buffer, size);
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

/* One after the other, up to the first that is not whole. */
static ssize_t vector_move(int fd, const struct iovec *vector, int count, bool out)
{
	if (!vector_fits(vector, count))
		return posix_result(-EINVAL);
	ssize_t total = 0;
	for (int i = 0; i < count; i++) {
		size_t size = vector[i].iov_len;
		ssize_t part = out ? write(fd, vector[i].iov_base, size) : read(fd, vector[i].iov_base, size);
		if (part < 0)
			return total > 0 ? total : part;
		total += part;
		if ((size_t)part < size)
			break;
	}
	return total;
}

ssize_t readv(int fd, const struct iovec *vector, int count)
{
	return vector_move(fd, vector, count, false);
}

ssize_t writev(int fd, const struct iovec *vector, int count)
{
	return vector_move(fd, vector, count, true);
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
