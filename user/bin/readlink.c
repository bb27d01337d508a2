/*
 * readlink: where a symbolic link leads.
 */
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: readlink [-f] [-n] FILE...\n"
			    "Prints what each symbolic link says; status 1 if one is none.\n"
			    "  -f  the path of the file itself, without links, dots and double slashes\n"
			    "  -n  no newline behind it\n";

enum { TARGET_SIZE = 4096 };

static bool target_print(const char *name, const char *end)
{
	char target[TARGET_SIZE];
	ssize_t length = readlink(name, target, sizeof target);
	if (length < 0) {
		tool_complain("readlink", name);
		return false;
	}
	printf("%.*s%s", (int)length, target, end);
	return true;
}

static bool path_print(const char *name, const char *end)
{
	char *path = realpath(name, NULL);
	if (path == NULL) {
		tool_complain("readlink", name);
		return false;
	}
	printf("%s%s", path, end);
	free(path);
	return true;
}

int main(int argc, char **argv)
{
	const char *end = "\n";
	bool follow = false, done = true;
	int option;
	tool_help(argc, argv, usage);
	while ((option = getopt(argc, argv, "fn")) != -1) {
		if (option == '?')
			return tool_usage(usage, 1);
		follow |= option == 'f';
		if (option == 'n')
			end = "";
	}
	if (optind == argc)
		return tool_usage(usage, 1);
	if (argc - optind > 1) /* they would run together */
		end = "\n";
	for (int i = optind; i < argc; i++)
		done &= (follow ? path_print : target_print)(argv[i], end);
	return tool_end("readlink", done ? 0 : 1);
}
