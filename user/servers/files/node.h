/*
 * Nodes: files, directories, symbolic links, devices and fifos, apart from their names. A node lives as long as a directory
 * names it or something uses it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <tabula/protocol/types.h>

#include "data.h"

struct entry;
struct pipe;
struct record_lock;

struct directory {
	struct entry
		*entry; /* its own, in the directory above; null for the root and for one that was removed */
	struct entry *first, *last; /* in the order of their cookies */
	uint64_t cookie; /* of the last that was ever added */
	uint32_t count;
};

struct link {
	char *target; /* a piece */
	uint32_t length;
};

enum device { DEVICE_NULL, DEVICE_ZERO, DEVICE_FULL, DEVICE_CONSOLE };

/* Times that have to be brought up to date. */
enum mark { MARK_ACCESSED = 1, MARK_MODIFIED = 2, MARK_CHANGED = 4 };

struct node {
	uint64_t number;
	uint32_t mode; /* type and permissions, as in struct stat */
	uint32_t links;
	uint32_t uses;
	uint16_t marks;
	uint16_t lock_count; /* with those that wait */
	uint64_t accessed, modified, changed;
	struct record_lock *locks;
	union {
		struct data data;
		struct directory directory;
		struct link link;
		enum device device;
		uint32_t disk; /* its number */
		struct pipe *pipe; /* of a fifo, while it is open */
	};
};

enum { LINKS_MAX = 32767, MODE_BITS = 07777 };

/* What the owner, which is everybody, may do with a file: bits of its mode. */
enum permission { MAY_READ = 0400, MAY_WRITE = 0200, MAY_EXECUTE = 0100 };

/* A number that no file had before. */
uint64_t node_number(void);

/* A new node that is used once and has no links. Null when there is no room. */
struct node *node_make(uint32_t mode);

void node_use(struct node *node);

/* The end of a use; the node may go with it. */
void node_leave(struct node *node);

/* A directory names it once more, or once less: then it may go. */
void node_link(struct node *node);
void node_unlink(struct node *node);

/*
 * POSIX lets times be marked, and set when somebody asks for them: so reading costs no look at the clock.
 */
static inline void node_mark(struct node *node, uint32_t marks)
{
	node->marks = (uint16_t)(node->marks | marks);
}

void node_date(struct node *node);

void node_set_mode(struct node *node, uint32_t mode);
void node_set_times(struct node *node, uint64_t accessed, uint64_t modified, enum times which);

static inline bool node_allows(const struct node *node, enum permission permission)
{
	return (node->mode & permission) != 0;
}

static inline bool node_is_directory(const struct node *node)
{
	return S_ISDIR(node->mode);
}

static inline bool node_is_link(const struct node *node)
{
	return S_ISLNK(node->mode);
}

static inline bool node_is_file(const struct node *node)
{
	return S_ISREG(node->mode);
}

static inline bool node_is_fifo(const struct node *node)
{
	return S_ISFIFO(node->mode);
}

static inline bool node_is_disk(const struct node *node)
{
	return S_ISBLK(node->mode);
}

static inline bool node_is_device(const struct node *node)
{
	return S_ISCHR(node->mode);
}
