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
#include <sys/stat.h>
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

/* ---- Ctrl-R: the line of the history, from an older one on, that holds what has been typed since */

static const char *history_line(unsigned back)
{
	return history[(history_count - back) % HISTORY];
}

static void search_show(const struct editor *e, bool found)
{
	const char *line = e->back > 0 ? history_line(e->back) : "";
	int room_left =
		COLUMNS - 1 - (int)strlen("search: ''  ") - (int)columns(e->search.bytes, e->search.length);
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
		bell();
	search_show(e, back <= limit);
}

static void search_begin(struct editor *e)
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
	redraw(e);
}

/* Takes the last character back, all the bytes of it. */
static void search_shorten(struct editor *e)
{
	struct text *search = &e->search;
	while (search->length > 0 && is_continuation(search->bytes[search->length - 1]))
		search->length--;
	if (search->length > 0)
		search->length--;
	if (search->bytes != NULL)
		search->bytes[search->length] = '\0';
	e->back = 0;
	search_go(e, 1);
}

/* True when the key was one of the search, false when it ends that and means what it always does. */
static bool key_search(struct editor *e, int key)
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

/* ---- Tab: the rest of a name */

/* Whether a backslash takes away what the byte at this place means. */
static bool is_escaped(const struct editor *e, size_t at)
{
	size_t begin = at;
	while (begin > 0 && e->bytes[begin - 1] == '\\')
		begin--;
	return (at - begin) % 2 != 0;
}

/* Where the word begins that ends at the cursor. */
static size_t word_begin(const struct editor *e)
{
	size_t at = e->cursor;
	while (at > 0 && (strchr(" ;|&<>()'\"`=", e->bytes[at - 1]) == NULL || is_escaped(e, at - 1)))
		at--;
	return at;
}

/* The word as it is meant: without backslashes, and with the directory that ~ stands for. */
static void word_read(const struct editor *e, size_t begin, struct text *word)
{
	const char *home = variable_get("HOME", 4);
	if (home != NULL && e->cursor > begin + 1 && e->bytes[begin] == '~' && e->bytes[begin + 1] == '/') {
		size_t length = strlen(home);
		text_add(word, home, length - (length > 0 && home[length - 1] == '/'));
		begin++;
	}
	for (size_t i = begin; i < e->cursor; i++) {
		if (e->bytes[i] == '\\' && i + 1 < e->cursor)
			i++;
		text_add(word, &e->bytes[i], 1);
	}
}

/* Whether the word is where a command stands. */
static bool is_command(const struct editor *e, size_t begin)
{
	while (begin > 0 && e->bytes[begin - 1] == ' ')
		begin--;
	return begin == 0 || strchr(";|&(", e->bytes[begin - 1]) != NULL;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds what the shell knows that is no program. Each name is there once. */
static void names_of_shell(const char *start, size_t length, struct words *names)
{
	aliases_match(start, length, names);
	functions_match(start, length, names);
	builtins_match(start, length, names);
	if (names->count == 0)
		return;
	qsort(names->words, names->count, sizeof *names->words, compare_names);
	size_t kept = 1;
	for (size_t i = 1; i < names->count; i++) {
		if (strcmp(names->words[i], names->words[kept - 1]) == 0)
			free(names->words[i]);
		else
			names->words[kept++] = names->words[i];
	}
	names->count = kept;
	names->words[kept] = NULL;
}

/* What a word could become: names of files, or of programs, which are found in /bin, and of what the shell knows. */
static void names_find(const struct text *word, bool command, struct words *names)
{
	struct text pattern = {0};
	const char *bytes = text_string(word);
	bool program = command && strchr(bytes, '/') == NULL;
	if (program)
		text_add(&pattern, "/bin/", 5);
	for (size_t i = 0; i < word->length; i++) {
		if (strchr("*?[\\", bytes[i]) != NULL)
			text_add(&pattern, "\\", 1);
		text_add(&pattern, &bytes[i], 1);
	}
	text_add(&pattern, "*", 1);
	if (!pattern.failed)
		(void)pattern_expand(text_string(&pattern), names);
	text_free(&pattern);
	for (size_t i = 0; program && i < names->count; i++)
		memmove(names->words[i], names->words[i] + 5, strlen(names->words[i] + 5) + 1);
	if (program && word->length > 0)
		names_of_shell(bytes, word->length, names);
}

/* How many bytes at the beginning are the same in all. */
static size_t common_length(const struct words *names)
{
	size_t length = strlen(names->words[0]);
	for (size_t i = 1; i < names->count; i++) {
		size_t same = 0;
		while (same < length && names->words[i][same] == names->words[0][same])
			same++;
		length = same;
	}
	while (length > 0 && is_continuation(names->words[0][length]))
		length--;
	return length;
}

static bool is_directory(const char *name)
{
	struct stat status;
	return stat(name, &status) == 0 && S_ISDIR(status.st_mode);
}

static void names_show(struct editor *e, const struct words *names)
{
	putchar('\n');
	for (size_t i = 0; i < names->count; i++)
		printf("%s%s", names->words[i], i + 1 < names->count ? "  " : "\n");
	fputs(e->prompt, stdout);
	redraw(e);
}

/* Adds what all names have in common; of several that differ at once, shows them. */
static void complete(struct editor *e)
{
	struct words names = {0};
	struct text word = {0};
	size_t begin = word_begin(e);
	word_read(e, begin, &word);
	size_t typed = word.length;
	names_find(&word, is_command(e, begin), &names);
	text_free(&word);
	size_t length = names.count > 0 ? common_length(&names) : 0;
	if (names.count == 0)
		bell();
	else if (length <= typed && names.count > 1)
		names_show(e, &names);
	for (size_t i = typed; i < length; i++) {
		if (strchr(" ;|&<>()'\"`$*?[\\", names.words[0][i]) != NULL)
			insert(e, '\\');
		insert(e, names.words[0][i]);
	}
	if (names.count == 1)
		insert(e, is_directory(names.words[0]) ? '/' : ' ');
	words_free(&names);
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
	case CTRL_R:
		search_begin(e);
		break;
	case TAB:
		complete(e);
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
		if (e->searches && key != KEY_GONE && key_search(e, key))
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
