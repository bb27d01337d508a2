/*
 * The line under the cursor, and its row on the screen. Of one that is longer than the row the part around the cursor shows,
 * so the screen is right whatever the line holds. For the other edit*.c; knows nothing of keys.
 */
#include "edit.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

bool line_is_continuation(char c)
{
	return ((uint8_t)c & 0xc0) == 0x80;
}

size_t line_columns(const char *bytes, size_t length)
{
	size_t count = 0;
	for (size_t i = 0; i < length; i++)
		count += !line_is_continuation(bytes[i]);
	return count;
}

size_t line_left_of(const struct editor *e, size_t at)
{
	do
		at--;
	while (at > 0 && line_is_continuation(e->bytes[at]));
	return at;
}

size_t line_right_of(const struct editor *e, size_t at)
{
	do
		at++;
	while (at < e->length && line_is_continuation(e->bytes[at]));
	return at;
}

static size_t room(const struct editor *e)
{
	return COLUMNS - 1 - strlen(e->prompt);
}

/* Sees to it that the cursor is in the visible part, with some of the line on both sides of it. */
static void scroll(struct editor *e)
{
	size_t margin = room(e) / 4;
	if (e->cursor < e->shown) {
		e->shown = e->cursor;
		for (size_t i = 0; i < margin && e->shown > 0; i++)
			e->shown = line_left_of(e, e->shown);
	}
	if (line_columns(e->bytes + e->shown, e->cursor - e->shown) > room(e))
		while (line_columns(e->bytes + e->shown, e->cursor - e->shown) > room(e) - margin)
			e->shown = line_right_of(e, e->shown);
}

void line_redraw(struct editor *e)
{
	scroll(e);
	size_t end = e->shown, used = 0;
	while (end < e->length && used < room(e)) {
		end = line_right_of(e, end);
		used++;
	}
	size_t behind = line_columns(e->bytes + e->cursor, end - e->cursor);
	printf("\r\x1b[%uC%.*s\x1b[K", (unsigned)strlen(e->prompt), (int)(end - e->shown),
		e->bytes + e->shown);
	if (behind > 0)
		printf("\x1b[%uD", (unsigned)behind);
	fflush(stdout);
}

void line_bell(void)
{
	putchar('\a');
	fflush(stdout);
}

void line_move_to(struct editor *e, size_t to)
{
	if (e->cursor != to) {
		e->cursor = to;
		line_redraw(e);
	}
}

void line_insert(struct editor *e, char c)
{
	if (e->length >= EDIT_MAX) {
		e->too_long = true;
		line_bell();
		return;
	}
	memmove(e->bytes + e->cursor + 1, e->bytes + e->cursor, e->length - e->cursor);
	e->bytes[e->cursor++] = c;
	e->length++;
	/* At the end of a line that fits, the character alone is enough. */
	if (e->cursor == e->length && line_columns(e->bytes + e->shown, e->length - e->shown) <= room(e)) {
		putchar(c);
		fflush(stdout);
	} else {
		line_redraw(e);
	}
}

void line_cut(struct editor *e, size_t from, size_t to)
{
	if (from == to)
		return;
	/* At the end of a line, going back over the last character is enough. */
	bool simple = to == e->length && to == line_right_of(e, from) && e->cursor == to && from > e->shown;
	memmove(e->bytes + from, e->bytes + to, e->length - to);
	e->length -= to - from;
	e->cursor = from;
	if (simple) {
		fputs("\b \b", stdout);
		fflush(stdout);
	} else {
		line_redraw(e);
	}
}

void line_cut_word(struct editor *e)
{
	size_t from = e->cursor;
	while (from > 0 && e->bytes[from - 1] == ' ')
		from--;
	while (from > 0 && e->bytes[from - 1] != ' ')
		from--;
	line_cut(e, from, e->cursor);
}

void line_replace(struct editor *e, const char *text)
{
	e->length = e->cursor = strlen(text);
	memcpy(e->bytes, text, e->length);
	e->shown = 0;
	line_redraw(e);
}
