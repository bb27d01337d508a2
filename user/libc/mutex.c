/*
 * Mutexes: 0 is free, 1 taken, 2 taken and perhaps waited for. Only who finds 2 makes a system call.
 */
#include <errno.h>
#include <tabula/handles.h>

#include "libc.h"
#include "thread.h"

enum { FREE, TAKEN, CONTENDED };

static bool try_take(pthread_mutex_t *mutex)
{
	uint32_t expected = FREE;
	return __atomic_compare_exchange_n(
		&mutex->state, &expected, TAKEN, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Waits until it is free. Whoever waited leaves it marked as contended: others may wait, too. */
static int take(pthread_mutex_t *mutex, uint64_t deadline)
{
	if (try_take(mutex))
		return 0;
	while (__atomic_exchange_n(&mutex->state, CONTENDED, __ATOMIC_ACQUIRE) != FREE) {
		int error = futex_wait_for(&mutex->state, CONTENDED, deadline);
		if (error != 0)
			return error;
	}
	return 0;
}

/* Whether the caller has it already; only kept for those that ask. */
static bool is_own(const pthread_mutex_t *mutex)
{
	return mutex->type != PTHREAD_MUTEX_NORMAL &&
	       __atomic_load_n(&mutex->owner, __ATOMIC_RELAXED) == thread_number();
}

static int take_again(pthread_mutex_t *mutex, int error)
{
	if (mutex->type != PTHREAD_MUTEX_RECURSIVE)
		return error;
	if (mutex->depth == UINT32_MAX)
		return EAGAIN;
	mutex->depth++;
	return 0;
}

static void own(pthread_mutex_t *mutex)
{
	if (mutex->type != PTHREAD_MUTEX_NORMAL)
		__atomic_store_n(&mutex->owner, thread_number(), __ATOMIC_RELAXED);
}

static int lock_until(pthread_mutex_t *mutex, uint64_t deadline)
{
	if (is_own(mutex))
		return take_again(mutex, EDEADLK);
	int error = take(mutex, deadline);
	if (error == 0)
		own(mutex);
	return error;
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	return lock_until(mutex, DEADLINE_NEVER);
}

int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex, const struct timespec *restrict until)
{
	uint64_t deadline;
	if (pthread_mutex_trylock(mutex) == 0)
		return 0;
	if (!deadline_from(CLOCK_REALTIME, until, &deadline))
		return EINVAL;
	return lock_until(mutex, deadline);
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
	if (is_own(mutex))
		return take_again(mutex, EBUSY);
	if (!try_take(mutex))
		return EBUSY;
	own(mutex);
	return 0;
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	if (mutex->type != PTHREAD_MUTEX_NORMAL) {
		if (!is_own(mutex))
			return EPERM;
		if (mutex->depth > 0) {
			mutex->depth--;
			return 0;
		}
		__atomic_store_n(&mutex->owner, 0, __ATOMIC_RELAXED);
	}
	if (__atomic_exchange_n(&mutex->state, FREE, __ATOMIC_RELEASE) == CONTENDED)
		futex_wake_some(&mutex->state, 1);
	return 0;
}

int pthread_mutex_init(pthread_mutex_t *restrict mutex, const pthread_mutexattr_t *restrict attributes)
{
	*mutex = (pthread_mutex_t){.type = attributes != NULL ? attributes->type : PTHREAD_MUTEX_DEFAULT};
	return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
	return __atomic_load_n(&mutex->state, __ATOMIC_RELAXED) == FREE ? 0 : EBUSY;
}

int pthread_mutexattr_init(pthread_mutexattr_t *attributes)
{
	*attributes = (pthread_mutexattr_t){.type = PTHREAD_MUTEX_DEFAULT};
	return 0;
}

int pthread_mutexattr_destroy(pthread_mutexattr_t *attributes)
{
	(void)attributes;
	return 0;
}

int pthread_mutexattr_settype(pthread_mutexattr_t *attributes, int type)
{
	if (type < PTHREAD_MUTEX_NORMAL || type > PTHREAD_MUTEX_ERRORCHECK)
		return EINVAL;
	attributes->type = type;
	return 0;
}

int pthread_mutexattr_gettype(const pthread_mutexattr_t *restrict attributes, int *restrict type)
{
	*type = attributes->type;
	return 0;
}
