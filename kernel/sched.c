/*
 * The scheduler of each hart. A ready mask finds the highest priority in one step; sleepers are in a tree by deadline;
 * the timer is set to whatever comes first, and not at all when nothing does.
 */
#include "sched.h"

#include "lib/bits.h"
#include "panic.h"
#include "sched_parts.h"

STATIC_ASSERT(offsetof(struct runner, frame) == 0);
STATIC_ASSERT(CONFIG_PRIORITIES <= 32);

/* Where runners wait that wait for nothing but their deadline. It has no list and no lock. */
static struct wait_queue asleep = {.kind = WAITS_FOR_TIME};

void sched_init(struct hart *hart)
{
	for (unsigned i = 0; i < CONFIG_PRIORITIES; i++)
		list_init(&hart->ready[i]);
	tree_init(&hart->sleepers, hart_random());
	hart->slice_end = hart->console_poll = hart->timers_due = hart->timer = UINT64_MAX;
}

void wait_queue_init(struct wait_queue *queue, struct spinlock *lock)
{
	queue->lock = lock;
	list_init(&queue->runners);
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

uint64_t runner_cpu_time(const struct runner *runner)
{
	int64_t time = __atomic_load_n(&runner->cpu_time, __ATOMIC_RELAXED);

	return (uint64_t)(time < 0 ? time + (int64_t)arch_ticks() : time);
}

/* This hart, if it is allowed, unless another has less to do. */
static struct hart *least_busy(uint32_t harts_allowed)
{
	struct hart *best = this_hart();
	uint32_t least =
		is_allowed(harts_allowed, best) ? __atomic_load_n(&best->load, __ATOMIC_RELAXED) : UINT32_MAX;

	for (unsigned i = 0; i < hart_count(); i++) {
		uint32_t load = __atomic_load_n(&harts[i].load, __ATOMIC_RELAXED);

		if (is_allowed(harts_allowed, &harts[i]) && load < least) {
			least = load;
			best = &harts[i];
		}
	}
	return best;
}

void runner_init(struct runner *runner, unsigned priority, uint32_t harts_allowed)
{
	set_state(runner, RUNNER_NEW);
	runner->priority = runner->wanted_priority = priority;
	runner->harts = runner->wanted_harts = harts_allowed;
	runner->frame.hart = least_busy(harts_allowed);
	list_init(&runner->ready);
	list_init(&runner->waiting);
}

void runner_limit_priority(struct runner *runner, unsigned most)
{
	assert(runner->state == RUNNER_NEW || runner->state == RUNNER_HELD);
	if (runner->priority <= most)
		return;
	arch_store(&runner->priority, most); /* it has a handle already, and others may look */
	__atomic_store_n(&runner->wanted_priority, most, __ATOMIC_RELAXED);
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

	if (hart->sleepers.first)
		time = earlier(time, hart->sleepers.first->key);
	if (time != hart->timer) {
		hart->timer = time;
		arch_timer_set(time);
	}
}

/*
 * While runners of one priority compete, the turn goes round at beats of a time slice, however long the current one has
 * had it: so that a switch need not look at the clock. A beat that finds nobody to compete is the last.
 */
static void start_slices(struct hart *hart)
{
	if (!is_never(hart->slice_end))
		return;
	hart->slice_end = arch_time_now() + CONFIG_TIME_SLICE_NS;
	set_timer(hart);
}

static bool has_rival(const struct hart *hart, const struct runner *running)
{
	return hart->ready_mask & 1u << running->priority;
}

void sched_keep_slices(const struct runner *next)
{
	struct hart *hart = this_hart();

	if (has_rival(hart, next))
		start_slices(hart);
}

void sched_add_sleeper(struct runner *runner, uint64_t deadline)
{
	struct hart *hart = this_hart();

	tree_insert(&hart->sleepers, &runner->sleeping, deadline);
	arch_store(&runner->frame.plain_on, NULL);
	set_timer(hart);
}

/* ---- ready queues: home only */

void sched_look_closer(struct hart *hart, struct runner *runner)
{
	tree_remove(&hart->sleepers, &runner->sleeping);
	if (!runner->unfit && arch_frame_is_all(&runner->frame))
		arch_store(&runner->frame.plain_on, hart);
}

static unsigned highest_ready(const struct hart *hart)
{
	return bits_highest(hart->ready_mask);
}

bool runner_is_ready_but_held(const struct runner *runner)
{
	return __atomic_load_n(&runner->state, __ATOMIC_ACQUIRE) == RUNNER_HELD;
}

void sched_enqueue(struct hart *hart, struct runner *runner, bool first)
{
	struct list *queue = &hart->ready[runner->priority];

	set_state(runner, RUNNER_READY);
	list_insert_before(first ? queue->next : queue, &runner->ready);
	hart->ready_mask |= 1u << runner->priority;
}

void sched_dequeue(struct hart *hart, struct runner *runner)
{
	list_remove(&runner->ready);
	if (list_is_empty(&hart->ready[runner->priority]))
		hart->ready_mask &= ~(1u << runner->priority);
}

void sched_move_away(struct hart *hart, struct runner *runner)
{
	if (hart->current == runner) {
		arch_frame_settle(&runner->frame);
		add_cpu_time(runner, (int64_t)arch_ticks());
		if (hart->arch.space == runner->space)
			arch_aspace_leave();
		hart->current = NULL;
		hart->work |= WORK_CHOOSE;
	}
	runner->unfit = false;
	set_state(runner, RUNNER_NEW);
	mail_move(runner, least_busy(runner->harts));
}

bool sched_try_make_ready(struct hart *hart, struct runner *runner)
{
	sched_end_wait(hart, runner);
	if (runner->held) /* release: who finds it so sees its frame as its waker has left it */
		arch_store_release(&runner->state, RUNNER_HELD); /* partner: runner_is_ready_but_held */
	else if (runner->unfit)
		set_state(runner, RUNNER_NEW);
	if (runner->unfit)
		return runner->held;
	enqueue_fit(hart, runner);
	return true;
}

static void make_ready(struct hart *hart, struct runner *runner)
{
	if (!sched_try_make_ready(hart, runner))
		sched_move_away(hart, runner);
}

/* ---- starting, waiting, waking, ending */

void sched_make_ready(struct runner *runner)
{
	if (runner_is_home(runner))
		enqueue_fit(this_hart(), runner);
	else if (is_home(runner))
		make_ready(this_hart(), runner);
	else
		mail_post(runner, MAIL_READY);
}

void runner_start(struct runner *runner)
{
	sched_make_ready(runner);
}

int runner_sleep(uint64_t deadline) NO_LOCK_ANALYSIS /* nobody else is concerned */
{
	return runner_wait_apart(&asleep, deadline, NULL);
}

void runner_hold_new(struct runner *runner, bool held)
{
	runner->hold = runner->held = runner->unfit = held;
	/* release: partner: runner_is_ready_but_held */
	arch_store_release(&runner->state, held ? RUNNER_HELD : RUNNER_NEW);
}

void runner_wake_with(struct runner *runner, long result)
{
	runner_claim(runner);
	runner_wake(runner, result);
}

void runner_wait_apart_in(struct runner *runner, struct wait_queue *queue)
{
	list_remove(&runner->waiting);
	arch_store(&runner->queue, queue);
}

void wait_queue_wake_first_again(struct wait_queue *queue)
{
	struct runner *runner = list_first(&queue->runners, struct runner, waiting);

	runner_claim(runner);
	arch_frame_restart_call(&runner->frame);
	runner->again = true;
	sched_make_ready(runner);
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

	sched_end_wait(hart, runner);
	if (!runner_leave_queue(runner, -ETIMEDOUT))
		return;
	runner_set_result(runner, sleeps ? 0 : -ETIMEDOUT);
	make_ready(hart, runner);
}

static void end_slice(struct hart *hart, uint64_t now)
{
	if (hart->current && has_rival(hart, hart->current)) {
		hart->slice_end = now + CONFIG_TIME_SLICE_NS;
		hart->yielded = true;
		hart->work |= WORK_CHOOSE;
	} else {
		hart->slice_end = UINT64_MAX;
	}
}

void sched_timer(void)
{
	struct hart *hart = this_hart();
	uint64_t now = arch_time_now();

	/* Those that are left have their turn as soon as other interrupts have had theirs. */
	for (unsigned i = 0;
		i < CONFIG_TIMER_BATCH && hart->sleepers.first && hart->sleepers.first->key <= now; i++)
		time_out(hart, container_of(hart->sleepers.first, struct runner, sleeping));
	if (hart->slice_end <= now)
		end_slice(hart, now);
	/* The pending interrupt goes away only when the timer is set anew, even to the same time. */
	hart->timer = 0;
	set_timer(hart);
}

/* ---- choosing */

bool sched_is_above(unsigned priority)
{
	const struct hart *hart = this_hart();
	const struct runner *running = hart->current;

	if (hart->ready_mask >> priority > 1)
		return true;
	return running && running->state == RUNNER_RUNNING && running->priority > priority;
}

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
		if (!is_allowed(runner->harts, other) || other == hart ||
			!__atomic_load_n(&other->idle, __ATOMIC_RELAXED) ||
			__atomic_load_n(&other->load, __ATOMIC_RELAXED))
			continue;
		sched_dequeue(hart, runner);
		count_load(hart, -1);
		set_state(runner, RUNNER_NEW);
		mail_move(runner, other);
		sched_send_ipis();
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

	assert(!hart->ipis_due);
	if (hart->arch.space)
		arch_aspace_leave();
	if (hart->current) /* it waits, so it does not run meanwhile, for whoever looks from another hart, too */
		add_cpu_time(hart->current, (int64_t)start);
	__atomic_store_n(&hart->idle, 1, __ATOMIC_SEQ_CST);
	arch_wait();
	(void)__atomic_exchange_n(&hart->idle, 0, __ATOMIC_SEQ_CST);
	end = arch_ticks();
	if (hart->current)
		add_cpu_time(hart->current, -(int64_t)end);
	arch_store(&hart->idle_time, hart->idle_time + (end - start));
	(void)sched_take_mail();
	arch_take_interrupts();
}

/* What is to be done before somebody is chosen; false when that has made more to do. */
static bool tidy(struct hart *hart, void (*leaving)(void))
{
	uint32_t work = hart->work;

	hart->work = 0;
	if (work & WORK_IPIS)
		sched_send_ipis();
	if ((work & WORK_MAIL) && !sched_take_mail())
		arch_take_interrupts(); /* no object is held here */
	if ((work & WORK_OBJECTS) || hart->postponed)
		leaving();
	if (hart->postponed) /* somebody more important than the objects comes first */
		hart->work &= WORK_MAIL | WORK_IPIS;
	return !hart->work;
}

static struct runner *choose(struct hart *hart, void (*leaving)(void))
{
	for (;;) {
		if (!tidy(hart, leaving))
			continue;

		struct runner *running = hart->current;

		if (stays(hart, running))
			return running;
		if (running && running->state == RUNNER_RUNNING)
			sched_enqueue(hart, running, !hart->yielded);
		if (hart->ready_mask)
			break;
		idle(hart);
	}

	unsigned priority = highest_ready(hart);
	struct runner *next = first_ready(hart, priority);

	take_ready(hart, next, priority);
	set_state(next, RUNNER_RUNNING);
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

	if (hart->yielded)
		share_load(hart);
	hart->yielded = false;
	if (hart->ready_mask)
		sched_keep_slices(next);
	if (hart->arch.space != next->space)
		arch_aspace_enter(next->space);
	if (next != hart->current)
		change_to(hart, next);
	return &next->frame;
}

void sched_stop(struct runner *from)
{
	struct hart *hart = this_hart();

	count_load(hart, -1);
	if (!is_plain(hart) || hart->ready_mask >> from->priority != 1) {
		hart->work |= WORK_CHOOSE;
		return;
	}

	struct runner *next = first_ready(hart, from->priority);

	take_ready(hart, next, from->priority);
	if (hart->ready_mask)
		sched_keep_slices(next);
	switch_to(hart, from, next);
}

void sched_yield(void)
{
	struct hart *hart = this_hart();
	struct runner *running = hart->current;

	if (!is_plain(hart) || hart->ready_mask >> running->priority != 1) {
		hart->yielded = true;
		hart->work |= WORK_CHOOSE;
		return;
	}

	struct runner *next = first_ready(hart, running->priority);

	take_ready(hart, next, running->priority);
	sched_enqueue(hart, running, false);
	switch_to(hart, running, next);
}
