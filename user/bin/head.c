/*
 * head: prints the beginning of files.
 */
#include <limits.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: head [-n LINES | -c BYTES | -LINES] [FILE]...\n"
			    "Prints the first 10 lines of each file; no file or - is standard input.\n"
			    "  -n LINES  so many lines; -LINES: all but so many at the end\n"
			    "  -c BYTES  so many bytes; -BYTES: the same\n";

static long long limit = 10;
static bool count_bytes, several;
static bool without_end; /* all but the limit */

/* What may be at the end: bytes, and how many lines of them, or bytes, count. */
static struct {
	char *bytes;
	size_t start, end, room;
	long long count;
} held;

static void held_add(char c)
{
	if (held.start > held.room / 2) {
		held.end -= held.start;
		memmove(held.bytes, held.bytes + held.start, held.end);
		held.start = 0;
	}
	if (held.end == held.room) {
		held.room = held.room * 2 + 256;
		held.bytes = tool_need("head", realloc(held.bytes, held.room));
	}
	held.bytes[held.end++] = c;
}

/* Prints what is followed by more than is left out. */
static void held_print(void)
{
	while (held.count > limit && held.start < held.end) {
		char c = held.bytes[held.start++];
		putchar(c);
		held.count -= count_bytes || c == '\n';
	}
}

static void head_without_end(FILE *stream)
{
	int c;
	held.start = held.end = 0;
	held.count = 0;
	while ((c = getc(stream)) != EOF) {
		held_add((char)c);
		held.count += count_bytes || c == '\n';
		held_print();
	}
	/* A last line without a newline is one as well. */
	held.count += !count_bytes && held.end > held.start && held.bytes[held.end - 1] != '\n';
	held_print();
}

static bool head(FILE *stream, const char *name)
{
	static bool some;
	if (several)
		printf("%s==> %s <==\n", some ? "\n" : "", name);
	some = true;
	if (without_end) {
		head_without_end(stream);
		return true;
	}
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
	tool_number_option(argc, argv, &limit);
	while ((option = getopt(argc, argv, "n:c:")) != -1) {
		if (option == '?' || !tool_number(optarg, &limit) || limit == LLONG_MIN)
			return tool_usage(usage, 1);
		without_end = *optarg == '-';
		limit = llabs(limit);
		count_bytes = option == 'c';
	}
	several = argc - optind > 1;
	return tool_end("head", tool_each("head", argv + optind, head) ? 0 : 1);
}
