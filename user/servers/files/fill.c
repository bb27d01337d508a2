#include "fill.h"

#include <string.h>
#include <sys/stat.h>

#include "tree.h"

enum { PATH_ROOM = 1024, SECOND = 1000000000 };

/* Makes the directories above a path that the archive has not listed. */
static void make_above(char *path)
{
	for (char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)tree_make_directory(tree_root(), path, 0755); /* it may be there */
		*slash = '/';
	}
}

/* Of equal names the last counts. */
static int make_file(const struct archive *archive, const struct archive_entry *entry, const char *path)
{
	struct node *node;
	bool made;
	(void)tree_unlink(tree_root(), path);
	int error = tree_create(tree_root(), path, entry->mode, true, false, &node, &made);
	if (error != 0)
		return error;
	node->data.origin = archive->bytes + entry->data;
	node->data.origin_size = node->data.size = entry->size;
	if (entry->mtime != 0) /* it is where archives are to be the same each time */
		node->accessed = node->modified = node->changed = (uint64_t)entry->mtime * SECOND;
	node_leave(node);
	return 0;
}

static int make_link(const struct archive *archive, const struct archive_entry *entry, const char *path)
{
	char target[PATH_ROOM];
	if (entry->size >= sizeof target)
		return 0;
	memcpy(target, archive->bytes + entry->data, entry->size);
	target[entry->size] = '\0';
	(void)tree_unlink(tree_root(), path);
	return tree_make_link(tree_root(), path, target);
}

static int make_directory(const struct archive_entry *entry, const char *path)
{
	struct node *node;
	int error = tree_make_directory(tree_root(), path, entry->mode);
	if (error != 0 && tree_find(tree_root(), path, false, &node) == 0 && node_is_directory(node)) {
		node->mode = S_IFDIR | (entry->mode & MODE_BITS);
		return 0;
	}
	return error;
}

static int entry_make(const struct archive *archive, const struct archive_entry *entry)
{
	char path[PATH_ROOM];
	if (entry->name_length == 0 || entry->name_length >= sizeof path)
		return 0;
	memcpy(path, entry->name, entry->name_length);
	path[entry->name_length] = '\0';
	make_above(path);
	if (S_ISDIR(entry->mode))
		return make_directory(entry, path);
	if (S_ISLNK(entry->mode))
		return make_link(archive, entry, path);
	return S_ISREG(entry->mode) ? make_file(archive, entry, path) : 0;
}

const char *fill(const struct archive *archive)
{
	size_t cursor = 0;
	struct archive_entry entry;
	int more;
	while ((more = archive_next(archive, &cursor, &entry)) > 0)
		if (entry_make(archive, &entry) != 0)
			return "a file of the archive finds no place";
	return more < 0 ? "the archive is broken" : NULL;
}
