/*
 * uptime: how long the machine has been on.
 */
#include <time.h>

#include "tool.h"

int main(int argc, char **argv)
{
	tool_help(argc, argv, "usage: uptime\nPrints how long the machine has been on.\n");
	struct timespec now;
	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
		tool_complain("uptime", "clock");
		return 1;
	}
	long seconds = (long)now.tv_sec;
	printf("up %ld days, %02ld:%02ld:%02ld.%03ld\n", seconds / 86400, seconds / 3600 % 24,
		seconds / 60 % 60, seconds % 60, now.tv_nsec / 1000000);
	return tool_end("uptime", 0);
}
