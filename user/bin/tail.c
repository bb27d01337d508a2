/*
 * tail: prints the end of files. Of what can't be read twice, only as much is kept as may have to be printed.
 */
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: tail [-f] [-n [+]LINES | -c [+]BYTES | -LINES] [FILE]...\n"
			    "Prints the last 10 lines of each file; no file or - is standard input.\n"
			    "  -n LINES  so many lines; with a +, all from this line on\n"
			    "  -c BYTES  so many bytes; with a +, all from this byte on\n"
			    "  -f  then waits for what is added to the file, until it is ended\n";

static long long limit = 10;
static bool count_bytes, from_start, several, follow;

/* Prints what is behind the first limit - 1 lines or bytes. */
static void print_from(FILE *stream)
{
	int c;
	for (long long left = limit - 1; left > 0 && (c = getc(stream)) != EOF;)
		if (count_bytes || c == '\n')
			left--;
	while ((c = getc(stream)) != EOF)
		putchar(c);
}

/* The last bytes of a stream. */
struct kept {
	char *bytes;
	size_t length, room;
	long long units; /* lines or bytes that they are */
};

static void kept_add(struct kept *kept, char c)
{
	if (kept->length == kept->room) {
		kept->room = kept->room * 2 + 4096;
		kept->bytes = tool_need("tail", realloc(kept->bytes, kept->room));
	}
	kept->bytes[kept->length++] = c;
}

/* Where the last `limit` units begin. */
static size_t kept_start(const struct kept *kept)
{
	size_t start = kept->length;
	long long left = limit;
	/* The newline at the end belongs to the last line. */
	if (!count_bytes && start > 0 && kept->bytes[start - 1] == '\n')
		start--;
	while (start > 0 && (count_bytes ? left > 0 : left > 1 || kept->bytes[start - 1] != '\n')) {
		start--;
		if (count_bytes || kept->bytes[start] == '\n')
			left--;
	}
	return start;
}

/* Forgets what can't be among the last any more; now and then, because it moves the rest. */
static void kept_trim(struct kept *kept)
{
	size_t start = kept_start(kept);
	memmove(kept->bytes, kept->bytes + start, kept->length - start);
	kept->length -= start;
}

static void print_last(FILE *stream)
{
	struct kept kept = {0};
	int c;
	if (limit == 0)
		return;
	while ((c = getc(stream)) != EOF) {
		if (kept.length > 0 && kept.length == kept.room)
			kept_trim(&kept);
		kept_add(&kept, (char)c);
	}
	size_t start = kept_start(&kept);
	fwrite(kept.bytes + start, 1, kept.length - start, stdout);
	free(kept.bytes);
}

/* What is at the end of a pipe or a terminal is at its end for good. */
static bool is_file(FILE *stream)
{
	struct stat status;
	return fstat(fileno(stream), &status) == 0 && S_ISREG(status.st_mode);
}

static void print_what_comes(FILE *stream)
{
	const struct timespec pause = {.tv_nsec = 200000000};
	for (int c; !ferror(stream) && !ferror(stdout);) {
		clearerr(stream);
		while ((c = getc(stream)) != EOF)
			putchar(c);
		fflush(stdout);
		(void)nanosleep(&pause, NULL);
	}
}

static bool tail(FILE *stream, const char *name)
{
	static bool some;
	if (several)
		printf("%s==> %s <==\n", some ? "\n" : "", name);
	some = true;
	if (from_start)
		print_from(stream);
	else
		print_last(stream);
	if (follow && is_file(stream))
		print_what_comes(stream);
	return true;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	int option;
	tool_number_option(argc, argv, &limit);
	while ((option = getopt(argc, argv, "fn:c:")) != -1) {
		follow |= option == 'f';
		if (option == 'f')
			continue;
		if (option == '?' || !tool_number(optarg, &limit))
			return tool_usage(usage, 1);
		count_bytes = option == 'c';
		from_start = *optarg == '+';
		if (limit < 0) /* -5 means the last 5, as 5 does */
			limit = -limit;
	}
	several = argc - optind > 1;
	if (follow && several)
		return tool_usage(usage, 1);
	return tool_end("tail", tool_each("tail", argv + optind, tail) ? 0 : 1);
}
