/*
 * false: fails.
 */
#include "tool.h"

int main(int argc, char **argv)
{
	tool_help(argc, argv, "usage: false\nDoes nothing, unsuccessfully.\n");
	return 1;
}
