/*
 * uniq: prints lines that repeat the one before only once.
 */
#include <unistd.h>

#include "tool.h"

static const char usage[] =
	"usage: uniq [-cdu] [FILE]\n"
	"Prints each line that differs from the one before; no file or - is standard input.\n"
	"  -c  with how often it came    -d  only those that came again    -u  only those that did not\n";

static bool counts, only_repeated, only_single;

static void print(const char *line, unsigned long times)
{
	if (times == 0 || (only_repeated && times == 1) || (only_single && times > 1))
		return;
	if (counts)
		printf("%7lu ", times);
	fputs(line, stdout);
}

static bool uniq(FILE *stream, const char *name)
{
	char *line = NULL, *last = NULL;
	size_t room = 0;
	unsigned long times = 0;
	(void)name;
	while (getline(&line, &room, stream) >= 0) {
		if (times > 0 && strcmp(line, last) == 0) {
			times++;
			continue;
		}
		print(last, times);
		free(last);
		last = tool_need("uniq", strdup(line));
		times = 1;
	}
	print(last, times);
	free(last);
	free(line);
	return true;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	int option;
	while ((option = getopt(argc, argv, "cdu")) != -1) {
		if (option == '?')
			return tool_usage(usage, 1);
		counts |= option == 'c';
		only_repeated |= option == 'd';
		only_single |= option == 'u';
	}
	if (argc - optind > 1)
		return tool_usage(usage, 1);
	return tool_end("uniq", tool_each("uniq", argv + optind, uniq) ? 0 : 1);
}
