/*
 * printf: for programs that run it; the shell does it itself.
 */
#include "format.h"
#include "tool.h"

static const char usage[] = "usage: printf FORMAT [WORD]...\n"
			    "Prints the format, with words in it, and again as long as there are words.\n"
			    "  %s  a word   %b  a word with \\n and the like   %c  its first character\n"
			    "  %d  %i  %u  %o  %x  %X  a number: 12, 0x1f, 017, 'a is the code of a\n"
			    "  %e  %f  %g  one with a fraction                %%  a percent sign\n"
			    "  \\n  \\t  \\\\  \\101  a newline, a tab, a backslash, a byte\n";

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	if (argc < 2)
		return tool_usage(usage, FORMAT_WRONG);
	return tool_end("printf", format_status(argv, tool_say));
}
