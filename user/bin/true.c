/*
 * true: succeeds.
 */
#include "tool.h"

int main(int argc, char **argv)
{
	tool_help(argc, argv, "usage: true\nDoes nothing, successfully.\n");
	return 0;
}
