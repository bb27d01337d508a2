/*
 * ls: lists files and directories, a name on a line.
 */
#include <dirent.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: ls [-aAcCdFhilLprRsStu1] [FILE]...\n"
			    "Lists files and what is in directories (none: this one).\n"
			    "  -a  names that begin with a dot, too; -A  but not . and ..\n"
			    "  -l  mode, links, size, time and name   -h  with sizes in K, M, G\n"
			    "  -i  the number of the file             -F  a mark behind: / @ * |; -p only /\n"
			    "  -s  KiB that it takes                  -L  of what links lead to\n"
			    "  -t  the latest first   -S  the largest first   -r  the other way round\n"
			    "  -u  by when it was read, -c  changed in any way, instead of written\n"
			    "  -d  directories themselves, not what is in them\n"
			    "  -R  directories in directories, too    -C  names in columns\n";

static bool show_all, show_almost, show_long, show_directories, show_number, show_blocks, show_mark,
	show_slash, show_columns, human, recursive, follow_links;
static char which_time; /* u, c, or 0 */
static bool by_time, by_size, backwards;
static bool failed;

struct entry {
	char *name;
	struct stat status;
};

struct names {
	struct entry *entries;
	size_t count, room;
};

static void names_add(struct names *list, const char *name, const struct stat *status)
{
	if (list->count == list->room) {
		list->room = list->room * 2 + 16;
		list->entries = tool_need("ls", realloc(list->entries, list->room * sizeof *list->entries));
	}
	list->entries[list->count++] = (struct entry){tool_need("ls", strdup(name)), *status};
}

static int compare_times(const struct timespec *a, const struct timespec *b)
{
	if (a->tv_sec != b->tv_sec)
		return a->tv_sec > b->tv_sec ? -1 : 1;
	return a->tv_nsec == b->tv_nsec ? 0 : a->tv_nsec > b->tv_nsec ? -1 : 1;
}

static struct timespec time_of(const struct stat *status)
{
	return which_time == 'u' ? status->st_atim : which_time == 'c' ? status->st_ctim : status->st_mtim;
}

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int result = 0;
	if (by_time) {
		struct timespec one = time_of(&x->status), other = time_of(&y->status);
		result = compare_times(&one, &other);
	}
	if (by_size)
		result = (x->status.st_size < y->status.st_size) - (x->status.st_size > y->status.st_size);
	if (result == 0)
		result = strcmp(x->name, y->name);
	return backwards ? -result : result;
}

static void names_sort(struct names *list)
{
	if (list->count > 0)
		qsort(list->entries, list->count, sizeof *list->entries, compare);
}

static void names_free(struct names *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->entries[i].name);
	free(list->entries);
}

static char type_letter(mode_t mode)
{
	return S_ISDIR(mode)    ? 'd'
	       : S_ISLNK(mode)  ? 'l'
	       : S_ISCHR(mode)  ? 'c'
	       : S_ISBLK(mode)  ? 'b'
	       : S_ISFIFO(mode) ? 'p'
				: '-';
}

static void print_mode(mode_t mode)
{
	static const char letters[] = "rwxrwxrwx";
	putchar(type_letter(mode));
	for (int i = 0; i < 9; i++)
		putchar(mode & (0400u >> i) ? letters[i] : '-');
}

static void print_size(long long size)
{
	char text[TOOL_SIZE_TEXT];
	if (human)
		printf(" %9s", tool_size(text, size));
	else
		printf(" %9lld", size);
}

/* Of files that are older than half a year, or not yet old at all, the year. */
static void print_time(time_t time_of_file)
{
	enum { HALF_A_YEAR = 15778476 };
	char text[32];
	time_t now = time(NULL);
	bool recent = time_of_file <= now && time_of_file > now - HALF_A_YEAR;
	strftime(text, sizeof text, recent ? "%b %e %H:%M" : "%b %e  %Y", localtime(&time_of_file));
	printf(" %s ", text);
}

static char mark_of(mode_t mode)
{
	if (!show_mark)
		return show_slash && S_ISDIR(mode) ? '/' : '\0';
	if (S_ISREG(mode))
		return mode & 0111 ? '*' : '\0';
	return S_ISDIR(mode) ? '/' : S_ISLNK(mode) ? '@' : S_ISFIFO(mode) ? '|' : '\0';
}

static void print_target(const char *path)
{
	char target[1024];
	ssize_t length = readlink(path, target, sizeof target);
	if (length >= 0)
		printf(" -> %.*s", (int)length, target);
}

static void print_file(const char *name, const char *path, const struct stat *status)
{
	if (show_number)
		printf("%6llu ", (unsigned long long)status->st_ino);
	if (show_blocks) /* st_blocks counts 512 bytes */
		printf("%5lld ", ((long long)status->st_blocks + 1) / 2);
	if (show_long) {
		print_mode(status->st_mode);
		printf(" %2u", (unsigned)status->st_nlink);
		print_size((long long)status->st_size);
		print_time(time_of(status).tv_sec);
	}
	fputs(name, stdout);
	if (mark_of(status->st_mode) != '\0' && !(show_long && S_ISLNK(status->st_mode)))
		putchar(mark_of(status->st_mode));
	if (show_long && S_ISLNK(status->st_mode))
		print_target(path);
	putchar('\n');
}

static size_t width_of(const struct entry *entry)
{
	return strlen(entry->name) + (mark_of(entry->status.st_mode) != '\0');
}

/* As wide as the terminal. */
static size_t screen_width(void)
{
	enum { WIDTH = 80 };
	struct winsize size;
	const char *said = getenv("COLUMNS");
	long long columns;
	if (said != NULL && tool_number(said, &columns) && columns > 0)
		return (size_t)columns;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : WIDTH;
}

/* One below the other, then in the next column. */
static void print_columns(const struct names *list)
{
	size_t wide = 0;
	for (size_t i = 0; i < list->count; i++)
		if (width_of(&list->entries[i]) > wide)
			wide = width_of(&list->entries[i]);
	wide += 2;
	size_t columns = screen_width() / wide;
	size_t rows = columns > 1 ? (list->count + columns - 1) / columns : list->count;
	for (size_t row = 0; row < rows; row++) {
		for (size_t at = row; at < list->count; at += rows) {
			const struct entry *entry = &list->entries[at];
			char mark[] = {mark_of(entry->status.st_mode), '\0'};
			int gap = at + rows < list->count ? (int)(wide - width_of(entry)) : 0;
			printf("%s%s%*s", entry->name, mark, gap, "");
		}
		putchar('\n');
	}
}

/* The files of a directory, empty for those that have their whole name in the list. */
static void print_names(const struct names *list, const char *directory)
{
	if (show_columns && !show_long && !show_number && !show_blocks) {
		print_columns(list);
		return;
	}
	for (size_t i = 0; i < list->count; i++) {
		const struct entry *entry = &list->entries[i];
		char *full = *directory != '\0' ? tool_join("ls", directory, entry->name) : NULL;
		print_file(entry->name, full != NULL ? full : entry->name, &entry->status);
		free(full);
	}
}

/* Of an operand that is a symbolic link what it leads to counts, unless the link itself is asked for. */
static bool file_status(const char *path, struct stat *status, bool follow)
{
	if ((follow && stat(path, status) == 0) || lstat(path, status) == 0)
		return true;
	tool_complain("ls", path);
	failed = true;
	return false;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static bool is_shown(const char *name)
{
	return name[0] != '.' || show_all || (show_almost && !is_dots(name));
}

static void read_directory(const char *path, struct names *list)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	errno = 0;
	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		struct stat status = {0};
		char *full = tool_join("ls", path, entry->d_name);
		if (is_shown(entry->d_name) && file_status(full, &status, follow_links))
			names_add(list, entry->d_name, &status);
		free(full);
		errno = 0;
	}
	if (directory == NULL || errno != 0) {
		tool_complain("ls", path);
		failed = true;
	}
	if (directory != NULL)
		(void)closedir(directory);
}

/* In KiB, as they are shown one by one. */
static long long blocks_of(const struct names *list)
{
	long long sum = 0;
	for (size_t i = 0; i < list->count; i++)
		sum += list->entries[i].status.st_blocks;
	return (sum + 1) / 2;
}

static void list_directory(const char *path)
{
	struct names list = {0};
	read_directory(path, &list);
	names_sort(&list);
	if (show_long || show_blocks)
		printf("total %lld\n", blocks_of(&list));
	print_names(&list, path);
	for (size_t i = 0; recursive && i < list.count; i++) {
		if (!S_ISDIR(list.entries[i].status.st_mode) || is_dots(list.entries[i].name))
			continue;
		char *full = tool_join("ls", path, list.entries[i].name);
		printf("\n%s:\n", full);
		list_directory(full);
		free(full);
	}
	names_free(&list);
}

/* Files first, then directories, as POSIX orders them. */
static void list_operands(char **operands, size_t count)
{
	struct names files = {0}, directories = {0};
	for (size_t i = 0; i < count; i++) {
		struct stat status;
		if (!file_status(operands[i], &status,
			    follow_links || (!show_long && !show_directories && !show_mark)))
			continue;
		bool inside = S_ISDIR(status.st_mode) && !show_directories;
		names_add(inside ? &directories : &files, operands[i], &status);
	}
	names_sort(&files);
	names_sort(&directories);
	print_names(&files, "");
	for (size_t i = 0; i < directories.count; i++) {
		if (count > 1 || recursive)
			printf("%s%s:\n", i > 0 || files.count > 0 ? "\n" : "", directories.entries[i].name);
		list_directory(directories.entries[i].name);
	}
	names_free(&files);
	names_free(&directories);
}

static bool take_option(int option)
{
	show_all |= option == 'a';
	show_almost |= option == 'A';
	show_long |= option == 'l';
	show_directories |= option == 'd';
	show_number |= option == 'i';
	show_blocks |= option == 's';
	show_mark |= option == 'F';
	show_slash |= option == 'p';
	follow_links |= option == 'L';
	human |= option == 'h';
	if (option == 'c' || option == 'u')
		which_time = (char)option;
	if (option == 'C' || option == '1')
		show_columns = option == 'C';
	recursive |= option == 'R';
	backwards |= option == 'r';
	if (option == 't' || option == 'S') {
		by_time = option == 't';
		by_size = !by_time;
	}
	return option != '?';
}

int main(int argc, char **argv)
{
	static char here[] = ".", *alone[] = {here};
	int option;
	tool_help(argc, argv, usage);
	while ((option = getopt(argc, argv, "aAcCdFhilLprRsStu1")) != -1)
		if (!take_option(option))
			return tool_usage(usage, 2);
	if (optind == argc)
		list_operands(alone, 1);
	else
		list_operands(argv + optind, (size_t)(argc - optind));
	return tool_end("ls", failed ? 2 : 0);
}
