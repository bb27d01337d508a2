#include "pipe.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <tabula/serve/file.h>

#include "block.h"
#include "description.h"
#include "files.h"
#include "node.h"
#include "outside.h"
#include "piece.h"

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

/* ---- making and the buffer */

static void blocks_drop(struct pipe *pipe)
{
	for (int i = 0; i < PIPE_BLOCKS; i++)
		if (pipe->blocks[i] != 0)
			block_drop(pipe->blocks[i]);
	piece_drop(pipe);
}

/* Null when there is no room. */
static struct pipe *pipe_new(void)
{
	struct pipe *pipe = piece_take(sizeof *pipe, FOR_HANDLES);
	if (pipe == NULL)
		return NULL;
	for (int i = 0; i < PIPE_BLOCKS; i++) {
		pipe->blocks[i] = block_take(i > 0 ? pipe->blocks[i - 1] : 0, FOR_HANDLES);
		if (pipe->blocks[i] == 0) {
			blocks_drop(pipe);
			return NULL;
		}
	}
	return pipe;
}

int pipe_make(struct description *reader, struct description *writer)
{
	struct pipe *pipe = pipe_new();
	if (pipe == NULL)
		return -ENOSPC;
	pipe->number = node_number();
	pipe->made = moment_now();
	pipe->readers = pipe->writers = 1;
	reader->pipe = writer->pipe = pipe;
	return 0;
}

/* Those of a fifo stand in its node, for whenever it is looked at. */
static void times_mark(const struct pipe *pipe, uint32_t marks)
{
	if (pipe->node != NULL)
		node_mark(pipe->node, marks);
}

/* Bytes that lie together from a place in the ring on. */
static char *ring_at(const struct pipe *pipe, uint32_t place, size_t *size)
{
	place %= PIPE_SIZE;
	size_t left = BLOCK_SIZE - place % BLOCK_SIZE;
	if (*size > left)
		*size = left;
	return block_bytes(pipe->blocks[place / BLOCK_SIZE]) + place % BLOCK_SIZE;
}

/* Copies from the front of the buffer, and leaves it there. A count or -errno. */
static long buffer_copy(const struct pipe *pipe, struct lent_out *to)
{
	size_t size = to->size < pipe->used ? to->size : pipe->used;
	for (size_t done = 0, count; done < size; done += count) {
		count = size - done;
		const char *bytes = ring_at(pipe, pipe->begin + (uint32_t)done, &count);
		int error = lent_write(to, done, bytes, count);
		if (error != 0)
			return error;
	}
	return (long)size;
}

static void buffer_drop(struct pipe *pipe, long count)
{
	pipe->used -= (uint32_t)count;
	pipe->begin = pipe->used > 0 ? (pipe->begin + (uint32_t)count) % PIPE_SIZE : 0;
	times_mark(pipe, MARK_ACCESSED);
}

/* Takes what there is room for of a write, from its byte `done` on. A count or -errno; all or nothing of few bytes. */
static long buffer_fill(struct pipe *pipe, const struct lent_in *from, size_t done)
{
	size_t size = from->size - done, room = PIPE_SIZE - pipe->used;
	if (room < size && from->size <= PIPE_ATOMIC)
		return 0;
	if (size > room)
		size = room;
	for (size_t filled = 0, count; filled < size; filled += count) {
		count = size - filled;
		char *bytes = ring_at(pipe, pipe->begin + pipe->used + (uint32_t)filled, &count);
		int error = lent_read(from, done + filled, bytes, count);
		if (error != 0)
			return error;
	}
	pipe->used += (uint32_t)size;
	times_mark(pipe, MARK_MODIFIED);
	return (long)size;
}

/* ---- calls that wait */

/* Takes a call out of its list. */
static void call_drop(struct call **link)
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

/* Drops the calls of a list whose callers have given up. */
static void calls_sweep(struct call **link)
{
	while (*link != NULL)
		if ((*link)->kind == CALL_WATCH || request_waits(&files, (*link)->token))
			link = &(*link)->next;
		else
			call_drop(link);
}

static int call_answer(struct call **link, long result);

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

/* Room for a call that is not the only one that waits at its pipe; NULL when there is none. Apart, since most are. */
__attribute__((noinline, cold)) static struct call *call_room(
	struct call **list, struct description *description)
{
	struct pipe *pipe = description->pipe;
	if (description->calls >= PIPE_CALLS_MAX && !calls_make_room(list, description))
		return NULL;
	return pipe->first_is_taken ? piece_take(sizeof *pipe->reads, FOR_HANDLES) : &pipe->first;
}

static inline bool has_room_for_one(const struct description *description)
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

/* Sets a call aside, for the caller to fill in the rest; NULL when there are too many, or no room. */
static struct call *call_wait(
	struct call **list, struct description *description, enum call_kind kind, uint32_t token)
{
	struct call *call =
		has_room_for_one(description) ? &description->pipe->first : call_room(list, description);
	if (call != NULL)
		call_append(call, list, description, kind, token);
	return call;
}

/* Answers a call that reads, and takes it out of its list. */
static inline int read_answer(struct call **link, long result)
{
	const struct call *call = *link;
	int error = answer_file_read(&files, call->token, result, &call->to);
	call_drop(link);
	return error;
}

/* Answers a call and takes it out of its list. A write that is partly done has succeeded so far. */
static int call_answer(struct call **link, long result)
{
	const struct call *call = *link;
	int error = 0;
	switch (call->kind) {
	case CALL_READ:
		return read_answer(link, result);
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

/* Serves the first read that waits. Bytes leave the buffer only when their reader has them. */
static void serve_read(struct pipe *pipe)
{
	long count = buffer_copy(pipe, &pipe->reads->to);
	if (read_answer(&pipe->reads, count) == 0 && count > 0)
		buffer_drop(pipe, count);
}

/* Goes on with the first write that waits, or drops it when its caller has given up. False if there is no room for it. */
static bool serve_write(struct pipe *pipe)
{
	struct call *call = pipe->writes;
	if (!lent_waits(&call->from)) {
		call_drop(&pipe->writes);
		return true;
	}
	long count = buffer_fill(pipe, &call->from, call->done);
	if (count == 0)
		return false;
	if (count > 0)
		call->done += (size_t)count;
	if (count < 0 || call->done == call->from.size)
		(void)call_answer(&pipe->writes, count);
	return true;
}

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

static void serve_watches(struct pipe *pipe)
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

/* Something has changed: whoever can go on does. */
static void pipe_go_on(struct pipe *pipe)
{
	bool more = true;
	while (more) {
		while (pipe->reads != NULL && (pipe->used > 0 || pipe->writers == 0))
			serve_read(pipe);
		more = pipe->writes != NULL && serve_write(pipe);
	}
	if (pipe->watches != NULL)
		serve_watches(pipe);
}

/* ---- the calls */

/* What works on the buffer is apart, so that calls that wait, and those that end others' waiting, save no registers for it. */
__attribute__((noinline)) static long buffer_read(struct pipe *pipe, struct lent_out *to)
{
	long count = buffer_copy(pipe, to);
	if (count > 0)
		buffer_drop(pipe, count);
	pipe_go_on(pipe);
	return count;
}

static inline long read_waits(struct call *call, struct description *description, const struct lent_out *to)
{
	call_append(call, &description->pipe->reads, description, CALL_READ, to->token);
	call->to = *to;
	return DEFERRED;
}

/* The same for one that is not the only one that waits. Apart, as what works on the buffer. */
__attribute__((noinline, cold)) static long read_waits_too(
	struct description *description, const struct lent_out *to)
{
	struct call *call = call_room(&description->pipe->reads, description);
	return call != NULL ? read_waits(call, description, to) : -ENOMEM;
}

long pipe_read(struct description *description, struct lent_out *to)
{
	struct pipe *pipe = description->pipe;
	if (to->size == 0)
		return 0;
	if (pipe->used > 0)
		return buffer_read(pipe, to);
	if (pipe->writers == 0)
		return 0;
	if (description->how & OPEN_NONBLOCK)
		return -EAGAIN;
	return has_room_for_one(description) ? read_waits(&pipe->first, description, to)
					     : read_waits_too(description, to);
}

__attribute__((noinline)) static long buffer_write(
	struct description *description, const struct lent_in *from)
{
	struct pipe *pipe = description->pipe;
	long count = 0;
	size_t done = 0;
	/* Behind those that wait already. */
	while (pipe->writes == NULL && done < from->size && (count = buffer_fill(pipe, from, done)) > 0) {
		done += (size_t)count;
		pipe_go_on(pipe);
	}
	if (done == from->size || count < 0)
		return done > 0 ? (long)done : count;
	if (description->how & OPEN_NONBLOCK)
		return done > 0 ? (long)done : -EAGAIN;
	struct call *call = call_wait(&pipe->writes, description, CALL_WRITE, from->token);
	if (call == NULL)
		return done > 0 ? (long)done : -ENOMEM;
	call->from = *from;
	call->done = done;
	return DEFERRED;
}

/* The reader that was to have the bytes could not: they are for the next one, and at last for the buffer. `error` is for a reader that still waits. */
__attribute__((noinline, cold)) static long pass_to_others(
	struct description *description, const struct lent_in *from, int error)
{
	struct pipe *pipe = description->pipe;
	if (error != 0)
		(void)answer_file_read(&files, pipe->reads->token, error, &pipe->reads->to);
	call_drop(&pipe->reads);
	return pipe_write(description, from);
}

/*
 * Hands the bytes of a short write to the first read that waits, if it is for as many, so that they need not go through the buffer,
 * which is empty while one waits.
 */
static inline long pass_on(struct description *description, const struct lent_in *from)
{
	struct pipe *pipe = description->pipe;
	struct call *read = pipe->reads;
	int error = lent_pass(&read->to, from);
	if (error != 0)
		return pass_to_others(description, from, error);
	if (answer_file_read(&files, read->token, (long)from->size, &read->to) != 0)
		return pass_to_others(description, from, 0);
	call_drop(&pipe->reads);
	times_mark(pipe, MARK_ACCESSED | MARK_MODIFIED);
	return (long)from->size;
}

long pipe_write(struct description *description, const struct lent_in *from)
{
	struct pipe *pipe = description->pipe;
	const struct call *read = pipe->reads;
	if (pipe->readers == 0)
		return -EPIPE;
	if (read != NULL && lent_bytes(from) != NULL && from->size > 0 && from->size <= read->to.size)
		return pass_on(description, from);
	return buffer_write(description, from);
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

/* ---- pipes with a name */

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

/* ---- the end of calls, and of a description */

static void calls_end(struct call **link, const struct description *description, int error)
{
	while (*link != NULL)
		if ((*link)->description == description)
			(void)call_answer(link, error);
		else
			link = &(*link)->next;
}

static void all_calls_end(const struct description *description, int error)
{
	struct pipe *pipe = description->pipe;
	calls_end(&pipe->reads, description, error);
	calls_end(&pipe->writes, description, error);
	calls_end(&pipe->watches, description, error);
}

void pipe_interrupt(const struct description *description)
{
	all_calls_end(description, -EINTR);
	pipe_go_on(description->pipe); /* behind a write that is given up there may be one that fits */
}

void pipe_close(struct description *description)
{
	struct pipe *pipe = description->pipe;
	all_calls_end(description, -EBADF);
	pipe->readers -= (description->how & OPEN_READ) != 0;
	pipe->writers -= (description->how & OPEN_WRITE) != 0;
	if (pipe->readers == 0)
		while (pipe->writes != NULL)
			(void)call_answer(&pipe->writes, -EPIPE);
	pipe_go_on(pipe);
	if (pipe->readers > 0 || pipe->writers > 0)
		return;
	if (pipe->node != NULL)
		pipe->node->pipe = NULL;
	blocks_drop(pipe);
}

uint32_t pipe_used(const struct pipe *pipe)
{
	return pipe->used;
}

void pipe_stat(const struct pipe *pipe, struct file_status *status)
{
	*status = (struct file_status){
		.number = pipe->number,
		.size = pipe->used,
		.accessed = pipe->made,
		.modified = pipe->made,
		.changed = pipe->made,
		.mode = S_IFIFO | 0600,
		.links = 1,
	};
}
