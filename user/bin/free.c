/*
 * free: how much memory there is, and how much of it is left.
 */
#include <unistd.h>
#include <tabula/handles.h>

#include "tool.h"

static const char usage[] =
	"usage: free [-b]\n"
	"Prints how many KiB of memory there were at the start, are in use, and are free,\n"
	"and how many are charged to processes, to each one for what several share.\n"
	"  -b  in bytes\n";

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	unsigned unit = 1024;
	int option;
	while ((option = getopt(argc, argv, "b")) != -1) {
		if (option == '?')
			return tool_usage(usage, 1);
		unit = 1;
	}
	struct system_info info;
	int error = system_info(own_system(), &info);
	if (error != 0) {
		errno = -error;
		tool_complain("free", "the machine");
		return 1;
	}
	printf("%14s%12s%12s%12s\n", "total", "used", "free", "charged");
	printf("%14llu%12llu%12llu%12llu\n", (unsigned long long)info.memory_total / unit,
		(unsigned long long)(info.memory_total - info.memory_free) / unit,
		(unsigned long long)info.memory_free / unit, (unsigned long long)info.memory_charged / unit);
	return tool_end("free", 0);
}
