/*
 * Printing in one piece: picolibc locks a stream for each character, so that two threads that print would mix
 * their lines. Here a whole call has the stream, and what it prints to one without a buffer leaves in one write, too, so
 * that programs don't mix what they say on stderr. Streams in memory have no lock, and need none.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdio-bufio.h>
#include <string.h>

enum { LOAN_SIZE = 256 };

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

/* What a stream without a buffer borrows for a call. */
struct loan {
	struct __file_bufio *stream; /* null: it has one */
	char *buffer;
	int size;
	char bytes[LOAN_SIZE];
};

/* Locks the stream. */
static void call_begin(FILE *file, struct loan *loan)
{
	struct __file_bufio *stream = (struct __file_bufio *)file;
	flockfile(file);
	loan->stream = NULL;
	if (!(file->flags & __SBUF) || stream->size > 1 || stream->len > 0)
		return;
	loan->stream = stream;
	loan->buffer = stream->buf;
	loan->size = stream->size;
	stream->buf = loan->bytes;
	stream->size = sizeof loan->bytes;
}

/* 0, or EOF when what was printed could not be written. */
static int call_end(FILE *file, const struct loan *loan)
{
	int result = 0;
	if (loan->stream != NULL) {
		result = file->flush(file);
		loan->stream->buf = loan->buffer;
		loan->stream->size = loan->size;
		loan->stream->len = loan->stream->off = 0;
	}
	funlockfile(file);
	return result;
}

static int print(FILE *stream, const char *format, va_list arguments)
{
	struct loan loan;
	call_begin(stream, &loan);
	int count = vfprintf(stream, format, arguments);
	return call_end(stream, &loan) == 0 ? count : -1;
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
	struct loan loan;
	size_t total = size * count, done = 0;
	if (total == 0)
		return 0;
	call_begin(stream, &loan);
	while (done < total && putc(bytes[done], stream) != EOF)
		done++;
	if (call_end(stream, &loan) != 0)
		done = 0;
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
