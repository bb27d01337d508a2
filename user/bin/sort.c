/*
 * sort: sorts lines.
 */
#include <ctype.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: sort [-bcCdfhimnrsu] [-o FILE] [-t CHARACTER]\n"
			    "            [-k FIRST[.N][,LAST[.N]][bdfhinr]]... [FILE]...\n"
			    "Prints the lines of all files in order; no file or - is standard input.\n"
			    "  -n  as numbers      -r  backwards     -f  upper as lower case\n"
			    "  -b  without the blanks in front       -u  of equal lines only the first\n"
			    "  -d  only blanks, letters and digits   -i  only what can be printed\n"
			    "  -h  as 900, 1.5K, 2M                  -m  each file is sorted already\n"
			    "  -s  of lines whose keys are equal the first stays the first\n"
			    "  -c  only says whether they are sorted, -C not even that\n"
			    "  -o  prints to this file, which may be one of those that are read\n"
			    "  -k  by these fields, counted from 1, and from and to their Nth characters\n"
			    "  -t  what separates fields, else blanks\n";

enum { KEYS_MAX = 16 };

struct order {
	bool numeric, human, reverse, fold, blank, dictionary, printable;
};

struct key {
	long first, last; /* fields; a last of 0 is the end of the line */
	long first_character, last_character; /* of those; 0 is the whole field */
	struct order order; /* blank: before the first character; before the last: */
	bool last_blank;
	bool own; /* it says how it is compared; else the options do */
};

static struct key keys[KEYS_MAX];
static int key_count;
static struct order general;
static bool unique, checks, silent, stable;
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

static const char *field_start(const char *p, long number)
{
	for (; number > 1 && *p != '\0'; number--) {
		p = field_end(p);
		p += separator != 0 && *p != '\0';
	}
	return p;
}

static const char *skip_blanks(const char *p)
{
	while (isblank((unsigned char)*p))
		p++;
	return p;
}

static const char *skip_characters(const char *p, long count)
{
	while (count-- > 0 && *p != '\0')
		p++;
	return p;
}

/* Without a separator, the blanks before a field belong to it; they count as characters, too, unless -b is said. */
static struct part key_find(const struct key *key, const struct order *order, const char *text)
{
	struct part part = {field_start(text, key->first), NULL};
	if (order->blank)
		part.start = skip_blanks(part.start);
	part.start = skip_characters(part.start, key->first_character - 1);
	part.end = key->last > 0 ? field_start(text, key->last) : part.start + strlen(part.start);
	if (key->last > 0 && key->last_character == 0)
		part.end = field_end(part.end);
	if (key->last_character > 0 && (key->own ? key->last_blank : order->blank))
		part.end = skip_blanks(part.end);
	part.end = skip_characters(part.end, key->last_character);
	if (part.end < part.start)
		part.end = part.start;
	return part;
}

/* The next character that counts, or -1 at the end. */
static int part_next(struct part *part, const struct order *order)
{
	for (; part->start < part->end; part->start++) {
		int c = (unsigned char)*part->start;
		if ((order->dictionary && !isalnum(c) && !isblank(c)) || (order->printable && !isprint(c)))
			continue;
		part->start++;
		return order->fold ? toupper(c) : c;
	}
	return -1;
}

static int compare_text(struct part a, struct part b, const struct order *order)
{
	for (;;) {
		int x = part_next(&a, order), y = part_next(&b, order);
		if (x != y)
			return x < y ? -1 : 1;
		if (x < 0)
			return 0;
	}
}

static double part_number(struct part part, bool human)
{
	static const char units[] = "KMGTPE";
	char digits[64];
	size_t length = (size_t)(part.end - part.start);
	if (length >= sizeof digits)
		length = sizeof digits - 1;
	memcpy(digits, part.start, length);
	digits[length] = '\0';
	/* Only what POSIX takes for a number, which leaves out strtod's 0x10, inf and 1e5. */
	size_t blanks = strspn(digits, " \t"), sign = digits[blanks] == '-';
	char *end = digits + blanks + sign + strspn(digits + blanks + sign, "0123456789.");
	const char *unit = human && *end != '\0' ? strchr(units, toupper((unsigned char)*end)) : NULL;
	*end = '\0';
	double number = strtod(digits, NULL);
	for (; unit != NULL && unit >= units; unit--)
		number *= 1024;
	return number;
}

static int compare_parts(struct part a, struct part b, const struct order *order)
{
	int result;
	if (order->numeric || order->human) {
		double x = part_number(a, order->human), y = part_number(b, order->human);
		result = x < y ? -1 : x > y;
	} else {
		result = compare_text(a, b, order);
	}
	return order->reverse ? -result : result;
}

static int compare_keys(const char *a, const char *b)
{
	static const struct key all = {.first = 1};
	for (int i = 0; i < key_count || i == 0; i++) {
		const struct key *key = key_count > 0 ? &keys[i] : &all;
		const struct order *order = key->own ? &key->order : &general;
		int result = compare_parts(key_find(key, order, a), key_find(key, order, b), order);
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
	(void)name;
	while (tool_line(stream, &text, &room) >= 0) {
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
		if (silent)
			return 1;
		fprintf(stderr, "sort: %s:%zu: out of order: %s\n", name != NULL ? name : "-", i + 1,
			lines[i].text);
		return 1;
	}
	return 0;
}

/* A field, and .N behind it; null if it is something else. A character of 0 is the whole field, where that may be. */
static char *position_parse(char *word, long *field, long *character, long least)
{
	char *end;
	*field = strtol(word, &end, 10);
	if (end == word || *field < 1 || *end != '.')
		return end == word || *field < 1 ? NULL : end;
	word = end + 1;
	*character = strtol(word, &end, 10);
	return end == word || *character < least ? NULL : end;
}

/* The letters of an order; false if one is none. */
static bool order_take(struct order *order, int letter)
{
	order->numeric |= letter == 'n';
	order->human |= letter == 'h';
	order->reverse |= letter == 'r';
	order->fold |= letter == 'f';
	order->blank |= letter == 'b';
	order->dictionary |= letter == 'd';
	order->printable |= letter == 'i';
	return strchr("bdfhinr", letter) != NULL;
}

/* b is for the place that it stands behind, the other letters are for both. */
static char *order_parse(struct key *key, char *word, bool *blank)
{
	for (; *word == 'b' || (*word != '\0' && order_take(&key->order, *word)); word++) {
		key->own = true;
		*blank |= *word == 'b';
	}
	return word;
}

/* FIRST[.N][letters][,LAST[.N][letters]]; false if it is something else. */
static bool key_parse(struct key *key, char *word)
{
	char *end = position_parse(word, &key->first, &key->first_character, 1);
	if (end == NULL)
		return false;
	end = order_parse(key, end, &key->order.blank);
	if (*end == ',') {
		end = position_parse(end + 1, &key->last, &key->last_character, 0);
		if (end == NULL)
			return false;
		end = order_parse(key, end, &key->last_blank);
	}
	return *end == '\0';
}

static bool option_take(int option)
{
	(void)order_take(&general, option);
	unique |= option == 'u';
	checks |= option == 'c' || option == 'C';
	silent |= option == 'C';
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
	while ((option = getopt(argc, argv, "bcCdfhimno:rsut:k:")) != -1)
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
