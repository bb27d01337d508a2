/*
 * The lines that were typed before, to be gone through and searched. For the keys of edit.c; only this shell has them, and
 * they are gone with it.
 */
#include "edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HISTORY = 64 };

static char *history[HISTORY];
static unsigned history_count;

static const char *history_line(unsigned back)
{
	return history[(history_count - back) % HISTORY];
}

void history_go(struct editor *e, int step)
{
	unsigned limit = history_count < HISTORY ? history_count : HISTORY;
	unsigned to = e->back + (unsigned)step;
	if (to > limit) { /* also below 0 */
		line_bell();
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

void history_add(const struct editor *e)
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

static void search_show(const struct editor *e, bool found)
{
	const char *line = e->back > 0 ? history_line(e->back) : "";
	int room_left = COLUMNS - 1 - (int)strlen("search: ''  ") -
			(int)line_columns(e->search.bytes, e->search.length);
	printf("\r\x1b[K%s '%s': %.*s", found ? "search" : "no more", text_string(&e->search),
		room_left > 0 ? room_left : 0, line);
	fflush(stdout);
}

/* Goes to the first line that fits, from `back` on. */
static void search_go(struct editor *e, unsigned back)
{
	unsigned limit = history_count < HISTORY ? history_count : HISTORY;
	if (back == 0)
		back = 1;
	while (back <= limit && strstr(history_line(back), text_string(&e->search)) == NULL)
		back++;
	if (back <= limit)
		e->back = back;
	else
		line_bell();
	search_show(e, back <= limit);
}

void history_search(struct editor *e)
{
	if (e->back == 0) {
		free(e->kept);
		e->kept = strndup(e->bytes, e->length);
	}
	text_clear(&e->search);
	e->searches = true;
	e->back_before = e->back;
	search_show(e, true);
}

/* The line that was found is there to be edited; or that from before, which has not been touched. */
static void search_end(struct editor *e, bool found)
{
	e->searches = false;
	printf("\r\x1b[K%s", e->prompt);
	if (found && e->back > 0) {
		line_replace(e, history_line(e->back));
		return;
	}
	e->back = e->back_before;
	line_redraw(e);
}

/* Takes the last character back, all the bytes of it. */
static void search_shorten(struct editor *e)
{
	struct text *search = &e->search;
	while (search->length > 0 && line_is_continuation(search->bytes[search->length - 1]))
		search->length--;
	if (search->length > 0)
		search->length--;
	if (search->bytes != NULL)
		search->bytes[search->length] = '\0';
	e->back = 0;
	search_go(e, 1);
}

bool history_search_key(struct editor *e, int key)
{
	if (key == CTRL_R) {
		search_go(e, e->back + 1);
	} else if (key == CTRL_H || key == DELETE_LEFT) {
		search_shorten(e);
	} else if (key >= ' ' && key < 256) {
		char c = (char)key;
		text_add(&e->search, &c, 1);
		search_go(e, e->back);
	} else {
		search_end(e, key != CTRL_G && key != CTRL_C);
		return key == CTRL_G;
	}
	return true;
}
