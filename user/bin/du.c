/*
 * du: what files and directories take.
 */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: du [-ahks] [FILE]...\n"
			    "Prints how many KiB each directory takes with all that is in it (none: this\n"
			    "one), and each file that is named. Of several names of a file one counts.\n"
			    "  -a  files that are found on the way, too    -s  only what is named\n"
			    "  -h  in K, M, G                              -k  as always\n";

static bool show_files, show_named, human;
static bool done = true;

/* Files with several names that were met. */
static struct {
	ino_t *list;
	size_t count, room;
} met;

static bool was_met(const struct stat *status)
{
	if (status->st_nlink < 2 || S_ISDIR(status->st_mode))
		return false;
	for (size_t i = 0; i < met.count; i++)
		if (met.list[i] == status->st_ino)
			return true;
	if (met.count == met.room) {
		met.room = met.room * 2 + 16;
		met.list = tool_need("du", realloc(met.list, met.room * sizeof *met.list));
	}
	met.list[met.count++] = status->st_ino;
	return false;
}

static void print(long long blocks, const char *path)
{
	char text[TOOL_SIZE_TEXT];
	if (human)
		printf("%s\t%s\n", tool_size(text, blocks * 512), path);
	else
		printf("%lld\t%s\n", (blocks + 1) / 2, path);
}

static long long measure(const char *path, bool named);

static long long measure_below(const char *path)
{
	long long blocks = 0;
	const struct dirent *entry;
	DIR *directory = opendir(path);
	if (directory == NULL) {
		tool_complain("du", path);
		done = false;
		return 0;
	}
	while ((entry = readdir(directory)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		char *name = tool_join("du", path, entry->d_name);
		blocks += measure(name, false);
		free(name);
	}
	(void)closedir(directory);
	return blocks;
}

/* Of 512 bytes, with what is below; says so where that is wanted. */
static long long measure(const char *path, bool named)
{
	struct stat status;
	if (lstat(path, &status) != 0) {
		tool_complain("du", path);
		done = false;
		return 0;
	}
	if (was_met(&status))
		return 0;
	long long blocks = status.st_blocks;
	bool directory = S_ISDIR(status.st_mode);
	if (directory)
		blocks += measure_below(path);
	if (named || (!show_named && (directory || show_files)))
		print(blocks, path);
	return blocks;
}

int main(int argc, char **argv)
{
	static char here[] = ".", *alone[] = {here, NULL};
	int option;
	tool_help(argc, argv, usage);
	while ((option = getopt(argc, argv, "ahks")) != -1) {
		if (option == '?')
			return tool_usage(usage, 1);
		show_files |= option == 'a';
		show_named |= option == 's';
		human |= option == 'h';
	}
	for (char **name = optind < argc ? argv + optind : alone; *name != NULL; name++)
		(void)measure(*name, true);
	free(met.list);
	return tool_end("du", done ? 0 : 1);
}
