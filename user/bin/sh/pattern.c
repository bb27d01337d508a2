/*
 * File names that match a pattern: component by component through the directories.
 */
#include "sh.h"

#include <dirent.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void match_from(const char *base, const char *pattern, struct words *words);

/* Goes on with the rest of the pattern below one name that has matched. */
static void match_below(const char *base, const char *name, const char *rest, struct words *words)
{
	char path[PATH_MAX];
	struct stat status;
	size_t slashes = strspn(rest, "/");
	int length = snprintf(path, sizeof path, "%s%s%.*s", base, name, (int)slashes, rest);
	if (length < 0 || (size_t)length >= sizeof path || stat(path, &status) != 0)
		return;
	if (rest[slashes] == '\0')
		(void)words_add(words, path, (size_t)length);
	else
		match_from(path, rest + slashes, words);
}

/* Matches the first component of a pattern with the names in a directory. */
static void match_from(const char *base, const char *pattern, struct words *words)
{
	char component[NAME_MAX + 1];
	size_t length = strcspn(pattern, "/");
	if (length == 0 || length > NAME_MAX)
		return;
	memcpy(component, pattern, length);
	component[length] = '\0';
	DIR *directory = opendir(*base != '\0' ? base : ".");
	if (directory == NULL)
		return;
	struct dirent *entry;
	while ((entry = readdir(directory)) != NULL)
		if (fnmatch(component, entry->d_name, FNM_PERIOD) == 0)
			match_below(base, entry->d_name, pattern + length, words);
	(void)closedir(directory);
}

bool pattern_expand(const char *pattern, struct words *words)
{
	size_t before = words->count;
	size_t slashes = strspn(pattern, "/");
	match_from(slashes > 0 ? "/" : "", pattern + slashes, words);
	if (words->count == before)
		return false;
	qsort(words->words + before, words->count - before, sizeof *words->words, compare);
	return true;
}
