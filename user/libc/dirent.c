/*
 * Directory streams. The server gives many names at a time; a position is that of the name that comes before it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <tabula/protocol/directory.h>
#include <tabula/protocol/file.h>

#include "libc.h"

enum { RECORDS_ROOM = 2048 };

struct __directory {
	int fd;
	long position; /* behind the last name that was given out */
	size_t size, next; /* of the records */
	struct dirent entry;
	_Alignas(struct directory_record) char records[RECORDS_ROOM];
};

DIR *fdopendir(int fd)
{
	endpoint_handle file = descriptor_handle(fd);
	struct file_status status;
	int error = file.value < 0 ? file.value : file_stat(file, &status);
	if (error == 0 && status.mode >> 12 != DT_DIR)
		error = -ENOTDIR;
	if (server_result(error) < 0)
		return NULL;
	DIR *directory = calloc(1, sizeof *directory);
	if (directory != NULL)
		directory->fd = fd;
	return directory;
}

DIR *opendir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	DIR *directory = fdopendir(fd);
	if (directory == NULL)
		(void)close(fd);
	return directory;
}

static bool records_fetch(DIR *directory)
{
	endpoint_handle file = descriptor_handle(directory->fd);
	long size = file.value < 0 ? file.value : directory_list(file, directory->records, RECORDS_ROOM);
	directory->next = 0;
	directory->size = size > 0 ? (size_t)size : 0;
	/* A directory that has been removed has come to its end. */
	if (size < 0 && size != -ENOENT)
		(void)server_result(size);
	return size > 0;
}

struct dirent *readdir(DIR *directory)
{
	struct dirent *entry = &directory->entry;
	if (directory->next == directory->size && !records_fetch(directory))
		return NULL;
	const struct directory_record *record =
		(const struct directory_record *)(directory->records + directory->next);
	directory->next += record->size;
	directory->position = (long)record->position;
	entry->d_ino = (ino_t)record->number;
	entry->d_type = (unsigned char)record->type;
	memcpy(entry->d_name, record + 1, record->length);
	entry->d_name[record->length] = '\0';
	return entry;
}

void seekdir(DIR *directory, long position)
{
	(void)lseek(directory->fd, position, SEEK_SET);
	directory->position = position;
	directory->size = directory->next = 0;
}

long telldir(DIR *directory)
{
	return directory->position;
}

void rewinddir(DIR *directory)
{
	seekdir(directory, 0);
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

int alphasort(const struct dirent **one, const struct dirent **other)
{
	return strcoll((*one)->d_name, (*other)->d_name);
}

/* A copy of an entry, only as long as its name. */
static struct dirent *entry_copy(const struct dirent *entry)
{
	size_t size = offsetof(struct dirent, d_name) + strlen(entry->d_name) + 1;
	struct dirent *copy = malloc(size);
	return copy != NULL ? memcpy(copy, entry, size) : NULL;
}

static void list_free(struct dirent **list, int count)
{
	while (count > 0)
		free(list[--count]);
	free(list);
}

/* Adds a copy to a list that grows. */
static bool list_add(struct dirent ***list, int count, const struct dirent *entry)
{
	if ((count & (count - 1)) == 0) {
		struct dirent **larger = realloc(*list, (count > 0 ? 2 * (size_t)count : 1) * sizeof **list);
		if (larger == NULL)
			return false;
		*list = larger;
	}
	(*list)[count] = entry_copy(entry);
	return (*list)[count] != NULL;
}

/* What the entries are sorted by: qsort hands over pointers of its own kind. */
static _Thread_local int (*order)(const struct dirent **, const struct dirent **);

static int compare_entries(const void *one, const void *other)
{
	const struct dirent *first = *(struct dirent *const *)one, *second = *(struct dirent *const *)other;
	return order(&first, &second);
}

int scandir(const char *path, struct dirent ***result, int (*chosen)(const struct dirent *),
	int (*compare)(const struct dirent **, const struct dirent **))
{
	DIR *directory = opendir(path);
	if (directory == NULL)
		return -1;
	struct dirent **list = NULL;
	const struct dirent *entry;
	int count = 0, saved = errno;
	errno = 0;
	while ((entry = readdir(directory)) != NULL) {
		if (chosen != NULL && !chosen(entry))
			continue;
		if (!list_add(&list, count, entry))
			break;
		count++;
	}
	int error = errno;
	(void)closedir(directory);
	errno = error != 0 ? error : saved;
	if (error != 0) {
		list_free(list, count);
		return -1;
	}
	order = compare;
	if (compare != NULL && count > 0)
		qsort(list, (size_t)count, sizeof *list, compare_entries);
	*result = list;
	return count;
}
