/*
 * Open file descriptions: what is open, how, and where the next read or write would be. A client holds one as an
 * endpoint handle with its badge; it goes when the last of these is gone.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <tabula/protocol/types.h>
#include <tabula/server.h>

#include "node.h"

struct pipe;

struct description {
	struct client client;
	struct node *node; /* null for an end of a pipe without a name */
	struct pipe *pipe; /* of a fifo, too */
	uint32_t how; /* of enum open: read, write, append, nonblock */
	uint32_t calls; /* that wait: see pipe_call.c */
	uint64_t offset; /* of a directory, the cookie of the last name listed */
	uint32_t partners; /* of a fifo: how often its other side had been opened when this was */
	uint32_t lock_count;
	struct record_lock *locks; /* that it owns, and waits for */
};

enum { DESCRIPTIONS_MAX = 16384 };

/* Null with the reason in `*error`: -ENFILE, -ENOSPC. */
struct description *description_make(uint32_t how, int *error);

/* Opens what a path leads to. `*result` is set at 0; else -errno. */
int description_open(
	struct node *start, const char *path, uint32_t how, uint32_t mode, struct description **result);

/* The last handle is gone. */
void description_close(struct description *description);

/* What the methods of the same name do: a count or 0, or -errno, or DEFERRED. */
long description_read(struct description *description, struct lent_out *to);
long description_write(struct description *description, const struct lent_in *from);
long description_read_at(struct description *description, uint64_t offset, struct lent_out *to);
long description_write_at(struct description *description, uint64_t offset, const struct lent_in *from);
long description_seek(struct description *description, int64_t offset, enum whence whence);
long description_list(struct description *description, struct lent_out *to);
int description_truncate(struct description *description, uint64_t size);
void description_stat(struct description *description, struct file_status *status);

/* What is known of a node. */
void node_stat(struct node *node, struct file_status *status);

static inline struct description *description_of(struct client *client)
{
	return (struct description *)client;
}
