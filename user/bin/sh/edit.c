/*
 * Line editing at the console, with a history. The line stays on one row of the screen: of a longer one the
 * part around the cursor shows, so the screen is right whatever the line holds.
 */
#include "sh.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <tabula/console.h>

enum { EDIT_MAX = 4095, HISTORY = 64, COLUMNS = 80 };

enum key {
	CTRL_A = 1,
	CTRL_B,
	CTRL_C,
	CTRL_D,
	CTRL_E,
	CTRL_F,
	CTRL_G,
	CTRL_H,
	TAB,
	NEWLINE,
	CTRL_K,
	CTRL_L,
	RETURN,
	CTRL_N,
	CTRL_P = 16,
	CTRL_U = 21,
	CTRL_W = 23,
	ESCAPE = 27,
	DELETE_LEFT = 127,
	KEY_UP = 256,
	KEY_DOWN,
	KEY_RIGHT,
	KEY_LEFT,
	KEY_HOME,
	KEY_END,
	KEY_DELETE,
	KEY_OTHER,
	KEY_GONE,
};

/* The line under the cursor. */
struct editor {
	const char *prompt;
	char bytes[EDIT_MAX + 1];
	size_t length, cursor;
	size_t shown; /* where the visible part starts */
	bool too_long; /* more was typed than fits */
	unsigned back; /* which line of the history this is; 0 is the new one */
	char *kept; /* the new line while an older one shows */
};

static char *history[HISTORY];
static unsigned history_count;

static bool is_continuation(char c)
{
	return ((uint8_t)c & 0xc0) == 0x80;
}

static size_t columns(const char *bytes, size_t length)
{
	size_t count = 0;
	for (size_t i = 0; i < length; i++)
		count += !is_continuation(bytes[i]);
	return count;
}

static size_t left_of(const struct editor *e, size_t at)
{
	do
		at--;
	while (at > 0 && is_continuation(e->bytes[at]));
	return at;
}

static size_t right_of(const struct editor *e, size_t at)
{
	do
		at++;
	while (at < e->length && is_continuation(e->bytes[at]));
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
			e->shown = left_of(e, e->shown);
	}
	if (columns(e->bytes + e->shown, e->cursor - e->shown) > room(e))
		while (columns(e->bytes + e->shown, e->cursor - e->shown) > room(e) - margin)
			e->shown = right_of(e, e->shown);
}

/* Draws the row behind the prompt again. */
static void redraw(struct editor *e)
{
	scroll(e);
	size_t end = e->shown, used = 0;
	while (end < e->length && used < room(e)) {
		end = right_of(e, end);
		used++;
	}
	size_t behind = columns(e->bytes + e->cursor, end - e->cursor);
	printf("\r\x1b[%uC%.*s\x1b[K", (unsigned)strlen(e->prompt), (int)(end - e->shown),
		e->bytes + e->shown);
	if (behind > 0)
		printf("\x1b[%uD", (unsigned)behind);
	fflush(stdout);
}

static void bell(void)
{
	putchar('\a');
	fflush(stdout);
}

static void move_to(struct editor *e, size_t to)
{
	if (e->cursor != to) {
		e->cursor = to;
		redraw(e);
	}
}

static void insert(struct editor *e, char c)
{
	if (e->length >= EDIT_MAX) {
		e->too_long = true;
		bell();
		return;
	}
	memmove(e->bytes + e->cursor + 1, e->bytes + e->cursor, e->length - e->cursor);
	e->bytes[e->cursor++] = c;
	e->length++;
	/* At the end of a line that fits, the character alone is enough. */
	if (e->cursor == e->length && columns(e->bytes + e->shown, e->length - e->shown) <= room(e)) {
		putchar(c);
		fflush(stdout);
	} else {
		redraw(e);
	}
}

/* Removes the bytes between two places, one of which is the cursor. */
static void cut(struct editor *e, size_t from, size_t to)
{
	if (from == to)
		return;
	/* At the end of a line, going back over the last character is enough. */
	bool simple = to == e->length && to == right_of(e, from) && e->cursor == to && from > e->shown;
	memmove(e->bytes + from, e->bytes + to, e->length - to);
	e->length -= to - from;
	e->cursor = from;
	if (simple) {
		fputs("\b \b", stdout);
		fflush(stdout);
	} else {
		redraw(e);
	}
}

static void cut_word(struct editor *e)
{
	size_t from = e->cursor;
	while (from > 0 && e->bytes[from - 1] == ' ')
		from--;
	while (from > 0 && e->bytes[from - 1] != ' ')
		from--;
	cut(e, from, e->cursor);
}

static void line_replace(struct editor *e, const char *text)
{
	e->length = e->cursor = strlen(text);
	memcpy(e->bytes, text, e->length);
	e->shown = 0;
	redraw(e);
}

/* Goes to an older (+1) or newer (-1) line. */
static void history_go(struct editor *e, int step)
{
	unsigned limit = history_count < HISTORY ? history_count : HISTORY;
	unsigned to = e->back + (unsigned)step;
	if (to > limit) { /* also below 0 */
		bell();
		return;
	}
	if (e->back == 0) {
		free(e->kept);
		e->kept = strndup(e->bytes, e->length);
	}
	e->back = to;
	if (to > 0)
		line_replace(e, history[(history_count - to) % HISTORY]);
	else
		line_replace(e, e->kept != NULL ? e->kept : "");
}

static void history_add(const struct editor *e)
{
	if (e->length == 0)
		return;
	const char *last = history_count > 0 ? history[(history_count - 1) % HISTORY] : "";
	if (strlen(last) == e->length && memcmp(last, e->bytes, e->length) == 0)
		return;
	char *copy = strndup(e->bytes, e->length);
	if (copy == NULL)
		return;
	char **slot = &history[history_count++ % HISTORY];
	free(*slot);
	*slot = copy;
}

/* A signal changes nothing here, but for a Ctrl-C that was one before the bytes of the console came as they are. */
static int byte_get(void)
{
	int c;
	do
		c = console_get();
	while (c < 0 && errno == EINTR && trap_came() != SIGINT);
	return c < 0 && errno == EINTR ? CTRL_C : c;
}

/* ESC [ digits ~ and ESC [ letter, as terminals send their keys. */
static int key_after_escape(void)
{
	int c = byte_get();
	if (c != '[' && c != 'O')
		return c < 0 ? KEY_GONE : KEY_OTHER;
	int number = 0;
	for (c = byte_get(); c >= 0 && (c == ';' || (c >= '0' && c <= '9')); c = byte_get())
		number = c == ';' ? 0 : (number * 10 + c - '0') % 1000;
	switch (c) {
	case 'A':
		return KEY_UP;
	case 'B':
		return KEY_DOWN;
	case 'C':
		return KEY_RIGHT;
	case 'D':
		return KEY_LEFT;
	case 'H':
		return KEY_HOME;
	case 'F':
		return KEY_END;
	case '~':
		return number == 3                  ? KEY_DELETE
		       : number == 1 || number == 7 ? KEY_HOME
		       : number == 4 || number == 8 ? KEY_END
						    : KEY_OTHER;
	default:
		return c < 0 ? KEY_GONE : KEY_OTHER;
	}
}

static int key_get(void)
{
	int c = byte_get();
	if (c < 0)
		return KEY_GONE;
	return c == ESCAPE ? key_after_escape() : c;
}

static void key_edit(struct editor *e, int key)
{
	switch (key) {
	case CTRL_A:
	case KEY_HOME:
		move_to(e, 0);
		break;
	case CTRL_E:
	case KEY_END:
		move_to(e, e->length);
		break;
	case CTRL_B:
	case KEY_LEFT:
		move_to(e, e->cursor > 0 ? left_of(e, e->cursor) : 0);
		break;
	case CTRL_F:
	case KEY_RIGHT:
		move_to(e, e->cursor < e->length ? right_of(e, e->cursor) : e->length);
		break;
	case CTRL_P:
	case KEY_UP:
		history_go(e, 1);
		break;
	case CTRL_N:
	case KEY_DOWN:
		history_go(e, -1);
		break;
	case CTRL_H:
	case DELETE_LEFT:
		cut(e, e->cursor > 0 ? left_of(e, e->cursor) : 0, e->cursor);
		break;
	case CTRL_D:
	case KEY_DELETE:
		cut(e, e->cursor, e->cursor < e->length ? right_of(e, e->cursor) : e->length);
		break;
	case CTRL_K:
		cut(e, e->cursor, e->length);
		break;
	case CTRL_U:
		cut(e, 0, e->cursor);
		break;
	case CTRL_W:
		cut_word(e);
		break;
	case CTRL_L:
		printf("\x1b[H\x1b[2J%s", e->prompt);
		redraw(e);
		break;
	default:
		if (key >= ' ' && key < 256)
			insert(e, (char)key);
		else
			bell();
		break;
	}
}

static enum edit_result edit(struct editor *e)
{
	static bool after_return; /* a newline right after a return belongs to it */
	for (;;) {
		int key = key_get();
		bool skip = after_return && key == NEWLINE;
		after_return = key == RETURN;
		if (skip)
			continue;
		if (key == KEY_GONE || (key == CTRL_D && e->length == 0))
			return EDIT_END;
		if (key == CTRL_C)
			return EDIT_INTERRUPTED;
		if (key == RETURN || key == NEWLINE)
			return EDIT_LINE;
		key_edit(e, key);
	}
}

enum edit_result line_edit(const char *prompt, struct text *line)
{
	static struct editor e; /* too large for the stack of a guest */
	e = (struct editor){.prompt = prompt};
	console_raw(); /* what is typed as soon as the prompt shows is for the editor */
	fputs(prompt, stdout);
	fflush(stdout);
	enum edit_result result = edit(&e);
	fputs(result == EDIT_INTERRUPTED ? "^C\n" : "\n", stdout);
	fflush(stdout);
	console_lines();
	if (result == EDIT_LINE) {
		history_add(&e);
		text_add(line, e.bytes, e.length);
		line->failed |= e.too_long; /* half a command is worse than none */
	}
	free(e.kept);
	return result;
}
