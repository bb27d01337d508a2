/*
 * Pipes, with a name (fifos) and without: a buffer between descriptions that read and descriptions that write. A call that has to wait is set aside
 * and answered by the one that makes it possible; its bytes stay in its caller's memory till then, so a waiting call
 * costs a few bytes here whatever its length.
 */
#pragma once

#include <stdint.h>
#include <tabula/protocol/types.h>
#include <tabula/server.h>

struct description;
struct pipe;

enum {
	PIPE_BLOCKS = 4,
	PIPE_ATOMIC = 4096, /* a write of so many bytes comes in one piece */
	PIPE_CALLS_MAX = 256, /* of one description, that wait */
};

/* Makes a pipe between two new descriptions. 0 or -ENOSPC. */
int pipe_make(struct description *reader, struct description *writer);

/*
 * Makes a description of a fifo one of its pipe, which is made if there is none. -EINVAL if it neither reads nor writes, -ENOSPC,
 * -ENXIO: it would only write, wait for nobody, and nobody reads.
 */
int pipe_open(struct description *description);

/* Somebody has the other side open, or has opened it since this description was made. Always so of a pipe without a name. */
bool pipe_has_met(const struct description *description);

/* 0 as soon as that is so; or DEFERRED. */
long pipe_meet(struct description *description, uint32_t token);

/* A description of it goes. Its waiting calls get -EBADF, those that wait for it the end or -EPIPE. */
void pipe_close(struct description *description);

/* Calls that wait get what they have done so far, or -EINTR. */
void pipe_interrupt(const struct description *description);

/* A count, -errno or DEFERRED. */
long pipe_read(struct description *description, struct lent_out *to);
long pipe_write(struct description *description, const struct lent_in *from);

/* Of enum ready, at once; or DEFERRED. */
long pipe_ready(struct description *description, uint32_t token, uint32_t wanted);

/* What is so now. */
uint32_t pipe_ready_now(const struct description *description, uint32_t wanted);

/* Sets the bits of the notification, which is the pipe's from now on, when something of that is so. The number, or -ENOMEM. */
long pipe_watch(struct description *description, uint32_t wanted, int32_t notification, uint64_t bits);
void pipe_unwatch(const struct description *description, uint32_t watch);

/* Bytes that wait to be read. */
uint32_t pipe_used(const struct pipe *pipe);

void pipe_stat(const struct pipe *pipe, struct file_status *status);
