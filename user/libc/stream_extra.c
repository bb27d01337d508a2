/*
 * Streams as POSIX has them, where picolibc has none: printing to a descriptor, a stream that grows in memory, places in a
 * stream, and single characters for who has the lock.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libc.h"

/* ---- to a descriptor, in one piece */

int vdprintf(int fd, const char *restrict format, va_list arguments)
{
	char *text = NULL;
	int length = vasprintf(&text, format, arguments), done = 0;
	while (done < length) {
		ssize_t count = write(fd, text + done, (size_t)(length - done));
		if (count < 0)
			length = -1;
		else
			done += (int)count;
	}
	free(text);
	return length;
}

int dprintf(int fd, const char *restrict format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int length = vdprintf(fd, format, arguments);
	va_end(arguments);
	return length;
}

/* ---- into memory */

struct memory_stream {
	struct __file_ext file;
	char **bytes; /* the caller's, told at each flush */
	size_t *size;
	char *buffer;
	size_t room, length, at;
};

static bool memory_grow(struct memory_stream *stream, size_t needed)
{
	if (needed < stream->room)
		return true;
	size_t room = needed * 2 + 64;
	char *grown = realloc(stream->buffer, room);
	if (grown == NULL)
		return false;
	memset(grown + stream->room, 0, room - stream->room);
	stream->buffer = grown;
	stream->room = room;
	return true;
}

static int memory_put(char c, FILE *file)
{
	struct memory_stream *stream = (struct memory_stream *)file;
	if (!memory_grow(stream, stream->at + 1)) {
		errno = ENOMEM;
		return EOF;
	}
	stream->buffer[stream->at++] = c;
	if (stream->at > stream->length)
		stream->length = stream->at;
	return (unsigned char)c;
}

static int memory_flush(FILE *file)
{
	struct memory_stream *stream = (struct memory_stream *)file;
	stream->buffer[stream->length] = '\0';
	*stream->bytes = stream->buffer;
	*stream->size = stream->at < stream->length ? stream->at : stream->length;
	return 0;
}

static __off_t memory_seek(FILE *file, __off_t offset, int whence)
{
	struct memory_stream *stream = (struct memory_stream *)file;
	__off_t from = whence == SEEK_CUR   ? (__off_t)stream->at
		       : whence == SEEK_END ? (__off_t)stream->length
					    : 0;
	if (offset + from < 0)
		return (__off_t)posix_result(-EINVAL);
	if (!memory_grow(stream, (size_t)(offset + from)))
		return (__off_t)posix_result(-ENOMEM);
	stream->at = (size_t)(offset + from);
	return offset + from;
}

static int memory_setvbuf(FILE *file, char *buffer, int mode, size_t size)
{
	(void)file;
	(void)buffer;
	(void)mode;
	(void)size;
	return 0;
}

static int memory_close(FILE *file)
{
	int result = memory_flush(file);
	free(file);
	return result;
}

FILE *open_memstream(char **bytes, size_t *size)
{
	if (bytes == NULL || size == NULL) {
		errno = EINVAL;
		return NULL;
	}
	struct memory_stream *stream = calloc(1, sizeof *stream);
	if (stream == NULL || !memory_grow(stream, 0)) {
		free(stream);
		errno = ENOMEM;
		return NULL;
	}
	stream->file = (struct __file_ext)FDEV_SETUP_EXT(
		memory_put, NULL, memory_flush, memory_close, memory_seek, memory_setvbuf, __SWR);
	stream->bytes = bytes;
	stream->size = size;
	(void)memory_flush(&stream->file.cfile.file);
	return &stream->file.cfile.file;
}

/* ---- places */

int fgetpos(FILE *file, fpos_t *place)
{
	off_t offset = ftello(file);
	if (offset < 0)
		return -1;
	*place = offset;
	return 0;
}

int fsetpos(FILE *file, fpos_t *place)
{
	return fseeko(file, (off_t)*place, SEEK_SET);
}

/* ---- single characters, and the terminal's name */

int getc_unlocked(FILE *file)
{
	return getc(file);
}

int getchar_unlocked(void)
{
	return getchar();
}

int putc_unlocked(int c, FILE *file)
{
	return putc(c, file);
}

int putchar_unlocked(int c)
{
	return putchar(c);
}

char *ctermid(char *name)
{
	static char own[L_ctermid];
	return strcpy(name != NULL ? name : own, "/dev/tty");
}
