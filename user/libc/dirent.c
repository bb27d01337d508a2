/*
 * Directory streams, over a descriptor each. "." and ".." come first, as in every directory.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "libc.h"

struct __directory {
	int fd;
	int dots; /* how many of "." and ".." were given */
	size_t cursor;
	struct dirent entry;
};

DIR *fdopendir(int fd)
{
	struct stat status;
	if (fstat(fd, &status) != 0)
		return NULL;
	if (!S_ISDIR(status.st_mode)) {
		errno = ENOTDIR;
		return NULL;
	}
	DIR *directory = calloc(1, sizeof *directory);
	if (directory != NULL)
		directory->fd = fd;
	return directory;
}

DIR *opendir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return NULL;
	DIR *directory = fdopendir(fd);
	if (directory == NULL)
		(void)close(fd);
	return directory;
}

struct dirent *readdir(DIR *directory)
{
	struct dirent *entry = &directory->entry;
	if (directory->dots < 2) {
		directory->dots++;
		strcpy(entry->d_name, directory->dots == 1 ? "." : "..");
		entry->d_type = DT_DIR;
		entry->d_ino = 0;
		return entry;
	}
	struct file_node node;
	int more = descriptor_list(
		directory->fd, &directory->cursor, &node, entry->d_name, sizeof entry->d_name);
	if (more <= 0) {
		if (more < 0)
			errno = -more;
		return NULL;
	}
	entry->d_type = node.is_directory ? DT_DIR : S_ISLNK(node.mode) ? DT_LNK : DT_REG;
	entry->d_ino = node.inode;
	return entry;
}

void rewinddir(DIR *directory)
{
	directory->dots = 0;
	directory->cursor = 0;
}

int dirfd(DIR *directory)
{
	return directory->fd;
}

int closedir(DIR *directory)
{
	int result = close(directory->fd);
	free(directory);
	return result;
}
