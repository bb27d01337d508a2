#include "tree.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "path.h"
#include "piece.h"

static struct node *root;

int tree_begin(void)
{
	root = node_make(S_IFDIR | 0755);
	if (root == NULL)
		return -ENOSPC;
	root->links = 2; /* "." and "..": it never goes */
	return 0;
}

struct node *tree_root(void)
{
	return root;
}

int tree_find(struct node *start, const char *path, bool follow, struct node **node)
{
	struct place place;
	int error = path_find_node(root, start, path, follow, &place);
	*node = error == 0 ? place.node : NULL;
	return error;
}

/* May names be added to this directory and taken from it? */
static int may_change(const struct node *directory)
{
	if (directory->links == 0)
		return -ENOENT;
	return node_allows(directory, MAY_WRITE) && node_allows(directory, MAY_EXECUTE) ? 0 : -EACCES;
}

/* ---- something new */

/* Finds the place for something new. */
static int place_free(struct node *start, const char *path, bool is_directory, struct place *place)
{
	int error = path_find(root, start, path, false, place);
	if (error != 0)
		return error;
	if (place->node != NULL)
		return -EEXIST;
	if (place->slash && !is_directory)
		return -ENOENT;
	return may_change(place->directory);
}

/* Gives a new node its name. The use that it was made with is left to the caller. */
static int node_name(const struct place *place, struct node *node)
{
	return directory_add(place->directory, place->name, place->length, node) != NULL ? 0 : -ENOSPC;
}

/* Puts a new node at a place and has done with it. */
static int node_place(const struct place *place, struct node *node)
{
	if (node == NULL)
		return -ENOSPC;
	int error = node_name(place, node);
	node_leave(node);
	return error;
}

int tree_make_directory(struct node *start, const char *path, uint32_t mode)
{
	struct place place;
	int error = place_free(start, path, true, &place);
	if (error != 0)
		return error;
	if (place.directory->links >= LINKS_MAX)
		return -EMLINK;
	return node_place(&place, node_make(S_IFDIR | (mode & MODE_BITS)));
}

int tree_make_device(struct node *start, const char *path, enum device device)
{
	struct place place;
	int error = place_free(start, path, false, &place);
	if (error != 0)
		return error;
	struct node *node = node_make(S_IFCHR | 0666);
	if (node != NULL)
		node->device = device;
	return node_place(&place, node);
}

int tree_make_disk(struct node *start, const char *path, uint32_t number)
{
	struct place place;
	int error = place_free(start, path, false, &place);
	if (error != 0)
		return error;
	struct node *node = node_make(S_IFBLK | 0600);
	if (node != NULL)
		node->disk = number;
	return node_place(&place, node);
}

int tree_make_fifo(struct node *start, const char *path, uint32_t mode)
{
	struct place place;
	int error = place_free(start, path, false, &place);
	return error != 0 ? error : node_place(&place, node_make(S_IFIFO | (mode & MODE_BITS)));
}

int tree_make_link(struct node *start, const char *path, const char *target)
{
	struct place place;
	size_t length = strlen(target);
	if (length == 0)
		return -ENOENT;
	if (length >= PIECE_MAX)
		return -ENAMETOOLONG;
	int error = place_free(start, path, false, &place);
	if (error != 0)
		return error;
	struct node *node = node_make(S_IFLNK | 0777);
	if (node == NULL)
		return -ENOSPC;
	node->link.length = (uint32_t)length;
	node->link.target = piece_take(length + 1, FOR_FILES);
	if (node->link.target == NULL) {
		node_leave(node);
		return -ENOSPC;
	}
	memcpy(node->link.target, target, length);
	return node_place(&place, node);
}

int tree_link(struct node *from_start, const char *from, bool follow, struct node *to_start, const char *to)
{
	struct node *node;
	struct place place;
	int error = tree_find(from_start, from, follow, &node);
	if (error == 0)
		error = place_free(to_start, to, false, &place);
	if (error != 0)
		return error;
	if (node_is_directory(node))
		return -EPERM;
	return node->links < LINKS_MAX ? node_name(&place, node) : -EMLINK;
}

/* ---- opening */

int tree_open(struct node *start, const char *path, bool follow, struct node **node)
{
	int error = tree_find(start, path, follow, node);
	if (error != 0)
		return error;
	if (node_is_link(*node))
		return -ELOOP;
	node_use(*node);
	return 0;
}

int tree_create(struct node *start, const char *path, uint32_t mode, bool exclusive, bool follow,
	struct node **node, bool *made)
{
	struct place place;
	*made = false;
	int error = path_find(root, start, path, follow && !exclusive, &place);
	if (error != 0)
		return error;
	if (place.slash && place.node == NULL)
		return -EISDIR;
	if (place.node != NULL)
		return exclusive ? -EEXIST : tree_open(start, path, follow, node);
	error = may_change(place.directory);
	if (error != 0)
		return error;
	*node = node_make(S_IFREG | (mode & MODE_BITS));
	if (*node == NULL)
		return -ENOSPC;
	error = node_name(&place, *node);
	if (error != 0)
		node_leave(*node);
	*made = error == 0;
	return error;
}

/* ---- removal and renaming */

int tree_unlink(struct node *start, const char *path)
{
	struct place place;
	int error = path_find_node(root, start, path, false, &place);
	if (error != 0)
		return error;
	if (node_is_directory(place.node))
		return -EISDIR;
	error = may_change(place.directory);
	if (error == 0)
		directory_remove(place.entry);
	return error;
}

int tree_remove_directory(struct node *start, const char *path)
{
	struct place place;
	int error = path_find_node(root, start, path, false, &place);
	if (error != 0)
		return error;
	if (!node_is_directory(place.node))
		return -ENOTDIR;
	if (place.node == root)
		return -EBUSY;
	if (place.dots)
		return place.length == 1 ? -EINVAL : -ENOTEMPTY;
	error = may_change(place.directory);
	if (error == 0 && place.node->directory.count > 0)
		error = -ENOTEMPTY;
	if (error == 0)
		directory_remove(place.entry);
	return error;
}

/* May what stands at `from` take the place of what stands at `to`? */
static int may_replace(const struct place *from, const struct place *to)
{
	if (node_is_directory(from->node) && !node_is_directory(to->node))
		return -ENOTDIR;
	if (!node_is_directory(from->node) && node_is_directory(to->node))
		return -EISDIR;
	return node_is_directory(to->node) && to->node->directory.count > 0 ? -ENOTEMPTY : 0;
}

static int rename_check(const struct place *from, const struct place *to)
{
	bool is_directory = node_is_directory(from->node);
	if (from->dots || to->dots)
		return -EBUSY;
	if (!is_directory && (from->slash || to->slash))
		return -ENOTDIR;
	if (is_directory && directory_is_below(to->directory, from->node))
		return -EINVAL;
	int error = may_change(from->directory);
	if (error == 0)
		error = may_change(to->directory);
	if (error != 0)
		return error;
	if (is_directory && from->directory != to->directory && to->node == NULL &&
		to->directory->links >= LINKS_MAX)
		return -EMLINK;
	return to->node != NULL && to->node != from->node ? may_replace(from, to) : 0;
}

int tree_rename(struct node *from_start, const char *from_path, struct node *to_start, const char *to_path)
{
	struct place from, to;
	int error = path_find_node(root, from_start, from_path, false, &from);
	if (error == 0)
		error = path_find(root, to_start, to_path, false, &to);
	if (error == 0)
		error = rename_check(&from, &to);
	if (error != 0 || from.node == to.node)
		return error;

	if (to.entry != NULL)
		directory_replace(to.entry, from.node);
	else if (directory_add(to.directory, to.name, to.length, from.node) == NULL)
		return -ENOSPC;
	directory_remove(from.entry);
	return 0;
}

/* ---- the other way round */

int tree_path(struct node *directory, char *path, size_t size)
{
	size_t at = size - 1;
	path[at] = '\0';
	while (directory != root) {
		const struct entry *entry = directory->directory.entry;
		if (entry == NULL)
			return -ENOENT;
		if (at < (size_t)entry->length + 1)
			return -ENAMETOOLONG;
		at -= entry->length;
		memcpy(path + at, entry->name, entry->length);
		path[--at] = '/';
		directory = entry->directory;
	}
	if (path[at] == '\0') {
		if (at == 0)
			return -ENAMETOOLONG;
		path[--at] = '/';
	}
	memmove(path, path + at, size - at);
	return 0;
}
