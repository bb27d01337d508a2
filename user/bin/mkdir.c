/*
 * mkdir: makes directories.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: mkdir [-p] [-m MODE] DIRECTORY...\n"
			    "Makes directories.\n"
			    "  -p       those above them, too, if they are missing; one that exists is fine\n"
			    "  -m MODE  with these permissions, an octal number\n";

static bool make(const char *path, mode_t mode, bool parents)
{
	struct stat status;
	if (mkdir(path, mode) == 0)
		return true;
	int error = errno;
	if (parents && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return true;
	errno = error;
	tool_complain("mkdir", path);
	return false;
}

/* Makes each directory on the way to the last one. */
static bool make_parents(char *path)
{
	for (char *p = path + strspn(path, "/"); (p = strchr(p, '/')) != NULL; p += strspn(p, "/")) {
		*p = '\0';
		bool made = make(path, 0777, true);
		*p = '/';
		if (!made)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	bool parents = false;
	mode_t mode = 0777;
	int option, status = 0;
	while ((option = getopt(argc, argv, "pm:")) != -1) {
		char *end = NULL;
		parents |= option == 'p';
		if (option == 'm')
			mode = (mode_t)strtoul(optarg, &end, 8) & 07777;
		if (option == '?' || (end != NULL && (*end != '\0' || end == optarg)))
			return tool_usage(usage, 1);
	}
	if (optind == argc)
		return tool_usage(usage, 1);
	for (int i = optind; i < argc; i++)
		if ((parents && !make_parents(argv[i])) || !make(argv[i], mode, parents))
			status = 1;
	return status;
}
