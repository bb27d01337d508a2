/*
 * Who runs on a hart: fixed priorities, round robin within one, preemptive, without a periodic tick. A handler never
 * stops on the kernel's stack: it says that its thread waits, returns, and the trap path runs somebody else.
 *
 * A runner belongs to one hart, its home, and only its home touches its state and its place in queues of the
 * scheduler. Others leave mail: wake up, end, or move here. So the scheduler has no lock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch.h"
#include "hart.h"
#include "lib/list.h"
#include "lock.h"

enum runner_state {
	RUNNER_NEW, /* not started */
	RUNNER_READY, /* in its home's queue */
	RUNNER_RUNNING, /* on its home, or came from there into the kernel */
	RUNNER_WAITING, /* until it is woken */
	RUNNER_ENDED,
};

/* What others can ask of a runner's home. */
enum runner_mail {
	MAIL_READY = 1, /* it has been taken out of what it waited for, or is new here: make it ready */
	MAIL_END = 2, /* end it */
};

struct runner;

/* What waiting runners stand in, under a lock of the owner's. */
struct wait_queue {
	struct spinlock *lock;
	struct list runners; /* guarded by *lock */
	enum waits_for kind; /* what they wait for, for those who ask */
	/*
	 * Called with the lock when one leaves that nobody woke: its deadline has come, or it ends. False: it can't go
	 * on yet, and whoever is the reason wakes it later. NULL: nothing to do.
	 */
	bool (*left)(struct runner *runner);
};

/* The part of a thread that can run. Its frame comes first: the trap path knows a runner by its frame. */
struct runner {
	struct trapframe frame; /* frame.hart is its home */
	struct arch_aspace *space; /* where it runs */
	unsigned priority;

	/* Its home's. */
	enum runner_state state; /* atomic: others look at it */
	int64_t cpu_time; /* atomic: ticks that it has run; while it is a hart's current one, less the time of now */
	struct list ready; /* in a ready queue */
	struct list sleeping; /* in the hart's sleepers while it has a deadline */
	uint64_t deadline;

	/* While it waits. */
	struct wait_queue *queue; /* atomic; NULL: it does not wait, or somebody is about to wake it */
	struct list waiting; /* in queue->runners, guarded by its lock; whoever takes it out wakes it */
	uint64_t wants[2]; /* what it waits for, in words of the queue's owner */

	/* Mail. */
	uint32_t mail; /* atomic: bits of runner_mail */
	struct runner *inbox_next; /* while mail is not 0 */
};

/* What a handler returns whose thread now waits: the caller's a0 is set by whoever wakes it. */
enum { WAITING = -4096 };

void sched_init(struct hart *hart);

void wait_queue_init(struct wait_queue *queue, struct spinlock *lock);

/* A new runner whose home is the least busy hart. */
void runner_init(struct runner *runner, unsigned priority);

/* Makes a new runner ready. */
void runner_start(struct runner *runner);

/*
 * The current runner waits in `queue` until somebody wakes it or the deadline passes, when its call returns
 * -ETIMEDOUT. The caller has the queue's lock. Returns WAITING, for the handler to return.
 */
MUST_USE int runner_wait(struct wait_queue *queue, uint64_t deadline) REQUIRES(*queue->lock);

/* The current runner sleeps; its call returns 0. */
MUST_USE int runner_sleep(uint64_t deadline);

/*
 * Takes a runner out of the queue it waits in and wakes it: its call returns `result`; or puts it into another queue of
 * the same lock.
 */
void runner_wake_with(struct runner *runner, long result) REQUIRES(*runner->queue->lock);
void runner_wait_elsewhere(struct runner *runner, struct wait_queue *queue) REQUIRES(*queue->lock);

/* The two halves of runner_wake_with: nobody else can wake it in between. */
void runner_claim(struct runner *runner) REQUIRES(*runner->queue->lock);
void runner_wake_claimed(struct runner *runner, long result);

/* The same as runner_wake_with, and lets it run next if it may, without a turn of the ready queue. */
void runner_hand_over(struct runner *runner, long result) REQUIRES(*runner->queue->lock);

/* Wakes everyone in `queue`; each makes its call again, in its own address space, and finds what it waited for. */
void wait_queue_wake_all_again(struct wait_queue *queue) REQUIRES(*queue->lock);

/*
 * Walks those who wait, in the order in which they came; the body may wake `item`. With the queue's lock.
 */
#define wait_queue_each(item, wait_queue) \
	for (struct list *link_ = (wait_queue)->runners.next, *next_; \
		next_ = link_->next, link_ != &(wait_queue)->runners; link_ = next_) \
		for (struct runner *item = container_of(link_, struct runner, waiting); item; item = NULL)

/* Has a runner ended by its home, which calls sched_ended. Not for the current one. */
void runner_end_later(struct runner *runner);

/* Takes the current runner out of everything for good: its hart has no current one any more. */
void runner_end_current(void);

/* Called by its home when a runner has ended on request. Set once, at boot. */
void sched_on_end(void (*ended)(struct runner *runner));

/* Ticks of arch_ticks that a runner has run. */
uint64_t runner_cpu_time(const struct runner *runner);

/* What it does, as it looks from any hart. */
enum runner_state runner_state(const struct runner *runner);

/* Where it waits, from any hart; NULL when it does not. The queue stays until this hart leaves the kernel. */
struct wait_queue *runner_queue(const struct runner *runner);

/* Lets others of the same priority run. */
void sched_yield(void);

/* Looks for console input no later than this; UINT64_MAX to stop looking. */
void sched_poll_console_at(uint64_t time);

/* Sets the timer anew after timers_due of this hart has become earlier. */
void sched_set_timer(void);

/* Wakes who slept long enough, ends the time slice; sets the timer anew. */
void sched_timer(void);

/* Does what others have left mail for. */
void sched_take_mail(void);

/* The frame to run now; waits for an interrupt while there is none. `leaving` is called before each look. */
struct trapframe *sched_next(void (*leaving)(void));
