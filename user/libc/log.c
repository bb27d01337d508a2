/*
 * What a program prints that has no terminal: by the kernel as it is; or, while a console server prints in the kernel's place, line
 * by line in its log, so that neither cuts the other's. A line that has begun is kept until it ends, or the program does.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <tabula/handles.h>

#include "libc.h"

struct line {
	char bytes[LOG_TEXT];
	size_t size;
};

static struct line begun;
static uint32_t is_taken; /* by another thread, or by one that a signal's handler has interrupted */

static long end_line(struct line *line)
{
	long result = log_write(own_system(), (const uint8_t *)line->bytes, line->size);
	line->size = 0;
	return result < 0 ? result : 0;
}

/* Up to the end of a line, or as much as fits into one. */
static size_t part(const struct line *line, const char *bytes, size_t size)
{
	size_t room = LOG_TEXT - line->size, most = size < room ? size : room;
	const char *newline = memchr(bytes, '\n', most);
	return newline != NULL ? (size_t)(newline - bytes) : most;
}

/* How many bytes are in the log, or in the line. */
static long put(struct line *line, const char *bytes, size_t size)
{
	long error = 0;
	size_t done = 0;
	while (done < size && error == 0) {
		size_t length = part(line, bytes + done, size - done);
		memcpy(line->bytes + line->size, bytes + done, length);
		line->size += length;
		done += length;
		bool ends = done < size && bytes[done] == '\n';
		if (ends || line->size == LOG_TEXT)
			error = end_line(line);
		done += ends;
	}
	return error != 0 ? error : (long)done;
}

/* Has the kernel print them. It won't any more, with -EBUSY, from when there is a console server. */
static long put_plainly(const char *bytes, size_t size)
{
	size_t done = 0;
	long count = 0;
	while (done < size && count >= 0) {
		count = console_write(own_system(), (const uint8_t *)bytes + done, size - done);
		done += count > 0 ? (size_t)count : 0;
	}
	return done > 0 ? (long)done : count;
}

static long put_somewhere(struct line *line, const char *bytes, size_t size)
{
	long done = line->size == 0 ? put_plainly(bytes, size) : 0;
	if (done == -EBUSY)
		done = 0;
	if (done < 0 || (size_t)done == size)
		return done;
	long rest = put(line, bytes + done, size - (size_t)done);
	return rest < 0 && done == 0 ? rest : done + (rest > 0 ? rest : 0);
}

ssize_t kernel_output(const char *bytes, size_t size)
{
	struct line own = {.size = 0};
	long result;
	kernel_output_begun = true;
	if (__atomic_exchange_n(&is_taken, 1, __ATOMIC_ACQUIRE)) {
		result = put_somewhere(&own, bytes, size);
		if (own.size > 0)
			(void)end_line(&own);
		return result;
	}
	result = put_somewhere(&begun, bytes, size);
	__atomic_store_n(&is_taken, 0, __ATOMIC_RELEASE);
	return result;
}

void kernel_output_end(void)
{
	if (!__atomic_exchange_n(&is_taken, 1, __ATOMIC_ACQUIRE) && begun.size > 0)
		(void)end_line(&begun);
}
