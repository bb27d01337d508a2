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
#include "lib/tree.h"
#include "lock.h"

enum runner_state {
	RUNNER_RUNNING, /* on its home, or came from there into the kernel; of one that is not current there: it waits */
	RUNNER_NEW, /* not started */
	RUNNER_READY, /* in its home's queue */
	RUNNER_WAITING, /* until it is woken */
	RUNNER_HELD, /* would be ready, but is not to run: see runner_hold */
	RUNNER_ENDED,
};

/* What others can ask of a runner's home. */
enum runner_mail {
	MAIL_READY = 1, /* it has been taken out of what it waited for, or is new here: make it ready */
	MAIL_END = 2, /* end it */
	MAIL_HOLD = 4, /* `hold` has changed: keep it from running, or let it run again */
	MAIL_CANCEL = 8, /* let the call that it waits in return -EINTR */
	MAIL_FAIL = 16, /* what it waited for has failed, in a way that its owner has to deal with */
	MAIL_PLACE = 32, /* wanted_priority or wanted_harts have changed */

	MAIL_ASKED = MAIL_HOLD | MAIL_CANCEL | MAIL_PLACE, /* somebody waits until this has been done */
};

struct runner;

/* Of a runner that nobody has given another; the end of things has it, if no thread has caused that. */
enum { RUNNER_PRIORITY = 16 };

/* What waiting runners stand in, under a lock of the owner's. */
struct wait_queue {
	struct spinlock *lock;
	struct list runners; /* guarded by *lock */
	enum waits_for kind; /* what they wait for, for those who ask */
	bool is_brief; /* what they wait for comes by itself: such a wait is not cancelled */
	/*
	 * Called with the lock when one leaves that nobody woke: -ETIMEDOUT when its deadline has come, -EINTR when it is
	 * cancelled or ends. False: it can't go on yet, and whoever is the reason wakes it later, with this result. NULL:
	 * nothing to do.
	 */
	bool (*left)(struct runner *runner, int why);
};

/* The part of a thread that can run. Its frame comes first: the trap path knows a runner by its frame. */
struct runner {
	/*
	 * frame.hart is its home. frame.plain_on is the same when it can go on there by its frame alone, once it is claimed,
	 * and nobody has to look at anything else of it: it is fit, has no deadline and nothing in the floating-point unit.
	 * Else NULL; so it may always be, since the end of a wait looks again. Its home's; atomic: others look at it.
	 */
	struct trapframe frame;
	struct arch_aspace *space; /* where it runs */
	unsigned long priority; /* its home's; atomic: others look at it */
	uint32_t harts; /* the same: bit i is set when it may run on hart i */

	/* Its home's. */
	enum runner_state state; /* atomic: others look at it */
	int64_t cpu_time; /* atomic: ticks that it has run; while it is a hart's current one, less the time of now */
	struct list ready; /* in a ready queue */
	struct tree_node sleeping; /* in the hart's sleepers while it has a deadline, which is the key */

	/* While it waits. */
	struct wait_queue *queue; /* atomic; NULL: it does not wait, or somebody is about to wake it */
	struct list waiting; /* in queue->runners, guarded by its lock; whoever takes it out wakes it */
	uint64_t wants[2]; /* what it waits for, in words of the queue's owner */

	/* Its home's, too. */
	bool held;
	bool unfit; /* held, or not to run on its home: it is not made ready here */
	bool again; /* woken to make its call again, which it has not done yet: from its waker, with the mail */

	/* Mail. */
	bool hold; /* atomic */
	uint32_t mail; /* atomic: bits of runner_mail */
	struct runner *inbox_next; /* while mail is not 0 */
	unsigned wanted_priority; /* atomic */
	uint32_t wanted_harts; /* atomic */
};

/* What a handler returns whose thread now waits: the caller's a0 is set by whoever wakes it. */
enum { WAITING = -4096 };

void sched_init(struct hart *hart);

void wait_queue_init(struct wait_queue *queue, struct spinlock *lock);

/* Every hart. */
#define HARTS_ALL UINT32_MAX

/* A new runner. Its home is the least busy one of these harts, of which one is online. */
void runner_init(struct runner *runner, unsigned priority, uint32_t harts_allowed);

/* A new runner has this priority at most. */
void runner_limit_priority(struct runner *runner, unsigned most);

/* Makes a new runner ready. */
void runner_start(struct runner *runner);

/*
 * Has a new runner held from its start on, as runner_hold would, or not after all. Only as long as nobody can leave mail for
 * it: afterwards its home may be about to end it.
 */
void runner_hold_new(struct runner *runner, bool held);

/*
 * The current runner waits in `queue` until somebody wakes it or the deadline passes, when its call returns
 * -ETIMEDOUT. The caller has the queue's lock. Returns WAITING, for the handler to return.
 */
MUST_USE static inline int runner_wait(struct wait_queue *queue, uint64_t deadline) REQUIRES(*queue->lock);

/*
 * The same, and hands the hart to `next`, a claimed runner with its result set, or NULL: it runs at once if it may, in what
 * is left of this one's time slice, so that two that call each other can't keep the others out; else it becomes ready.
 */
MUST_USE static inline int runner_wait_handing(
	struct wait_queue *queue, uint64_t deadline, struct runner *next) REQUIRES(*queue->lock);

/* The same without a place in the queue's list: who wakes it finds it otherwise. */
MUST_USE static inline int runner_wait_apart(struct wait_queue *queue, uint64_t deadline, struct runner *next)
	REQUIRES(*queue->lock);

/* The current runner sleeps; its call returns 0. */
MUST_USE int runner_sleep(uint64_t deadline);

/*
 * Takes a waiting runner out of its queue, or one that waits apart: nobody else can wake it now. With the queue's lock.
 */
static inline void runner_claim(struct runner *runner);
static inline void runner_claim_apart(struct runner *runner);

/* The call of a runner that waits, or has been claimed, returns `result`. */
static inline void runner_set_result(struct runner *runner, long result);

/* Wakes a claimed runner, whose call returns `result`. */
static inline void runner_wake(struct runner *runner, long result);

/* The same for one for which runner_is_home: it is ready here at one look. */
static inline bool runner_is_home(const struct runner *runner);
static inline void runner_wake_here(struct runner *runner, long result);

/* Both in one: claims it and wakes it. */
void runner_wake_with(struct runner *runner, long result) REQUIRES(*runner->queue->lock);

/* Puts a runner out of the list of its queue apart in another one, of the same lock. */
void runner_wait_apart_in(struct runner *runner, struct wait_queue *queue) REQUIRES(*queue->lock);

/* Wakes the first in `queue`, which makes its call again, in its own address space, and finds what it waited for. */
void wait_queue_wake_first_again(struct wait_queue *queue) REQUIRES(*queue->lock);

/*
 * Walks those who wait, in the order in which they came; the body may wake `item`. With the queue's lock. One loop, so that `break`
 * ends it; the list itself is no runner's, so it is compared as a number.
 */
#define wait_queue_each(item, wait_queue) \
	for (struct runner *item = container_of((wait_queue)->runners.next, struct runner, waiting), \
			   *next_ = container_of(item->waiting.next, struct runner, waiting); \
		(uintptr_t)item + offsetof(struct runner, waiting) != (uintptr_t) & (wait_queue)->runners; \
		item = next_, next_ = container_of(item->waiting.next, struct runner, waiting))

/* Has a runner ended by its home, which calls sched_ended. Not for the current one. */
void runner_end_later(struct runner *runner);

/* Takes the current runner out of everything for good: its hart has no current one any more. */
void runner_end_current(void);

/*
 * Asks a runner's home to do what the mail says, all but MAIL_READY and MAIL_END; it calls sched_hooks.asked when that is
 * done. A runner is held: it does not run until it is released, whatever it waits for, and its frame holds all of it. Of a
 * runner that does not wait, or has been woken already, nothing is cancelled.
 */
void runner_hold(struct runner *runner);
void runner_release(struct runner *runner);
void runner_cancel(struct runner *runner);

/* Asks for another priority; and for other harts, of which one is online: it moves there if need be. */
void runner_set_priority(struct runner *runner, unsigned priority);
void runner_set_harts(struct runner *runner, uint32_t harts_allowed);

/* Somebody has taken a runner out of its queue, and it can't go on: has its home call sched_hooks.failed. */
void runner_fail(struct runner *runner);

/* Whether a runner's home still has to do something of the kind. What was asked before by this hart is seen. */
bool runner_has_mail(const struct runner *runner, uint32_t mail);

/* Whether it has been asked to be held, and not been released since; for who guards that by a lock of his own. */
bool runner_is_to_be_held(const struct runner *runner);

/* For whoever knows that a runner is held: whether all that it waits for is to be released. */
bool runner_is_ready_but_held(const struct runner *runner);

/* Called by a runner's home, without a lock. Set once, at boot. */
struct sched_hooks {
	void (*ended)(struct runner *runner); /* it has ended, as another hart had asked */
	void (*asked)(struct runner *runner); /* it has been held, released or cancelled */
	void (*cancelled)(struct runner *runner); /* it was waiting: sets its result */
	void (*failed)(struct runner *runner); /* as runner_fail says */
};
void sched_set_hooks(const struct sched_hooks *hooks);

/* Ticks of arch_ticks that a runner has run. */
uint64_t runner_cpu_time(const struct runner *runner);

/* What it does, as it looks from any hart: of one that waits, where it waits says it, and this may be RUNNER_RUNNING. */
enum runner_state runner_state(const struct runner *runner);

/* Where it waits, from any hart; NULL when it does not. The queue stays until this hart leaves the kernel. */
struct wait_queue *runner_queue(const struct runner *runner);

/* Whether a runner with a higher priority is ready on this hart, or runs. */
bool sched_is_above(unsigned priority);

/* Lets others of the same priority run. */
void sched_yield(void);

/* Looks for console input no later than this; UINT64_MAX to stop looking. */
void sched_poll_console_at(uint64_t time);

/* Sets the timer anew after timers_due of this hart has become earlier. */
void sched_set_timer(void);

/* Wakes who slept long enough, ends the time slice; sets the timer anew. */
void sched_timer(void);

/* Does what others have left mail for. False when some is left, and the hart's work says so: interrupts come first. */
bool sched_take_mail(void);

/* Interrupts those for whom this hart has left mail. With no lock held. */
void sched_send_ipis(void);

/* The frame to run now; waits for an interrupt while there is none. `leaving` is called before each look. */
struct trapframe *sched_next(void (*leaving)(void));

/*
 * Whether a runner that waits can run at once on this hart, when the current one stops: at one look. If so, what follows has
 * the current one, `from`, whose frame is whole, wait apart without a deadline, and makes the other, which has been claimed, the
 * one that runs; the caller leaves by arch_hand_over or arch_go_on.
 */
static inline bool runner_is_at_hand(const struct runner *runner);
static inline void runner_wait_and_run(struct runner *from, struct wait_queue *queue, struct runner *next)
	REQUIRES(*queue->lock);

/*
 * Whether it is plain that the first in the ready queue, `*next`, runs when `from`, the current one, stops: it is of the same
 * priority, none comes before it, and its frame is all of it. If so, what follows has `from` wait apart without a deadline,
 * and makes the other current; the handler returns WAITING, which it returns.
 */
MUST_USE static inline bool runner_has_successor(const struct runner *from, struct runner **next);
MUST_USE static inline int runner_wait_apart_and_stop(
	struct runner *from, struct wait_queue *queue, struct runner *next) REQUIRES(*queue->lock);

/*
 * The same of one whose frame is whole. True: the caller leaves by arch_go_on; false: something else is to be done first, so
 * the handler returns WAITING.
 */
MUST_USE static inline bool runner_wait_and_run_ready(
	struct runner *from, struct wait_queue *queue, struct runner *next) REQUIRES(*queue->lock);

/* Whether a deadline has passed. */
static inline bool deadline_is_over(uint64_t deadline);

/* Whether what a hart has ready and asleep is so, and is all that it counts. For debug builds and tests, on the hart. */
bool sched_audit(const struct hart *hart);

/* ---- for switch.h */

/* A claimed or new runner is to run, on its home. */
void sched_make_ready(struct runner *runner);

/* A runner does not wait any more, and has no deadline. On its home. */
static inline void sched_end_wait(struct hart *hart, struct runner *runner);

/* The rest of that for one whose frame.plain_on is NULL: which can be set now, if nothing else is against it. */
void sched_look_closer(struct hart *hart, struct runner *runner);

/* The current runner has a deadline to be woken at. */
void sched_add_sleeper(struct runner *runner, uint64_t deadline);

/* The current runner has stopped: makes the first ready one current if that is plain, else leaves it to sched_next. */
void sched_stop(struct runner *from);

/* `next` is going to run while others are ready: sees to it that those of its priority get their turn. */
void sched_keep_slices(const struct runner *next);

#include "switch.h"
