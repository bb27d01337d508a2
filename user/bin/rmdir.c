/*
 * rmdir: removes empty directories.
 */
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: rmdir [-p] DIRECTORY...\n"
			    "Removes directories that are empty.\n"
			    "  -p  also those above it that the path names\n";

static bool remove_one(const char *path)
{
	if (rmdir(path) == 0)
		return true;
	tool_complain("rmdir", path);
	return false;
}

/* Removes what the path names, component by component from its end. */
static bool remove_parents(char *path)
{
	for (;;) {
		char *base = tool_base(path);
		if (!remove_one(path))
			return false;
		while (base > path && base[-1] == '/')
			base--;
		if (base == path)
			return true;
		*base = '\0';
	}
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	bool parents = false;
	int option, status = 0;
	while ((option = getopt(argc, argv, "p")) != -1) {
		if (option == '?')
			return tool_usage(usage, 1);
		parents = true;
	}
	if (optind == argc)
		return tool_usage(usage, 1);
	for (int i = optind; i < argc; i++)
		if (!(parents ? remove_parents(argv[i]) : remove_one(argv[i])))
			status = 1;
	return status;
}
