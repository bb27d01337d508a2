/*
 * Timers. Each hart has a queue with a lock, which other harts take only to set or end a timer of this hart. A timer
 * fires with that lock held, so nobody ends it meanwhile.
 */
#include "object/timer.h"

#include "abi/abi.h"
#include "arch.h"
#include "hart.h"
#include "lock.h"
#include "object/notification.h"
#include "object/thread.h"
#include "sched.h"

struct timer_queue {
	struct spinlock lock;
	struct tree armed MEMBER_GUARDED_BY(lock); /* by deadline */
	uint64_t rest_until MEMBER_GUARDED_BY(lock); /* nothing fires before */
} __attribute__((aligned(CONFIG_CACHE_LINE))); /* other harts write to theirs */

static struct timer_queue queues[CONFIG_HARTS];

static struct object_pool timers = OBJECT_POOL_INIT(timers, struct timer, object, OBJECT_TIMER);

void timer_init(void)
{
	for (unsigned i = 0; i < CONFIG_HARTS; i++)
		tree_init(&queues[i].armed, hart_random());
}

int timer_create(struct notification *notification, uint64_t bits, struct timer **result)
{
	struct timer *timer = object_alloc(&timers, current_account());

	if (!timer)
		return -ENOMEM;
	if (object_take(&notification->object)) {
		object_free(&timers, timer);
		return -EBADF;
	}
	timer->notification = notification;
	timer->bits = bits;
	timer->home = this_hart();
	*result = timer;
	return 0;
}

/* When the hart has to look at the queue. */
static uint64_t next_look(const struct timer_queue *queue) REQUIRES(queue->lock)
{
	const struct tree_node *first = queue->armed.first;

	if (!first)
		return UINT64_MAX;
	return first->key > queue->rest_until ? first->key : queue->rest_until;
}

/* True when the hart has to look earlier than it knew. */
static bool set(struct timer_queue *queue, struct timer *timer, uint64_t deadline, uint64_t period)
	REQUIRES(queue->lock)
{
	struct hart *home = timer->home;
	uint64_t before = __atomic_load_n(&home->timers_due, __ATOMIC_RELAXED), look;

	tree_remove(&queue->armed, &timer->armed);
	timer->period = period;
	if (deadline != UINT64_MAX)
		tree_insert(&queue->armed, &timer->armed, deadline);
	look = next_look(queue);
	__atomic_store_n(&home->timers_due, look, __ATOMIC_RELAXED);
	return look < before;
}

void timer_set(struct timer *timer, uint64_t deadline, uint64_t period)
{
	struct timer_queue *queue = &queues[timer->home->index];
	bool earlier;

	lock_acquire(&queue->lock);
	earlier = set(queue, timer, deadline, period);
	lock_release(&queue->lock);
	if (!earlier)
		return;
	if (timer->home == this_hart())
		sched_set_timer();
	else
		arch_send_ipi(timer->home);
}

/* The next time of a periodic timer after `now`; UINT64_MAX when there is none. */
static uint64_t next_time(const struct timer *timer, uint64_t now)
{
	uint64_t missed = (now - timer->armed.key) / timer->period, step, next;

	if (__builtin_mul_overflow(missed + 1, timer->period, &step) ||
		__builtin_add_overflow(timer->armed.key, step, &next))
		return UINT64_MAX;
	return next;
}

/* Returns whether it will fire again by itself. */
static bool fire(struct timer_queue *queue, struct timer *timer, uint64_t now) REQUIRES(queue->lock)
{
	tree_take(&queue->armed, &timer->armed);
	timer->fired = now;
	if (timer->period) {
		uint64_t next = next_time(timer, now);

		if (next != UINT64_MAX)
			tree_insert(&queue->armed, &timer->armed, next);
	}
	notification_signal(timer->notification, timer->bits);
	return timer->period;
}

/*
 * A timer that fires once was set by a call each time, but periodic ones, and many at once, could take all of the hart's
 * time: true when there has to be a rest. So there has when a signal wakes so many that it is not over yet.
 */
static bool fire_due(struct timer_queue *queue, uint64_t now) REQUIRES(queue->lock)
{
	bool periodic = false;

	for (unsigned i = 0; i < CONFIG_TIMER_BATCH; i++) {
		struct tree_node *first = queue->armed.first;

		if (!first || first->key > now)
			return periodic;
		if (this_hart()->signalled)
			return true;
		periodic |= fire(queue, container_of(first, struct timer, armed), now);
	}
	return true;
}

void timer_fire(void)
{
	struct hart *hart = this_hart();
	struct timer_queue *queue = &queues[hart->index];
	uint64_t now = arch_time_now();

	if (__atomic_load_n(&hart->timers_due, __ATOMIC_RELAXED) > now)
		return;
	lock_acquire(&queue->lock);
	if (fire_due(queue, now))
		queue->rest_until = arch_time_now() + CONFIG_TIMER_REST_NS;
	__atomic_store_n(&hart->timers_due, next_look(queue), __ATOMIC_RELAXED);
	lock_release(&queue->lock);
}

uint64_t timer_fired(struct timer *timer)
{
	struct timer_queue *queue = &queues[timer->home->index];
	uint64_t fired;

	lock_acquire(&queue->lock);
	fired = timer->fired;
	lock_release(&queue->lock);
	return fired;
}

void timer_read_info(struct timer *timer, struct timer_info *info)
{
	struct timer_queue *queue = &queues[timer->home->index];

	info->object = timer->object.id;
	info->notification = timer->notification->object.id;
	info->bits = timer->bits;
	lock_acquire(&queue->lock);
	info->deadline = tree_has(&timer->armed) ? timer->armed.key : DEADLINE_NEVER;
	info->period = timer->period;
	lock_release(&queue->lock);
}

void timer_destroy(struct timer *timer)
{
	struct timer_queue *queue = &queues[timer->home->index];
	struct object *notification = &timer->notification->object;

	lock_acquire(&queue->lock);
	tree_remove(&queue->armed, &timer->armed);
	lock_release(&queue->lock);
	object_free(&timers, timer);
	object_put(notification);
}
