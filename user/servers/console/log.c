/* See log.h. One line is in hand at a time: the kernel takes it for printed when it is asked for the next. */
#include "log.h"

#include "row.h"

#include <errno.h>
#include <string.h>

enum {
	AHEAD_MOST = 4096, /* bytes that were written before a line and come before it */
	ROW_MOST = 1024, /* and so many more, until a row ends */
	TEXT_MOST = ROW_DRAWN > LOG_LINE + 4 ? ROW_DRAWN : LOG_LINE + 4,
};

#define PAUSE    1000000ul /* nanoseconds between two tries */
#define PATIENCE 5000000000ul

static notification_handle printer; /* 0: this is none */

/* What is to be sent: a line, or afterwards the row that it has displaced. Nothing: no line is known. */
static uint8_t text[TEXT_MOST];
static size_t length, done;
static size_t due; /* how much of what was written comes before it */
static bool begun; /* some of the lines that come together, at least */
static bool displaced; /* there was something on the row, which is to be drawn again */
static bool drawing; /* that is under way */

void log_open(system_handle system, notification_handle notification, uint64_t bits)
{
	uint64_t until = (uint64_t)clock_now() + PATIENCE;
	int error;

	/* The kernel may still be printing what a console that has died has left. */
	do
		error = log_print(system, notification, bits);
	while (error == -EBUSY && thread_sleep((uint64_t)clock_now() + PAUSE) == 0 &&
		(uint64_t)clock_now() < until);
	printer.value = error ? 0 : notification.value;
}

/* With the return that the UART needs, and the kernel does not know of. */
static void end_row(void)
{
	text[length - 1] = '\r';
	text[length++] = '\n';
}

/* The next line of the kernel's, if there is one. */
static bool next(void)
{
	long size = printer.value ? log_next(printer, text, LOG_LINE) : 0;

	length = size > 0 ? (size_t)size : 0;
	done = 0;
	if (length && text[length - 1] == '\n')
		end_row();
	return length > 0;
}

static bool is_framed(void)
{
	return text[length - 1] != '\n';
}

void log_look(const struct ring *written)
{
	size_t ahead = written->count < AHEAD_MOST ? written->count : AHEAD_MOST;

	if (!length && next())
		due = written->first + ahead;
}

bool log_is_waiting(void)
{
	return length > 0;
}

/* The rows of what has been written stay whole, unless one gets too long. */
bool log_is_due(const struct ring *written, bool more)
{
	size_t behind = written->first - due;

	if (!length || begun)
		return begun;
	if ((ptrdiff_t)behind < 0)
		return false;
	return is_framed() || (!written->count && !more) || behind >= ROW_MOST ||
	       (ring_past(written) && ring_back(written, 0) == '\n');
}

static void begin(const struct ring *written)
{
	begun = true;
	if (is_framed())
		return;
	row_read(written);
	if (row_is_empty())
		return;
	displaced = true;
	memmove(text + 2, text, length);
	memcpy(text, "\r\n", 2);
	length += 2;
}

/* If there is too much on it, it goes on below the lines. */
static void draw_row(const struct ring *written)
{
	displaced = false;
	length = row_draw(text);
	drawing = length > 0;
	if (!drawing)
		row_begin(written);
}

/* All of it has been sent. Lines that are logged while the row is drawn again displace it anew. */
static void go_on(const struct ring *written)
{
	bool was_row = drawing;

	drawing = false;
	if (next()) {
		due = written->first;
		begun = !was_row;
		return;
	}
	if (displaced)
		draw_row(written);
	begun = drawing;
}

size_t log_send(const struct ring *written)
{
	size_t count;

	if (!begun)
		begin(written);
	count = uart_send(text + done, length - done);
	done += count;
	if (done == length)
		go_on(written);
	return count;
}
