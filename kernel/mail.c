/*
 * Mail: what other harts, and this one, want of a runner is done by its home, which takes it from its inbox on the way
 * out of the kernel. Ending, keeping from running, cancelling, moving, waking across harts: all of a runner's changes of
 * state that it does not make itself.
 */
#include "lib/bits.h"
#include "panic.h"
#include "report.h"
#include "sched.h"
#include "sched_parts.h"

/* Runners whose mail is taken before interrupts are let in. To end one takes some hundred instructions. */
enum { MAIL_AT_ONCE = 12 };

static const struct sched_hooks *hooks;

void sched_set_hooks(const struct sched_hooks *wanted)
{
	hooks = wanted;
}

static void send_later(const struct hart *other)
{
	struct hart *hart = this_hart();

	hart->ipis_due |= 1u << other->index;
	hart->work |= WORK_IPIS;
}

void sched_send_ipis(void)
{
	struct hart *hart = this_hart();

	for (uint32_t due = hart->ipis_due; due; due &= due - 1)
		arch_send_ipi(&harts[bits_lowest(due)]);
	hart->ipis_due = 0;
	hart->work &= (uint16_t)~WORK_IPIS;
}

/* Puts a runner with mail, that is in no inbox, into its home's. */
static void deliver(struct runner *runner)
{
	struct hart *home = __atomic_load_n(&runner->frame.hart, __ATOMIC_ACQUIRE);
	struct runner *first = __atomic_load_n(&home->inbox, __ATOMIC_RELAXED);

	do
		runner->inbox_next = first;
	while (!__atomic_compare_exchange_n(
		&home->inbox, &first, runner, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
	if (home == this_hart())
		home->work |= WORK_MAIL;
	else if (!first) /* a full inbox has an IPI on its way */
		send_later(home);
}

/* Notes mail; true when the runner is in an inbox already, or about to be: it is in one while it has mail, and so only once. */
static bool note(struct runner *runner, uint32_t mail)
{
	/* Acquire and release: what the sender did to the runner is seen by its home. Partner: take. */
	return __atomic_fetch_or(&runner->mail, mail, __ATOMIC_ACQ_REL);
}

void mail_post(struct runner *runner, uint32_t mail)
{
	if (!note(runner, mail))
		deliver(runner);
}

/* In this order, so that its new home finds MAIL_READY with whatever others ask for: before it is ready, it could do none of that. */
void mail_move(struct runner *runner, struct hart *home)
{
	bool delivered = note(runner, MAIL_READY);

	arch_store(&runner->frame.plain_on, NULL);
	arch_store_release(&runner->frame.hart, home);
	if (!delivered)
		deliver(runner);
}

/*
 * True when the runner is still in its queue, and out of it now; false when somebody is about to wake it. It may be
 * moved from queue to queue meanwhile, but these have one lock.
 */
bool runner_leave_queue(struct runner *runner, int why)
{
	struct wait_queue *queue = __atomic_load_n(&runner->queue, __ATOMIC_RELAXED);
	bool queued;

	if (!queue)
		return false;
	if (queue->kind == WAITS_FOR_TIME) { /* it has no lock */
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
	sched_dequeue(hart, runner);
	count_load(hart, -1);
}

static void end(struct hart *hart, struct runner *runner)
{
	switch (state_here(hart, runner)) {
	case RUNNER_READY:
		make_unready(hart, runner);
		break;
	case RUNNER_RUNNING:
		count_load(hart, -1);
		break;
	case RUNNER_WAITING:
		runner_leave_queue(runner, -EINTR);
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
	if (hart->arch.space == runner->space)
		arch_aspace_leave();
}

/* ---- keeping a runner from running */

static void hold(struct hart *hart, struct runner *runner)
{
	switch (state_here(hart, runner)) {
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
	arch_store(&runner->frame.plain_on, NULL);
	if (hart->current == runner)
		arch_frame_settle(&runner->frame);
}

/* These say whether it stays here; if not, it is in no queue, and goes to another home. */
static bool release(struct hart *hart, struct runner *runner)
{
	runner->held = false;
	runner->unfit = !is_allowed(runner->harts, hart);
	return runner->state != RUNNER_HELD || sched_try_make_ready(hart, runner);
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
	if (state_here(hart, runner) == RUNNER_WAITING && runner_leave_queue(runner, -EINTR)) {
		hooks->cancelled(runner);
		return sched_try_make_ready(hart, runner);
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
		sched_dequeue(hart, runner);
	arch_store(&runner->priority, priority);
	if (queued)
		sched_enqueue(hart, runner, false);
	hart->work |= WORK_CHOOSE; /* it may be somebody else's turn now */
}

/* One that waits, or is held, moves when it is made ready. */
static bool change_harts(struct hart *hart, struct runner *runner, uint32_t harts_allowed)
{
	arch_store(&runner->harts, harts_allowed);
	runner->unfit = runner->held || !is_allowed(harts_allowed, hart);
	arch_store(&runner->frame.plain_on, NULL);
	if (runner->held || !runner->unfit)
		return true;
	if (runner->state == RUNNER_READY)
		make_unready(hart, runner);
	else if (state_here(hart, runner) == RUNNER_RUNNING)
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
	mail_post(runner, MAIL_PLACE);
}

void runner_set_harts(struct runner *runner, uint32_t harts_allowed)
{
	__atomic_store_n(&runner->wanted_harts, harts_allowed, __ATOMIC_RELAXED);
	mail_post(runner, MAIL_PLACE);
}

/* ---- asking its home */

void runner_hold(struct runner *runner)
{
	__atomic_store_n(&runner->hold, true, __ATOMIC_RELAXED);
	mail_post(runner, MAIL_HOLD);
}

bool runner_is_to_be_held(const struct runner *runner)
{
	return __atomic_load_n(&runner->hold, __ATOMIC_RELAXED);
}

void runner_release(struct runner *runner)
{
	__atomic_store_n(&runner->hold, false, __ATOMIC_RELAXED);
	mail_post(runner, MAIL_HOLD);
}

void runner_cancel(struct runner *runner)
{
	mail_post(runner, MAIL_CANCEL);
}

void runner_fail(struct runner *runner)
{
	mail_post(runner, MAIL_FAIL);
}

bool runner_has_mail(const struct runner *runner, uint32_t mail)
{
	return __atomic_load_n(&runner->mail, __ATOMIC_RELAXED) & mail;
}

/* What keeps it from running here comes before what makes it ready. */
static void take(struct hart *hart, struct runner *runner)
{
	uint32_t mail;
	bool stays_here = true;

	if (runner->state == RUNNER_ENDED) {
		/* The last look at it: without mail it may be gone. Partner: thread_destroy. */
		arch_store_release(&runner->mail, 0);
		return;
	}
	mail = __atomic_exchange_n(&runner->mail, 0, __ATOMIC_ACQ_REL);
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
		stays_here &= sched_try_make_ready(hart, runner);
	if (mail & MAIL_ASKED) /* while this is its home: another could do what is asked for next meanwhile */
		hooks->asked(runner);
	if (!stays_here)
		sched_move_away(hart, runner);
}

static void take_or_pass_on(struct hart *hart, struct runner *runner)
{
	if (is_home(runner))
		take(hart, runner);
	else /* it has moved since */
		deliver(runner);
}

bool sched_take_mail(void)
{
	struct hart *hart = this_hart();

	for (unsigned i = 0; i < MAIL_AT_ONCE; i++) {
		struct runner *runner = hart->inbox_left;

		if (!runner && __atomic_load_n(&hart->inbox, __ATOMIC_RELAXED))
			runner = __atomic_exchange_n(&hart->inbox, NULL, __ATOMIC_ACQUIRE);
		if (!runner)
			return true;
		hart->inbox_left = runner->inbox_next; /* before taking: then it can get mail again */
		take_or_pass_on(hart, runner);
	}
	hart->work |= WORK_MAIL;
	return false;
}

void runner_end_later(struct runner *runner)
{
	mail_post(runner, MAIL_END);
}

void runner_end_current(void)
{
	end(this_hart(), this_hart()->current);
}
