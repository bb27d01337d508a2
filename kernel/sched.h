/*
 * Who runs on a hart: fixed priorities, round robin within one, preemptive, without a periodic tick. A handler never
 * stops on the kernel's stack: it says that its thread waits, returns, and the trap path runs somebody else.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch.h"
#include "hart.h"
#include "lib/list.h"

enum runner_state {
	RUNNER_NEW, /* not started */
	RUNNER_READY, /* in a hart's queue */
	RUNNER_RUNNING, /* on a hart, or came from there into the kernel */
	RUNNER_WAITING, /* until runner_wake_* */
	RUNNER_ENDED,
};

/* The part of a thread that can run. Its frame comes first: the trap path knows a runner by its frame. */
struct runner {
	struct trapframe frame;
	struct arch_aspace *space; /* where it runs */
	enum runner_state state;
	unsigned priority;
	struct list link; /* in a ready queue, or in the queue of what it waits for */
	struct list sleeping; /* in the hart's sleepers while it has a deadline */
	uint64_t deadline; /* while waiting */
	long timeout_result; /* of the call, when the deadline comes first */
};

/* What a handler returns whose thread now waits: the caller's a0 is set by whoever wakes it. */
enum { WAITING = -4096 };

void sched_init(struct hart *hart);

void runner_init(struct runner *runner, struct arch_aspace *space, unsigned priority);

/* Makes a new runner ready. */
void runner_start(struct runner *runner);

/*
 * The current runner waits in `queue` until somebody wakes it or the deadline passes, when its call returns
 * `-ETIMEDOUT`, or 0 when `queue` is NULL, which is sleep. Returns WAITING, for the handler to return.
 */
long runner_wait(struct list *queue, uint64_t deadline);

/* Wakes a waiting runner; its call returns `result`. */
void runner_wake_with(struct runner *runner, long result);

/* Wakes everyone in `queue`; each makes its call again, in its own address space, and finds what it waited for. */
void runner_wake_all_again(struct list *queue);

/* Takes a runner out of everything for good. If it is the current one, its hart has no current one any more. */
void runner_end(struct runner *runner);

/* Lets others of the same priority run. */
void sched_yield(void);

/* Looks for console input no later than this; UINT64_MAX to stop looking. */
void sched_poll_console_at(uint64_t time);

/* Wakes who slept long enough, ends the time slice; sets the timer anew. */
void sched_timer(void);

/* The frame to run now; waits for an interrupt while there is none. */
struct trapframe *sched_next(void);
