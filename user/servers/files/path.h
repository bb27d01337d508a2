/*
 * Paths: from a directory and text to the place that it means. "." and "..", slashes in any number, symbolic links.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "directory.h"

enum { LINKS_FOLLOWED_MAX = 16 };

/* Where a path leads. Good until the tree changes. */
struct place {
	struct node *directory; /* that would hold the last name */
	const char *name; /* the last name */
	size_t length;
	struct entry
		*entry; /* null if there is none of this name, or it is "." or ".." or missing, as in "/" */
	struct node *node; /* null if there is none of this name */
	bool slash; /* a slash comes last: it has to be a directory */
	bool dots; /* the last name is "." or ".." or missing */
};

/*
 * Finds the place; the last name need not exist. `follow` tells whether it is followed when it is a symbolic link,
 * which happens anyway to all others and to one with a slash behind it. No start, null, leads nowhere. 0, or -ENOENT, -ENOTDIR, -EACCES,
 * -ENAMETOOLONG, -ELOOP.
 */
int path_find(struct node *root, struct node *start, const char *path, bool follow, struct place *place);

/* The same for something that has to be there, and to be a directory if a slash comes last. */
int path_find_node(struct node *root, struct node *start, const char *path, bool follow, struct place *place);
