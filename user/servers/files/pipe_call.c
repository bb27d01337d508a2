/*
 * Calls that wait at a pipe: set aside, counted, answered and dropped. For the other pipe*.c, which know when. The server has
 * one thread, and no lock. Touches no byte of a buffer.
 */
#include "pipe_inside.h"

#include "outside.h"

/* Drops the calls of a list whose callers have given up. */
static void calls_sweep(struct call **link)
{
	while (*link != NULL)
		if ((*link)->kind == CALL_WATCH || request_waits(&files, (*link)->token))
			link = &(*link)->next;
		else
			call_drop(link);
}

/* Ends the oldest watch, whose owner may have gone: if not, it asks again. */
static void watch_evict(struct call **link, const struct description *description)
{
	while (*link != NULL && ((*link)->kind != CALL_WATCH || (*link)->description != description))
		link = &(*link)->next;
	if (*link != NULL)
		(void)call_answer(link, 0);
}

/* Makes room among the calls of a description: those that were set aside for nothing go when there are many. */
static bool calls_make_room(struct call **list, struct description *description)
{
	calls_sweep(list);
	if (description->calls >= PIPE_CALLS_MAX)
		watch_evict(&description->pipe->watches, description);
	return description->calls < PIPE_CALLS_MAX;
}

__attribute__((noinline, cold)) struct call *call_room(struct call **list, struct description *description)
{
	struct pipe *pipe = description->pipe;
	if (description->calls >= PIPE_CALLS_MAX && !calls_make_room(list, description))
		return NULL;
	return pipe->first_is_taken ? piece_take(sizeof *pipe->reads, FOR_HANDLES) : &pipe->first;
}

struct call *call_wait(
	struct call **list, struct description *description, enum call_kind kind, uint32_t token)
{
	struct call *call =
		call_has_room(description) ? &description->pipe->first : call_room(list, description);
	if (call != NULL)
		call_append(call, list, description, kind, token);
	return call;
}

int call_answer(struct call **link, long result)
{
	const struct call *call = *link;
	int error = 0;
	switch (call->kind) {
	case CALL_READ:
		return call_answer_read(link, result);
	case CALL_WRITE:
		error = answer_file_write(&files, call->token, call->done > 0 ? (long)call->done : result);
		break;
	case CALL_READY:
		error = answer_file_ready(&files, call->token, result);
		break;
	case CALL_MEET:
		error = answer_file_meet(&files, call->token, result < 0 ? result : 0);
		break;
	case CALL_WATCH:
		notification_tell(call->notification, call->bits);
		notification_drop(call->notification);
		break;
	}
	call_drop(link);
	return error;
}

static void list_end(struct call **link, const struct description *description, int error)
{
	while (*link != NULL)
		if ((*link)->description == description)
			(void)call_answer(link, error);
		else
			link = &(*link)->next;
}

void calls_end(const struct description *description, int error)
{
	struct pipe *pipe = description->pipe;
	list_end(&pipe->reads, description, error);
	list_end(&pipe->writes, description, error);
	list_end(&pipe->watches, description, error);
}
