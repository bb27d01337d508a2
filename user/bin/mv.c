/*
 * mv: gives files other names or other places.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] =
	"usage: mv [-fin] FROM TO\n"
	"       mv [-fin] FILE... DIRECTORY\n"
	"Renames a file, or moves files into a directory. What bears the new name already\n"
	"is replaced.\n"
	"  -n  unless it exists\n"
	"  -i  asks first\n"
	"  -f  without a question, as if nothing were said\n";

static bool keep, ask;

static bool is_directory(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool move(const char *from, const char *to)
{
	if (keep && access(to, F_OK) == 0)
		return true;
	if (ask && access(to, F_OK) == 0 && !tool_asks("mv", "replace", to))
		return true;
	if (rename(from, to) == 0)
		return true;
	tool_complain("mv", errno == ENOENT ? from : to);
	return false;
}

static bool move_into(char *from, const char *directory)
{
	char *to = tool_join("mv", directory, tool_base(from));
	bool done = move(from, to);
	free(to);
	return done;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	int option, status = 0;
	while ((option = getopt(argc, argv, "fin")) != -1) {
		if (option == '?')
			return tool_usage(usage, 1);
		keep = option == 'n';
		ask = option == 'i';
	}
	if (argc - optind < 2)
		return tool_usage(usage, 1);
	const char *target = argv[argc - 1];
	if (!is_directory(target)) {
		if (argc - optind == 2)
			return move(argv[optind], target) ? 0 : 1;
		errno = ENOTDIR;
		tool_complain("mv", target);
		return 1;
	}
	for (int i = optind; i < argc - 1; i++)
		if (!move_into(argv[i], target))
			status = 1;
	return status;
}
