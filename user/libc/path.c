/*
 * Names of files: the working directory, which a program takes from PWD at its start, and how a path becomes
 * absolute. Components are followed one by one, because POSIX wants an error for "missing/..".
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "libc.h"

static char current[RESOLVED_MAX]; /* resolved: the root is "" */
static char current_absolute[RESOLVED_MAX + 1] = "/";

const char *directory_current(void)
{
	return current_absolute;
}

static int directory_check(const char *resolved)
{
	struct file_node node;
	int result = files_find(resolved, &node);
	if (result == 0 && !node.is_directory)
		return -ENOTDIR;
	return result;
}

static void component_drop(char *resolved)
{
	char *slash = strrchr(resolved, '/');
	*(slash != NULL ? slash : resolved) = '\0';
}

static int component_add(char *resolved, const char *name, size_t length)
{
	size_t old = strlen(resolved);
	if (length > NAME_MAX || old + 1 + length >= RESOLVED_MAX)
		return -ENAMETOOLONG;
	if (old > 0)
		resolved[old++] = '/';
	memcpy(resolved + old, name, length);
	resolved[old + length] = '\0';
	return 0;
}

int path_resolve(const char *path, char resolved[RESOLVED_MAX])
{
	if (*path == '\0')
		return -ENOENT;
	if (strnlen(path, PATH_MAX) == PATH_MAX)
		return -ENAMETOOLONG;
	strcpy(resolved, *path == '/' ? "" : current);
	while (*path != '\0') {
		size_t length = strcspn(path, "/");
		int result = 0;
		if (length == 2 && memcmp(path, "..", 2) == 0)
			component_drop(resolved);
		else if (length > 0 && !(length == 1 && *path == '.'))
			result = component_add(resolved, path, length);
		path += length;
		/* What a slash follows must be a directory, "a/../b" not excepted. */
		if (result == 0 && length > 0 && *path == '/')
			result = directory_check(resolved);
		if (result != 0)
			return result;
		path += strspn(path, "/");
	}
	return 0;
}

int chdir(const char *path)
{
	char resolved[RESOLVED_MAX];
	int result = path_resolve(path, resolved);
	if (result == 0)
		result = directory_check(resolved);
	if (result == 0) {
		strcpy(current, resolved);
		current_absolute[0] = '/';
		strcpy(current_absolute + 1, resolved);
	}
	return (int)posix_result(result);
}

char *getcwd(char *buffer, size_t size)
{
	if (buffer == NULL)
		return strdup(current_absolute);
	if (size <= strlen(current_absolute)) {
		errno = size == 0 ? EINVAL : ERANGE;
		return NULL;
	}
	return strcpy(buffer, current_absolute);
}

void directory_inherit(void)
{
	const char *inherited = getenv("PWD");
	int saved = errno;
	if (inherited != NULL && *inherited == '/' && inherited[1] != '\0')
		(void)chdir(inherited); /* the root is as good a place as any */
	errno = saved;
}
