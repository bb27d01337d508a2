/*
 * cat: prints files, byte for byte.
 */
#include <fcntl.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] =
	"usage: cat [FILE]...\nPrints the files one after the other; no file or - is standard input.\n";

static bool copy_all(int from, const char *name)
{
	static char buffer[4096];
	ssize_t count;
	while ((count = read(from, buffer, sizeof buffer)) > 0) {
		for (ssize_t done = 0; done < count;) {
			ssize_t written = write(STDOUT_FILENO, buffer + done, (size_t)(count - done));
			if (written <= 0) {
				tool_complain("cat", "standard output");
				return false;
			}
			done += written;
		}
	}
	if (count < 0)
		tool_complain("cat", name);
	return count == 0;
}

static bool cat(const char *name)
{
	if (strcmp(name, "-") == 0)
		return copy_all(STDIN_FILENO, "standard input");
	int fd = open(name, O_RDONLY);
	if (fd < 0) {
		tool_complain("cat", name);
		return false;
	}
	bool done = copy_all(fd, name);
	(void)close(fd);
	return done;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	int option, status = 0;
	while ((option = getopt(argc, argv, "u")) != -1)
		if (option != 'u') /* -u: unbuffered, which it is */
			return tool_usage(usage, 1);
	if (optind == argc)
		return cat("-") ? 0 : 1;
	for (int i = optind; i < argc; i++)
		if (!cat(argv[i]))
			status = 1;
	return status;
}
