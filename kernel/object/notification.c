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

void notification_signal(struct notification *notification, uint64_t bits)
{
	lock_acquire(&notification->lock);
	notification->bits |= bits;
	hand_out(notification);
	lock_release(&notification->lock);
}

static long take_or_wait(struct notification *notification, uint64_t mask, uint64_t deadline)
	REQUIRES(notification->lock)
{
	uint64_t taken = notification->bits & mask;

	if (notification->gone)
		return -EBADF;
	if (taken) {
		notification->bits &= ~taken;
		return (long)taken;
	}
	if (deadline_is_over(deadline))
		return -ETIMEDOUT;
	this_hart()->current->wants[0] = mask;
	lock_assert_held(notification->waiters.lock);
	return runner_wait(&notification->waiters, deadline);
}

long notification_wait(struct notification *notification, uint64_t mask, uint64_t deadline)
{
	long result;

	lock_acquire(&notification->lock);
	result = take_or_wait(notification, mask, deadline);
	lock_release(&notification->lock);
	return result;
}

void notification_dismiss(struct notification *notification)
{
	lock_acquire(&notification->lock);
	notification->gone = true;
	wait_queue_each(runner, &notification->waiters)
	{
		lock_assert_held(runner->queue->lock);
		runner_wake_with(runner, -EBADF);
	}
	lock_release(&notification->lock);
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
