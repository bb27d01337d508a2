/*
 * dirname: a path without its last part.
 */
#include <libgen.h>

#include "tool.h"

static const char usage[] = "usage: dirname PATH...\n"
			    "Prints the folder that each path lies in.\n";

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	char **words = argv + 1 + (argc > 1 && strcmp(argv[1], "--") == 0);
	if (*words == NULL)
		return tool_usage(usage, 1);
	for (; *words != NULL; words++)
		puts(dirname(*words));
	return tool_end("dirname", 0);
}
