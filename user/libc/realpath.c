/*
 * realpath: the directory's name is known to its server; a link at the end of the path is followed by name, so that what
 * is no directory has its name, too.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <tabula/protocol/directory.h>

#include "libc.h"

enum { LINKS_MOST = 40 };

/* Of a directory. 0 or -errno. */
static int directory_name(const char *path, char name[PATH_MAX])
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	long length = directory_path(descriptor_handle(fd), name, PATH_MAX);
	(void)close(fd);
	return length < 0 ? (int)length : 0;
}

/* Puts a name behind that of a directory. 0 or -errno. */
static int name_add(char path[PATH_MAX], const char *name)
{
	size_t length = strcmp(path, "/") == 0 ? 0 : strlen(path);
	if (length + 1 + strlen(name) >= PATH_MAX)
		return -ENAMETOOLONG;
	path[length] = '/';
	strcpy(path + length + 1, name);
	return 0;
}

/* What has no slashes behind it is a file, or a link: where that leads comes into `path`. 1: to be looked at again. */
static int file_name(char path[PATH_MAX], char name[PATH_MAX])
{
	char target[PATH_MAX];
	char *slash = strrchr(path, '/');
	const char *last = slash != NULL ? slash + 1 : path;
	int error = directory_name(slash == path ? "/" : slash != NULL ? (*slash = '\0', path) : ".", name);
	if (error == 0)
		error = name_add(name, last);
	ssize_t length = error == 0 ? readlink(name, target, sizeof target - 1) : -1;
	if (error != 0 || length < 0)
		return error;
	target[length] = '\0';
	if (*target != '/') {
		strcpy(path, name);
		*(strrchr(path, '/') + 1) = '\0';
		if (strlen(path) + (size_t)length >= PATH_MAX)
			return -ENAMETOOLONG;
		strcat(path, target);
	} else {
		strcpy(path, target);
	}
	return 1;
}

static int resolve(const char *given, char name[PATH_MAX])
{
	char path[PATH_MAX];
	struct stat status;
	if (strlen(given) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (stat(given, &status) != 0)
		return -errno;
	strcpy(path, given);
	for (int links = 0; links < LINKS_MOST; links++) {
		int result = S_ISDIR(status.st_mode) ? directory_name(path, name) : file_name(path, name);
		if (result <= 0)
			return result;
	}
	return -ELOOP;
}

char *realpath(const char *restrict path, char *restrict resolved)
{
	char name[PATH_MAX];
	if (path == NULL) {
		errno = EINVAL;
		return NULL;
	}
	int error = resolve(path, name);
	if (server_result(error) < 0)
		return NULL;
	return resolved != NULL ? strcpy(resolved, name) : strdup(name);
}
