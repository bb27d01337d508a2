/*
 * uniq: prints lines that repeat the one before only once.
 */
#include <strings.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: uniq [-cdiu] [-f FIELDS] [-s CHARACTERS] [FILE [OUTPUT]]\n"
			    "Prints each line that differs from the one before; no file or - is standard\n"
			    "input.\n"
			    "  -c  with how often it came\n"
			    "  -d  only those that came again\n"
			    "  -u  only those that did not\n"
			    "  -i  upper as lower case\n"
			    "  -f  without so many fields\n"
			    "  -s  then without so many characters\n";

static bool counts, only_repeated, only_single, ignore_case;
static long long fields, characters; /* that are not compared */

static void print(const char *line, unsigned long times)
{
	if (times == 0 || (only_repeated && times == 1) || (only_single && times > 1))
		return;
	if (counts)
		printf("%7lu ", times);
	fputs(line, stdout);
}

/* The part of a line that is compared. A field is blanks and what is behind them. */
static const char *compared(const char *line)
{
	for (long long left = fields; left > 0 && *line != '\0'; left--) {
		line += strspn(line, " \t");
		line += strcspn(line, " \t\n");
	}
	for (long long left = characters; left > 0 && *line != '\0' && *line != '\n'; left--)
		line++;
	return line;
}

static bool is_same(const char *a, const char *b)
{
	a = compared(a);
	b = compared(b);
	return (ignore_case ? strcasecmp(a, b) : strcmp(a, b)) == 0;
}

/* A last line without a newline is the same as one with it. */
static void newline_add(char **line, size_t *room, size_t length)
{
	if ((*line)[length - 1] == '\n')
		return;
	if (*room < length + 2)
		*line = tool_need("uniq", realloc(*line, *room = length + 2));
	strcpy(*line + length, "\n");
}

static bool uniq(FILE *stream, const char *name)
{
	char *line = NULL, *last = NULL;
	size_t room = 0;
	unsigned long times = 0;
	(void)name;
	for (ssize_t length; (length = getline(&line, &room, stream)) >= 0;) {
		newline_add(&line, &room, (size_t)length);
		if (times > 0 && is_same(line, last)) {
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
	while ((option = getopt(argc, argv, "cdf:is:u")) != -1) {
		long long *number = option == 'f' ? &fields : &characters;
		if (option == '?' || (optarg != NULL && (!tool_number(optarg, number) || *number < 0)))
			return tool_usage(usage, 1);
		ignore_case |= option == 'i';
		counts |= option == 'c';
		only_repeated |= option == 'd';
		only_single |= option == 'u';
	}
	if (argc - optind > 2)
		return tool_usage(usage, 1);
	const char *output = argc - optind == 2 ? argv[optind + 1] : "-";
	if (strcmp(output, "-") != 0 && freopen(output, "w", stdout) == NULL) {
		tool_complain("uniq", output);
		return 1;
	}
	if (argc - optind == 2)
		argv[optind + 1] = NULL;
	return tool_end("uniq", tool_each("uniq", argv + optind, uniq) ? 0 : 1);
}
