/*
 * What outlives this server: memory that init gives to each process server, with all programs in it. So the next one knows their
 * numbers, families, groups and what signals do to them without asking anybody, and nobody can claim to be another. What
 * is lost is what the kernel keeps for a process alone: handles (see lost.h).
 *
 * A server may end between any two stores, so what is read from there is looked at first, and pointers are not used.
 */
#pragma once

#include "program.h"
#include "queue.h"

struct kept {
	uint64_t form; /* the size of it all; another one: nothing that makes sense is there */
	uint32_t used; /* so many programs have ever been touched */
	uint32_t last_pid;
	uint32_t terminal_session, foreground; /* 0: nobody has the terminal */
	struct program programs[PROGRAMS_MOST];
	_Alignas(PAGE_SIZE) struct queued
		queues[PROGRAMS_MOST][QUEUED_MOST]; /* pages of programs that have had some */
};

extern struct kept *kept;

/* Finds the memory, or makes some where init has given none. 0 or -errno. */
int kept_open(void);

/* Has the pages that a program lies in, so that a store to it can't end this server. False: memory is out. */
bool kept_hold(const struct program *program);

/* The queue of a program, QUEUED_MOST. */
struct queued *kept_queue(const struct program *program);

/* The same for its queue. */
bool kept_hold_queue(const struct program *program);
