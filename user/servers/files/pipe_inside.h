/*
 * What the files that make up pipes share: a pipe with its ring (pipe_buffer.c), the calls that wait (pipe_call.c), whoever asks what
 * can be done (pipe_watch.c), pipes with a name (pipe_fifo.c), and what is read and written (pipe.c).
 */
#pragma once

#include <stdbool.h>
#include <tabula/serve/file.h>

#include "block.h"
#include "description.h"
#include "files.h"
#include "node.h"
#include "piece.h"
#include "pipe.h"

enum { PIPE_SIZE = PIPE_BLOCKS * BLOCK_SIZE };

enum call_kind { CALL_READ, CALL_WRITE, CALL_READY, CALL_WATCH, CALL_MEET };

/* A call that waits; or a watch, whose caller has gone on, with a number for a token. */
struct call {
	struct call *next;
	struct description *description;
	enum call_kind kind;
	uint32_t token;
	uint32_t wanted; /* of CALL_READY and CALL_WATCH */
	int32_t notification; /* of CALL_WATCH, with the bits */
	size_t done; /* bytes of a write that are in the buffer already */
	union {
		struct lent_in from;
		struct lent_out to;
		uint64_t bits;
	};
};

struct pipe {
	uint32_t blocks[PIPE_BLOCKS]; /* a ring */
	uint32_t begin, used; /* bytes */
	uint32_t readers, writers; /* descriptions */
	uint32_t all_readers, all_writers; /* of a fifo: that there have been since it has this pipe */
	struct node *node; /* of a fifo; or null */
	struct call *reads, *writes,
		*watches; /* that wait, first come first; to meet somebody, among the watches */
	struct call first; /* room for one that waits, so that a pipe with one needs no other */
	bool first_is_taken;
	uint64_t number, made;
};

/* Those of a fifo stand in its node, for whenever it is looked at. */
static inline void pipe_mark(const struct pipe *pipe, uint32_t marks)
{
	if (pipe->node != NULL)
		node_mark(pipe->node, marks);
}

/* pipe.c: something has changed: whoever can go on does. */
void pipe_go_on(struct pipe *pipe);

/* pipe_buffer.c: null when there is no room. */
struct pipe *pipe_new(void);
void pipe_drop(struct pipe *pipe);

/* Copies from the front of the buffer, and leaves it there. A count or -errno. */
long pipe_buffer_copy(const struct pipe *pipe, struct lent_out *to);
void pipe_buffer_drop(struct pipe *pipe, long count);

/* Takes what there is room for of a write, from its byte `done` on. A count or -errno; all or nothing of few bytes. */
long pipe_buffer_fill(struct pipe *pipe, const struct lent_in *from, size_t done);

/* pipe_call.c: room for a call that is not the only one that waits at its pipe; NULL when there is none. Apart, since most are. */
__attribute__((cold)) struct call *call_room(struct call **list, struct description *description);

/* Sets a call aside, for the caller to fill in the rest; NULL when there are too many, or no room. */
struct call *call_wait(
	struct call **list, struct description *description, enum call_kind kind, uint32_t token);

/* Answers a call and takes it out of its list. A write that is partly done has succeeded so far. */
int call_answer(struct call **link, long result);

/* All calls of a description end with -errno. */
void calls_end(const struct description *description, int error);

/* pipe_watch.c: who waits for something to become so hears of it. */
void pipe_serve_watches(struct pipe *pipe);

static inline bool call_has_room(const struct description *description)
{
	return __builtin_expect(!description->pipe->first_is_taken && description->calls < PIPE_CALLS_MAX, 1);
}

/* A call becomes the last of a list. */
static inline void call_append(struct call *call, struct call **list, struct description *description,
	enum call_kind kind, uint32_t token)
{
	struct pipe *pipe = description->pipe;
	if (call == &pipe->first)
		pipe->first_is_taken = true;
	call->next = NULL;
	call->description = description;
	call->kind = kind;
	call->token = token;
	description->calls++;
	while (*list != NULL)
		list = &(*list)->next;
	*list = call;
}

/* Takes a call out of its list. Here, as all that is short on the usual way: across files a call saves more registers. */
static inline void call_drop(struct call **link)
{
	struct call *call = *link;
	struct pipe *pipe = call->description->pipe;
	*link = call->next;
	call->description->calls--;
	if (call == &pipe->first)
		pipe->first_is_taken = false;
	else
		piece_drop(call);
}

/* Answers a call that reads, and takes it out of its list. */
static inline int call_answer_read(struct call **link, long result)
{
	const struct call *call = *link;
	int error = answer_file_read(&files, call->token, result, &call->to);
	call_drop(link);
	return error;
}
