/*
 * clear: empties the screen.
 */
#include "tool.h"

int main(int argc, char **argv)
{
	tool_help(argc, argv, "usage: clear\nEmpties the screen.\n");
	fputs("\x1b[H\x1b[2J\x1b[3J", stdout);
	return tool_end("clear", 0);
}
