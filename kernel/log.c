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
#include "panic.h"

enum { LINE_MOST = 256, STAMP_MOST = 32, MARK_MOST = 40, DELETE = 0x7f };

STATIC_ASSERT((int)LOG_TEXT < (int)LINE_MOST);

STATIC_ASSERT(STAMP_MOST + LINE_MOST + 2 * (MARK_MOST + 2) <= LOG_LINE);

static struct spinlock console_lock; /* one line, or one call's bytes, at a time */
static struct spinlock ring_lock;
static char ring_bytes[CONFIG_LOG];
static struct ring ring GUARDED_BY(ring_lock) = {ring_bytes, sizeof(ring_bytes), 0};

/* Positions in the ring, where lines begin. */
static uint64_t printed GUARDED_BY(ring_lock); /* all before it is on the console, or was lost */
static uint64_t taken GUARDED_BY(ring_lock); /* if it is greater: who prints has taken what lies between */
static unsigned lost GUARDED_BY(ring_lock); /* lines that were written over before somebody printed them */
static unsigned lost_told GUARDED_BY(ring_lock); /* of which who prints has taken a line that says so */
static void (*tell_printer)(void) GUARDED_BY(ring_lock); /* NULL: the kernel prints */
static bool anew GUARDED_BY(
	ring_lock); /* who printed has gone in the middle of a row of the screen, perhaps */

static char mark[MARK_MOST];
static enum log_level most_detailed = LOG_INFO;

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

/* ---- what is to be printed */

static uint64_t line_end(uint64_t position) REQUIRES(ring_lock)
{
	while (ring_at(&ring, position) != '\n')
		position++;
	return position + 1;
}

/* Lines that are about to be written over have been printed, or are lost. One that is just being printed counts as lost, too. */
static void make_room(size_t size) REQUIRES(ring_lock)
{
	for (; printed + ring.size < ring.end + size; lost++)
		printed = line_end(printed);
}

static size_t put_mark(char *to, char kind)
{
	return mark[0] ? format(to, MARK_MOST + 2, "\1%s%c", mark, kind) : 0;
}

/* Of a next line that there is. */
static size_t take_what_is_said(char *to) REQUIRES(ring_lock)
{
	if (lost) {
		lost_told = lost;
		return format(to, LINE_MOST, "log: %u lines before the next one are lost", lost);
	}
	taken = line_end(printed);
	return ring_get(&ring, printed, to, taken - printed - 1);
}

/* The next line, as it goes out; 0: there is none. It is taken, and counts as printed when it is settled. */
static size_t take(char to[LOG_LINE]) REQUIRES(ring_lock)
{
	size_t size;

	if (!lost && printed == ring.end)
		return 0;
	size = put_mark(to, '<');
	size += take_what_is_said(to + size);
	if (!mark[0])
		to[size++] = '\n';
	return size + put_mark(to + size, '>');
}

static void put_back(void) REQUIRES(ring_lock)
{
	taken = printed;
	lost_told = 0;
}

static void settle(void) REQUIRES(ring_lock)
{
	if (printed < taken)
		printed = taken;
	lost -= lost_told;
	put_back();
}

/* ---- the kernel prints */

static bool kernel_prints(void)
{
	bool prints;

	lock_acquire(&ring_lock);
	prints = !tell_printer;
	lock_release(&ring_lock);
	return prints;
}

bool log_bytes(const char *bytes, size_t count)
{
	bool is_ours;

	lock_acquire(&console_lock);
	is_ours = kernel_prints();
	while (is_ours && count--)
		arch_console_put(*bytes++);
	lock_release(&console_lock);
	return is_ours;
}

/* In the order in which they were logged, whoever prints them. False: there is none. */
static bool print_line(void)
{
	char line[LOG_LINE];
	size_t size;
	bool begins;

	lock_acquire(&console_lock);
	lock_acquire(&ring_lock);
	size = take(line);
	begins = size && anew && !mark[0];
	anew = anew && !size;
	settle();
	lock_release(&ring_lock);
	if (begins)
		arch_console_put('\n');
	for (size_t i = 0; i < size; i++)
		arch_console_put(line[i]);
	lock_release(&console_lock);
	return size;
}

static void print_all(void)
{
	while (print_line())
		;
}

void log_take_back(void)
{
	lock_acquire(&ring_lock);
	if (tell_printer) {
		tell_printer = NULL;
		anew = printed < taken || panic_hart;
	}
	put_back();
	lock_release(&ring_lock);
	print_all();
}

bool log_take_back_line(void)
{
	bool is_over;

	lock_acquire(&ring_lock);
	is_over = !lost && printed == ring.end;
	if (tell_printer)
		anew = true;
	if (is_over)
		tell_printer = NULL;
	put_back();
	lock_release(&ring_lock);
	return !is_over && print_line();
}

/* ---- somebody else prints */

/* What the kernel is just printing comes first. */
void log_hand_over(void (*tell)(void))
{
	lock_acquire(&console_lock);
	lock_acquire(&ring_lock);
	tell_printer = tell;
	anew = false;
	lock_release(&ring_lock);
	lock_release(&console_lock);
}

size_t log_take(char line[LOG_LINE])
{
	size_t size;

	lock_acquire(&ring_lock);
	settle();
	size = take(line);
	lock_release(&ring_lock);
	return size;
}

void log_put_back(void)
{
	lock_acquire(&ring_lock);
	put_back();
	lock_release(&ring_lock);
}

static void tell_nobody(void)
{
}

void log_hold(void)
{
	lock_acquire(&ring_lock);
	tell_printer = tell_nobody;
	lock_release(&ring_lock);
}

/* ---- what is kept */

static void keep(const char *stamp, const char *line) REQUIRES(ring_lock)
{
	make_room(strlen(stamp) + strlen(line) + 1);
	ring_put(&ring, stamp);
	ring_put(&ring, line);
	ring_put(&ring, "\n");
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

static void put_line(const char *line)
{
	uint64_t now = arch_time_now();
	char stamp[STAMP_MOST];
	void (*tell)(void);

	format(stamp, sizeof(stamp), "[%5lu.%06lu] ", now / 1000000000, now / 1000 % 1000000);
	lock_acquire(&ring_lock);
	keep(stamp, line);
	tell = tell_printer;
	lock_release(&ring_lock);
	if (tell)
		tell();
	else
		print_all();
}

void log_line(enum log_level level, const char *text, ...)
{
	char line[LINE_MOST];
	va_list arguments;

	if (level > most_detailed)
		return;
	va_start(arguments, text);
	format_va(line, sizeof(line), text, arguments);
	va_end(arguments);
	put_line(line);
}

void log_text(const char *text, size_t size)
{
	char line[LINE_MOST];
	size_t length = size < sizeof(line) - 1 ? size : sizeof(line) - 1;

	for (size_t i = 0; i < length; i++)
		line[i] = (unsigned char)text[i] < ' ' || text[i] == DELETE ? '?' : text[i];
	line[length] = '\0';
	put_line(line);
}
