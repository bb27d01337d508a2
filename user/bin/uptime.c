/*
 * uptime: how long the machine has been on, and how busy it was.
 */
#include <tabula/handles.h>

#include "tool.h"

static const char usage[] =
	"usage: uptime\n"
	"Prints how long the machine has been on, how many harts run, and how much of the\n"
	"time they had something to do.\n";

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	struct system_info info;
	int error = system_info(own_system(), &info);
	if (error != 0) {
		errno = -error;
		tool_complain("uptime", "the machine");
		return 1;
	}
	unsigned long milliseconds = (unsigned long)(info.uptime / 1000000), seconds = milliseconds / 1000;
	double all = (double)info.uptime * info.harts;
	double busy = all > 0 ? 100 - 100 * (double)info.idle_time / all : 0;
	printf("up %lu days, %02lu:%02lu:%02lu.%03lu, %u hart%s, %.1f%% busy\n", seconds / 86400,
		seconds / 3600 % 24, seconds / 60 % 60, seconds % 60, milliseconds % 1000,
		(unsigned)info.harts, info.harts == 1 ? "" : "s", busy > 0 ? busy : 0);
	return tool_end("uptime", 0);
}
