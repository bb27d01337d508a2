/*
 * echo: prints its arguments.
 */
#include "tool.h"

int main(int argc, char **argv)
{
	tool_help(argc, argv,
		"usage: echo [-n] [WORD]...\nPrints the words, a blank between two; -n: no newline.\n");
	int first = 1;
	bool newline = true;
	if (argc > 1 && strcmp(argv[1], "-n") == 0) {
		newline = false;
		first = 2;
	}
	for (int i = first; i < argc; i++)
		printf("%s%s", i > first ? " " : "", argv[i]);
	if (newline)
		putchar('\n');
	return tool_end("echo", 0);
}
