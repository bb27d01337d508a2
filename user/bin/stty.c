/*
 * stty: the modes of the terminal that is standard input. What the console can't do otherwise is shown, and refused.
 */
#include <ctype.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] =
	"usage: stty [-a | -g | SETTING...]\n"
	"Prints the modes of the terminal that are not as usual, or changes them; the\n"
	"shell makes them usual before it prompts.\n"
	"  -a  prints all     -g  prints them as one word, which is a setting\n"
	"  echo  shows what is typed        icanon  gives lines, with keys to edit them\n"
	"  isig  Ctrl-C, Ctrl-Z signal      icrnl   Enter is a newline\n"
	"  raw   none of these              cooked, sane  all; with a - in front: not so\n"
	"  size  prints rows and columns    rows N, cols N  sets them\n";

enum group { INPUT, OUTPUT, CONTROL, LOCAL };

static const struct {
	const char *name;
	enum group group;
	tcflag_t bit;
	bool usual;
} flags[] = {
	{"icrnl", INPUT, ICRNL, true},
	{"ixon", INPUT, IXON, false},
	{"ixoff", INPUT, IXOFF, false},
	{"opost", OUTPUT, OPOST, true},
	{"onlcr", OUTPUT, ONLCR, true},
	{"cread", CONTROL, CREAD, true},
	{"clocal", CONTROL, CLOCAL, true},
	{"parenb", CONTROL, PARENB, false},
	{"isig", LOCAL, ISIG, true},
	{"icanon", LOCAL, ICANON | IEXTEN | ECHOE | ECHOK, true}, /* the console has these together */
	{"iexten", LOCAL, IEXTEN, true},
	{"echo", LOCAL, ECHO, true},
	{"echoe", LOCAL, ECHOE, true},
	{"echok", LOCAL, ECHOK, true},
	{"noflsh", LOCAL, NOFLSH, false},
	{"tostop", LOCAL, TOSTOP, false},
};

static const struct {
	const char *name;
	int place;
} keys[] = {{"intr", VINTR}, {"quit", VQUIT}, {"erase", VERASE}, {"kill", VKILL}, {"eof", VEOF},
	{"susp", VSUSP}, {"werase", VWERASE}};

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static tcflag_t *group_of(struct termios *modes, enum group group)
{
	tcflag_t *const groups[] = {&modes->c_iflag, &modes->c_oflag, &modes->c_cflag, &modes->c_lflag};
	return groups[group];
}

static bool fail(void)
{
	tool_complain("stty", "standard input");
	return false;
}

/* ---- what is printed */

static void flags_print(struct termios *modes, bool all)
{
	const char *between = "";
	for (size_t i = 0; i < COUNT(flags); i++) {
		bool on = *group_of(modes, flags[i].group) & flags[i].bit;
		if (!all && on == flags[i].usual)
			continue;
		printf("%s%s%s", between, on ? "" : "-", flags[i].name);
		between = " ";
	}
	if (*between != '\0')
		putchar('\n');
}

static void keys_print(const struct termios *modes)
{
	for (size_t i = 0; i < COUNT(keys); i++) {
		unsigned char key = modes->c_cc[keys[i].place];
		printf("%s = ^%c; ", keys[i].name, key ^ 0x40);
	}
	putchar('\n');
}

static bool size_print(const char *format)
{
	struct winsize size;
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) != 0)
		return fail();
	printf(format, size.ws_row, size.ws_col);
	return true;
}

static bool all_print(struct termios *modes, bool all)
{
	printf("speed 38400 baud;%s", all ? "" : "\n");
	if (all && !size_print(" rows %u; columns %u;\n"))
		return false;
	if (all)
		keys_print(modes);
	flags_print(modes, all);
	return true;
}

static void word_print(const struct termios *modes)
{
	printf("%x:%x:%x:%x\n", modes->c_iflag, modes->c_oflag, modes->c_cflag, modes->c_lflag);
}

/* ---- what is set */

static bool word_read(const char *word, struct termios *modes)
{
	int end = 0;
	struct termios read = *modes;
	int count = sscanf(
		word, "%x:%x:%x:%x%n", &read.c_iflag, &read.c_oflag, &read.c_cflag, &read.c_lflag, &end);
	if (count != 4 || word[end] != '\0')
		return false;
	*modes = read;
	return true;
}

static bool flag_set(const char *word, struct termios *modes)
{
	bool off = *word == '-';
	for (size_t i = 0; i < COUNT(flags); i++) {
		if (strcmp(flags[i].name, word + off) != 0)
			continue;
		*group_of(modes, flags[i].group) &= ~flags[i].bit;
		*group_of(modes, flags[i].group) |= off ? 0 : flags[i].bit;
		return true;
	}
	return false;
}

static void usual_set(struct termios *modes, bool usual)
{
	static const char *const raw[] = {"icrnl", "isig", "icanon", "echo"};
	for (size_t i = 0; i < COUNT(raw); i++) {
		char word[8];
		snprintf(word, sizeof word, "%s%s", usual ? "" : "-", raw[i]);
		(void)flag_set(word, modes);
	}
}

static bool size_set(bool rows, const char *word)
{
	struct winsize size;
	long long number;
	if (!tool_number(word, &number) || number < 0 || number > 1000) {
		fprintf(stderr, "stty: %s: no number of rows or columns\n", word);
		return false;
	}
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) != 0)
		return fail();
	*(rows ? &size.ws_row : &size.ws_col) = (unsigned short)number;
	return ioctl(STDIN_FILENO, TIOCSWINSZ, &size) == 0 || fail();
}

/* One setting, with the word behind it if it takes one. Where the next is; null, told on stderr, if it is none. */
static char **setting_take(char **words, struct termios *modes)
{
	const char *word = *words++;
	if (strcmp(word, "raw") == 0 || strcmp(word, "-cooked") == 0)
		usual_set(modes, false);
	else if (strcmp(word, "cooked") == 0 || strcmp(word, "-raw") == 0 || strcmp(word, "sane") == 0)
		usual_set(modes, true);
	else if (strcmp(word, "size") == 0)
		return size_print("%u %u\n") ? words : NULL;
	else if ((strcmp(word, "rows") == 0 || strncmp(word, "col", 3) == 0) && *words != NULL)
		return size_set(*word == 'r', *words) ? words + 1 : NULL;
	else if (!flag_set(word, modes) && !word_read(word, modes)) {
		fprintf(stderr, "stty: %s: no setting; --help lists them\n", word);
		return NULL;
	}
	return words;
}

static bool are_equal(struct termios *a, struct termios *b)
{
	for (size_t i = 0; i < COUNT(flags); i++)
		if ((*group_of(a, flags[i].group) ^ *group_of(b, flags[i].group)) & flags[i].bit)
			return false;
	return true;
}

static bool settings_set(char **words, struct termios *modes)
{
	struct termios before = *modes, now;
	while (words != NULL && *words != NULL)
		words = setting_take(words, modes);
	if (words == NULL)
		return false;
	if (are_equal(&before, modes))
		return true;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, modes) != 0 || tcgetattr(STDIN_FILENO, &now) != 0)
		return fail();
	if (!are_equal(modes, &now)) {
		fputs("stty: the console can't do all of that; 'stty -a' shows what is so\n", stderr);
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct termios modes;
	bool done = true;
	tool_help(argc, argv, usage);
	if (tcgetattr(STDIN_FILENO, &modes) != 0)
		done = fail();
	else if (argc == 1)
		done = all_print(&modes, false);
	else if (argc == 2 && strcmp(argv[1], "-a") == 0)
		done = all_print(&modes, true);
	else if (argc == 2 && strcmp(argv[1], "-g") == 0)
		word_print(&modes);
	else
		done = settings_set(argv + 1, &modes);
	return tool_end("stty", done ? 0 : 1);
}
