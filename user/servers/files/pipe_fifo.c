/*
 * Pipes with a name: which of them a description is of, and whether it has met the other side. For opening a file; the pipe
 * of a node is there while descriptions are. The server has one thread, and no lock. Moves no byte.
 */
#include "pipe_inside.h"

#include <errno.h>

static void pipe_join(struct pipe *pipe, struct description *description)
{
	bool reads = description->how & OPEN_READ, writes = description->how & OPEN_WRITE;
	description->pipe = pipe;
	description->partners = reads ? pipe->all_writers : pipe->all_readers;
	pipe->readers += reads;
	pipe->all_readers += reads;
	pipe->writers += writes;
	pipe->all_writers += writes;
}

int pipe_open(struct description *description)
{
	struct node *node = description->node;
	uint32_t sides = description->how & (OPEN_READ | OPEN_WRITE);
	bool is_read = node->pipe != NULL && node->pipe->readers > 0;
	if (sides == 0)
		return -EINVAL;
	if (sides == OPEN_WRITE && (description->how & OPEN_NONBLOCK) && !is_read)
		return -ENXIO;
	if (node->pipe == NULL)
		node->pipe = pipe_new();
	if (node->pipe == NULL)
		return -ENOSPC;
	node->pipe->node = node;
	pipe_join(node->pipe, description);
	pipe_go_on(node->pipe);
	return 0;
}

bool pipe_has_met(const struct description *description)
{
	const struct pipe *pipe = description->pipe;
	bool reads = description->how & OPEN_READ;
	return pipe->node == NULL || (reads ? pipe->writers : pipe->readers) > 0 ||
	       (reads ? pipe->all_writers : pipe->all_readers) != description->partners;
}

long pipe_meet(struct description *description, uint32_t token)
{
	if (pipe_has_met(description))
		return 0;
	return call_wait(&description->pipe->watches, description, CALL_MEET, token) != NULL ? DEFERRED
											     : -ENOMEM;
}
