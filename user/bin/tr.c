/*
 * tr: replaces, squeezes and deletes characters.
 */
#include <ctype.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] =
	"usage: tr [-c] [-s] FROM TO\n"
	"       tr [-c] -d FROM    tr [-c] -s FROM    tr [-c] -ds FROM SQUEEZED\n"
	"Copies standard input; each character of FROM becomes the one in its place in\n"
	"TO, or TO's last.\n"
	"  a-z  a range    [:upper:]  a class, as isupper has it    \\n \\t \\\\ \\101\n"
	"  [x*5]  in TO, x five times; [x*]  as often as FROM needs\n"
	"  -c  all but those of FROM    -d  deletes them    -s  one of several in a row\n";

enum { BYTES = 256, SET_MOST = 4 * BYTES };

struct set {
	unsigned char list[SET_MOST];
	size_t count;
	bool has[BYTES];
};

static void set_add(struct set *set, int byte)
{
	if (set->count < SET_MOST)
		set->list[set->count++] = (unsigned char)byte;
	set->has[byte & 0xff] = true;
}

/* One character, which may be written with a backslash. */
static const char *character_read(const char *p, int *byte)
{
	static const char letters[] = "abfnrtv", values[] = "\a\b\f\n\r\t\v";
	if (*p != '\\' || p[1] == '\0') {
		*byte = (unsigned char)*p;
		return p + 1;
	}
	const char *found = strchr(letters, *++p);
	if (found != NULL) {
		*byte = values[found - letters];
		return p + 1;
	}
	if (*p < '0' || *p > '7') {
		*byte = (unsigned char)*p;
		return p + 1;
	}
	*byte = 0;
	for (int i = 0; i < 3 && *p >= '0' && *p <= '7'; i++)
		*byte = (*byte * 8 + *p++ - '0') & 0xff;
	return p;
}

/* [:alpha:] and the like; null if it is none. */
static const char *class_read(const char *p, struct set *set)
{
	static const struct {
		const char *name;
		int (*is)(int);
	} classes[] = {{"alnum", isalnum}, {"alpha", isalpha}, {"blank", isblank}, {"cntrl", iscntrl},
		{"digit", isdigit}, {"graph", isgraph}, {"lower", islower}, {"print", isprint},
		{"punct", ispunct}, {"space", isspace}, {"upper", isupper}, {"xdigit", isxdigit}};
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
		size_t length = strlen(classes[i].name);
		if (strncmp(p, "[:", 2) != 0 || strncmp(p + 2, classes[i].name, length) != 0 ||
			strncmp(p + 2 + length, ":]", 2) != 0)
			continue;
		for (int byte = 0; byte < BYTES; byte++)
			if (classes[i].is(byte))
				set_add(set, byte);
		return p + length + 4;
	}
	return NULL;
}

/* [x*n] is x so many times, [x*] as often as there are others in FROM; null if it is none. Only TO has it. */
static const char *repeat_read(const char *p, struct set *set, size_t length)
{
	int byte;
	char *end;
	if (length == 0 || *p != '[' || p[1] == '\0')
		return NULL;
	p = character_read(p + 1, &byte);
	if (*p != '*')
		return NULL;
	unsigned long count = strtoul(p + 1, &end, p[1] == '0' ? 8 : 10);
	if (*end != ']' || p[1] == '-' || p[1] == '+' || isspace((unsigned char)p[1]))
		return NULL;
	if (count == 0)
		count = length > set->count ? length - set->count : 0;
	for (; count > 0 && set->count < SET_MOST; count--)
		set_add(set, byte);
	return end + 1;
}

/* [=x=] is x: each character is equal to itself alone. */
static const char *equal_read(const char *p, struct set *set)
{
	int byte;
	if (strncmp(p, "[=", 2) != 0 || p[2] == '\0')
		return NULL;
	p = character_read(p + 2, &byte);
	if (strncmp(p, "=]", 2) != 0)
		return NULL;
	set_add(set, byte);
	return p + 2;
}

/* The length is that of FROM for TO, and 0 for FROM itself. */
static bool set_read(const char *p, struct set *set, size_t length)
{
	while (*p != '\0') {
		int first, last;
		const char *behind = class_read(p, set);
		behind = behind != NULL ? behind : equal_read(p, set);
		behind = behind != NULL ? behind : repeat_read(p, set, length);
		if (behind != NULL) {
			p = behind;
			continue;
		}
		p = character_read(p, &first);
		last = first;
		if (p[0] == '-' && p[1] != '\0')
			p = character_read(p + 1, &last);
		if (last < first) {
			fprintf(stderr, "tr: a range that goes down\n");
			return false;
		}
		for (int byte = first; byte <= last; byte++)
			set_add(set, byte);
	}
	return true;
}

static void set_invert(struct set *set)
{
	struct set other = {.count = 0};
	for (int byte = 0; byte < BYTES; byte++)
		if (!set->has[byte])
			set_add(&other, byte);
	*set = other;
}

static struct set from, to;
static bool inverts, deletes, squeezes;

static void map_make(unsigned char map[BYTES])
{
	for (int byte = 0; byte < BYTES; byte++)
		map[byte] = (unsigned char)byte;
	for (size_t i = 0; to.count > 0 && i < from.count; i++)
		map[from.list[i]] = to.list[i < to.count ? i : to.count - 1];
}

static void copy(const bool squeezed[BYTES])
{
	unsigned char map[BYTES];
	int c, last = EOF;
	map_make(map);
	while ((c = getchar()) != EOF) {
		if (deletes && from.has[c])
			continue;
		c = deletes ? c : map[c];
		if (!squeezes || c != last || !squeezed[c])
			putchar(c);
		last = c;
	}
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	int option;
	while ((option = getopt(argc, argv, "cCds")) != -1) {
		if (option == '?')
			return tool_usage(usage, 1);
		inverts |= option == 'c' || option == 'C';
		deletes |= option == 'd';
		squeezes |= option == 's';
	}
	int count = argc - optind;
	bool fits = deletes && !squeezes   ? count == 1
		    : squeezes && !deletes ? count == 1 || count == 2
					   : count == 2;
	if (!fits)
		return tool_usage(usage, 1);
	if (!set_read(argv[optind], &from, 0))
		return 1;
	if (inverts)
		set_invert(&from);
	if (count > 1 && !set_read(argv[optind + 1], &to, from.count))
		return 1;
	if (count > 1 && !deletes && to.count == 0)
		return tool_usage(usage, 1);
	copy(count > 1 ? to.has : from.has);
	if (ferror(stdin)) {
		tool_complain("tr", "standard input");
		return 1;
	}
	return tool_end("tr", 0);
}
