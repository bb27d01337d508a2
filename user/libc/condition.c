/*
 * Condition variables. A waiter waits while the sequence stays what it was when it still had the mutex, so no
 * signal that comes after is missed:
 *
 *	waiter			signaller
 *	reads sequence 5
 *	unlocks the mutex
 *				locks, changes, unlocks
 *				sequence becomes 6, wakes
 *	futex_wait(5): not 5, returns at once
 */
#include <errno.h>
#include <limits.h>
#include <tabula/handles.h>

#include "libc.h"
#include "thread.h"

static int wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, uint64_t deadline)
{
	/* Before the mutex goes: who signals with it then sees the waiter. */
	__atomic_fetch_add(&condition->waiters, 1, __ATOMIC_SEQ_CST);
	uint32_t sequence = __atomic_load_n(&condition->sequence, __ATOMIC_SEQ_CST);
	int error = pthread_mutex_unlock(mutex);
	if (error == 0) {
		error = futex_wait_for(&condition->sequence, sequence, deadline);
		int locked = pthread_mutex_lock(mutex);
		if (locked != 0)
			error = locked;
	}
	__atomic_fetch_sub(&condition->waiters, 1, __ATOMIC_SEQ_CST);
	return error;
}

int pthread_cond_wait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex)
{
	return wait_until(condition, mutex, DEADLINE_NEVER);
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
	const struct timespec *restrict until)
{
	uint64_t deadline;
	if (!deadline_from(condition->clock, until, &deadline))
		return EINVAL;
	return wait_until(condition, mutex, deadline);
}

static int wake(pthread_cond_t *condition, uint32_t count)
{
	__atomic_fetch_add(&condition->sequence, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&condition->waiters, __ATOMIC_SEQ_CST) > 0)
		futex_wake_some(&condition->sequence, count);
	return 0;
}

int pthread_cond_signal(pthread_cond_t *condition)
{
	return wake(condition, 1);
}

int pthread_cond_broadcast(pthread_cond_t *condition)
{
	return wake(condition, UINT32_MAX);
}

int pthread_cond_init(pthread_cond_t *restrict condition, const pthread_condattr_t *restrict attributes)
{
	*condition = (pthread_cond_t){.clock = attributes != NULL ? attributes->clock : CLOCK_REALTIME};
	return 0;
}

int pthread_cond_destroy(pthread_cond_t *condition)
{
	return __atomic_load_n(&condition->waiters, __ATOMIC_RELAXED) == 0 ? 0 : EBUSY;
}

int pthread_condattr_init(pthread_condattr_t *attributes)
{
	*attributes = (pthread_condattr_t){.clock = CLOCK_REALTIME};
	return 0;
}

int pthread_condattr_destroy(pthread_condattr_t *attributes)
{
	(void)attributes;
	return 0;
}

int pthread_condattr_setclock(pthread_condattr_t *attributes, clockid_t clock)
{
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return EINVAL;
	attributes->clock = clock;
	return 0;
}
