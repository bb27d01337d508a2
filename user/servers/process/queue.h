/*
 * Signals with a value, which are queued: each is told by itself, in the order in which they were sent, while of others several
 * of one number are one. They are few, and lie in what outlives this server (kept.h).
 */
#pragma once

#include "program.h"

enum {
	QUEUED_MOST = 1024, /* of all */
	QUEUED_BY_ONE_MOST = 32, /* SIGQUEUE_MAX: of one sender that have yet to be taken */
};

struct queued {
	uint32_t to; /* the number of a program; 0: free */
	uint32_t from;
	uint32_t number; /* of the signal */
	uint32_t place; /* those with a lower one were sent before */
	uint64_t value;
};

/* 0, or -EAGAIN when there are too many. */
int queue_add(struct program *to, uint32_t from, uint32_t number, uint64_t value);

/* Takes the first of this number, and says whether there are more. False: there is none. */
bool queue_take(struct program *program, uint32_t number, struct queued *taken, bool *more);

/* The signals that there are some of. */
uint32_t queue_signals(const struct program *program);

/* Those among these signals are forgotten. Counts what is left, also of what a server before this one has queued. */
void queue_forget(struct program *program, uint32_t signals);

/* They do nothing any more. */
static inline void queue_drop(struct program *program, uint32_t signals)
{
	if (program->queued)
		queue_forget(program, signals);
}
