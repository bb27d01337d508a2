/*
 * The scheduler of each hart. A ready mask finds the highest priority in one step; sleepers are sorted by deadline;
 * the timer is set to whatever comes first, and not at all when nothing does.
 */
#include "sched.h"

#include "panic.h"
#include "report.h"

STATIC_ASSERT(offsetof(struct runner, frame) == 0);
STATIC_ASSERT(CONFIG_PRIORITIES <= 32);

static const struct sched_hooks *hooks;

/* Where runners wait that wait for nothing but their deadline. It has no list and no lock. */
static struct wait_queue asleep = {.kind = WAITS_FOR_TIME};

void sched_set_hooks(const struct sched_hooks *wanted)
{
	hooks = wanted;
}

static struct runner *current(void)
{
	return this_hart()->current;
}

static bool is_home(const struct runner *runner)
{
	return __atomic_load_n(&runner->frame.hart, __ATOMIC_RELAXED) == this_hart();
}

void sched_init(struct hart *hart)
{
	for (unsigned i = 0; i < CONFIG_PRIORITIES; i++)
		list_init(&hart->ready[i]);
	list_init(&hart->sleepers);
	hart->slice_end = hart->console_poll = hart->timers_due = hart->timer = UINT64_MAX;
}

void wait_queue_init(struct wait_queue *queue, struct spinlock *lock)
{
	queue->lock = lock;
	list_init(&queue->runners);
}

static void set_state(struct runner *runner, enum runner_state state)
{
	arch_store(&runner->state, state);
}

enum runner_state runner_state(const struct runner *runner)
{
	return __atomic_load_n(&runner->state, __ATOMIC_RELAXED);
}

/*
 * A runner is out of its queue before the queue can go, and that waits until every hart has left the kernel: whoever
 * still finds the queue here may use it. Acquire: it is seen as it was made. Partner: wait.
 */
struct wait_queue *runner_queue(const struct runner *runner)
{
	return __atomic_load_n(&runner->queue, __ATOMIC_ACQUIRE);
}

/* Out of what it waited in, with the queue's lock if there is one. */
static void leave(struct runner *runner)
{
	list_remove(&runner->waiting);
	arch_store(&runner->queue, NULL);
}

/*
 * The time that a runner has run. The current one of a hart has a number below zero there, from which the time of now
 * is missing: so one word tells all, and a look from another hart is never torn.
 */
static void add_cpu_time(struct runner *runner, int64_t ticks)
{
	int64_t before = __atomic_load_n(&runner->cpu_time, __ATOMIC_RELAXED);

	arch_store(&runner->cpu_time, before + ticks);
}

uint64_t runner_cpu_time(const struct runner *runner)
{
	int64_t time = __atomic_load_n(&runner->cpu_time, __ATOMIC_RELAXED);

	return (uint64_t)(time < 0 ? time + (int64_t)arch_ticks() : time);
}

/* This hart unless another has less to do. */
static struct hart *least_busy(void)
{
	struct hart *best = this_hart();
	uint32_t least = __atomic_load_n(&best->load, __ATOMIC_RELAXED);

	for (unsigned i = 0; i < hart_count(); i++) {
		uint32_t load = __atomic_load_n(&harts[i].load, __ATOMIC_RELAXED);

		if (load < least) {
			least = load;
			best = &harts[i];
		}
	}
	return best;
}

void runner_init(struct runner *runner, unsigned priority)
{
	set_state(runner, RUNNER_NEW);
	runner->priority = priority;
	runner->frame.hart = least_busy();
	list_init(&runner->ready);
	list_init(&runner->sleeping);
	list_init(&runner->waiting);
}

/* ---- time */

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void set_timer(struct hart *hart)
{
	uint64_t time = earlier(hart->slice_end, hart->console_poll);

	time = earlier(time, __atomic_load_n(&hart->timers_due, __ATOMIC_RELAXED));

	if (!list_is_empty(&hart->sleepers))
		time = earlier(time, list_first(&hart->sleepers, struct runner, sleeping)->deadline);
	if (time != hart->timer) {
		hart->timer = time;
		arch_timer_set(time);
	}
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

/* ---- ready queues: home only */

static unsigned highest_ready(const struct hart *hart)
{
	return 31 - (unsigned)__builtin_clz(hart->ready_mask);
}

/* The current runner counts too. */
static void count_load(struct hart *hart, int change)
{
	arch_store(&hart->load, hart->load + (uint32_t)change);
}

bool runner_is_ready_but_held(const struct runner *runner)
{
	return __atomic_load_n(&runner->state, __ATOMIC_ACQUIRE) == RUNNER_HELD;
}

static void enqueue(struct hart *hart, struct runner *runner, bool first)
{
	struct list *queue = &hart->ready[runner->priority];

	set_state(runner, RUNNER_READY);
	list_insert_before(first ? queue->next : queue, &runner->ready);
	hart->ready_mask |= 1u << runner->priority;
}

static void dequeue(struct hart *hart, struct runner *runner)
{
	list_remove(&runner->ready);
	if (list_is_empty(&hart->ready[runner->priority]))
		hart->ready_mask &= ~(1u << runner->priority);
}

static void make_ready(struct hart *hart, struct runner *runner)
{
	struct runner *running = hart->current;

	list_remove(&runner->sleeping);
	if (runner->held) {
		/* Release: who finds it so sees its frame as its waker has left it. Partner: runner_is_ready_but_held. */
		arch_store_release(&runner->state, RUNNER_HELD);
		return;
	}
	enqueue(hart, runner, false);
	count_load(hart, 1);
	if (!running || running->state != RUNNER_RUNNING || running->priority < runner->priority)
		hart->reschedule = true;
	else if (running->priority == runner->priority)
		set_slice(hart, running);
}

/* ---- mail */

/* Leaves mail with the runner's home. A runner is in an inbox while it has mail, and so only once. */
static void post(struct runner *runner, uint32_t mail)
{
	/* Acquire and release: what the sender did to the runner is seen by its home. Partner: sched_take_mail. */
	if (__atomic_fetch_or(&runner->mail, mail, __ATOMIC_ACQ_REL))
		return;

	struct hart *home = __atomic_load_n(&runner->frame.hart, __ATOMIC_ACQUIRE);
	struct runner *first = __atomic_load_n(&home->inbox, __ATOMIC_RELAXED);

	do
		runner->inbox_next = first;
	while (!__atomic_compare_exchange_n(
		&home->inbox, &first, runner, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
	if (home == this_hart())
		home->reschedule = true;
	else if (!first)
		arch_send_ipi(home); /* a full inbox has an IPI on its way */
}

/*
 * True when the runner is still in its queue, and out of it now; false when somebody is about to wake it. It may be
 * moved from queue to queue meanwhile, but these have one lock.
 */
static bool leave_queue(struct runner *runner, int why)
{
	struct wait_queue *queue = __atomic_load_n(&runner->queue, __ATOMIC_RELAXED);
	bool queued;

	if (!queue)
		return false;
	if (queue == &asleep) {
		leave(runner);
		return true;
	}

	struct spinlock *lock = queue->lock;

	lock_acquire(lock);
	queue = __atomic_load_n(&runner->queue, __ATOMIC_RELAXED);
	queued = queue;
	if (queued && queue->left)
		queued = queue->left(runner, why);
	leave(runner);
	lock_release(lock);
	return queued;
}

/* Out of where it waits for its turn. */
static void make_unready(struct hart *hart, struct runner *runner)
{
	if (hart->handed_over == runner)
		hart->handed_over = NULL;
	else
		dequeue(hart, runner);
	count_load(hart, -1);
}

static void end(struct hart *hart, struct runner *runner)
{
	switch (runner->state) {
	case RUNNER_READY:
		make_unready(hart, runner);
		break;
	case RUNNER_RUNNING:
		count_load(hart, -1);
		break;
	case RUNNER_WAITING:
		leave_queue(runner, -EINTR);
		break;
	case RUNNER_NEW:
	case RUNNER_HELD:
	case RUNNER_ENDED:
		break;
	}
	list_remove(&runner->sleeping);
	set_state(runner, RUNNER_ENDED);
	if (hart->current == runner) {
		add_cpu_time(runner, (int64_t)arch_ticks());
		hart->current = NULL;
		hart->reschedule = true;
	}
	if (hart->space == runner->space)
		arch_aspace_enter(NULL);
}

/* ---- keeping a runner from running */

static void hold(struct hart *hart, struct runner *runner)
{
	switch (runner->state) {
	case RUNNER_READY:
		make_unready(hart, runner);
		set_state(runner, RUNNER_HELD);
		break;
	case RUNNER_RUNNING:
		count_load(hart, -1);
		set_state(runner, RUNNER_HELD);
		hart->reschedule = true;
		break;
	case RUNNER_NEW:
	case RUNNER_WAITING: /* when it is made ready */
	case RUNNER_HELD:
	case RUNNER_ENDED:
		break;
	}
	runner->held = true;
	if (hart->current == runner)
		arch_frame_settle(&runner->frame);
}

static void release(struct hart *hart, struct runner *runner)
{
	runner->held = false;
	if (runner->state == RUNNER_HELD)
		make_ready(hart, runner);
}

static void look_at_hold(struct hart *hart, struct runner *runner)
{
	bool wanted = __atomic_load_n(&runner->hold, __ATOMIC_RELAXED);

	if (wanted && !runner->held)
		hold(hart, runner);
	else if (!wanted && runner->held)
		release(hart, runner);
}

static void set_result(struct runner *runner, long result)
{
	report_result(arch_frame_call(&runner->frame), result);
	arch_frame_set_result(&runner->frame, result);
}

/*
 * A runner that was woken to make its call again, and has not done so, would wait once more: its call is over instead. It
 * may not even be ready yet, when its waker's mail is still on the way.
 */
static void cancel(struct hart *hart, struct runner *runner)
{
	if (runner->state == RUNNER_WAITING && leave_queue(runner, -EINTR)) {
		set_result(runner, -EINTR);
		make_ready(hart, runner);
	} else if (runner->again) {
		runner->again = false;
		report_result(arch_frame_call(&runner->frame), -EINTR);
		arch_frame_finish_call(&runner->frame, -EINTR);
	}
}

void runner_hold(struct runner *runner)
{
	__atomic_store_n(&runner->hold, true, __ATOMIC_RELAXED);
	post(runner, MAIL_HOLD);
}

void runner_release(struct runner *runner)
{
	__atomic_store_n(&runner->hold, false, __ATOMIC_RELAXED);
	post(runner, MAIL_HOLD);
}

void runner_cancel(struct runner *runner)
{
	post(runner, MAIL_CANCEL);
}

bool runner_has_mail(const struct runner *runner, uint32_t mail)
{
	return __atomic_load_n(&runner->mail, __ATOMIC_RELAXED) & mail;
}

/* What keeps it from running comes first, so that it does not run in between; what it waited for before the rest. */
static void take(struct hart *hart, struct runner *runner)
{
	uint32_t mail = __atomic_exchange_n(&runner->mail, 0, __ATOMIC_ACQ_REL);

	if (runner->state == RUNNER_ENDED)
		return;
	if (mail & MAIL_END) {
		end(hart, runner);
		hooks->ended(runner);
		return;
	}
	if (mail & MAIL_HOLD)
		look_at_hold(hart, runner);
	if (mail & MAIL_READY)
		make_ready(hart, runner);
	if (mail & MAIL_CANCEL)
		cancel(hart, runner);
	if (mail & MAIL_ASKED)
		hooks->asked(runner);
}

void sched_take_mail(void)
{
	struct hart *hart = this_hart();
	struct runner *runner, *next;

	if (!__atomic_load_n(&hart->inbox, __ATOMIC_RELAXED))
		return;
	runner = __atomic_exchange_n(&hart->inbox, NULL, __ATOMIC_ACQUIRE);
	for (; runner; runner = next) {
		next = runner->inbox_next; /* before taking: then it can get mail again */
		if (is_home(runner)) {
			take(hart, runner);
		} else { /* it has moved since: pass it on */
			uint32_t mail = __atomic_exchange_n(&runner->mail, 0, __ATOMIC_ACQ_REL);

			post(runner, mail);
		}
	}
}

/* ---- starting, waiting, waking, ending */

/* The caller has taken it out of what it waited for. */
static void wake(struct runner *runner)
{
	if (is_home(runner))
		make_ready(this_hart(), runner);
	else
		post(runner, MAIL_READY);
}

void runner_start(struct runner *runner)
{
	wake(runner);
}

static int wait(struct wait_queue *queue, uint64_t deadline)
{
	struct hart *hart = this_hart();
	struct runner *runner = current();

	assert(runner && runner->state == RUNNER_RUNNING);
	set_state(runner, RUNNER_WAITING);
	arch_store_release(&runner->queue, queue);
	count_load(hart, -1);
	sleep_until(hart, runner, deadline);
	hart->reschedule = true;
	return WAITING;
}

int runner_wait(struct wait_queue *queue, uint64_t deadline)
{
	list_append(&queue->runners, &current()->waiting);
	return wait(queue, deadline);
}

int runner_sleep(uint64_t deadline)
{
	return wait(&asleep, deadline);
}

void runner_claim(struct runner *runner)
{
	leave(runner);
}

void runner_wake_claimed(struct runner *runner, long result)
{
	set_result(runner, result);
	wake(runner);
}

void runner_wake_with(struct runner *runner, long result)
{
	leave(runner);
	runner_wake_claimed(runner, result);
}

void runner_wait_elsewhere(struct runner *runner, struct wait_queue *queue)
{
	list_remove(&runner->waiting);
	list_append(&queue->runners, &runner->waiting);
	arch_store(&runner->queue, queue);
}

/* Whether it may run next on this hart: nobody more important is ready, and nobody was handed the hart already. */
static bool may_take_over(const struct hart *hart, const struct runner *runner)
{
	return is_home(runner) && !runner->held && !hart->handed_over &&
	       hart->ready_mask >> runner->priority <= 1;
}

void runner_hand_over(struct runner *runner, long result)
{
	struct hart *hart = this_hart();

	if (!may_take_over(hart, runner)) {
		runner_wake_with(runner, result);
		return;
	}
	leave(runner);
	set_result(runner, result);
	list_remove(&runner->sleeping);
	set_state(runner, RUNNER_READY);
	count_load(hart, 1);
	hart->handed_over = runner;
	hart->reschedule = true;
}

void wait_queue_wake_all_again(struct wait_queue *queue)
{
	wait_queue_each(runner, queue)
	{
		leave(runner);
		arch_frame_restart_call(&runner->frame);
		runner->again = true;
		wake(runner);
	}
}

void runner_end_later(struct runner *runner)
{
	post(runner, MAIL_END);
}

void runner_end_current(void)
{
	end(this_hart(), current());
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

void sched_set_timer(void)
{
	set_timer(this_hart());
}

static void time_out(struct hart *hart, struct runner *runner)
{
	bool sleeps = runner_queue(runner) == &asleep;

	list_remove(&runner->sleeping);
	if (!leave_queue(runner, -ETIMEDOUT))
		return;
	set_result(runner, sleeps ? 0 : -ETIMEDOUT);
	make_ready(hart, runner);
}

void sched_timer(void)
{
	struct hart *hart = this_hart();
	uint64_t now = arch_time_now();

	while (!list_is_empty(&hart->sleepers)) {
		struct runner *runner = list_first(&hart->sleepers, struct runner, sleeping);

		if (runner->deadline > now)
			break;
		time_out(hart, runner);
	}
	if (hart->slice_end <= now) {
		hart->slice_end = UINT64_MAX;
		sched_yield();
	}
	/* The pending interrupt goes away only when the timer is set anew, even to the same time. */
	hart->timer = 0;
	set_timer(hart);
}

/* ---- choosing */

/* A ready runner whose frame holds all of it: the current one's registers are still in the hart. */
static struct runner *movable(const struct hart *hart)
{
	if (!hart->ready_mask)
		return NULL;
	list_each(runner, &hart->ready[highest_ready(hart)], struct runner,
		ready) if (runner != hart->current) return runner;
	return NULL;
}

/* A runner that this hart has no time for goes to one that has nothing to do. */
static void share_load(struct hart *hart)
{
	for (unsigned i = 0; i < hart_count(); i++) {
		struct hart *other = &harts[i];
		struct runner *runner = movable(hart);

		if (!runner)
			return;
		if (other == hart || !__atomic_load_n(&other->idle, __ATOMIC_RELAXED) ||
			__atomic_load_n(&other->load, __ATOMIC_RELAXED))
			continue;
		dequeue(hart, runner);
		count_load(hart, -1);
		set_state(runner, RUNNER_NEW);
		arch_store_release(&runner->frame.hart, other);
		post(runner, MAIL_READY);
	}
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

/*
 * Sequentially consistent, against a hart that wakes a runner and then ends the object it waited for: either that hart
 * sees that this one is not idle any more, and waits until it has left the kernel, or this one sees the mail before it
 * looks at the queue of a runner whose deadline has come.
 */
static void idle(struct hart *hart)
{
	uint64_t start = arch_ticks(), end;

	if (hart->space)
		arch_aspace_enter(NULL);
	__atomic_store_n(&hart->idle, 1, __ATOMIC_SEQ_CST);
	arch_wait();
	(void)__atomic_exchange_n(&hart->idle, 0, __ATOMIC_SEQ_CST);
	end = arch_ticks();
	if (hart->current) /* it waits, and has not run meanwhile */
		add_cpu_time(hart->current, (int64_t)(start - end));
	arch_store(&hart->idle_time, hart->idle_time + (end - start));
	sched_take_mail();
	arch_take_interrupts();
}

/*
 * The runner that was handed the hart, if the current one has stopped: it goes on with the time slice of that one, so
 * that two that call each other can't keep the others out. Otherwise it goes into the queue.
 */
static struct runner *take_handed_over(struct hart *hart)
{
	struct runner *next = hart->handed_over;

	hart->handed_over = NULL;
	if (hart->yielded || (hart->current && hart->current->state == RUNNER_RUNNING)) {
		enqueue(hart, next, true);
		return NULL;
	}
	set_state(next, RUNNER_RUNNING);
	return next;
}

static struct runner *choose(struct hart *hart, void (*leaving)(void))
{
	for (;;) {
		struct runner *running = hart->current;

		hart->reschedule = false;
		sched_take_mail();
		leaving();
		if (hart->reschedule)
			continue;
		if (hart->handed_over) {
			struct runner *next = take_handed_over(hart);

			if (next)
				return next;
		}
		if (stays(hart, running))
			return running;
		if (running && running->state == RUNNER_RUNNING)
			enqueue(hart, running, !hart->yielded);
		if (hart->ready_mask)
			break;
		idle(hart);
	}

	struct runner *next = list_first(&hart->ready[highest_ready(hart)], struct runner, ready);

	dequeue(hart, next);
	next->again = false;
	set_state(next, RUNNER_RUNNING);
	if (next != hart->current)
		hart->slice_end = UINT64_MAX;
	return next;
}

static void change_to(struct hart *hart, struct runner *next)
{
	int64_t now = (int64_t)arch_ticks();

	if (hart->current)
		add_cpu_time(hart->current, now);
	add_cpu_time(next, -now);
	arch_switch(hart->current ? &hart->current->frame : NULL, &next->frame);
}

struct trapframe *sched_next(void (*leaving)(void))
{
	struct hart *hart = this_hart();
	struct runner *next = choose(hart, leaving);

	hart->reschedule = false;
	if (hart->yielded)
		share_load(hart);
	hart->yielded = false;
	set_slice(hart, next);
	if (hart->space != next->space)
		arch_aspace_enter(next->space);
	if (next != hart->current)
		change_to(hart, next);
	return &next->frame;
}
