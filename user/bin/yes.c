/*
 * yes: prints a line again and again, until nobody takes it any more.
 */
#include "tool.h"

static const char usage[] = "usage: yes [WORD]...\nPrints the words, or y, until it is stopped.\n";

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	do {
		if (argc < 2)
			fputs("y", stdout);
		for (int i = 1; i < argc; i++)
			printf("%s%s", i > 1 ? " " : "", argv[i]);
	} while (putchar('\n') != EOF && !ferror(stdout));
	return tool_end("yes", 1);
}
