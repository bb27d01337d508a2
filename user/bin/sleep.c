/*
 * sleep: lets time go by.
 */
#include <math.h>
#include <time.h>

#include "tool.h"

static const char usage[] = "usage: sleep SECONDS\nWaits for so many seconds, which may have a fraction.\n";

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	char *end;
	double seconds = argc == 2 ? strtod(argv[1], &end) : -1;
	if (argc != 2 || end == argv[1] || *end != '\0' || !(seconds >= 0))
		return tool_usage(usage, 1);
	if (seconds > 1e9) /* for ever, as far as anybody will see */
		seconds = 1e9;
	double whole = floor(seconds);
	struct timespec left = {.tv_sec = (time_t)whole, .tv_nsec = (long)((seconds - whole) * 1e9)};
	while (nanosleep(&left, &left) != 0)
		if (errno != EINTR) {
			tool_complain("sleep", argv[1]);
			return 1;
		}
	return 0;
}
