/*
 * head: prints the beginning of files.
 */
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: head [-n LINES | -c BYTES | -LINES] [FILE]...\n"
			    "Prints the first 10 lines of each file; no file or - is standard input.\n"
			    "  -n LINES  so many lines\n"
			    "  -c BYTES  so many bytes\n";

static long long limit = 10;
static bool count_bytes, several;

static bool head(FILE *stream, const char *name)
{
	static bool some;
	if (several)
		printf("%s==> %s <==\n", some ? "\n" : "", name);
	some = true;
	int c;
	for (long long left = limit; left > 0 && (c = getc(stream)) != EOF;) {
		putchar(c);
		if (count_bytes || c == '\n')
			left--;
	}
	return true;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	int option;
	long long number = tool_number_option(argc, argv);
	if (number >= 0) {
		limit = number;
		optind = 2;
	}
	while ((option = getopt(argc, argv, "n:c:")) != -1) {
		if (option == '?' || !tool_number(optarg, &limit) || limit < 0)
			return tool_usage(usage, 1);
		count_bytes = option == 'c';
	}
	several = argc - optind > 1;
	return tool_end("head", tool_each("head", argv + optind, head) ? 0 : 1);
}
