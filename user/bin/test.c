/*
 * test and [, for programs that run them; the shell does it itself.
 */
#include "condition.h"
#include "tool.h"

static const char usage[] =
	"usage: test [EXPRESSION]\n"
	"       [ [EXPRESSION] ]\n"
	"Status 0: the expression holds; 1: it does not, or is not there; 2: it is none.\n"
	"  WORD, -n WORD, -z WORD            there is something in it, there is, is not\n"
	"  A = B, A == B, A != B             strings\n"
	"  A -eq B, -ne, -lt, -le, -gt, -ge  numbers\n"
	"  -e FILE, -f, -d, -p, -h, -L       there is one; a file, directory, fifo, link\n"
	"  -c FILE, -b                       a device\n"
	"  -r FILE, -w, -x, -s               may be read, written, run; is not empty\n"
	"  A -nt B, -ot, -ef                 newer, older, the same file\n"
	"  -t N                              is a terminal\n"
	"  ! A, A -a B, A -o B, ( A )        not, both, one of them\n";

int main(int argc, char **argv)
{
	static char bracket[] = "[";
	tool_help(argc, argv, usage);
	char *name = argc > 0 ? strrchr(argv[0], '/') : NULL;
	if (name != NULL && strcmp(name + 1, bracket) == 0)
		argv[0] = bracket;
	return argc > 0 ? condition_status(argv, tool_say) : CONDITION_WRONG;
}
