/*
 * Streams over picolibc's buffers. picolibc forgets what it has opened; here all streams stand in a list, so that what
 * they hold goes out at the end of the program. stderr is not buffered, stdout by line if it is a terminal.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdio-bufio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fork.h"
#include "libc.h"
#include "thread.h"

enum { BUFFER_SIZE = 4096 };

struct stream {
	struct __file_bufio file;
	struct stream *next;
	char buffer[BUFFER_SIZE];
};

static int stream_close(FILE *file);

static _Thread_local bool read_failed; /* the last read for a stream */

static ssize_t stream_read(int fd, void *buffer, size_t size)
{
	ssize_t count = read(fd, buffer, size);
	read_failed = count < 0;
	return count;
}

/* picolibc's takes a read that failed for the end of the file, so that nobody would know of what is missing. */
static int stream_get(FILE *file)
{
	int c = __bufio_get(file);
	return c == _FDEV_EOF && read_failed ? _FDEV_ERR : c;
}

/* Nor does it remember a write that failed, when the next one goes well. */
static int stream_put(char c, FILE *file)
{
	int result = __bufio_put(c, file);
	if (result < 0)
		file->flags |= __SERR;
	return result;
}

static int stream_flush(FILE *file)
{
	int result = __bufio_flush(file);
	if (result < 0)
		file->flags |= __SERR;
	return result;
}

static int stream_setvbuf(FILE *file, char *buffer, int mode, size_t size);

#define FILE_OF(fd_, buffer_, size_, flags, buffering) \
	{ \
		.xfile = FDEV_SETUP_EXT(stream_put, stream_get, stream_flush, stream_close, __bufio_seek, \
			stream_setvbuf, (flags) | __SBUF), \
		.fd = fd_, .bflags = buffering, .buf = buffer_, .size = size_, .read = stream_read, \
		.write = write, .lseek = lseek, .close = close, \
	}

static char out_buffer[BUFFER_SIZE], in_buffer[BUFFER_SIZE], error_buffer[BUFFER_SIZE];
static struct __file_bufio out_file = FILE_OF(1, out_buffer, BUFFER_SIZE, __SWR, 0);
static struct __file_bufio in_file = FILE_OF(0, in_buffer, BUFFER_SIZE, __SRD, 0);
static struct __file_bufio error_file = FILE_OF(2, error_buffer, 1, __SWR, 0);

FILE *const stdin = &in_file.xfile.cfile.file;
FILE *const stdout = &out_file.xfile.cfile.file;
FILE *const stderr = &error_file.xfile.cfile.file;

bool kernel_output_begun; /* here, where a page is touched at the end anyway */
static struct stream *streams; /* that were opened, not the three above */
static struct __lock streams_lock = LOCK_INITIALIZER; /* of the list */

static FILE *file_of(struct stream *stream)
{
	return &stream->file.xfile.cfile.file;
}

static int flush_one(FILE *file)
{
	return file->flush != NULL ? file->flush(file) : 0;
}

/* The buffer that a stream has while nobody gives it another. */
static char *own_buffer(FILE *file)
{
	return file == stdout   ? out_buffer
	       : file == stdin  ? in_buffer
	       : file == stderr ? error_buffer
				: ((struct stream *)file)->buffer;
}

/*
 * Whoever gives no buffer only says how its own is used; his size is a hint. picolibc's would make one of that size, so that with a
 * size of 0 each character was written by itself, and loses it when it makes it larger.
 */
static int stream_setvbuf(FILE *file, char *buffer, int mode, size_t size)
{
	struct __file_bufio *stream = (struct __file_bufio *)file;
	int result = 0;
	if (mode != _IOFBF && mode != _IOLBF && mode != _IONBF)
		return EOF;
	if (buffer == NULL || size == 0 || mode == _IONBF) {
		buffer = own_buffer(file);
		size = mode == _IONBF ? 1 : BUFFER_SIZE;
	}
	flockfile(file);
	if (buffer != stream->buf || (int)size != stream->size) {
		result = flush_one(file);
		stream->buf = buffer;
		stream->size = (int)size;
	}
	stream->bflags = mode == _IOLBF ? stream->bflags | __BLBF : stream->bflags & (uint8_t)~__BLBF;
	funlockfile(file);
	return result;
}

int fflush(FILE *file)
{
	if (file != NULL)
		return flush_one(file);
	int result = flush_one(stdout);
	(void)pthread_mutex_lock(&streams_lock.mutex);
	for (struct stream *stream = streams; stream != NULL; stream = stream->next)
		if (flush_one(file_of(stream)) != 0)
			result = EOF;
	(void)pthread_mutex_unlock(&streams_lock.mutex);
	return result;
}

static struct __lock locks[] = {LOCK_INITIALIZER, LOCK_INITIALIZER, LOCK_INITIALIZER};

/* Before all other constructors: these may print. */
__attribute__((constructor(101))) static void streams_begin(void)
{
	int saved = errno;
	in_file.lock = &locks[0];
	out_file.lock = &locks[1];
	error_file.lock = &locks[2];
	if (isatty(1))
		out_file.bflags |= __BLBF;
	errno = saved;
}

/* Destructors run in the reverse order of their numbers: after all others and what atexit was given. */
__attribute__((destructor(101))) static void streams_end(void)
{
	(void)fflush(NULL);
	if (kernel_output_begun)
		kernel_output_end();
}

/*
 * What the mode of fopen means: flags of the stream, or 0 with errno set, and of open. picolibc's freopen calls it,
 * too; its own knows neither x nor e.
 */
int __posix_sflags(const char *mode, int *flags);
int __posix_sflags(const char *mode, int *flags)
{
	bool both = strchr(mode, '+') != NULL;
	int stream_flags = both ? __SRD | __SWR : *mode == 'r' ? __SRD : __SWR;
	*flags = both ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY;
	if (*mode == 'w')
		*flags |= O_CREAT | O_TRUNC;
	else if (*mode == 'a')
		*flags |= O_CREAT | O_APPEND;
	else if (*mode != 'r')
		stream_flags = 0;
	if (strchr(mode, 'x') != NULL)
		*flags |= O_EXCL;
	if (strchr(mode, 'e') != NULL)
		*flags |= O_CLOEXEC;
	if (stream_flags == 0)
		errno = EINVAL;
	return stream_flags;
}

static FILE *stream_make(int fd, int stream_flags)
{
	struct stream *stream = malloc(sizeof *stream);
	if (stream == NULL)
		return NULL;
	stream->file =
		(struct __file_bufio)FILE_OF(fd, stream->buffer, BUFFER_SIZE, (uint8_t)stream_flags, 0);
	__bufio_lock_init(file_of(stream));
	(void)pthread_mutex_lock(&streams_lock.mutex);
	stream->next = streams;
	streams = stream;
	(void)pthread_mutex_unlock(&streams_lock.mutex);
	return file_of(stream);
}

FILE *fdopen(int fd, const char *mode)
{
	int flags, stream_flags = __posix_sflags(mode, &flags);
	if (stream_flags == 0)
		return NULL;
	if (flags & O_APPEND)
		(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_APPEND);
	return stream_make(fd, stream_flags);
}

FILE *fopen(const char *path, const char *mode)
{
	int flags, stream_flags = __posix_sflags(mode, &flags);
	if (stream_flags == 0)
		return NULL;
	int fd = open(path, flags, 0666);
	FILE *file = fd >= 0 ? stream_make(fd, stream_flags) : NULL;
	if (fd >= 0 && file == NULL)
		(void)close(fd);
	return file;
}

static void stream_leave_list(const struct stream *stream)
{
	(void)pthread_mutex_lock(&streams_lock.mutex);
	for (struct stream **link = &streams; *link != NULL; link = &(*link)->next)
		if (*link == stream) {
			*link = stream->next;
			break;
		}
	(void)pthread_mutex_unlock(&streams_lock.mutex);
}

/* Frees a stream if it was opened: the three standard ones stay. */
static void stream_free(FILE *file)
{
	if (file == stdin || file == stdout || file == stderr)
		return;
	struct stream *stream = (struct stream *)file;
	stream_leave_list(stream);
	free(stream);
}

/* fclose comes here. */
static int stream_close(FILE *file)
{
	int result = flush_one(file);
	if (close(((struct __file_bufio *)file)->fd) != 0)
		result = EOF;
	stream_free(file);
	return result;
}

/* ---- fork */

void streams_fork_begin(void)
{
	(void)pthread_mutex_lock(&streams_lock.mutex);
}

void streams_fork_end(void)
{
	(void)pthread_mutex_unlock(&streams_lock.mutex);
}

/* Whoever else had it is not there any more. */
static void lock_free(struct __lock *lock)
{
	if (lock != NULL && lock->mutex.owner != thread_number())
		*lock = (struct __lock)LOCK_INITIALIZER;
}

void streams_after_fork(void)
{
	for (size_t i = 0; i < sizeof locks / sizeof locks[0]; i++)
		lock_free(&locks[i]);
	for (struct stream *stream = streams; stream != NULL; stream = stream->next)
		lock_free(stream->file.lock);
	lock_free(&__lock___libc_recursive_mutex);
}
