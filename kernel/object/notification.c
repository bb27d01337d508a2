/*
 * Notifications. The only lock on the way is the notification's own. One thread that waits is at hand; as soon as there are
 * more, all of them stand in a crowd, in which the first who wants some bits is found however many want others.
 */
#include "object/notification.h"

#include "object/printer.h"
#include "object/thread.h"

/* Who are woken before interrupts are let in, each of whom has been found and taken out of a crowd. */
enum { GIVEN_AT_ONCE = 8 };

static struct object_pool notifications =
	OBJECT_POOL_INIT(notifications, struct notification, object, OBJECT_NOTIFICATION);

/*
 * What `alone` is when those who wait stand in the crowd, or nobody can wait any more. It wants no bit, so a signal does not
 * take it for a waiter at hand.
 */
static struct runner many;

static struct crowd_member *member_of(struct runner *runner)
{
	return &container_of(runner, struct thread, runner)->member;
}

/* Behind those who stand there. */
static void stand_in_crowd(struct notification *notification, struct runner *runner)
	REQUIRES(notification->lock)
{
	crowd_append(&notification->crowd, member_of(runner), runner->wants[0], hart_random());
}

/* Where it has waited, alone or not, it does no longer. */
static void stand_nowhere(struct notification *notification, struct runner *runner)
	REQUIRES(notification->lock)
{
	if (notification->alone == &many) {
		crowd_remove(&notification->crowd, member_of(runner));
		if (notification->crowd.root)
			return;
	}
	notification->alone = notification->gone ? &many : NULL;
}

/* Who waits alone goes into the crowd, where others may come behind it. */
static void join_crowd(struct notification *notification) REQUIRES(notification->lock)
{
	if (notification->alone && notification->alone != &many)
		stand_in_crowd(notification, notification->alone);
	notification->alone = &many;
}

/* The first in the crowd who waits for one of these bits; NULL when nobody does. */
static struct runner *first_for(const struct notification *notification, uint64_t bits)
	REQUIRES(notification->lock)
{
	struct crowd_member *member = crowd_first(&notification->crowd, bits);

	return member ? &container_of(member, struct thread, member)->runner : NULL;
}

static void wake(struct notification *notification, struct runner *runner, long result)
	REQUIRES(notification->lock)
{
	stand_nowhere(notification, runner);
	runner_claim_apart(runner);
	runner_wake(runner, result);
}

/* Called with the lock when one leaves that nobody woke. */
static bool waiter_left(struct runner *runner, int why) NO_LOCK_ANALYSIS
{
	(void)why;
	stand_nowhere(container_of(runner->queue, struct notification, waiters), runner);
	return true;
}

struct notification *notification_create(void)
{
	struct notification *notification = object_alloc(&notifications, current_account());

	if (!notification)
		return NULL;
	wait_queue_init(&notification->waiters, &notification->lock);
	notification->waiters.kind = WAITS_FOR_NOTIFICATION;
	notification->waiters.left = waiter_left;
	return notification;
}

/*
 * Gives new bits to some of the crowd, first come, first served. What nobody waits for stays; returns what is left for others who
 * wait.
 */
static uint64_t give(struct notification *notification, uint64_t bits, unsigned most)
	REQUIRES(notification->lock)
{
	struct runner *runner;

	while ((runner = first_for(notification, bits)) && most--) {
		uint64_t taken = bits & runner->wants[0];

		wake(notification, runner, (long)taken);
		bits &= ~taken;
	}
	if (runner)
		return bits;
	notification->bits |= bits;
	return 0;
}

/*
 * The first gets his bits, and the rest is given on the way out of the kernel, as if it were another signal. An interrupt that is let
 * in there is given at once: its device is let in once, and few may have one. If the last reference has gone, all who wait will
 * hear of that instead.
 */
static RARE long hand_out_to_crowd(struct notification *notification, uint64_t bits)
	RELEASES(notification->lock)
{
	bits = give(notification, bits, this_hart()->signalled ? NOTIFICATION_BIT_COUNT : 1);
	if (bits && !object_take(&notification->object))
		object_signal_later(&notification->object, bits);
	lock_release(&notification->lock);
	return 0;
}

/* Who waits is not at hand, or does not want all of the bits. */
static RARE long hand_out(struct notification *notification, uint64_t bits) RELEASES(notification->lock)
{
	struct runner *alone = notification->alone;
	uint64_t taken = bits & alone->wants[0];

	if (alone == &many)
		return hand_out_to_crowd(notification, bits);
	notification->bits |= bits & ~taken;
	if (taken)
		wake(notification, alone, (long)taken);
	lock_release(&notification->lock);
	return 0;
}

void notification_go_on(void)
{
	struct hart *hart = this_hart();
	struct notification *notification = hart->signalled;

	lock_acquire(&notification->lock);
	hart->signal_rest = give(notification, hart->signal_rest, GIVEN_AT_ONCE);
	lock_release(&notification->lock);
	if (hart->signal_rest)
		return;
	hart->signalled = NULL;
	object_put(&notification->object);
}

long notification_signal(struct notification *notification, uint64_t bits)
{
	struct runner *waiter;
	uint64_t all;

	lock_acquire(&notification->lock);
	waiter = notification->alone;
	all = bits | notification->bits;
	if (!waiter) {
		notification->bits = all;
	} else {
		if ((all | waiter->wants[0]) != waiter->wants[0] || !runner_is_home(waiter))
			return hand_out(notification, bits);
		notification->bits = 0;
		notification->alone = NULL;
		runner_claim_apart(waiter);
		runner_wake_here(waiter, (long)all);
	}
	lock_release(&notification->lock);
	return 0;
}

/* The current thread waits: alone, when nobody else does. */
static int wait_in_turn(struct notification *notification, uint64_t mask, uint64_t deadline)
	REQUIRES(notification->lock)
{
	struct runner *runner = &current_thread()->runner;

	runner->wants[0] = mask;
	if (!notification->alone) {
		notification->alone = runner;
	} else {
		join_crowd(notification);
		stand_in_crowd(notification, runner);
	}
	lock_assert_held(notification->waiters.lock);
	return runner_wait_apart(&notification->waiters, deadline, NULL);
}

static RARE long wait_otherwise(struct notification *notification, uint64_t mask, uint64_t deadline)
	RELEASES(notification->lock)
{
	long result = (long)(notification->bits & mask);

	if (notification->gone)
		result = -EBADF;
	else if (result)
		notification->bits &= ~mask;
	else if (deadline_is_over(deadline))
		result = -ETIMEDOUT;
	else
		result = wait_in_turn(notification, mask, deadline);
	lock_release(&notification->lock);
	return result;
}

long notification_wait(struct notification *notification, uint64_t mask, uint64_t deadline)
{
	struct runner *runner = &current_thread()->runner, *next;
	long result;

	lock_acquire(&notification->lock);
	result = (long)(notification->bits & mask);
	if (result && !notification->alone) {
		notification->bits &= ~mask;
	} else if (notification->alone || !is_never(deadline) || !runner_has_successor(runner, &next)) {
		return wait_otherwise(notification, mask, deadline);
	} else {
		runner->wants[0] = mask;
		notification->alone = runner;
		lock_assert_held(notification->waiters.lock);
		result = runner_wait_apart_and_stop(runner, &notification->waiters, next);
	}
	lock_release(&notification->lock);
	return result;
}

bool notification_dismiss(struct notification *notification, int *work)
{
	struct runner *runner;

	lock_acquire(&notification->lock);
	notification->gone = true;
	join_crowd(notification);
	for (; (runner = first_for(notification, NOTIFICATION_BITS)) && *work > 0; *work -= WORK_WAKE)
		wake(notification, runner, -EBADF);
	lock_release(&notification->lock);
	return !runner && printer_leave(notification, work);
}

bool notification_is_gone(struct notification *notification)
{
	bool gone;

	lock_acquire(&notification->lock);
	gone = notification->gone;
	lock_release(&notification->lock);
	return gone;
}

void notification_read_info(struct notification *notification, struct notification_info *info)
{
	bool alone;

	info->object = notification->object.id;
	lock_acquire(&notification->lock);
	alone = notification->alone && notification->alone != &many;
	info->bits = notification->bits;
	info->waiting = alone ? 1 : notification->crowd.count;
	info->wanted = alone ? notification->alone->wants[0] : crowd_wants(&notification->crowd);
	lock_release(&notification->lock);
}

bool notification_is_awaited(const struct wait_queue *waiters, struct runner *runner)
{
	const struct notification *notification = container_of(waiters, const struct notification, waiters);

	return notification->alone == runner ||
	       (notification->alone == &many && crowd_has(&notification->crowd, member_of(runner)));
}

void notification_destroy(struct notification *notification)
{
	object_free(&notifications, notification);
}
