/*
 * What the parts of the scheduler, sched.c and mail.c, have in common. Nobody else includes it. All is for a runner's
 * home only, unless it says so.
 */
#pragma once

#include "arch.h"
#include "hart.h"
#include "sched.h"

static inline bool is_home(const struct runner *runner)
{
	return __atomic_load_n(&runner->frame.hart, __ATOMIC_RELAXED) == this_hart();
}

static inline void set_state(struct runner *runner, enum runner_state state)
{
	arch_store(&runner->state, state);
}

/* One that handed the hart over when it began to wait has not changed it, since who is current says it. */
static inline enum runner_state state_here(const struct hart *hart, const struct runner *runner)
{
	return runner->state == RUNNER_RUNNING && hart->current != runner ? RUNNER_WAITING : runner->state;
}

static inline bool is_allowed(uint32_t harts_allowed, const struct hart *hart)
{
	return harts_allowed >> hart->index & 1;
}

/*
 * The time that a runner has run. The current one of a hart has a number below zero there, from which the time of now
 * is missing: so one word tells all, and a look from another hart is never torn.
 */
static inline void add_cpu_time(struct runner *runner, int64_t ticks)
{
	int64_t before = __atomic_load_n(&runner->cpu_time, __ATOMIC_RELAXED);

	arch_store(&runner->cpu_time, before + ticks);
}

/* Puts a runner into its queue, as ready, or takes it out. */
void sched_enqueue(struct hart *hart, struct runner *runner, bool first);
void sched_dequeue(struct hart *hart, struct runner *runner);

/* Makes a runner ready that is in no queue, unless it is held. False when it is not to run here: sched_move_away follows. */
MUST_USE bool sched_try_make_ready(struct hart *hart, struct runner *runner);

/*
 * Gives a runner that is in no queue to another hart, on which it can run at once. If it was the current one here, nothing
 * of it may stay: neither registers, nor the address space, which ends with its last thread wherever that is.
 */
void sched_move_away(struct hart *hart, struct runner *runner);

/* Leaves mail with the runner's home. From every hart. */
void mail_post(struct runner *runner, uint32_t mail);

/* Gives a runner that is in no queue a new home, which makes it ready. From the home that it had. */
void mail_move(struct runner *runner, struct hart *home);

/* Takes a waiting runner out of its queue to wake it, or lets it go: false when somebody else is about to. */
bool runner_leave_queue(struct runner *runner, int why);
