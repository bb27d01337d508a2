/*
 * ls: lists files and directories, a name on a line.
 */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: ls [-al1d] [FILE]...\n"
			    "Lists files and what is in directories (none: this one).\n"
			    "  -a  names that begin with a dot, too\n"
			    "  -l  mode, links, size and name\n"
			    "  -d  directories themselves, not what is in them\n";

static bool show_all, show_long, show_directories;
static bool failed;

struct names {
	char **names;
	size_t count, room;
};

static void names_add(struct names *list, const char *name)
{
	if (list->count == list->room) {
		list->room = list->room * 2 + 16;
		list->names = realloc(list->names, list->room * sizeof *list->names);
	}
	char *copy = list->names != NULL ? strdup(name) : NULL;
	if (copy == NULL) {
		tool_complain("ls", name);
		exit(2);
	}
	list->names[list->count++] = copy;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_sort(struct names *list)
{
	if (list->count > 0)
		qsort(list->names, list->count, sizeof *list->names, compare);
}

static void names_free(struct names *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->names[i]);
	free(list->names);
}

static char type_letter(mode_t mode)
{
	return S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : S_ISCHR(mode) ? 'c' : '-';
}

static void print_mode(mode_t mode)
{
	static const char letters[] = "rwxrwxrwx";
	putchar(type_letter(mode));
	for (int i = 0; i < 9; i++)
		putchar(mode & (0400u >> i) ? letters[i] : '-');
}

static void print_file(const char *name, const struct stat *status)
{
	if (show_long) {
		print_mode(status->st_mode);
		printf(" %2u %9lld ", (unsigned)status->st_nlink, (long long)status->st_size);
	}
	puts(name);
}

static bool file_status(const char *path, struct stat *status)
{
	if (stat(path, status) == 0)
		return true;
	tool_complain("ls", path);
	failed = true;
	return false;
}

static void list_directory(const char *path)
{
	DIR *directory = opendir(path);
	if (directory == NULL) {
		tool_complain("ls", path);
		failed = true;
		return;
	}
	struct names list = {0};
	struct dirent *entry;
	errno = 0;
	while ((entry = readdir(directory)) != NULL)
		if (show_all || entry->d_name[0] != '.')
			names_add(&list, entry->d_name);
	if (errno != 0) {
		tool_complain("ls", path);
		failed = true;
	}
	(void)closedir(directory);
	names_sort(&list);
	for (size_t i = 0; i < list.count; i++) {
		char full[1300];
		struct stat status = {0};
		snprintf(full, sizeof full, "%s/%s", path, list.names[i]);
		if (!show_long || file_status(full, &status))
			print_file(list.names[i], &status);
	}
	names_free(&list);
}

/* Files first, then directories, as POSIX orders them. */
static void list_operands(struct names *operands)
{
	struct names directories = {0};
	bool some = false;
	names_sort(operands);
	for (size_t i = 0; i < operands->count; i++) {
		struct stat status;
		const char *name = operands->names[i];
		if (!file_status(name, &status))
			continue;
		if (S_ISDIR(status.st_mode) && !show_directories) {
			names_add(&directories, name);
		} else {
			print_file(name, &status);
			some = true;
		}
	}
	for (size_t i = 0; i < directories.count; i++) {
		if (operands->count > 1)
			printf("%s%s:\n", some ? "\n" : "", directories.names[i]);
		list_directory(directories.names[i]);
		some = true;
	}
	names_free(&directories);
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	int option;
	while ((option = getopt(argc, argv, "al1d")) != -1) {
		switch (option) {
		case 'a':
			show_all = true;
			break;
		case 'l':
			show_long = true;
			break;
		case 'd':
			show_directories = true;
			break;
		case '1':
			break;
		default:
			return tool_usage(usage, 2);
		}
	}
	struct names operands = {0};
	for (int i = optind; i < argc; i++)
		names_add(&operands, argv[i]);
	if (operands.count == 0)
		names_add(&operands, ".");
	list_operands(&operands);
	names_free(&operands);
	return tool_end("ls", failed ? 2 : 0);
}
