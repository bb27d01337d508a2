/*
 * Signals that are queued: those from SIGRTMIN on, however they were sent, and those with a value. Each is told by itself, the
 * ones of one number in the order in which they were sent, while of others several of one number are one. Each program has
 * room for so many that it has yet to take, in what outlives this server (kept.h): nobody can fill that of another, and one
 * sender not all of it.
 *
 * A program is told once that there are some of a number (queue_tell), and again only when it has taken the last of them.
 */
#pragma once

#include "program.h"

enum {
	QUEUED_MOST = 64, /* of one receiver */
	QUEUED_BY_ONE_MOST = 32, /* SIGQUEUE_MAX: of one sender */
};

struct queued {
	uint32_t to; /* the number of the program; another one: free */
	uint32_t from;
	uint32_t number; /* of the signal */
	uint32_t place; /* those with a lower one were sent before */
	uint64_t value;
	uint32_t code; /* as in siginfo_t */
	uint32_t reserved;
};

/* 0, or -EAGAIN when there are too many, or memory is out. */
int queue_add(struct program *to, const struct queued *signal);

/* Takes the first of this number, and says whether there are more. False: there is none. */
bool queue_take(struct program *program, uint32_t number, struct queued *taken, bool *more);

/* The signals that there are some of, which the program has not been told. */
uint64_t queue_untold(const struct program *program);

/* The same; now it has been told. */
uint64_t queue_tell(struct program *program);

/* Those among these signals are forgotten. Counts what is left, also of what a server before this one has queued. */
void queue_forget(struct program *program, uint64_t signals);

/* They do nothing any more. */
static inline void queue_drop(struct program *program, uint64_t signals)
{
	if (program->queued)
		queue_forget(program, signals);
}
