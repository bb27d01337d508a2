/*
 * more: shows text a screen at a time.
 */
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] =
	"usage: more [FILE]...\n"
	"Shows files, or standard input, a screen at a time. The space bar shows the next\n"
	"screen, Enter another line, q leaves. Into a file or a pipe it all goes at once.\n";

enum { ROWS = 24, COLUMNS = 80, TAB = 8, CTRL_C = 3, ESCAPE = 27 };

/* Where keys come from: standard input may be what is shown. */
enum { KEYS = STDERR_FILENO };

static bool pages; /* there is a screen, and somebody with keys */
static bool leaves;
static unsigned rows = ROWS, columns = COLUMNS;
static unsigned row,
	column; /* of the next character, since the last stop; the last row is kept for the prompt */
static bool in_escape; /* what sets colours takes no room */

static void look_at_screen(void)
{
	struct winsize size;
	pages = isatty(STDOUT_FILENO) && isatty(KEYS);
	if (!pages || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row < 2 || size.ws_col == 0)
		return;
	rows = size.ws_row;
	columns = size.ws_col;
}

/* One key, at once and unseen; q when there are none. */
static char read_key(void)
{
	struct termios before, now;
	char key = 'q';
	if (tcgetattr(KEYS, &before) != 0)
		return key;
	now = before;
	now.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	now.c_cc[VMIN] = 1;
	now.c_cc[VTIME] = 0;
	tcsetattr(KEYS, TCSADRAIN, &now);
	if (read(KEYS, &key, 1) != 1)
		key = 'q';
	tcsetattr(KEYS, TCSADRAIN, &before);
	return key;
}

/* The screen is full: waits for a key, and makes room for a line, or for all but one of the screen, or leaves. */
static void stop(void)
{
	char key;
	fputs("--More--", stdout);
	fflush(stdout);
	do
		key = read_key();
	while (key != ' ' && key != '\r' && key != '\n' && key != 'q' && key != 'Q' && key != CTRL_C);
	fputs("\r\x1b[K", stdout);
	row = key == ' ' ? 1 : rows - 2;
	leaves = key == 'q' || key == 'Q' || key == CTRL_C;
}

/* Counts a character; a line that is wider than the screen takes several rows. */
static void count(int c)
{
	if (c == ESCAPE)
		in_escape = true;
	else if (in_escape)
		in_escape = !(c >= '@' && c <= '~') || c == '[';
	else if (c == '\n')
		row++, column = 0;
	else if (c == '\r')
		column = 0;
	else if (c == '\b')
		column -= column > 0;
	else if (c == '\t')
		column = (column / TAB + 1) * TAB;
	else if (((unsigned)c & 0xc0) != 0x80) /* what goes on in UTF-8 takes no room */
		column++;
	if (column > columns)
		row++, column -= columns;
}

static bool show(FILE *stream, const char *name)
{
	(void)name;
	for (int c; !leaves && (c = getc(stream)) != EOF;) {
		if (pages && row + 1 >= rows)
			stop();
		if (leaves)
			break;
		putchar(c);
		if (pages)
			count(c);
	}
	return true;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	if (getopt(argc, argv, "") != -1)
		return tool_usage(usage, 1);
	look_at_screen();
	if (optind == argc && isatty(STDIN_FILENO))
		return tool_usage(usage, 1);
	return tool_end("more", tool_each("more", argv + optind, show) ? 0 : 1);
}
