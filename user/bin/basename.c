/*
 * basename: the last part of a path.
 */
#include "tool.h"

static const char usage[] = "usage: basename PATH [ENDING]\n"
			    "Prints what is behind the last slash of a path, without the ending.\n";

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	char **words = argv + 1 + (argc > 1 && strcmp(argv[1], "--") == 0);
	size_t count = (size_t)(argv + argc - words);
	if (count < 1 || count > 2)
		return tool_usage(usage, 1);
	char *base = tool_base(words[0]);
	size_t length = strlen(base), ending = count > 1 ? strlen(words[1]) : 0;
	if (ending > 0 && length > ending && strcmp(base + length - ending, words[1]) == 0)
		base[length - ending] = '\0';
	puts(base);
	return tool_end("basename", 0);
}
