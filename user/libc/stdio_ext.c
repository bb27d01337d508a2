/*
 * <stdio_ext.h>: what a stream holds. Streams in memory hold nothing that has yet to go anywhere.
 */
#include <stdio_ext.h>
#include <stdbool.h>
#include <stdio-bufio.h>
#include <stdlib.h>

#include "libc.h"

/* Null for a stream in memory. */
static struct __file_bufio *buffered(FILE *file)
{
	return file->flags & __SBUF ? (struct __file_bufio *)file : NULL;
}

size_t __fbufsize(FILE *file)
{
	return buffered(file) != NULL ? (size_t)buffered(file)->size : 0;
}

size_t __fpending(FILE *file)
{
	const struct __file_bufio *stream = buffered(file);
	return stream != NULL && stream->dir == __SWR ? (size_t)stream->len : 0;
}

/* What was read before goes, too, so that the next read is from where the descriptor is. */
void __fpurge(FILE *file)
{
	struct __file_bufio *stream = buffered(file);
	file->unget = 0;
	if (stream != NULL)
		stream->len = stream->off = 0;
}

int __freadable(FILE *file)
{
	return (file->flags & __SRD) != 0;
}

int __fwritable(FILE *file)
{
	return (file->flags & __SWR) != 0;
}

int __freading(FILE *file)
{
	const struct __file_bufio *stream = buffered(file);
	return !__fwritable(file) || (stream != NULL && stream->dir == __SRD);
}

int __fwriting(FILE *file)
{
	const struct __file_bufio *stream = buffered(file);
	return !__freadable(file) || (stream != NULL && stream->dir == __SWR);
}

int __flbf(FILE *file)
{
	return buffered(file) != NULL && (buffered(file)->bflags & __BLBF) != 0;
}

void _flushlbf(void)
{
	(void)fflush(stdout);
}

int __fsetlocking(FILE *file, int how)
{
	(void)file;
	(void)how;
	return FSETLOCKING_INTERNAL;
}

const char *getprogname(void)
{
	return own_name();
}
