/*
 * The line discipline of the console: what the bytes that are typed become. In lines they can be corrected until they
 * are entered, with the keys of POSIX's canonical mode; a line that is full counts as entered, so that nothing is lost.
 */
#include "console.h"

#include <signal.h>
#include <string.h>

enum {
	CTRL_C = 3,
	CTRL_D = 4,
	CTRL_H = 8,
	CTRL_U = 21,
	CTRL_W = 23,
	CTRL_Z = 26,
	CTRL_BACKSLASH = 28,
	DELETE = 127,
};

enum { READY = 65536, PIECES = 8192 };

static const struct input_hooks *hooks;
static enum terminal_mode mode =
	TERMINAL_MODE_LINES | TERMINAL_MODE_ECHO | TERMINAL_MODE_SIGNALS | TERMINAL_MODE_ENTER;

static uint8_t line[INPUT_LINE]; /* being typed */
static size_t line_length;

/* What can be read: bytes, and the lengths of the pieces that they make up. */
static struct ring ready;
static uint16_t lengths[PIECES];
static size_t first_piece, pieces;
static bool last_is_open; /* more bytes may be added to the last piece */

bool input_init(const struct input_hooks *with)
{
	hooks = with;
	memset(lengths, 1, sizeof(lengths)); /* see ring_init */
	memset(line, 1, sizeof(line));
	return ring_init(&ready, READY);
}

enum terminal_mode input_mode(void)
{
	return mode;
}

/* ---- what is ready */

bool input_has_room(void)
{
	return ring_room(&ready) >= INPUT_LINE && pieces < PIECES;
}

bool input_is_ready(void)
{
	return pieces > 0;
}

static uint16_t *piece_at(size_t number)
{
	return &lengths[(first_piece + number) % PIECES];
}

static void add_piece(const uint8_t *bytes, size_t size, bool open)
{
	for (size_t i = 0; i < size; i++)
		ring_put(&ready, bytes[i]);
	if (open && last_is_open && pieces && *piece_at(pieces - 1) + size <= UINT16_MAX) {
		*piece_at(pieces - 1) += (uint16_t)size;
		return;
	}
	*piece_at(pieces++) = (uint16_t)size;
	last_is_open = open;
}

size_t input_length(void)
{
	return *piece_at(0);
}

const uint8_t *input_bytes(size_t from, size_t *size)
{
	const uint8_t *bytes = ring_bytes(&ready, from, size);
	size_t left = *piece_at(0) - from;

	if (left < *size)
		*size = left;
	return bytes;
}

void input_taken(size_t size)
{
	ring_drop(&ready, size);
	*piece_at(0) -= (uint16_t)size;
	if (*piece_at(0))
		return;
	first_piece = (first_piece + 1) % PIECES;
	pieces--;
}

void input_discard(void)
{
	ring_drop(&ready, ready.count);
	pieces = 0;
	line_length = 0;
}

/* ---- the line being typed */

static void show(const char *bytes, size_t size)
{
	if (mode & TERMINAL_MODE_ECHO)
		hooks->show(bytes, size);
}

static bool is_control(uint8_t c)
{
	return c < ' ' || c == DELETE;
}

/* Control characters show as ^X, two columns wide. A tab is as wide as it is. */
static void show_byte(uint8_t c)
{
	char control[2] = {'^', (char)(c ^ 0x40)};

	if (is_control(c) && c != '\t')
		show(control, 2);
	else
		show((const char *)&c, 1);
}

/* Takes the last character back: all the bytes of it, if it is UTF-8. */
static void erase(void)
{
	uint8_t c;

	do
		c = line[--line_length];
	while ((c & 0xc0) == 0x80 && line_length > 0);
	show("\b \b", 3);
	if (is_control(c))
		show("\b \b", 3);
}

static void erase_word(void)
{
	while (line_length > 0 && line[line_length - 1] == ' ')
		erase();
	while (line_length > 0 && line[line_length - 1] != ' ')
		erase();
}

static void erase_line(void)
{
	while (line_length > 0)
		erase();
}

static void enter(void)
{
	add_piece(line, line_length, false);
	line_length = 0;
}

static void put(uint8_t c)
{
	line[line_length++] = c;
	if (line_length == INPUT_LINE)
		enter();
}

/* Ctrl-D: what has been typed so far is entered as it is; of nothing that is the end. */
static void edit(uint8_t c)
{
	switch (c) {
	case '\r':
	case '\n':
		show("\n", 1);
		put('\n');
		if (line_length)
			enter();
		return;
	case CTRL_D:
		enter();
		return;
	case CTRL_H:
	case DELETE:
		if (line_length)
			erase();
		return;
	case CTRL_U:
		erase_line();
		return;
	case CTRL_W:
		erase_word();
		return;
	default:
		show_byte(c);
		put(c);
	}
}

/* The signal that a key stands for; 0 for most. */
static int signal_of(uint8_t c)
{
	switch (c) {
	case CTRL_C:
		return SIGINT;
	case CTRL_BACKSLASH:
		return SIGQUIT;
	case CTRL_Z:
		return SIGTSTP;
	default:
		return 0;
	}
}

static void signal_key(uint8_t c)
{
	char text[] = {'^', (char)(c ^ 0x40), '\n'};

	show(text, sizeof(text));
	input_discard();
	hooks->signal(signal_of(c));
}

uint8_t input_translated(uint8_t c)
{
	return c == '\r' && mode & TERMINAL_MODE_ENTER ? '\n' : c;
}

void input_byte(uint8_t c)
{
	if (mode & TERMINAL_MODE_SIGNALS && signal_of(c)) {
		signal_key(c);
		return;
	}
	if (mode & TERMINAL_MODE_LINES) {
		edit(c);
		return;
	}
	c = input_translated(c);
	show_byte(c);
	add_piece(&c, 1, true);
}

void input_set_mode(enum terminal_mode wanted)
{
	mode = wanted;
	if (!(mode & TERMINAL_MODE_LINES) && line_length) {
		add_piece(line, line_length, true);
		line_length = 0;
	}
}
