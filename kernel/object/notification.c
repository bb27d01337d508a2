/* Notifications. The only lock on the way is the notification's own. */
#include "object/notification.h"

#include "object/thread.h"

static struct object_pool notifications =
	OBJECT_POOL_INIT(notifications, struct notification, OBJECT_NOTIFICATION);

struct notification *notification_create(void)
{
	struct notification *notification = object_alloc(&notifications, current_account());

	if (!notification)
		return NULL;
	wait_queue_init(&notification->waiters, &notification->lock);
	notification->waiters.kind = WAITS_FOR_NOTIFICATION;
	return notification;
}

/* Gives bits to those who wait, first come, first served. What is left stays. */
static void hand_out(struct notification *notification) REQUIRES(notification->lock)
{
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
			return;
	}
}

static RARE int signal_otherwise(struct notification *notification) RELEASES(notification->lock)
{
	hand_out(notification);
	lock_release(&notification->lock);
	return 0;
}

int notification_signal(struct notification *notification, uint64_t bits)
{
	struct list *waiting = &notification->waiters.runners;
	struct runner *first;

	lock_acquire(&notification->lock);
	first = list_first(waiting, struct runner, waiting);
	bits |= notification->bits;
	notification->bits = bits;
	if (!list_is_empty(waiting)) {
		if (bits & ~first->wants[0] || !runner_is_home(first))
			return signal_otherwise(notification);
		notification->bits = 0;
		runner_claim(first);
		runner_wake_here(first, (long)bits);
	}
	lock_release(&notification->lock);
	return 0;
}

static RARE long wait_otherwise(struct notification *notification, uint64_t mask, uint64_t deadline)
	RELEASES(notification->lock)
{
	long result;

	this_hart()->current->wants[0] = mask;
	lock_assert_held(notification->waiters.lock);
	if (notification->gone)
		result = -EBADF;
	else if (deadline_is_over(deadline))
		result = -ETIMEDOUT;
	else
		result = runner_wait(&notification->waiters, deadline);
	lock_release(&notification->lock);
	return result;
}

long notification_wait(struct notification *notification, uint64_t mask, uint64_t deadline)
{
	long result;

	lock_acquire(&notification->lock);
	result = (long)(notification->bits & mask);
	if (notification->gone || (!result && (deadline != DEADLINE_NEVER || !runner_has_successor())))
		return wait_otherwise(notification, mask, deadline);
	if (result) {
		notification->bits &= ~mask;
	} else {
		this_hart()->current->wants[0] = mask;
		lock_assert_held(notification->waiters.lock);
		result = runner_wait_and_stop(&notification->waiters);
	}
	lock_release(&notification->lock);
	return result;
}

bool notification_dismiss(struct notification *notification, int *work)
{
	bool done;

	lock_acquire(&notification->lock);
	notification->gone = true;
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
	info->bits = notification->bits;
	wait_queue_each(runner, &notification->waiters)
	{
		info->waiting++;
		info->wanted |= runner->wants[0];
	}
	lock_release(&notification->lock);
}

void notification_destroy(struct notification *notification)
{
	object_free(&notifications, notification);
}
