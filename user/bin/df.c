/*
 * df: how much room there is for files.
 */
#include <sys/statvfs.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: df [-hkP] [FILE]...\n"
			    "Prints how many KiB the file system has in which each file lies, or the root,\n"
			    "how many are taken, and how many are left.\n"
			    "  -h  in K, M, G          -k -P  as always\n";

static bool human;

static void print_size(int width, unsigned long long bytes)
{
	char text[TOOL_SIZE_TEXT];
	if (human)
		printf(" %*s", width, tool_size(text, (long long)bytes));
	else
		printf(" %*llu", width, bytes / 1024);
}

/* Rounded up: with 100 nothing is left. */
static unsigned percent(unsigned long long used, unsigned long long all)
{
	return all > 0 ? (unsigned)((used * 100 + all - 1) / all) : 0;
}

/* Once, and not if there is nothing to tell. */
static void print_head(void)
{
	static bool done;
	if (!done)
		printf("%-10s %11s %10s %10s %8s %s\n", "Filesystem", human ? "Size" : "1024-blocks", "Used",
			"Available", "Capacity", "Mounted on");
	done = true;
}

static bool print(const char *path)
{
	struct statvfs room;
	if (statvfs(path, &room) != 0) {
		tool_complain("df", path);
		return false;
	}
	unsigned long long block = room.f_frsize, used = room.f_blocks - room.f_bfree;
	print_head();
	printf("%-10s", "files");
	print_size(11, room.f_blocks * block);
	print_size(10, used * block);
	print_size(10, room.f_bavail * block);
	printf(" %7u%% /\n", percent(used, used + room.f_bavail));
	return true;
}

int main(int argc, char **argv)
{
	static char root[] = "/", *alone[] = {root, NULL};
	bool done = true;
	int option;
	tool_help(argc, argv, usage);
	while ((option = getopt(argc, argv, "hkP")) != -1) {
		if (option == '?')
			return tool_usage(usage, 1);
		human |= option == 'h';
	}
	for (char **name = optind < argc ? argv + optind : alone; *name != NULL; name++)
		done &= print(*name);
	return tool_end("df", done ? 0 : 1);
}
