/*
 * Line editing at the console, with a history: what each key does. Called for each line that is typed at the prompt; a
 * script has no line edited. The line stays on one row of the screen (edit_line.c).
 */
#include "edit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <tabula/console.h>

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
		line_move_to(e, 0);
		break;
	case CTRL_E:
	case KEY_END:
		line_move_to(e, e->length);
		break;
	case CTRL_B:
	case KEY_LEFT:
		line_move_to(e, e->cursor > 0 ? line_left_of(e, e->cursor) : 0);
		break;
	case CTRL_F:
	case KEY_RIGHT:
		line_move_to(e, e->cursor < e->length ? line_right_of(e, e->cursor) : e->length);
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
		line_cut(e, e->cursor > 0 ? line_left_of(e, e->cursor) : 0, e->cursor);
		break;
	case CTRL_D:
	case KEY_DELETE:
		line_cut(e, e->cursor, e->cursor < e->length ? line_right_of(e, e->cursor) : e->length);
		break;
	case CTRL_K:
		line_cut(e, e->cursor, e->length);
		break;
	case CTRL_U:
		line_cut(e, 0, e->cursor);
		break;
	case CTRL_W:
		line_cut_word(e);
		break;
	case CTRL_R:
		history_search(e);
		break;
	case TAB:
		line_complete(e);
		break;
	case CTRL_L:
		printf("\x1b[H\x1b[2J%s", e->prompt);
		line_redraw(e);
		break;
	default:
		if (key >= ' ' && key < 256)
			line_insert(e, (char)key);
		else
			line_bell();
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
		if (e->searches && key != KEY_GONE && history_search_key(e, key))
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
	text_free(&e.search);
	return result;
}
