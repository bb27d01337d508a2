/*
 * Pipes: what is read and written, who goes on then, and the end. For the server's calls, one at a time: it has one thread, and
 * no lock. Never waits itself: a call that has to is set aside. See pipe.h.
 */
#include "pipe_inside.h"

#include <errno.h>
#include <sys/stat.h>

#include "outside.h"

/* Serves the first read that waits. Bytes leave the buffer only when their reader has them. */
static void serve_read(struct pipe *pipe)
{
	long count = pipe_buffer_copy(pipe, &pipe->reads->to);
	if (call_answer_read(&pipe->reads, count) == 0 && count > 0)
		pipe_buffer_drop(pipe, count);
}

/* Goes on with the first write that waits, or drops it when its caller has given up. False if there is no room for it. */
static bool serve_write(struct pipe *pipe)
{
	struct call *call = pipe->writes;
	if (!lent_waits(&call->from)) {
		call_drop(&pipe->writes);
		return true;
	}
	long count = pipe_buffer_fill(pipe, &call->from, call->done);
	if (count == 0)
		return false;
	if (count > 0)
		call->done += (size_t)count;
	if (count < 0 || call->done == call->from.size)
		(void)call_answer(&pipe->writes, count);
	return true;
}

void pipe_go_on(struct pipe *pipe)
{
	bool more = true;
	while (more) {
		while (pipe->reads != NULL && (pipe->used > 0 || pipe->writers == 0))
			serve_read(pipe);
		more = pipe->writes != NULL && serve_write(pipe);
	}
	if (pipe->watches != NULL)
		pipe_serve_watches(pipe);
}

/* What works on the buffer is apart, so that calls that wait, and those that end others' waiting, save no registers for it. */
__attribute__((noinline)) static long buffer_read(struct pipe *pipe, struct lent_out *to)
{
	long count = pipe_buffer_copy(pipe, to);
	if (count > 0)
		pipe_buffer_drop(pipe, count);
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

__attribute__((noinline)) static long buffer_write(
	struct description *description, const struct lent_in *from)
{
	struct pipe *pipe = description->pipe;
	long count = 0;
	size_t done = 0;
	/* Behind those that wait already. */
	while (pipe->writes == NULL && done < from->size &&
		(count = pipe_buffer_fill(pipe, from, done)) > 0) {
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
	pipe_mark(pipe, MARK_ACCESSED | MARK_MODIFIED);
	return (long)from->size;
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

void pipe_close(struct description *description)
{
	struct pipe *pipe = description->pipe;
	calls_end(description, -EBADF);
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
	pipe_drop(pipe);
}

void pipe_interrupt(const struct description *description)
{
	calls_end(description, -EINTR);
	pipe_go_on(description->pipe); /* behind a write that is given up there may be one that fits */
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
	return call_has_room(description) ? read_waits(&pipe->first, description, to)
					  : read_waits_too(description, to);
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
