/* See row.h. Each character takes one column, as editors of lines here have it. */
#include "row.h"

#include <stdio.h>

enum { COLUMNS = 256, BYTE = 8, TAB = 8, ESCAPE = 0x1b, LOOK_BACK = 16384 };

static uint32_t cells[COLUMNS]; /* a character each, its bytes in UTF-8 from the lowest on */
static unsigned used, column;
static bool unknown; /* there is something else on it: too much, or what another console has left */
static size_t begun_at; /* how much had been sent when row_begin said so; 0: never */

/* An escape that has begun, up to its last byte. */
static enum { TEXT, ESCAPED, PARAMETERS } state;
static unsigned number;

static void clear(void)
{
	used = column = 0;
	unknown = false;
}

static bool is_continuation(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

static void put(uint8_t byte)
{
	if (column == COLUMNS) {
		unknown = true;
		return;
	}
	cells[column++] = byte;
	if (used < column)
		used = column;
}

static void go_on_with_character(uint8_t byte)
{
	unsigned shift = BYTE;

	if (!column)
		return;
	while (shift < 4 * BYTE && cells[column - 1] >> shift)
		shift += BYTE;
	if (shift < 4 * BYTE)
		cells[column - 1] |= (uint32_t)byte << shift;
}

static void move_to(unsigned to)
{
	to = to < COLUMNS ? to : COLUMNS;
	while (used < to)
		cells[used++] = ' ';
	column = to;
}

static void end_escape(uint8_t byte)
{
	unsigned by = number ? number : 1;

	state = TEXT;
	if (byte == 'C')
		move_to(column + by);
	else if (byte == 'D')
		column -= by < column ? by : column;
	else if (byte == 'K')
		used = column;
	else if (byte == 'H' || byte == 'J')
		clear();
}

static void note_escape(uint8_t byte)
{
	if (state == ESCAPED) {
		state = byte == '[' ? PARAMETERS : TEXT;
		number = 0;
	} else if (byte >= '0' && byte <= '9') {
		number = number < COLUMNS ? number * 10 + byte - '0' : number;
	} else if (byte >= '@') {
		end_escape(byte);
	}
}

static void note_control(uint8_t byte)
{
	switch (byte) {
	case '\r':
		column = 0;
		return;
	case '\b':
		column -= column > 0;
		return;
	case '\t':
		move_to((column / TAB + 1) * TAB);
		return;
	case ESCAPE:
		state = ESCAPED;
		return;
	}
}

static void note(uint8_t byte)
{
	if (state != TEXT)
		note_escape(byte);
	else if (byte < ' ')
		note_control(byte);
	else if (is_continuation(byte))
		go_on_with_character(byte);
	else
		put(byte);
}

/* Bytes of a row are many more than it shows when somebody edits it. */
static size_t bytes_of_row(const struct ring *sent, size_t most)
{
	size_t count = 0;

	while (count < most && ring_back(sent, count) != '\n')
		count++;
	return count;
}

void row_read(const struct ring *sent)
{
	size_t since = sent->first - begun_at, past = ring_past(sent);
	size_t most = past < LOOK_BACK ? past : LOOK_BACK;
	size_t count = bytes_of_row(sent, since < most ? since : most);

	state = TEXT;
	clear();
	for (size_t i = count; i-- > 0;)
		note(ring_back(sent, i));
	unknown |= count == most && !(begun_at && count == since);
}

void row_begin(const struct ring *sent)
{
	begun_at = sent->first;
}

bool row_is_empty(void)
{
	return !used && !unknown;
}

size_t row_draw(uint8_t to[ROW_DRAWN])
{
	size_t size = 0;

	if (unknown)
		return 0;
	for (unsigned i = 0; i < used; i++)
		for (uint32_t left = cells[i]; left; left >>= BYTE)
			to[size++] = (uint8_t)left;
	if (column < used)
		size += (size_t)sprintf((char *)to + size, "\x1b[%uD", used - column);
	return size;
}
