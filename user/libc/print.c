/*
 * Printing in one piece: picolibc locks a stream for each character, so that two threads that print would mix
 * their lines. Here a whole call has the stream. Streams in memory have no lock, and need none.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdio-bufio.h>
#include <string.h>

static _LOCK_T lock_of(FILE *stream)
{
	return stream->flags & __SBUF ? ((struct __file_bufio *)stream)->lock : NULL;
}

void flockfile(FILE *stream)
{
	__lock_acquire_recursive(lock_of(stream));
}

int ftrylockfile(FILE *stream)
{
	return __lock_try_acquire_recursive(lock_of(stream)) ? 0 : -1;
}

void funlockfile(FILE *stream)
{
	__lock_release_recursive(lock_of(stream));
}

static int print(FILE *stream, const char *format, va_list arguments)
{
	flockfile(stream);
	int count = vfprintf(stream, format, arguments);
	funlockfile(stream);
	return count;
}

int fprintf(FILE *restrict stream, const char *restrict format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int count = print(stream, format, arguments);
	va_end(arguments);
	return count;
}

int printf(const char *restrict format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int count = print(stdout, format, arguments);
	va_end(arguments);
	return count;
}

int vprintf(const char *restrict format, va_list arguments)
{
	return print(stdout, format, arguments);
}

size_t fwrite(const void *restrict items, size_t size, size_t count, FILE *restrict stream)
{
	const char *bytes = items;
	size_t total = size * count, done = 0;
	if (total == 0)
		return 0;
	flockfile(stream);
	while (done < total && putc(bytes[done], stream) != EOF)
		done++;
	funlockfile(stream);
	return done == total ? count : done / size;
}

int fputs(const char *restrict string, FILE *restrict stream)
{
	size_t length = strlen(string);
	return length == 0 || fwrite(string, length, 1, stream) == 1 ? 0 : EOF;
}

int puts(const char *string)
{
	flockfile(stdout);
	int result = fputs(string, stdout) == 0 && putchar('\n') != EOF ? 0 : EOF;
	funlockfile(stdout);
	return result;
}
