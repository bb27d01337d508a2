/*
 * The short way from one runner to another of the same hart, inlined, since calls between threads are as fast as
 * this is short. A runner that starts to wait makes the next one current at once, when it is plain who that is: the
 * one that it hands the hart to, or the first in the ready queue, and nothing else is to be done on this hart. Whatever
 * is not plain is left to sched_next. Included by sched.h.
 */
#pragma once

#include "report.h"
#include "sched.h"

/* A time of more than 292 years does not come, no less than UINT64_MAX: one look at the sign tells. */
static inline bool is_never(uint64_t time)
{
	return (int64_t)time < 0;
}

static inline bool deadline_is_over(uint64_t deadline)
{
	return !is_never(deadline) && arch_time_now() >= deadline;
}

static inline void runner_claim_apart(struct runner *runner)
{
	arch_store(&runner->queue, NULL);
}

static inline void runner_claim(struct runner *runner)
{
	list_remove(&runner->waiting);
	runner_claim_apart(runner);
}

static inline void runner_set_result(struct runner *runner, long result)
{
	if (DEBUG_CHECKS)
		report_result(arch_frame_call_number(&runner->frame), result);
	arch_frame_set_result(&runner->frame, result);
}

/* The current runner counts too. */
static inline void count_load(struct hart *hart, int change)
{
	arch_store(&hart->load, hart->load + (uint32_t)change);
}

static inline bool is_at_home(const struct hart *hart, const struct runner *runner)
{
	return __atomic_load_n(&runner->frame.plain_on, __ATOMIC_RELAXED) == hart;
}

/*
 * One that is fit, and has no deadline any more, comes to its turn behind the others of its priority. sched_next sees to it
 * that it has one: at once, or when it finds that time slices have to begin.
 */
static inline void enqueue_fit(struct hart *hart, struct runner *runner)
{
	const struct runner *running = hart->current;
	unsigned long priority = runner->priority;

	arch_store(&runner->state, RUNNER_READY);
	list_append(&hart->ready[priority], &runner->ready);
	hart->ready_mask |= 1u << priority;
	count_load(hart, 1);
	/* If the current one has stopped, WORK_CHOOSE is set already, or will be by whoever stops it. */
	if (!running || running->priority < priority ||
		(running->priority == priority && is_never(hart->slice_end)))
		hart->work |= WORK_CHOOSE;
}

static inline bool runner_is_home(const struct runner *runner)
{
	return is_at_home(this_hart(), runner);
}

static inline void runner_wake_here(struct runner *runner, long result)
{
	runner_set_result(runner, result);
	enqueue_fit(this_hart(), runner);
}

static inline void runner_wake(struct runner *runner, long result)
{
	runner_set_result(runner, result);
	sched_make_ready(runner);
}

/* All of a switch but registers. */
static ALWAYS_INLINE void change_runner(struct hart *hart, struct runner *from, struct runner *next)
{
	int64_t now = (int64_t)arch_ticks();

	arch_store(&from->cpu_time, from->cpu_time + now);
	arch_store(&next->cpu_time, next->cpu_time - now);
	arch_store(&next->state, RUNNER_RUNNING);
	if (hart->arch.space != next->space)
		arch_aspace_enter(next->space);
}

/* Makes `next` the current one; the way out changes the registers. */
static ALWAYS_INLINE void switch_to(struct hart *hart, struct runner *from, struct runner *next)
{
	change_runner(hart, from, next);
	arch_switch(&from->frame, &next->frame);
	hart->current = next;
	hart->work = WORK_SWITCH;
}

/*
 * Whether others that are ready, and nothing else, are all that there is to be done, and a runner that is at home comes before
 * them: they are no more important, and those that are as important have their turn when its time slice ends.
 */
static inline bool comes_before_ready(const struct hart *hart, const struct runner *runner)
{
	uint64_t busy = hart->busy; /* the lower half is all but ready_mask */

	return !(uint32_t)busy && busy >> 32 >> runner->priority <= 1 && !is_never(hart->slice_end);
}

static inline bool runner_is_at_hand(const struct runner *runner)
{
	const struct hart *hart = this_hart();

	return is_at_home(hart, runner) &&
	       (__builtin_expect(!hart->busy, 1) || comes_before_ready(hart, runner));
}

/* Whether nothing else is to be done on this hart. */
static inline bool is_plain(const struct hart *hart)
{
	return !hart->work && !hart->postponed;
}

/* Whether a claimed runner may run here and now, when the current one stops: it is plain that nobody comes before it. */
static inline bool may_take_over(const struct hart *hart, const struct runner *next)
{
	return __atomic_load_n(&next->frame.hart, __ATOMIC_RELAXED) == hart && !next->unfit &&
	       is_plain(hart) && hart->ready_mask >> next->priority <= 1;
}

static inline void sched_end_wait(struct hart *hart, struct runner *runner)
{
	if (!runner->frame.plain_on)
		sched_look_closer(hart, runner);
}

static inline void note_queue(struct runner *runner, struct wait_queue *queue)
{
	arch_store_pointer(&runner->queue, queue); /* partner: runner_queue */
}

static inline struct runner *first_ready(const struct hart *hart, unsigned long priority)
{
	return list_first(&hart->ready[priority], struct runner, ready);
}

/* Takes the first of those that are ready with this priority, to run it. */
static inline void take_ready(struct hart *hart, struct runner *first, unsigned long priority)
{
	struct list *queue = first->ready.previous, *rest = first->ready.next;

	queue->next = rest;
	rest->previous = queue;
	if (__builtin_expect(rest == queue, 1))
		hart->ready_mask ^= 1u << priority;
	first->again = false;
}

static ALWAYS_INLINE bool runner_has_successor(const struct runner *from, struct runner **next)
{
	const struct hart *hart = this_hart();
	unsigned long priority = from->priority;
	uint64_t busy = hart->busy; /* the lower half is all but ready_mask */

	if ((uint32_t)busy || busy >> 32 >> priority != 1)
		return false;
	*next = first_ready(hart, priority);
	return is_at_home(hart, *next);
}

/* For those that are left, slices may have to begin: sched_next sees to that. */
static inline bool slices_may_begin(const struct hart *hart)
{
	return hart->ready_mask && is_never(hart->slice_end);
}

static ALWAYS_INLINE void wait_and_take_ready(
	struct hart *hart, struct runner *from, struct wait_queue *queue, struct runner *next)
{
	note_queue(from, queue);
	count_load(hart, -1);
	take_ready(hart, next, next->priority);
	change_runner(hart, from, next);
}

static ALWAYS_INLINE int runner_wait_apart_and_stop(
	struct runner *from, struct wait_queue *queue, struct runner *next)
{
	struct hart *hart = this_hart();

	wait_and_take_ready(hart, from, queue, next);
	hart->current = next;
	hart->work = slices_may_begin(hart) ? WORK_SWITCH | WORK_CHOOSE : WORK_SWITCH;
	return WAITING;
}

static ALWAYS_INLINE bool runner_wait_and_run_ready(
	struct runner *from, struct wait_queue *queue, struct runner *next)
{
	struct hart *hart = this_hart();

	wait_and_take_ready(hart, from, queue, next);
	if (__builtin_expect(!slices_may_begin(hart), 1))
		return true;
	hart->current = next;
	hart->work = WORK_SWITCH | WORK_CHOOSE;
	return false;
}

/* The current runner has stopped; `next` has been claimed, or is NULL. */
static ALWAYS_INLINE void switch_away(struct hart *hart, struct runner *from, struct runner *next)
{
	if (!next) {
		sched_stop(from);
	} else if (may_take_over(hart, next)) {
		sched_end_wait(hart, next);
		if (hart->ready_mask)
			sched_keep_slices(next);
		switch_to(hart, from, next);
	} else {
		sched_make_ready(next);
		sched_stop(from);
	}
}

static inline void runner_wait_and_run(struct runner *from, struct wait_queue *queue, struct runner *next)
{
	note_queue(from, queue);
	change_runner(this_hart(), from, next);
}

static ALWAYS_INLINE int runner_wait_apart(struct wait_queue *queue, uint64_t deadline, struct runner *next)
{
	struct hart *hart = this_hart();
	struct runner *runner = hart->current;

	arch_store(&runner->state, RUNNER_WAITING);
	note_queue(runner, queue);
	if (!is_never(deadline))
		sched_add_sleeper(runner, deadline);
	switch_away(hart, runner, next);
	return WAITING;
}

static ALWAYS_INLINE int runner_wait_handing(struct wait_queue *queue, uint64_t deadline, struct runner *next)
{
	list_append(&queue->runners, &this_hart()->current->waiting);
	return runner_wait_apart(queue, deadline, next);
}

static ALWAYS_INLINE int runner_wait(struct wait_queue *queue, uint64_t deadline)
{
	return runner_wait_handing(queue, deadline, NULL);
}
