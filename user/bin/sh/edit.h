/*
 * What the parts of the line editor share: the line (edit_line.c), the lines before it (edit_history.c), the rest of a name
 * (edit_complete.c), and the keys that ask for them (edit.c).
 */
#pragma once

#include "sh.h"

enum { EDIT_MAX = 4095, COLUMNS = 80 };

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
	CTRL_R = 18,
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
	struct text search; /* what Ctrl-R looks for */
	bool searches;
	unsigned back_before; /* which line it was before the search */
};

/* edit_line.c: whether a byte is one of a character, but not its first. */
bool line_is_continuation(char c);
/* How many columns text takes. */
size_t line_columns(const char *bytes, size_t length);
/* Where the character begins that is left of a place; or where the next one right of it does. */
size_t line_left_of(const struct editor *e, size_t at);
size_t line_right_of(const struct editor *e, size_t at);
/* Draws the row behind the prompt again. */
void line_redraw(struct editor *e);
void line_bell(void);
void line_move_to(struct editor *e, size_t to);
void line_insert(struct editor *e, char c);
/* Removes the bytes between two places, one of which is the cursor. */
void line_cut(struct editor *e, size_t from, size_t to);
void line_cut_word(struct editor *e);
void line_replace(struct editor *e, const char *text);

/* edit_history.c: goes to an older (+1) or newer (-1) line. */
void history_go(struct editor *e, int step);
void history_add(const struct editor *e);
/* Ctrl-R: the line of the history, from an older one on, that holds what has been typed since. */
void history_search(struct editor *e);
/* True when the key was one of the search, false when it ends that and means what it always does. */
bool history_search_key(struct editor *e, int key);

/* edit_complete.c: adds what all names have in common; of several that differ at once, shows them. */
void line_complete(struct editor *e);
