/*
 * glob: names that match a pattern, component by component through the directories. Those without special characters
 * are not looked for among others, so their directories need not be readable.
 */
#include <dirent.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libc.h"

static size_t offset_of(const glob_t *found)
{
	return found->gl_flags & GLOB_DOOFFS ? (size_t)found->gl_offs : 0;
}

/* Room for one more, and the null behind it. */
static bool room_make(glob_t *found)
{
	size_t offset = offset_of(found);
	char **paths = realloc(found->gl_pathv, (offset + (size_t)found->gl_pathc + 2) * sizeof *paths);
	if (paths == NULL)
		return false;
	if (found->gl_pathv == NULL)
		memset(paths, 0, offset * sizeof *paths);
	found->gl_pathv = paths;
	return true;
}

/* 0 or GLOB_NOSPACE. */
static int path_add(glob_t *found, const char *path, bool is_directory)
{
	char *copy = malloc(strlen(path) + 2);
	if (copy == NULL || !room_make(found)) {
		free(copy);
		return GLOB_NOSPACE;
	}
	strcpy(copy, path);
	if (is_directory && (found->gl_flags & GLOB_MARK) && path[strlen(path) - 1] != '/')
		strcat(copy, "/");
	char **place = found->gl_pathv + offset_of(found) + found->gl_pathc;
	place[0] = copy;
	place[1] = NULL;
	found->gl_pathc++;
	return 0;
}

/* Without the backslashes that protect characters, unless these mean nothing. */
static void unprotect(char *to, const char *from, size_t length, int flags)
{
	for (size_t i = 0; i < length; i++) {
		if (from[i] == '\\' && (flags & GLOB_QUOTE) && i + 1 < length)
			i++;
		*to++ = from[i];
	}
	*to = '\0';
}

static int match_from(glob_t *found, const char *base, const char *pattern);

/* Goes on behind a component whose name is known. */
static int match_below(glob_t *found, const char *base, const char *name, const char *rest)
{
	char path[PATH_MAX];
	struct stat status;
	size_t slashes = strspn(rest, "/");
	int length = snprintf(path, sizeof path, "%s%s%.*s", base, name, (int)slashes, rest);
	if (length < 0 || (size_t)length >= sizeof path)
		return 0;
	if (rest[slashes] != '\0')
		return match_from(found, path, rest + slashes);
	if (lstat(path, &status) != 0)
		return 0;
	bool is_directory = S_ISDIR(status.st_mode) || (stat(path, &status) == 0 && S_ISDIR(status.st_mode));
	return path_add(found, path, is_directory);
}

static int directory_failed(const glob_t *found, const char *base)
{
	bool stop = (found->gl_errfunc != NULL && found->gl_errfunc(base, errno) != 0) ||
		    (found->gl_flags & GLOB_ERR);
	return stop ? GLOB_ABEND : 0;
}

static int match_names(glob_t *found, const char *base, const char *component, const char *rest)
{
	const int how = FNM_PERIOD | (found->gl_flags & GLOB_QUOTE ? 0 : FNM_NOESCAPE);
	DIR *directory = opendir(*base != '\0' ? base : ".");
	struct dirent *entry;
	int error = 0;
	if (directory == NULL)
		return errno == ENOENT || errno == ENOTDIR ? 0 : directory_failed(found, base);
	while (error == 0 && (entry = readdir(directory)) != NULL)
		if (fnmatch(component, entry->d_name, how) == 0)
			error = match_below(found, base, entry->d_name, rest);
	(void)closedir(directory);
	return error;
}

static int match_from(glob_t *found, const char *base, const char *pattern)
{
	char component[NAME_MAX + 1], name[NAME_MAX + 1];
	size_t length = strcspn(pattern, "/");
	if (length > NAME_MAX)
		return 0;
	memcpy(component, pattern, length);
	component[length] = '\0';
	if (strpbrk(component, "*?[") != NULL)
		return match_names(found, base, component, pattern + length);
	unprotect(name, pattern, length, found->gl_flags);
	return match_below(found, base, name, pattern + length);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int pattern_itself(glob_t *found, const char *pattern)
{
	bool has_magic = strpbrk(pattern, "*?[") != NULL;
	if ((found->gl_flags & GLOB_NOCHECK) || ((found->gl_flags & GLOB_NOMAGIC) && !has_magic))
		return path_add(found, pattern, false);
	return GLOB_NOMATCH;
}

int glob(const char *restrict pattern, int flags, int (*failed)(const char *, int), glob_t *restrict found)
{
	size_t slashes = strspn(pattern, "/");
	if (!(flags & GLOB_APPEND)) {
		found->gl_pathc = 0;
		found->gl_pathv = NULL;
	}
	int before = found->gl_pathc;
	found->gl_flags = flags ^ GLOB_NOESCAPE; /* GLOB_QUOTE has its bit, and the other meaning */
	found->gl_errfunc = failed;
	int error = match_from(found, slashes > 0 ? "/" : "", pattern + slashes);
	if (error == 0 && found->gl_pathc == before)
		error = pattern_itself(found, pattern);
	else if (error == 0 && !(flags & GLOB_NOSORT))
		qsort(found->gl_pathv + offset_of(found) + before, (size_t)(found->gl_pathc - before),
			sizeof *found->gl_pathv, compare);
	found->gl_matchc = found->gl_pathc - before;
	return error;
}

void globfree(glob_t *found)
{
	for (int i = 0; i < found->gl_pathc; i++)
		free(found->gl_pathv[offset_of(found) + (size_t)i]);
	free(found->gl_pathv);
	found->gl_pathv = NULL;
	found->gl_pathc = 0;
}
