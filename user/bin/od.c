/*
 * od: what is in files, byte by byte or number by number.
 */
#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: od [-v] [-A d|o|x|n] [-j BYTES] [-N BYTES] [-t TYPE]... [-bcdosx]\n"
			    "          [FILE]...\n"
			    "Prints the bytes of all files as numbers; no file or - is standard input.\n"
			    "  -A  places as d: decimal, o: octal, x: hexadecimal, n: not at all\n"
			    "  -j  begins behind so many bytes       -N  ends after so many\n"
			    "  -t  a: names of characters, c: characters, or d, o, u, x and a size: 1, 2, 4\n"
			    "      or 8 bytes\n"
			    "  -b  is -t o1, -c -t c, -d -t u2, -o -t o2, -s -t d2, -x -t x2\n"
			    "  -v  equal lines, too, not * for them\n";

enum { LINE = 16, TYPES_MOST = 16, FAILED = 1 };

struct type {
	char kind;
	int size, width;
};

static struct type types[TYPES_MOST];
static int type_count;
static char radix = 'o';
static bool show_all;
static unsigned long long skip, place, limit = ULLONG_MAX;

static int width_of(char kind, int size)
{
	static const int decimal[] = {[1] = 3, [2] = 5, [4] = 10, [8] = 20};
	static const int octal[] = {[1] = 3, [2] = 6, [4] = 11, [8] = 22};
	switch (kind) {
	case 'd':
		return decimal[size] + (size < 8);
	case 'u':
		return decimal[size];
	case 'o':
		return octal[size];
	case 'x':
		return 2 * size;
	default:
		return 3;
	}
}

static bool type_add(char kind, int size)
{
	if (type_count == TYPES_MOST)
		return false;
	types[type_count++] = (struct type){kind, size, width_of(kind, size)};
	return true;
}

/* Where a type of numbers ends in the word, after its size; 4 bytes if it has none. */
static const char *size_read(const char *word, int *size)
{
	static const char letters[] = "CSIL", sizes[] = {1, 2, 4, 8};
	const char *letter = *word != '\0' ? strchr(letters, *word) : NULL;
	*size = 4;
	if (letter != NULL) {
		*size = sizes[letter - letters];
		return word + 1;
	}
	if (*word != '\0' && strchr("1248", *word) != NULL)
		*size = *word++ - '0';
	return word;
}

static bool types_read(const char *word)
{
	if (*word == '\0')
		return false;
	while (*word != '\0') {
		char kind = *word++;
		int size = 1;
		if (strchr("doux", kind) != NULL)
			word = size_read(word, &size);
		else if (kind != 'a' && kind != 'c')
			return false;
		if (!type_add(kind, size))
			return false;
	}
	return true;
}

/* ---- what is printed */

static void name_print(unsigned char byte, int width)
{
	static const char *const names[] = {"nul", "soh", "stx", "etx", "eot", "enq", "ack", "bel", "bs",
		"ht", "nl", "vt", "ff", "cr", "so", "si", "dle", "dc1", "dc2", "dc3", "dc4", "nak", "syn",
		"etb", "can", "em", "sub", "esc", "fs", "gs", "rs", "us", "sp"};
	byte &= 0x7f;
	if (byte < sizeof names / sizeof *names)
		printf("%*s", width, names[byte]);
	else if (byte == 0x7f)
		printf("%*s", width, "del");
	else
		printf("%*c", width, byte);
}

static void character_print(unsigned char byte, int width)
{
	static const char special[] = "\0\a\b\f\n\r\t\v", letters[] = "0abfnrtv";
	const char *found = memchr(special, byte, sizeof letters - 1);
	if (found != NULL)
		printf("%*s\\%c", width - 2, "", letters[found - special]);
	else if (isprint(byte))
		printf("%*c", width, byte);
	else
		printf("%*s%03o", width - 3, "", byte);
}

static void number_print(const struct type *type, const unsigned char *bytes, int width)
{
	uint64_t value = 0;
	for (int i = type->size; i-- > 0;)
		value = value << 8 | bytes[i];
	int unused = 64 - 8 * type->size, digits = type->width;
	if (type->kind == 'd')
		printf("%*" PRId64, width, (int64_t)(value << unused) >> unused);
	else if (type->kind == 'u')
		printf("%*" PRIu64, width, value);
	else
		printf(type->kind == 'o' ? "%*s%0*" PRIo64 : "%*s%0*" PRIx64, width - digits, "", digits,
			value);
}

/* How wide a byte has to be so that the columns of all types stand below each other. */
static int width_of_types(int size)
{
	int width = 0;
	for (int i = 0; i < type_count; i++) {
		int needed = (types[i].width + 1) * (size / types[i].size);
		width = needed > width ? needed : width;
	}
	return width;
}

static void place_print(void)
{
	if (radix != 'n')
		printf(radix == 'd' ? "%07llu" : radix == 'x' ? "%06llx" : "%07llo", place);
}

static void type_print(const struct type *type, const unsigned char *bytes, int count)
{
	int all = width_of_types(8), columns = 8 / type->size;
	for (int i = 0; i < count; i += type->size) {
		int column = i / type->size % columns;
		int width = all * (column + 1) / columns - all * column / columns;
		if (type->kind == 'a')
			name_print(bytes[i], width);
		else if (type->kind == 'c')
			character_print(bytes[i], width);
		else
			number_print(type, bytes + i, width);
	}
	putchar('\n');
}

/* The bytes behind the last are zero. */
static void line_print(const unsigned char bytes[LINE], int count)
{
	for (int i = 0; i < type_count; i++) {
		if (i == 0)
			place_print();
		else if (radix != 'n')
			printf("%*s", radix == 'x' ? 6 : 7, "");
		type_print(&types[i], bytes, count);
	}
}

/* ---- what is read */

static unsigned char line[LINE + 8], before[LINE];
static int filled;
static bool repeats, stars;

static void line_end(void)
{
	bool same = repeats && !show_all && filled == LINE && memcmp(line, before, LINE) == 0;
	if (same && !stars)
		puts("*");
	if (!same)
		line_print(line, filled);
	stars = same;
	repeats = true;
	memcpy(before, line, LINE);
	place += (unsigned)filled;
	filled = 0;
	memset(line, 0, sizeof line);
}

static bool dump(FILE *stream, const char *name)
{
	int c;
	(void)name;
	while (limit > 0 && (c = getc(stream)) != EOF) {
		if (skip > 0) {
			skip--;
			place++;
			continue;
		}
		limit--;
		line[filled++] = (unsigned char)c;
		if (filled == LINE)
			line_end();
	}
	return true;
}

/* A number of bytes: decimal, octal or hexadecimal as in C, with b, k or m for 512, 1024 or their square. */
static bool bytes_read(const char *word, unsigned long long *bytes)
{
	char *end;
	if (!isdigit((unsigned char)*word))
		return false;
	*bytes = strtoull(word, &end, 0);
	unsigned long long unit = *end == 'b' ? 512 : *end == 'k' ? 1024 : *end == 'm' ? 1048576 : 1;
	return end[unit > 1] == '\0' && !__builtin_mul_overflow(*bytes, unit, bytes);
}

static bool option_take(int option)
{
	switch (option) {
	case 'A':
		radix = *optarg;
		return radix != '\0' && optarg[1] == '\0' && strchr("doxn", radix) != NULL;
	case 'b':
		return type_add('o', 1);
	case 'c':
		return type_add('c', 1);
	case 'd':
		return type_add('u', 2);
	case 'j':
		return bytes_read(optarg, &skip);
	case 'N':
		return bytes_read(optarg, &limit);
	case 'o':
		return type_add('o', 2);
	case 's':
		return type_add('d', 2);
	case 't':
		return types_read(optarg);
	case 'v':
		return show_all = true;
	case 'x':
		return type_add('x', 2);
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	int option;
	tool_help(argc, argv, usage);
	while ((option = getopt(argc, argv, "A:bcdj:N:ost:vx")) != -1)
		if (!option_take(option))
			return tool_usage(usage, FAILED);
	if (type_count == 0)
		(void)type_add('o', 2);
	bool done = tool_each("od", argv + optind, dump);
	if (skip > 0) {
		fputs("od: the files end before that place\n", stderr);
		return FAILED;
	}
	if (filled > 0)
		line_end();
	place_print();
	if (radix != 'n')
		putchar('\n');
	return tool_end("od", done ? 0 : FAILED);
}
