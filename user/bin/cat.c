/*
 * cat: prints files, byte for byte.
 */
#include <fcntl.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] =
	"usage: cat [-nu] [FILE]...\nPrints the files one after the other; no file or - is standard input.\n"
	"  -n  with the number of each line\n"
	"  -u  as it comes, which it does anyway\n";

static bool numbers;

/* Bytes for which there is no room must not be lost. */
static bool write_all(const char *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t written = write(STDOUT_FILENO, bytes + done, size - done);
		if (written <= 0) {
			tool_complain("cat", "standard output");
			return false;
		}
		done += (size_t)written;
	}
	return true;
}

/* Lines go on from one file to the next, as do their numbers. */
static bool write_numbered(const char *bytes, size_t size)
{
	static unsigned long long line;
	static bool inside;
	while (size > 0) {
		const char *newline = memchr(bytes, '\n', size);
		size_t length = newline != NULL ? (size_t)(newline - bytes) + 1 : size;
		char number[32];
		int digits = inside ? 0 : snprintf(number, sizeof number, "%6llu\t", ++line);
		if (!write_all(number, (size_t)digits) || !write_all(bytes, length))
			return false;
		inside = newline == NULL;
		bytes += length;
		size -= length;
	}
	return true;
}

static bool copy_all(int from, const char *name)
{
	static char buffer[4096];
	ssize_t count;
	while ((count = read(from, buffer, sizeof buffer)) > 0)
		if (!(numbers ? write_numbered : write_all)(buffer, (size_t)count))
			return false;
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
	while ((option = getopt(argc, argv, "nu")) != -1) {
		if (option == '?')
			return tool_usage(usage, 1);
		numbers |= option == 'n';
	}
	if (optind == argc)
		return cat("-") ? 0 : 1;
	for (int i = optind; i < argc; i++)
		if (!cat(argv[i]))
			status = 1;
	return status;
}
