/*
 * ln: gives a file one more name.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: ln [-fs] FILE [NAME]\n"
			    "       ln [-fs] FILE... DIRECTORY\n"
			    "Gives a file one more name; both are the file.\n"
			    "  -s  the name leads to whatever has that path: a symbolic link\n"
			    "  -f  what bears the name already is removed\n";

static bool force, symbolic;

static bool is_directory(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool is_same(const char *a, const char *b)
{
	struct stat x, y;
	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int make(const char *file, const char *name)
{
	return symbolic ? symlink(file, name) : link(file, name);
}

static bool link_one(const char *file, const char *name)
{
	if (make(file, name) == 0)
		return true;
	if (force && errno == EEXIST && !symbolic && is_same(file, name))
		return true; /* removing the name first might remove the file */
	if (force && errno == EEXIST && unlink(name) == 0 && make(file, name) == 0)
		return true;
	tool_complain("ln", errno == ENOENT && !symbolic ? file : name);
	return false;
}

static bool link_into(char *file, const char *directory)
{
	char *name = tool_join("ln", directory, tool_base(file));
	bool done = link_one(file, name);
	free(name);
	return done;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	int option, status = 0;
	while ((option = getopt(argc, argv, "fs")) != -1) {
		if (option == '?')
			return tool_usage(usage, 1);
		force |= option == 'f';
		symbolic |= option == 's';
	}
	int count = argc - optind;
	if (count < 1)
		return tool_usage(usage, 1);
	const char *target = count == 1 ? "." : argv[argc - 1];
	if (!is_directory(target)) {
		if (count == 2)
			return link_one(argv[optind], target) ? 0 : 1;
		errno = ENOTDIR;
		tool_complain("ln", target);
		return 1;
	}
	for (int i = optind; i < (count == 1 ? argc : argc - 1); i++)
		if (!link_into(argv[i], target))
			status = 1;
	return status;
}
