/*
 * rm: removes files. What can't be unlinked because it is a directory is emptied first, if that was asked for;
 * so a link to a directory is removed, and not what it leads to.
 */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: rm [-fir] FILE...\n"
			    "Removes files.\n"
			    "  -r  directories, too, with all that is in them\n"
			    "  -f  files that are missing are no mistake\n"
			    "  -i  asks before each\n";

static bool force, recursive, ask;

static bool complain(const char *path)
{
	if (force && errno == ENOENT)
		return true;
	tool_complain("rm", path);
	return false;
}

static bool is_directory(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static bool remove_any(const char *path);

/* All names are read before the first goes: a directory that changes meanwhile may be read wrongly. */
static bool directory_empty(const char *path)
{
	struct dirent *entry;
	size_t count = 0;
	char **names = NULL;
	DIR *directory = opendir(path);
	if (directory == NULL)
		return complain(path);
	while ((entry = readdir(directory)) != NULL) {
		if (is_dots(entry->d_name))
			continue;
		names = tool_need("rm", realloc(names, (count + 1) * sizeof *names));
		names[count++] = tool_join("rm", path, entry->d_name);
	}
	(void)closedir(directory);
	bool done = true;
	for (size_t i = 0; i < count; i++) {
		done &= remove_any(names[i]);
		free(names[i]);
	}
	free(names);
	return done;
}

static bool remove_any(const char *path)
{
	struct stat status;
	if (ask && lstat(path, &status) == 0 && !tool_asks("rm", "remove", path))
		return true;
	if (unlink(path) == 0)
		return true;
	int error = errno;
	if ((error != EISDIR && error != EPERM) || !is_directory(path)) {
		errno = error;
		return complain(path);
	}
	if (!recursive) {
		errno = EISDIR;
		return complain(path);
	}
	return directory_empty(path) && (rmdir(path) == 0 || complain(path));
}

/* "rm -r ." would saw off the branch it sits on. */
static bool remove_operand(char *path)
{
	char *base = tool_base(path);
	if (!is_dots(base) && strcmp(path, "/") != 0)
		return remove_any(path);
	tool_say("rm: %s: this directory, the one above it and / stay", path);
	return false;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	int option, status = 0;
	while ((option = getopt(argc, argv, "fiRr")) != -1) {
		if (option == '?')
			return tool_usage(usage, 1);
		if (option == 'f' || option == 'i') {
			force = option == 'f';
			ask = !force;
		} else {
			recursive = true;
		}
	}
	if (optind == argc)
		return force ? 0 : tool_usage(usage, 1);
	for (int i = optind; i < argc; i++)
		if (!remove_operand(argv[i]))
			status = 1;
	return status;
}
