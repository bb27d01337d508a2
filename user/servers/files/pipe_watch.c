/*
 * What can be done with a pipe, and those who wait for something to become so: poll, and watches. For the server's calls, and
 * for the other pipe*.c when something has changed. The server has one thread, and no lock. Moves no byte.
 */
#include "pipe_inside.h"

#include <errno.h>

#include "outside.h"

/* The writers of a fifo have not gone before the first has come: who would read waits for that one. */
static uint32_t readiness(const struct pipe *pipe, const struct description *description)
{
	uint32_t ready = 0;
	if (description->how & OPEN_READ) {
		ready |= pipe->used > 0 ? READY_READ : 0;
		ready |= pipe->writers == 0 && pipe_has_met(description) ? READY_READ | READY_HANGUP : 0;
	}
	if (description->how & OPEN_WRITE) {
		ready |= PIPE_SIZE - pipe->used >= PIPE_ATOMIC || pipe->readers == 0 ? READY_WRITE : 0;
		ready |= pipe->readers == 0 ? READY_HANGUP : 0;
	}
	return ready;
}

/* What a watch is told, and a call that waits for something to become so. */
static uint32_t outcome(const struct call *call)
{
	const struct description *description = call->description;
	return call->kind == CALL_MEET
		       ? pipe_has_met(description)
		       : readiness(description->pipe, description) & (call->wanted | READY_HANGUP);
}

void pipe_serve_watches(struct pipe *pipe)
{
	struct call **link = &pipe->watches;
	while (*link != NULL) {
		uint32_t ready = outcome(*link);
		if (ready != 0)
			(void)call_answer(link, (long)ready);
		else
			link = &(*link)->next;
	}
}

long pipe_ready(struct description *description, uint32_t token, uint32_t wanted)
{
	struct pipe *pipe = description->pipe;
	uint32_t ready = pipe_ready_now(description, wanted);
	if (ready != 0)
		return (long)ready;
	struct call *call = call_wait(&pipe->watches, description, CALL_READY, token);
	if (call == NULL)
		return -ENOMEM;
	call->wanted = wanted;
	return DEFERRED;
}

uint32_t pipe_ready_now(const struct description *description, uint32_t wanted)
{
	return readiness(description->pipe, description) & (wanted | READY_HANGUP);
}

long pipe_watch(struct description *description, uint32_t wanted, int32_t notification, uint64_t bits)
{
	static uint32_t last;
	struct call *call = call_wait(&description->pipe->watches, description, CALL_WATCH, last + 1);
	if (call == NULL)
		return -ENOMEM;
	call->wanted = wanted;
	call->notification = notification;
	call->bits = bits;
	return (long)++last;
}

void pipe_unwatch(const struct description *description, uint32_t watch)
{
	for (struct call **link = &description->pipe->watches; *link != NULL; link = &(*link)->next)
		if ((*link)->kind == CALL_WATCH && (*link)->token == watch &&
			(*link)->description == description) {
			notification_drop((*link)->notification);
			call_drop(link);
			return;
		}
}
