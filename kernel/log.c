/*
 * Log lines. With mark=NONCE on the command line each line is framed, \1NONCE< line \1NONCE>, so that a script can
 * tell the kernel's lines from what programs print on the same console.
 */
#include "log.h"

#include <stdarg.h>
#include <stdint.h>

#include "arch.h"
#include "bootargs.h"
#include "lib/format.h"
#include "lib/ring.h"
#include "lib/string.h"
#include "lock.h"

static struct spinlock console_lock; /* one line, or one call's bytes, at a time */
static struct spinlock ring_lock;
static char ring_bytes[CONFIG_LOG];
static struct ring ring GUARDED_BY(ring_lock) = {ring_bytes, sizeof(ring_bytes), 0};
static char mark[40];
static enum log_level most_detailed = LOG_INFO;

static void put_text(const char *text)
{
	for (; *text; text++)
		arch_console_put(*text);
}

static void put_mark(char kind)
{
	if (!mark[0])
		return;
	arch_console_put('\1');
	put_text(mark);
	arch_console_put(kind);
}

void log_init(const char *bootargs)
{
	char level[8];

	bootargs_option(bootargs, "mark", mark, sizeof(mark));
	if (!bootargs_option(bootargs, "log", level, sizeof(level)))
		return;
	if (!strcmp(level, "error"))
		most_detailed = LOG_ERROR;
	else if (!strcmp(level, "debug"))
		most_detailed = LOG_DEBUG;
	else if (strcmp(level, "info"))
		log_error("command line: log=%s is unknown; use log=error, log=info or log=debug", level);
}

void log_bytes(const char *bytes, size_t count)
{
	lock_acquire(&console_lock);
	while (count--)
		arch_console_put(*bytes++);
	lock_release(&console_lock);
}

static void put_line(const char *stamp, const char *line) REQUIRES(console_lock)
{
	put_mark('<');
	put_text(stamp);
	put_text(line);
	if (mark[0])
		put_mark('>');
	else
		put_text("\n");
}

static void keep(const char *stamp, const char *line)
{
	lock_acquire(&ring_lock);
	ring_put(&ring, stamp);
	ring_put(&ring, line);
	ring_put(&ring, "\n");
	lock_release(&ring_lock);
}

void log_span(uint64_t *start, uint64_t *end)
{
	lock_acquire(&ring_lock);
	*start = ring_start(&ring);
	*end = ring.end;
	lock_release(&ring_lock);
}

int log_read(uint64_t position, char *to, size_t size)
{
	int result;

	lock_acquire(&ring_lock);
	if (position < ring_start(&ring) || position > ring.end)
		result = -EINVAL;
	else
		result = (int)ring_get(&ring, position, to, size);
	lock_release(&ring_lock);
	return result;
}

void log_line(enum log_level level, const char *text, ...)
{
	char line[256];
	va_list arguments;
	uint64_t now = arch_time_now();

	if (level > most_detailed)
		return;
	va_start(arguments, text);
	format_va(line, sizeof(line), text, arguments);
	va_end(arguments);

	char stamp[32];
	format(stamp, sizeof(stamp), "[%5lu.%06lu] ", now / 1000000000, now / 1000 % 1000000);
	keep(stamp, line);
	lock_acquire(&console_lock);
	put_line(stamp, line);
	lock_release(&console_lock);
}
