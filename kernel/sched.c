/*
 * The scheduler of each hart. A ready mask finds the highest priority in one step; sleepers are in a tree by deadline;
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

static void post(struct runner *runner, uint32_t mail);

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

static bool is_allowed(uint32_t harts_allowed, const struct hart *hart)
{
	return harts_allowed >> hart->index & 1;
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
	assert(runner->state == RUNNER_NEW);
	if (runner->priority > most)
		runner->priority = runner->wanted_priority = most;
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
	if (hart->slice_end != UINT64_MAX)
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

/*
 * Gives a runner that is in no queue to another hart, on which it can run at once. If it was the current one here, nothing of it may stay:
 * neither registers, nor the address space, which ends with its last thread wherever that is.
 */
static void move_away(struct hart *hart, struct runner *runner)
{
	if (hart->current == runner) {
		arch_frame_settle(&runner->frame);
		add_cpu_time(runner, (int64_t)arch_ticks());
		if (hart->space == runner->space)
			arch_aspace_enter(NULL);
		hart->current = NULL;
		hart->work |= WORK_CHOOSE;
	}
	runner->unfit = false;
	set_state(runner, RUNNER_NEW);
	arch_store_release(&runner->frame.hart, least_busy(runner->harts));
	post(runner, MAIL_READY);
}

/* Makes a runner ready that is in no queue, unless it is held. False when it is not to run here: move_away follows. */
static bool try_make_ready(struct hart *hart, struct runner *runner)
{
	struct runner *running = hart->current;

	tree_remove(&hart->sleepers, &runner->sleeping);
	if (runner->held) /* release: who finds it so sees its frame as its waker has left it */
		arch_store_release(&runner->state, RUNNER_HELD); /* partner: runner_is_ready_but_held */
	else if (runner->unfit)
		set_state(runner, RUNNER_NEW);
	if (runner->unfit)
		return runner->held;
	enqueue(hart, runner, false);
	count_load(hart, 1);
	if (!running || running->state != RUNNER_RUNNING || running->priority < runner->priority)
		hart->work |= WORK_CHOOSE;
	else if (running->priority == runner->priority)
		start_slices(hart);
	return true;
}

static void make_ready(struct hart *hart, struct runner *runner)
{
	if (!try_make_ready(hart, runner))
		move_away(hart, runner);
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
		home->work |= WORK_MAIL;
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
		runner_claim(runner);
		return true;
	}

	struct spinlock *lock = queue->lock;

	lock_acquire(lock);
	queue = __atomic_load_n(&runner->queue, __ATOMIC_RELAXED);
	queued = queue;
	if (queued && queue->left)
		queued = queue->left(runner, why);
	runner_claim(runner);
	lock_release(lock);
	return queued;
}

/* Out of where it waits for its turn. */
static void make_unready(struct hart *hart, struct runner *runner)
{
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
	tree_remove(&hart->sleepers, &runner->sleeping);
	set_state(runner, RUNNER_ENDED);
	if (hart->current == runner) {
		add_cpu_time(runner, (int64_t)arch_ticks());
		hart->current = NULL;
		hart->work |= WORK_CHOOSE;
	}
	if (hart->loaded == runner)
		hart->loaded = NULL;
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
		hart->work |= WORK_CHOOSE;
		break;
	case RUNNER_NEW:
	case RUNNER_WAITING: /* when it is made ready */
	case RUNNER_HELD:
	case RUNNER_ENDED:
		break;
	}
	runner->held = runner->unfit = true;
	if (hart->current == runner)
		arch_frame_settle(&runner->frame);
}

/* These say whether it stays here; if not, it is in no queue, and goes to another home. */
static bool release(struct hart *hart, struct runner *runner)
{
	runner->held = false;
	runner->unfit = !is_allowed(runner->harts, hart);
	return runner->state != RUNNER_HELD || try_make_ready(hart, runner);
}

static bool look_at_hold(struct hart *hart, struct runner *runner)
{
	bool wanted = __atomic_load_n(&runner->hold, __ATOMIC_RELAXED);

	if (!wanted && runner->held)
		return release(hart, runner);
	if (wanted && !runner->held)
		hold(hart, runner);
	return true;
}

/*
 * A runner that was woken to make its call again, and has not done so, would wait once more: its call is over instead. It
 * may not even be ready yet, when its waker's mail is still on the way.
 */
static bool cancel(struct hart *hart, struct runner *runner)
{
	const struct wait_queue *queue = runner_queue(runner);

	if (queue && queue->is_brief)
		return true;
	if (runner->state == RUNNER_WAITING && leave_queue(runner, -EINTR)) {
		hooks->cancelled(runner);
		return try_make_ready(hart, runner);
	}
	if (runner->again) {
		runner->again = false;
		report_result(arch_frame_call_number(&runner->frame), -EINTR);
		arch_frame_finish_call(&runner->frame, -EINTR);
	}
	return true;
}

/* ---- where and when it runs */

static void change_priority(struct hart *hart, struct runner *runner, unsigned priority)
{
	bool queued = runner->state == RUNNER_READY;

	if (queued)
		dequeue(hart, runner);
	arch_store(&runner->priority, priority);
	if (queued)
		enqueue(hart, runner, false);
	hart->work |= WORK_CHOOSE; /* it may be somebody else's turn now */
}

/* One that waits, or is held, moves when it is made ready. */
static bool change_harts(struct hart *hart, struct runner *runner, uint32_t harts_allowed)
{
	arch_store(&runner->harts, harts_allowed);
	runner->unfit = runner->held || !is_allowed(harts_allowed, hart);
	if (runner->held || !runner->unfit)
		return true;
	if (runner->state == RUNNER_READY)
		make_unready(hart, runner);
	else if (runner->state == RUNNER_RUNNING)
		count_load(hart, -1);
	else
		return true;
	set_state(runner, RUNNER_NEW);
	return false;
}

static bool look_at_place(struct hart *hart, struct runner *runner)
{
	unsigned priority = __atomic_load_n(&runner->wanted_priority, __ATOMIC_RELAXED);
	uint32_t harts_allowed = __atomic_load_n(&runner->wanted_harts, __ATOMIC_RELAXED);

	if (priority != runner->priority)
		change_priority(hart, runner, priority);
	return harts_allowed == runner->harts || change_harts(hart, runner, harts_allowed);
}

void runner_set_priority(struct runner *runner, unsigned priority)
{
	__atomic_store_n(&runner->wanted_priority, priority, __ATOMIC_RELAXED);
	post(runner, MAIL_PLACE);
}

void runner_set_harts(struct runner *runner, uint32_t harts_allowed)
{
	__atomic_store_n(&runner->wanted_harts, harts_allowed, __ATOMIC_RELAXED);
	post(runner, MAIL_PLACE);
}

/* ---- asking its home */

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

void runner_fail(struct runner *runner)
{
	post(runner, MAIL_FAIL);
}

bool runner_has_mail(const struct runner *runner, uint32_t mail)
{
	return __atomic_load_n(&runner->mail, __ATOMIC_RELAXED) & mail;
}

/* What keeps it from running here comes before what makes it ready. */
static void take(struct hart *hart, struct runner *runner)
{
	uint32_t mail = __atomic_exchange_n(&runner->mail, 0, __ATOMIC_ACQ_REL);
	bool stays_here = true;

	if (runner->state == RUNNER_ENDED)
		return;
	if (mail & MAIL_END) {
		end(hart, runner);
		hooks->ended(runner);
		return;
	}
	if (mail & MAIL_FAIL)
		hooks->failed(runner);
	if (mail & MAIL_HOLD)
		stays_here &= look_at_hold(hart, runner);
	if (mail & MAIL_PLACE)
		stays_here &= look_at_place(hart, runner);
	if (mail & MAIL_CANCEL)
		stays_here &= cancel(hart, runner);
	if (mail & MAIL_READY)
		stays_here &= try_make_ready(hart, runner);
	if (mail & MAIL_ASKED) /* while this is its home: another could do what is asked for next meanwhile */
		hooks->asked(runner);
	if (!stays_here)
		move_away(hart, runner);
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

void sched_make_ready(struct runner *runner)
{
	if (is_home(runner))
		make_ready(this_hart(), runner);
	else
		post(runner, MAIL_READY);
}

void runner_start(struct runner *runner)
{
	sched_make_ready(runner);
}

int runner_sleep(uint64_t deadline) NO_LOCK_ANALYSIS /* nobody else is concerned */
{
	return runner_wait_apart(&asleep, deadline, NULL);
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

void wait_queue_wake_all_again(struct wait_queue *queue)
{
	wait_queue_each(runner, queue)
	{
		runner_claim(runner);
		arch_frame_restart_call(&runner->frame);
		runner->again = true;
		sched_make_ready(runner);
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

	tree_remove(&hart->sleepers, &runner->sleeping);
	if (!leave_queue(runner, -ETIMEDOUT))
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

	while (hart->sleepers.first && hart->sleepers.first->key <= now)
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

/* What is to be done before somebody is chosen; false when that has made more to do. */
static bool tidy(struct hart *hart, void (*leaving)(void))
{
	uint32_t work = hart->work;

	hart->work = 0;
	if (work & WORK_MAIL)
		sched_take_mail();
	if ((work & WORK_OBJECTS) || hart->postponed)
		leaving();
	if (hart->postponed) /* somebody more important than the objects comes first */
		hart->work &= WORK_MAIL;
	return !hart->work;
}

/* Takes the first of a queue that is not empty, to run it. */
static struct runner *take_first(struct hart *hart, unsigned priority)
{
	struct runner *next = list_first(&hart->ready[priority], struct runner, ready);

	dequeue(hart, next);
	next->again = false;
	return next;
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
			enqueue(hart, running, !hart->yielded);
		if (hart->ready_mask)
			break;
		idle(hart);
	}

	struct runner *next = take_first(hart, highest_ready(hart));

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
	if (hart->space != next->space)
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

	struct runner *next = take_first(hart, from->priority);

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

	struct runner *next = take_first(hart, running->priority);

	enqueue(hart, running, false);
	switch_to(hart, running, next);
}
