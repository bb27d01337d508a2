/*
 * cut: parts of each line.
 */
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: cut -b LIST | -c LIST | -f LIST [-d CHARACTER] [-s] [FILE]...\n"
			    "Prints parts of each line; no file or - is standard input. LIST is 2, 1,3 or\n"
			    "2-4,7-.\n"
			    "  -b, -c  bytes    -f  fields, which a tab ends, or the character of -d\n"
			    "  -s  no lines without that character\n";

enum { RANGES = 64 };

static struct range {
	unsigned long first, last;
} ranges[RANGES];
static size_t range_count;
static bool fields, only_delimited;
static char delimiter = '\t';

static const char *number_read(const char *p, unsigned long *number)
{
	char *end;
	if (*p < '0' || *p > '9')
		return p;
	*number = strtoul(p, &end, 10);
	return end;
}

/* False when it is no list. */
static bool list_read(const char *p)
{
	do {
		struct range range = {0, 0};
		const char *begin = p;
		p = number_read(p, &range.first);
		range.last = range.first;
		if (*p == '-') {
			if (p == begin)
				range.first = 1;
			range.last = (unsigned long)-1;
			p = number_read(p + 1, &range.last);
			if (p == begin + 1 && range.last == (unsigned long)-1)
				return false; /* a dash alone */
		}
		if (range.first == 0 || range.last < range.first || range_count == RANGES)
			return false;
		ranges[range_count++] = range;
	} while (*p != '\0' && strchr(", \t", *p++) != NULL);
	return *p == '\0' && strchr(", \t", p[-1]) == NULL;
}

static bool is_wanted(unsigned long number)
{
	for (size_t i = 0; i < range_count; i++)
		if (number >= ranges[i].first && number <= ranges[i].last)
			return true;
	return false;
}

static void bytes_print(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (is_wanted(i + 1))
			putchar(line[i]);
	putchar('\n');
}

static void fields_print(const char *line, size_t length)
{
	const char *between = NULL;
	unsigned long number = 1;
	if (memchr(line, delimiter, length) == NULL) {
		if (!only_delimited)
			printf("%s\n", line);
		return;
	}
	for (const char *p = line, *end = line + length; p <= end; number++) {
		const char *stop = memchr(p, delimiter, (size_t)(end - p));
		size_t size = (size_t)((stop != NULL ? stop : end) - p);
		if (is_wanted(number)) {
			if (between != NULL)
				putchar(delimiter);
			(void)fwrite(p, 1, size, stdout);
			between = p;
		}
		p += size + 1;
	}
	putchar('\n');
}

static bool cut(FILE *stream, const char *name)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	(void)name;
	while ((length = tool_line(stream, &line, &room)) >= 0)
		(fields ? fields_print : bytes_print)(line, (size_t)length);
	free(line);
	return true;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	int option;
	while ((option = getopt(argc, argv, "b:c:d:f:ns")) != -1) {
		bool good = option != '?';
		if (option == 'b' || option == 'c' || option == 'f')
			good = range_count == 0 && list_read(optarg);
		fields |= option == 'f';
		if (option == 'd')
			good = optarg[0] != '\0' && optarg[1] == '\0';
		if (option == 'd' && good)
			delimiter = optarg[0];
		only_delimited |= option == 's';
		if (!good)
			return tool_usage(usage, 1);
	}
	if (range_count == 0)
		return tool_usage(usage, 1);
	return tool_end("cut", tool_each("cut", argv + optind, cut) ? 0 : 1);
}
