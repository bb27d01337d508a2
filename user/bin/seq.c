/*
 * seq: counts.
 */
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: seq [-w] [-s TEXT] [FIRST [STEP]] LAST\n"
			    "Prints the whole numbers from FIRST, or 1, to LAST, a line each.\n"
			    "  -s TEXT  between two of them, in place of a newline\n"
			    "  -w       all equally wide, with zeros in front\n";

static int width_of(long long number)
{
	return snprintf(NULL, 0, "%lld", number);
}

static int count(long long first, long long step, long long last, const char *between, int width)
{
	bool some = false;
	for (long long i = first; step > 0 ? i <= last : i >= last;) {
		printf("%s%0*lld", some ? between : "", width, i);
		some = true;
		if (__builtin_add_overflow(i, step, &i) || ferror(stdout))
			break;
	}
	if (some)
		putchar('\n');
	return tool_end("seq", 0);
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	const char *between = "\n";
	bool equal = false;
	int option;
	/* A negative number is no option: the first operand ends them. */
	while (optind < argc && argv[optind][0] == '-' && strchr("sw", argv[optind][1]) != NULL &&
		(option = getopt(argc, argv, "+s:w")) != -1) {
		if (option == '?')
			return tool_usage(usage, 1);
		equal |= option == 'w';
		if (option == 's')
			between = optarg;
	}
	long long numbers[3];
	int given = argc - optind;
	for (int i = 0; i < given && i < 3; i++)
		if (!tool_number(argv[optind + i], &numbers[i]))
			return tool_usage(usage, 1);
	if (given < 1 || given > 3 || (given == 3 && numbers[1] == 0))
		return tool_usage(usage, 1);
	long long first = given > 1 ? numbers[0] : 1, last = numbers[given - 1];
	int width = width_of(first) > width_of(last) ? width_of(first) : width_of(last);
	return count(first, given == 3 ? numbers[1] : 1, last, between, equal ? width : 1);
}
