#include "path.h"

#include <errno.h>

struct walk {
	struct node *root;
	int links; /* followed so far */
};

/* Names are short: a call of the library's functions for it would take longer than the look itself. */
static size_t name_length(const char *path)
{
	size_t length = 0;
	while (path[length] != '\0' && path[length] != '/')
		length++;
	return length;
}

static size_t slash_count(const char *path)
{
	size_t count = 0;
	while (path[count] == '/')
		count++;
	return count;
}

/* "", "." or "..". */
static bool is_dots(const char *name, size_t length)
{
	return length == 0 || (name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.')));
}

/* Looks one name up in a directory. */
static int step(
	const struct walk *walk, struct node *at, const char *name, size_t length, struct place *place)
{
	if (!node_is_directory(at))
		return -ENOTDIR;
	if (!node_allows(at, MAY_EXECUTE))
		return -EACCES;
	if (length > NAME_BYTES_MAX)
		return -ENAMETOOLONG;
	*place = (struct place){
		.directory = at, .name = name, .length = length, .dots = is_dots(name, length)};
	if (place->dots) {
		place->node = length < 2 || at == walk->root ? at : directory_above(at);
		return place->node != NULL ? 0 : -ENOENT;
	}
	place->entry = directory_find(at, name, length);
	place->node = place->entry != NULL ? place->entry->node : NULL;
	return 0;
}

static int walk_on(struct walk *walk, struct node *at, const char *path, bool follow, struct place *place)
{
	if (*path == '/')
		at = walk->root;
	int error = step(walk, at, "", 0, place);
	path += slash_count(path);
	while (error == 0 && *path != '\0') {
		size_t length = name_length(path), slashes = slash_count(path + length);
		bool last = path[length + slashes] == '\0', slash = slashes > 0;
		error = step(walk, at, path, length, place);
		if (error == 0 && place->node != NULL && node_is_link(place->node) && (follow || slash))
			error = ++walk->links > LINKS_FOLLOWED_MAX
					? -ELOOP
					: walk_on(walk, at, place->node->link.target, true, place);
		if (error == 0 && place->node == NULL && !last)
			error = -ENOENT;
		place->slash = place->slash || slash;
		at = place->node;
		path += length + slashes;
	}
	return error;
}

int path_find(struct node *root, struct node *start, const char *path, bool follow, struct place *place)
{
	if (start == NULL)
		return -ENOTDIR;
	if (*path == '\0')
		return -ENOENT;
	struct walk walk = {.root = root};
	return walk_on(&walk, start, path, follow, place);
}

int path_find_node(struct node *root, struct node *start, const char *path, bool follow, struct place *place)
{
	int error = path_find(root, start, path, follow, place);
	if (error == 0 && place->node == NULL)
		error = -ENOENT;
	if (error == 0 && place->slash && !node_is_directory(place->node))
		error = -ENOTDIR;
	return error;
}
