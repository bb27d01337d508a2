/*
 * sort: sorts lines.
 */
#include <ctype.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] =
	"usage: sort [-bcfmnrsu] [-o FILE] [-t CHARACTER] [-k FIRST[,LAST][bfnr]]... [FILE]...\n"
	"Prints the lines of all files in order; no file or - is standard input.\n"
	"  -n  as numbers      -r  backwards     -f  upper as lower case\n"
	"  -b  without the blanks in front       -u  of equal lines only the first\n"
	"  -s  of lines whose keys are equal the first stays the first\n"
	"  -c  only says whether they are sorted   -m  they are, each file for itself\n"
	"  -o  prints to this file, which may be one of those that are read\n"
	"  -k  by these fields, counted from 1   -t  what separates fields, else blanks\n";

enum { KEYS_MAX = 16 };

struct order {
	bool numeric, reverse, fold, blank;
};

struct key {
	long first, last; /* fields; a last of 0 is the end of the line */
	struct order order;
	bool own; /* it says how it is compared; else the options do */
};

static struct key keys[KEYS_MAX];
static int key_count;
static struct order general;
static bool unique, checks, stable;
static const char *output; /* null: standard output */
static char separator; /* 0: blanks */

/* Stability comes from the number of the line, which decides when nothing else does. */
struct line {
	char *text;
	size_t number;
};

static struct line *lines;
static size_t line_count, line_room;

/* A part of a line. */
struct part {
	const char *start, *end;
};

static const char *field_end(const char *p)
{
	if (separator != 0)
		return p + strcspn(p, (char[]){separator, '\0'});
	while (*p != '\0' && isblank((unsigned char)*p))
		p++;
	while (*p != '\0' && !isblank((unsigned char)*p))
		p++;
	return p;
}

/* Without a separator, the blanks before a field belong to it. */
static struct part key_find(const struct key *key, const char *text)
{
	struct part part = {text, NULL};
	for (long i = 1; i < key->first && *part.start != '\0'; i++) {
		part.start = field_end(part.start);
		if (separator != 0 && *part.start != '\0')
			part.start++;
	}
	part.end = part.start;
	if (key->last == 0) {
		part.end += strlen(part.start);
		return part;
	}
	for (long i = key->first; i <= key->last && *part.end != '\0'; i++) {
		if (i > key->first && separator != 0)
			part.end++;
		part.end = field_end(part.end);
	}
	return part;
}

static int compare_text(struct part a, struct part b, bool fold)
{
	for (;; a.start++, b.start++) {
		int x = a.start < a.end ? (unsigned char)*a.start : -1;
		int y = b.start < b.end ? (unsigned char)*b.start : -1;
		if (fold && x >= 0 && y >= 0) {
			x = toupper(x);
			y = toupper(y);
		}
		if (x != y)
			return x < y ? -1 : 1;
		if (x < 0)
			return 0;
	}
}

static double part_number(struct part part)
{
	char digits[64];
	size_t length = (size_t)(part.end - part.start);
	if (length >= sizeof digits)
		length = sizeof digits - 1;
	memcpy(digits, part.start, length);
	digits[length] = '\0';
	/* Only what POSIX takes for a number, which leaves out strtod's 0x10, inf and 1e5. */
	size_t blanks = strspn(digits, " \t"), sign = digits[blanks] == '-';
	digits[blanks + sign + strspn(digits + blanks + sign, "0123456789.")] = '\0';
	return strtod(digits, NULL);
}

static const char *skip_blanks(struct part part)
{
	while (part.start < part.end && isblank((unsigned char)*part.start))
		part.start++;
	return part.start;
}

static int compare_parts(struct part a, struct part b, const struct order *order)
{
	int result;
	if (order->blank) {
		a.start = skip_blanks(a);
		b.start = skip_blanks(b);
	}
	if (order->numeric) {
		double x = part_number(a), y = part_number(b);
		result = x < y ? -1 : x > y;
	} else {
		result = compare_text(a, b, order->fold);
	}
	return order->reverse ? -result : result;
}

static int compare_keys(const char *a, const char *b)
{
	static const struct key all = {.first = 1};
	for (int i = 0; i < key_count || i == 0; i++) {
		const struct key *key = key_count > 0 ? &keys[i] : &all;
		int result =
			compare_parts(key_find(key, a), key_find(key, b), key->own ? &key->order : &general);
		if (result != 0)
			return result;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	int result = compare_keys(x->text, y->text);
	if (result == 0 && !unique && !stable) {
		result = strcmp(x->text, y->text);
		if (general.reverse)
			result = -result;
	}
	return result != 0 ? result : x->number < y->number ? -1 : x->number > y->number;
}

static bool collect(FILE *stream, const char *name)
{
	char *text = NULL;
	size_t room = 0;
	ssize_t length;
	(void)name;
	while ((length = getline(&text, &room, stream)) >= 0) {
		if (length > 0 && text[length - 1] == '\n')
			text[length - 1] = '\0';
		if (line_count == line_room) {
			line_room = line_room * 2 + 256;
			lines = tool_need("sort", realloc(lines, line_room * sizeof *lines));
		}
		lines[line_count] = (struct line){tool_need("sort", strdup(text)), line_count};
		line_count++;
	}
	free(text);
	return true;
}

/* Whether the lines are in order, and none comes twice if that matters: the status. */
static int check(const char *name)
{
	for (size_t i = 1; i < line_count; i++) {
		int result = unique || stable ? compare_keys(lines[i - 1].text, lines[i].text)
					      : compare(&lines[i - 1], &lines[i]);
		if (result < 0 || (result == 0 && !unique))
			continue;
		fprintf(stderr, "sort: %s:%zu: out of order: %s\n", name != NULL ? name : "-", i + 1,
			lines[i].text);
		return 1;
	}
	return 0;
}

/* FIRST[,LAST] and letters; false if it is something else. */
static bool key_parse(struct key *key, char *word)
{
	char *end;
	key->first = strtol(word, &end, 10);
	if (end == word || key->first < 1)
		return false;
	if (*end == ',') {
		word = end + 1;
		key->last = strtol(word, &end, 10);
		if (end == word || key->last < 1)
			return false;
	}
	for (; *end != '\0'; end++) {
		if (strchr("bnrf", *end) == NULL)
			return false;
		key->own = true;
		key->order.numeric |= *end == 'n';
		key->order.reverse |= *end == 'r';
		key->order.fold |= *end == 'f';
		key->order.blank |= *end == 'b';
	}
	return true;
}

static bool option_take(int option)
{
	general.numeric |= option == 'n';
	general.reverse |= option == 'r';
	general.fold |= option == 'f';
	general.blank |= option == 'b';
	unique |= option == 'u';
	checks |= option == 'c';
	stable |= option == 's';
	if (option == 'o')
		output = optarg;
	if (option == 't') {
		separator = *optarg;
		return separator != 0 && optarg[1] == '\0';
	}
	if (option == 'k')
		return key_count < KEYS_MAX && key_parse(&keys[key_count++], optarg);
	return option != '?';
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	int option;
	while ((option = getopt(argc, argv, "bcfmno:rsut:k:")) != -1)
		if (!option_take(option))
			return tool_usage(usage, 2);
	bool done = tool_each("sort", argv + optind, collect);
	if (checks)
		return done ? check(argv[optind]) : 2;
	if (line_count > 0)
		qsort(lines, line_count, sizeof *lines, compare);
	/* Only now, since it may be one of those that were read. */
	if (output != NULL && freopen(output, "w", stdout) == NULL) {
		tool_complain("sort", output);
		return 2;
	}
	for (size_t i = 0; i < line_count; i++)
		if (!unique || i == 0 || compare_keys(lines[i - 1].text, lines[i].text) != 0)
			puts(lines[i].text);
	for (size_t i = 0; i < line_count; i++)
		free(lines[i].text);
	free(lines);
	return tool_end("sort", done ? 0 : 2);
}
