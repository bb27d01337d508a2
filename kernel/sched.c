/*
 * The scheduler of each hart. A ready mask finds the highest priority in one step; sleepers are sorted by deadline;
 * the timer is set to whatever comes first, and not at all when nothing does.
 */
#include "sched.h"

#include "panic.h"

STATIC_ASSERT(offsetof(struct runner, frame) == 0);
STATIC_ASSERT(CONFIG_PRIORITIES <= 32);

static struct runner *current(void)
{
	return this_hart()->current;
}

void sched_init(struct hart *hart)
{
	for (unsigned i = 0; i < CONFIG_PRIORITIES; i++)
		list_init(&hart->ready[i]);
	list_init(&hart->sleepers);
	hart->slice_end = hart->console_poll = hart->timer = UINT64_MAX;
}

void runner_init(struct runner *runner, struct arch_aspace *space, unsigned priority)
{
	runner->space = space;
	runner->state = RUNNER_NEW;
	runner->priority = priority;
	runner->frame.hart = this_hart();
	list_init(&runner->link);
	list_init(&runner->sleeping);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void set_timer(struct hart *hart)
{
	uint64_t time = earlier(hart->slice_end, hart->console_poll);

	if (!list_is_empty(&hart->sleepers))
		time = earlier(time, list_first(&hart->sleepers, struct runner, sleeping)->deadline);
	if (time != hart->timer) {
		hart->timer = time;
		arch_timer_set(time);
	}
}

static unsigned highest_ready(const struct hart *hart)
{
	return 31 - (unsigned)__builtin_clz(hart->ready_mask);
}

static void enqueue(struct hart *hart, struct runner *runner, bool first)
{
	struct list *queue = &hart->ready[runner->priority];

	runner->state = RUNNER_READY;
	list_insert_before(first ? queue->next : queue, &runner->link);
	hart->ready_mask |= 1u << runner->priority;
}

static void dequeue(struct hart *hart, struct runner *runner)
{
	list_remove(&runner->link);
	if (list_is_empty(&hart->ready[runner->priority]))
		hart->ready_mask &= ~(1u << runner->priority);
}

/* Gives the current runner a time slice if it shares its priority with somebody who is ready, else no limit. */
static void set_slice(struct hart *hart, const struct runner *running)
{
	if (!(hart->ready_mask & 1u << running->priority))
		hart->slice_end = UINT64_MAX;
	else if (hart->slice_end == UINT64_MAX)
		hart->slice_end = arch_time_now() + CONFIG_TIME_SLICE_NS;
	else
		return;
	set_timer(hart);
}

static void make_ready(struct runner *runner)
{
	struct hart *hart = runner->frame.hart;
	struct runner *running = current();

	enqueue(hart, runner, false);
	if (!running || running->state != RUNNER_RUNNING || running->priority < runner->priority)
		hart->reschedule = true;
	else if (running->priority == runner->priority)
		set_slice(hart, running);
}

void runner_start(struct runner *runner)
{
	assert(runner->state == RUNNER_NEW);
	make_ready(runner);
}

static void sleep_until(struct hart *hart, struct runner *runner, uint64_t deadline)
{
	struct list *position = &hart->sleepers;

	runner->deadline = deadline;
	if (deadline == UINT64_MAX)
		return;
	while (position->previous != &hart->sleepers &&
		container_of(position->previous, struct runner, sleeping)->deadline > deadline)
		position = position->previous;
	list_insert_before(position, &runner->sleeping);
	set_timer(hart);
}

long runner_wait(struct list *queue, uint64_t deadline)
{
	struct hart *hart = this_hart();
	struct runner *runner = current();

	assert(runner && runner->state == RUNNER_RUNNING);
	runner->state = RUNNER_WAITING;
	runner->timeout_result = queue ? -ETIMEDOUT : 0;
	if (queue)
		list_append(queue, &runner->link);
	sleep_until(hart, runner, deadline);
	hart->reschedule = true;
	return WAITING;
}

static void stop_waiting(struct runner *runner)
{
	assert(runner->state == RUNNER_WAITING);
	list_remove(&runner->link);
	list_remove(&runner->sleeping);
	make_ready(runner);
}

void runner_wake_with(struct runner *runner, long result)
{
	arch_frame_set_result(&runner->frame, result);
	stop_waiting(runner);
}

void runner_wake_all_again(struct list *queue)
{
	while (!list_is_empty(queue)) {
		struct runner *runner = list_first(queue, struct runner, link);

		arch_frame_restart_call(&runner->frame);
		stop_waiting(runner);
	}
}

void runner_end(struct runner *runner)
{
	struct hart *hart = runner->frame.hart;

	if (runner->state == RUNNER_READY)
		dequeue(hart, runner);
	list_remove(&runner->link);
	list_remove(&runner->sleeping);
	runner->state = RUNNER_ENDED;
	if (current() == runner) {
		hart->current = NULL;
		hart->reschedule = true;
	}
}

void sched_yield(void)
{
	struct hart *hart = this_hart();

	hart->yielded = true;
	hart->reschedule = true;
}

void sched_poll_console_at(uint64_t time)
{
	struct hart *hart = this_hart();

	hart->console_poll = time;
	set_timer(hart);
}

void sched_timer(void)
{
	struct hart *hart = this_hart();
	uint64_t now = arch_time_now();

	while (!list_is_empty(&hart->sleepers)) {
		struct runner *runner = list_first(&hart->sleepers, struct runner, sleeping);

		if (runner->deadline > now)
			break;
		runner_wake_with(runner, runner->timeout_result);
	}
	if (hart->slice_end <= now) {
		hart->slice_end = UINT64_MAX;
		sched_yield();
	}
	/* The pending interrupt goes away only when the timer is set anew, even to the same time. */
	hart->timer = 0;
	set_timer(hart);
}

/* Whether the runner that came in goes on running. */
static bool stays(const struct hart *hart, const struct runner *running)
{
	if (!running || running->state != RUNNER_RUNNING)
		return false;
	if (!hart->ready_mask || highest_ready(hart) < running->priority)
		return true;
	return highest_ready(hart) == running->priority && !hart->yielded;
}

struct trapframe *sched_next(void)
{
	struct hart *hart = this_hart();
	struct runner *running = current(), *next;

	hart->reschedule = false;
	if (stays(hart, running)) {
		hart->yielded = false;
		return &running->frame;
	}
	if (running && running->state == RUNNER_RUNNING)
		enqueue(hart, running, !hart->yielded);
	hart->yielded = false;
	hart->slice_end = UINT64_MAX;
	while (!hart->ready_mask)
		arch_idle();
	next = list_first(&hart->ready[highest_ready(hart)], struct runner, link);
	dequeue(hart, next);
	next->state = RUNNER_RUNNING;
	hart->reschedule = false;
	set_slice(hart, next);
	if (hart->space != next->space) {
		hart->space = next->space;
		arch_aspace_enter(next->space);
	}
	if (next != running)
		arch_switch(running ? &running->frame : NULL, &next->frame);
	return &next->frame;
}
