/*
 * What is asked of and done to files by name. The boot archive can't be written: whatever would is EROFS,
 * after the checks that come before it.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "libc.h"

static int find_path(const char *path, struct file_node *node)
{
	char resolved[RESOLVED_MAX];
	int result = path_resolve(path, resolved);
	if (result == 0)
		result = files_find(resolved, node);
	return result;
}

int stat(const char *restrict path, struct stat *restrict status)
{
	struct file_node node;
	int result = find_path(path, &node);
	if (result == 0)
		files_stat(&node, status);
	return (int)posix_result(result);
}

int access(const char *path, int mode)
{
	struct file_node node;
	int result = find_path(path, &node);
	if (result == 0 && (mode & W_OK))
		result = -EROFS;
	if (result == 0 && (mode & X_OK) && !(node.mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
		result = -EACCES;
	return (int)posix_result(result);
}

/* The answer to changing something that exists. */
static int refuse_change(const char *path)
{
	struct file_node node;
	int result = find_path(path, &node);
	return (int)posix_result(result == 0 ? -EROFS : result);
}

/* The answer to making something new. */
static int refuse_creation(const char *path)
{
	struct file_node node;
	int result = find_path(path, &node);
	if (result == 0)
		result = -EEXIST;
	return (int)posix_result(result == -ENOENT ? -EROFS : result);
}

int unlink(const char *path)
{
	return refuse_change(path);
}

int rmdir(const char *path)
{
	return refuse_change(path);
}

int chmod(const char *path, mode_t mode)
{
	(void)mode;
	return refuse_change(path);
}

int rename(const char *from, const char *to)
{
	(void)to;
	return refuse_change(from);
}

int link(const char *from, const char *to)
{
	(void)to;
	return refuse_change(from);
}

int mkdir(const char *path, mode_t mode)
{
	(void)mode;
	return refuse_creation(path);
}
