/*
 * hello: the first program. Shows what ordinary C finds here: arguments, the environment, printf with
 * floating point, and errno.
 */
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "tool.h"

int main(int argc, char **argv)
{
	tool_help(argc, argv, "usage: hello [NAME]\nGreets the world, or NAME.\n");
	printf("Hello, %s! This is process %d of Tabula.\n", argc > 1 ? argv[1] : "world", (int)getpid());
	printf("The square root of two is %.6f.\n", sqrt(2.0));
	if (open("/no/such/file", O_RDONLY) < 0)
		printf("A file that is not there: errno %d, %s.\n", errno, strerror(errno));
	return 0;
}
