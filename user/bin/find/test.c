/*
 * The tests of find, which look at a file and change nothing.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* for FNM_CASEFOLD */
#endif
#include <dirent.h>
#include <fnmatch.h>
#include <grp.h>
#include <pwd.h>

#include "../mode.h"
#include "find.h"

/* ---- names */

static char **take_word(struct find *find, struct expression *expression, char **words)
{
	(void)find;
	expression->word = *words;
	return words + 1;
}

static bool matches_name(const struct expression *expression, const struct found *found, int flags)
{
	char *copy = tool_need("find", strdup(found->path));
	bool matches = fnmatch(expression->word, tool_base(copy), flags) == 0;
	free(copy);
	return matches;
}

static bool has_name(struct expression *expression, struct found *found)
{
	return matches_name(expression, found, 0);
}

static bool has_name_of_any_case(struct expression *expression, struct found *found)
{
	return matches_name(expression, found, FNM_CASEFOLD);
}

static bool has_path(struct expression *expression, struct found *found)
{
	return fnmatch(expression->word, found->path, 0) == 0;
}

/* ---- what it is */

static const struct {
	char letter;
	mode_t type;
} types[] = {{'b', S_IFBLK}, {'c', S_IFCHR}, {'d', S_IFDIR}, {'f', S_IFREG}, {'l', S_IFLNK}, {'p', S_IFIFO},
	{'s', S_IFSOCK}};

static char **take_type(struct find *find, struct expression *expression, char **words)
{
	(void)find;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if ((*words)[0] == types[i].letter && (*words)[1] == '\0') {
			expression->number = types[i].type;
			return words + 1;
		}
	}
	refuse(*words, "there is no such type; find --help lists them");
}

static bool has_type(struct expression *expression, struct found *found)
{
	return (found->status.st_mode & S_IFMT) == (mode_t)expression->number;
}

static bool is_empty_directory(const char *path)
{
	struct dirent *entry;
	DIR *directory = opendir(path);
	if (directory == NULL)
		return false;
	do
		entry = readdir(directory);
	while (entry != NULL && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
	(void)closedir(directory);
	return entry == NULL;
}

static bool is_empty(struct expression *expression, struct found *found)
{
	(void)expression;
	if (S_ISDIR(found->status.st_mode))
		return is_empty_directory(found->path);
	return S_ISREG(found->status.st_mode) && found->status.st_size == 0;
}

/* ---- whose it is: a name, or a number */

static char **take_user(struct find *find, struct expression *expression, char **words)
{
	const struct passwd *user = getpwnam(*words);
	(void)find;
	if (user != NULL)
		expression->number = (long long)user->pw_uid;
	else if (!tool_number(*words, &expression->number))
		refuse(*words, "there is no such user");
	return words + 1;
}

static bool has_user(struct expression *expression, struct found *found)
{
	return (long long)found->status.st_uid == expression->number;
}

static bool has_no_user(struct expression *expression, struct found *found)
{
	(void)expression;
	return getpwuid(found->status.st_uid) == NULL;
}

static char **take_group(struct find *find, struct expression *expression, char **words)
{
	const struct group *group = getgrnam(*words);
	(void)find;
	if (group != NULL)
		expression->number = (long long)group->gr_gid;
	else if (!tool_number(*words, &expression->number))
		refuse(*words, "there is no such group");
	return words + 1;
}

static bool has_group(struct expression *expression, struct found *found)
{
	return (long long)found->status.st_gid == expression->number;
}

static bool has_no_group(struct expression *expression, struct found *found)
{
	(void)expression;
	return getgrgid(found->status.st_gid) == NULL;
}

/* ---- modes */

/* Those that are said by letters begin with none, and no mask has a say. */
static char **take_mode(struct find *find, struct expression *expression, char **words)
{
	const char *text = *words;
	mode_t mode = 0;
	(void)find;
	if (*text == '-' || *text == '/')
		expression->sign = *text++;
	if (!mode_apply(text, 0, &mode))
		refuse(*words, "is not a mode");
	expression->number = mode;
	return words + 1;
}

static bool has_mode(struct expression *expression, struct found *found)
{
	mode_t wanted = (mode_t)expression->number, mode = found->status.st_mode & 07777;
	if (expression->sign == '-')
		return (mode & wanted) == wanted;
	if (expression->sign == '/')
		return wanted == 0 || (mode & wanted) != 0;
	return mode == wanted;
}

/* ---- numbers */

/* Reads the number; returns what stands behind it, null if there is none. */
static const char *number_read(struct expression *expression, const char *text)
{
	char *end;
	if (*text == '+' || *text == '-')
		expression->sign = *text++;
	errno = 0;
	expression->number = strtoll(text, &end, 10);
	return *text >= '0' && *text <= '9' && errno == 0 ? end : NULL;
}

static bool compares(const struct expression *expression, long long number)
{
	if (expression->sign == '+')
		return number > expression->number;
	if (expression->sign == '-')
		return number < expression->number;
	return number == expression->number;
}

static char **take_number(struct find *find, struct expression *expression, char **words)
{
	const char *end = number_read(expression, *words);
	(void)find;
	if (end == NULL || *end != '\0')
		refuse(*words, "is not a number");
	return words + 1;
}

static char **take_size(struct find *find, struct expression *expression, char **words)
{
	static const char letters[] = "ckMG";
	static const long long units[] = {1, 1 << 10, 1 << 20, 1 << 30};
	const char *end = number_read(expression, *words);
	(void)find;
	expression->unit = 512;
	if (end != NULL && *end != '\0' && strchr(letters, *end) != NULL)
		expression->unit = units[strchr(letters, *end++) - letters];
	if (end == NULL || *end != '\0')
		refuse(*words, "is not a size; as +20k, in units of 512 bytes or in c, k, M, G");
	return words + 1;
}

/* Units that have begun count. */
static bool has_size(struct expression *expression, struct found *found)
{
	long long size = found->status.st_size, unit = expression->unit;
	return compares(expression, size / unit + (size % unit != 0));
}

static bool has_links(struct expression *expression, struct found *found)
{
	return compares(expression, (long long)found->status.st_nlink);
}

/* ---- times */

/* Whole days that have gone since then; one that is yet to come is -1. */
static bool has_age(const struct expression *expression, const struct found *found, time_t time)
{
	enum { DAY = 24 * 60 * 60 };
	long long age = (long long)found->find->now - (long long)time;
	return compares(expression, age / DAY - (age % DAY < 0));
}

static bool was_changed(struct expression *expression, struct found *found)
{
	return has_age(expression, found, found->status.st_mtime);
}

static bool was_read(struct expression *expression, struct found *found)
{
	return has_age(expression, found, found->status.st_atime);
}

static bool was_changed_any_way(struct expression *expression, struct found *found)
{
	return has_age(expression, found, found->status.st_ctime);
}

static char **take_newer(struct find *find, struct expression *expression, char **words)
{
	struct stat status;
	bool follows = find->links != LINKS_NEVER;
	if ((!follows || stat(*words, &status) != 0) && lstat(*words, &status) != 0)
		refuse(*words, strerror(errno));
	expression->time = status.st_mtim;
	return words + 1;
}

static bool is_newer(struct expression *expression, struct found *found)
{
	const struct timespec *one = &found->status.st_mtim, *other = &expression->time;
	return one->tv_sec > other->tv_sec || (one->tv_sec == other->tv_sec && one->tv_nsec > other->tv_nsec);
}

/* ---- what always holds, and says how files are looked for */

static bool holds(struct expression *expression, struct found *found)
{
	(void)expression;
	(void)found;
	return true;
}

static long long depth_read(const char *word)
{
	long long number;
	if (!tool_number(word, &number) || number < 0)
		refuse(word, "is not a number of directories");
	return number;
}

static char **take_most(struct find *find, struct expression *expression, char **words)
{
	(void)expression;
	find->most = depth_read(*words);
	return words + 1;
}

static char **take_least(struct find *find, struct expression *expression, char **words)
{
	(void)expression;
	find->least = depth_read(*words);
	return words + 1;
}

static char **take_depth(struct find *find, struct expression *expression, char **words)
{
	(void)expression;
	find->depth_first = true;
	return words;
}

static char **take_system(struct find *find, struct expression *expression, char **words)
{
	(void)expression;
	find->one_system = true;
	return words;
}

const struct primary tests[] = {
	{"-atime", was_read, take_number, true},
	{"-ctime", was_changed_any_way, take_number, true},
	{"-depth", holds, take_depth, false},
	{"-empty", is_empty, NULL, false},
	{"-group", has_group, take_group, true},
	{"-iname", has_name_of_any_case, take_word, true},
	{"-links", has_links, take_number, true},
	{"-maxdepth", holds, take_most, true},
	{"-mindepth", holds, take_least, true},
	{"-mtime", was_changed, take_number, true},
	{"-name", has_name, take_word, true},
	{"-newer", is_newer, take_newer, true},
	{"-nogroup", has_no_group, NULL, false},
	{"-nouser", has_no_user, NULL, false},
	{"-path", has_path, take_word, true},
	{"-perm", has_mode, take_mode, true},
	{"-size", has_size, take_size, true},
	{"-type", has_type, take_type, true},
	{"-user", has_user, take_user, true},
	{"-xdev", holds, take_system, false},
	{NULL, NULL, NULL, false},
};
