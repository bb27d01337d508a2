/*
 * The directories of PATH: an empty one is the current one.
 */
#include "path.h"

#include <stdlib.h>
#include <string.h>

struct path_search path_search_begin(const char *file)
{
	const char *directories = getenv("PATH");
	if (strchr(file, '/') != NULL)
		directories = "";
	return (struct path_search){.file = file, .directories = directories != NULL ? directories : "/bin"};
}

/* Joins a directory, which ends at `end`, with the name. */
static bool join(struct path_search *search, const char *directory, const char *end)
{
	size_t length = (size_t)(end - directory), name = strlen(search->file) + 1;
	if (length + 1 + name > sizeof search->path)
		return false;
	memcpy(search->path, directory, length);
	if (length > 0)
		search->path[length++] = '/';
	memcpy(search->path + length, search->file, name);
	return true;
}

bool path_search_next(struct path_search *search)
{
	while (search->directories != NULL && *search->file != '\0') {
		const char *directory = search->directories, *end = directory + strcspn(directory, ":");
		search->directories = *end == ':' ? end + 1 : NULL;
		if (join(search, directory, end))
			return true;
	}
	return false;
}
