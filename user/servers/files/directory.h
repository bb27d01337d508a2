/*
 * Directories: names of nodes. The entries of all directories stand in one table, to be found by directory and name
 * in a step, and those of each directory in a list, in the order in which they were added: a position in a listing
 * is the cookie of an entry, so it stays good whatever comes and goes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "node.h"

enum { NAME_BYTES_MAX = 255 };

struct entry {
	struct entry *next_in_chain; /* of the table */
	struct entry *next, *previous; /* of the directory */
	struct node *directory, *node;
	uint64_t cookie;
	uint32_t hash;
	uint16_t length;
	char name[];
};

/* The cookies of the two names that every directory has without an entry. */
enum { COOKIE_SELF = 1, COOKIE_ABOVE = 2 };

/* Null when there is none of this name. "." and ".." are no entries. */
struct entry *directory_find(struct node *directory, const char *name, size_t length);

/* Adds a name that the directory does not have. Null when there is no room. */
struct entry *directory_add(struct node *directory, const char *name, size_t length, struct node *node);

/* The name goes, and with it perhaps the node. */
void directory_remove(struct entry *entry);

/* An entry comes to name another node instead. */
void directory_replace(struct entry *entry, struct node *node);

/* The first entry whose cookie is greater; null at the end. */
struct entry *directory_after(struct node *directory, uint64_t cookie);

/* The directory above; the root is above itself. Null for one that has been removed. */
struct node *directory_above(struct node *directory);

/* Is `directory` the same as `node`, or below it? */
bool directory_is_below(struct node *directory, const struct node *node);
