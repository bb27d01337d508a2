/*
 * Changes of the tree of names. Paths are relative to a directory, or to the root if they begin with a slash. All
 * return 0 or -errno, and change nothing when they fail: what needs room takes it first.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "node.h"

/* Makes the root. Once, after block_begin. */
int tree_begin(void);

struct node *tree_root(void);

int tree_make_directory(struct node *start, const char *path, uint32_t mode);
int tree_make_device(struct node *start, const char *path, enum device device);
int tree_make_disk(struct node *start, const char *path, uint32_t number);
int tree_make_fifo(struct node *start, const char *path, uint32_t mode);
int tree_make_link(struct node *start, const char *path, const char *target);

/* A second name for what is no directory. A symbolic link at the end of `from` is followed only if so wanted. */
int tree_link(struct node *from_start, const char *from, bool follow, struct node *to_start, const char *to);

int tree_unlink(struct node *start, const char *path);
int tree_remove_directory(struct node *start, const char *path);
int tree_rename(struct node *from_start, const char *from, struct node *to_start, const char *to);

/*
 * Finds a regular file, directory, device or fifo; `make`: or makes a file there with this mode, and says so in `*made`.
 * The node is used once more by the caller.
 */
int tree_open(struct node *start, const char *path, bool follow, struct node **node);
int tree_create(struct node *start, const char *path, uint32_t mode, bool exclusive, bool follow,
	struct node **node, bool *made);

/* Borrows the node that a path leads to. */
int tree_find(struct node *start, const char *path, bool follow, struct node **node);

/* The path of a directory, from the root; ends with NUL. -ENOENT if it was removed, -ENAMETOOLONG. */
int tree_path(struct node *directory, char *path, size_t size);
