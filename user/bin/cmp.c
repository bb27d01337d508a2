/*
 * cmp: finds where two files differ, byte by byte.
 */
#include <unistd.h>

#include "tool.h"

static const char usage[] =
	"usage: cmp [-l | -s] FILE FILE\n"
	"Compares two files, of which one may be -, standard input; says where they begin\n"
	"to differ. The status is 0 if they are the same, 1 if they differ, 2 after an\n"
	"error.\n"
	"  -l  each byte that differs: where it is, and the two as octal numbers\n"
	"  -s  says nothing\n";

enum { SAME, DIFFER, TROUBLE };

static bool list, silent;

static FILE *open_file(const char *name)
{
	FILE *stream = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
	if (stream == NULL)
		tool_complain("cmp", name);
	return stream;
}

static int end_of(const char *name, unsigned long long bytes)
{
	if (!silent && bytes == 0)
		tool_say("cmp: EOF on %s which is empty", name);
	else if (!silent)
		tool_say("cmp: EOF on %s after byte %llu", name, bytes);
	return DIFFER;
}

/* What a byte that differs is told by; true when that was all there is to find out. */
static bool tell(char **names, unsigned long long bytes, unsigned long long lines, int a, int b)
{
	if (list) {
		printf("%llu %3o %3o\n", bytes, (unsigned)a, (unsigned)b);
		return false;
	}
	if (!silent)
		printf("%s %s differ: byte %llu, line %llu\n", names[0], names[1], bytes, lines);
	return true;
}

static int compare(FILE *first, FILE *second, char **names)
{
	unsigned long long bytes = 0, lines = 1;
	int status = SAME;
	for (;; bytes++) {
		int a = getc(first), b = getc(second);
		if (ferror(first) || ferror(second)) {
			tool_complain("cmp", names[ferror(first) ? 0 : 1]);
			return TROUBLE;
		}
		if (a == EOF || b == EOF)
			return a == b ? status : end_of(names[a == EOF ? 0 : 1], bytes);
		if (a != b) {
			status = DIFFER;
			if (tell(names, bytes + 1, lines, a, b))
				return status;
		}
		lines += a == '\n';
	}
}

int main(int argc, char **argv)
{
	FILE *first, *second;
	int option;
	tool_help(argc, argv, usage);
	while ((option = getopt(argc, argv, "ls")) != -1) {
		if (option != 'l' && option != 's')
			return tool_usage(usage, TROUBLE);
		*(option == 'l' ? &list : &silent) = true;
	}
	if (argc - optind != 2 || (list && silent))
		return tool_usage(usage, TROUBLE);
	if ((first = open_file(argv[optind])) == NULL || (second = open_file(argv[optind + 1])) == NULL)
		return TROUBLE;
	int status = first == second ? SAME : compare(first, second, argv + optind);
	return tool_end("cmp", 0) != 0 ? TROUBLE : status;
}
