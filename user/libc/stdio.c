/*
 * The standard streams over picolibc's buffers: lines for stdout, single characters for stderr. What stdout
 * holds goes out at the end of the program, and before stdin waits for input.
 */
#include <stdio.h>
#include <stdio-bufio.h>
#include <unistd.h>

#include "thread.h"

enum { BUFFER_SIZE = 1024 };

static char in_buffer[BUFFER_SIZE];
static char out_buffer[BUFFER_SIZE];
static char error_buffer[1];

#define STREAM(fd, buffer, flags, buffering) \
	FDEV_SETUP_BUFIO(fd, buffer, sizeof(buffer), read, write, lseek, close, flags, buffering)

static struct __file_bufio in_stream = STREAM(0, in_buffer, __SRD, 0);
static struct __file_bufio out_stream = STREAM(1, out_buffer, __SWR, __BLBF);
static struct __file_bufio error_stream = STREAM(2, error_buffer, __SWR, 0);

FILE *const stdin = &in_stream.xfile.cfile.file;
FILE *const stdout = &out_stream.xfile.cfile.file;
FILE *const stderr = &error_stream.xfile.cfile.file;

static struct __lock locks[] = {LOCK_INITIALIZER, LOCK_INITIALIZER, LOCK_INITIALIZER};

/* Before all other constructors: these may print. */
__attribute__((constructor(101))) static void streams_start(void)
{
	in_stream.lock = &locks[0];
	out_stream.lock = &locks[1];
	error_stream.lock = &locks[2];
}

/* picolibc's own takes no null pointer. What fopen opens can't be written: stdout is all. */
int fflush(FILE *stream)
{
	if (stream == NULL)
		stream = stdout;
	return stream->flush != NULL ? stream->flush(stream) : 0;
}

/* Destructors run in the reverse order of their numbers: after all others and what atexit was given. */
__attribute__((destructor(101))) static void streams_flush(void)
{
	(void)fflush(stdout);
}
