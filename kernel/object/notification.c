/* Notifications. The only lock on the way is the notification's own. */
#include "object/notification.h"

#include "object/thread.h"

static struct object_pool notifications =
	OBJECT_POOL_INIT(notifications, struct notification, object, OBJECT_NOTIFICATION);

/*
 * What `alone` is when those who wait stand in the list, or nobody can wait any more. It wants no bit, so a signal does not
 * take it for a waiter at hand.
 */
static struct runner crowd;

/* Called with the lock when one leaves that nobody woke. */
static bool waiter_left(struct runner *runner, int why) NO_LOCK_ANALYSIS
{
	struct notification *notification = container_of(runner->queue, struct notification, waiters);

	(void)why;
	if (notification->alone == runner)
		notification->alone = NULL;
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

/* One that waits alone goes into the list, where others may come behind it. */
static void join_crowd(struct notification *notification) REQUIRES(notification->lock)
{
	if (notification->alone && notification->alone != &crowd)
		list_append(&notification->waiters.runners, &notification->alone->waiting);
	notification->alone = &crowd;
}

static void leave_crowd(struct notification *notification) REQUIRES(notification->lock)
{
	if (notification->alone == &crowd && !notification->gone &&
		list_is_empty(&notification->waiters.runners))
		notification->alone = NULL;
}

/* Gives bits to those who wait, first come, first served. What is left stays. */
static RARE long hand_out(struct notification *notification) RELEASES(notification->lock)
{
	join_crowd(notification);
	wait_queue_each(runner, &notification->waiters)
	{
		uint64_t taken = notification->bits & runner->wants[0];

		lock_assert_held(runner->queue->lock);
		if (taken) {
			runner_claim(runner);
			runner_wake(runner, (long)taken);
			notification->bits &= ~taken;
		}
		if (!notification->bits)
			break;
	}
	leave_crowd(notification);
	lock_release(&notification->lock);
	return 0;
}

long notification_signal(struct notification *notification, uint64_t bits)
{
	struct runner *waiter;

	lock_acquire(&notification->lock);
	waiter = notification->alone;
	bits |= notification->bits;
	notification->bits = bits;
	if (waiter) {
		if ((bits | waiter->wants[0]) != waiter->wants[0] || !runner_is_home(waiter))
			return hand_out(notification);
		notification->bits = 0;
		notification->alone = NULL;
		runner_claim_apart(waiter);
		runner_wake_here(waiter, (long)bits);
	}
	lock_release(&notification->lock);
	return 0;
}

/* The current thread waits: apart when nobody else does. */
static int wait_in_turn(struct notification *notification, uint64_t mask, uint64_t deadline)
	REQUIRES(notification->lock)
{
	struct runner *runner = &current_thread()->runner;

	runner->wants[0] = mask;
	lock_assert_held(notification->waiters.lock);
	leave_crowd(notification);
	if (notification->alone) {
		join_crowd(notification);
		return runner_wait(&notification->waiters, deadline);
	}
	notification->alone = runner;
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
	bool done;

	lock_acquire(&notification->lock);
	notification->gone = true;
	join_crowd(notification);
	wait_queue_each(runner, &notification->waiters)
	{
		if (*work <= 0)
			break;
		lock_assert_held(runner->queue->lock);
		runner_wake_with(runner, -EBADF);
		*work -= WORK_WAKE;
	}
	done = list_is_empty(&notification->waiters.runners);
	lock_release(&notification->lock);
	return done;
}

void notification_read_info(struct notification *notification, struct notification_info *info)
{
	info->object = notification->object.id;
	lock_acquire(&notification->lock);
	join_crowd(notification);
	info->bits = notification->bits;
	wait_queue_each(runner, &notification->waiters)
	{
		info->waiting++;
		info->wanted |= runner->wants[0];
	}
	leave_crowd(notification);
	lock_release(&notification->lock);
}

void notification_destroy(struct notification *notification)
{
	object_free(&notifications, notification);
}
