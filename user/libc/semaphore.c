/*
 * Semaphores: a number that goes up, and down as long as it is not 0.
 */
#include <errno.h>
#include <semaphore.h>
#include <tabula/handles.h>

#include "signals.h"

static int fail(int error)
{
	errno = error;
	return -1;
}

int sem_init(sem_t *semaphore, int shared, unsigned value)
{
	if (shared)
		return fail(ENOSYS);
	if (value > SEM_VALUE_MAX)
		return fail(EINVAL);
	*semaphore = (sem_t){.value = value};
	return 0;
}

int sem_destroy(sem_t *semaphore)
{
	(void)semaphore;
	return 0;
}

int sem_trywait(sem_t *semaphore)
{
	uint32_t value = __atomic_load_n(&semaphore->value, __ATOMIC_RELAXED);
	while (value > 0)
		if (__atomic_compare_exchange_n(
			    &semaphore->value, &value, value - 1, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return 0;
	return fail(EAGAIN);
}

static int wait_until(sem_t *semaphore, uint64_t deadline)
{
	int saved = errno, error = 0;
	call_begin(CALL_NONE);
	__atomic_fetch_add(&semaphore->waiters, 1, __ATOMIC_SEQ_CST);
	while (sem_trywait(semaphore) != 0 && error == 0) {
		error = futex_wait_for(&semaphore->value, 0, deadline);
		if (error == 0 && call_interrupted())
			error = EINTR;
	}
	__atomic_fetch_sub(&semaphore->waiters, 1, __ATOMIC_SEQ_CST);
	errno = saved;
	return error == 0 ? 0 : fail(error);
}

int sem_wait(sem_t *semaphore)
{
	return wait_until(semaphore, DEADLINE_NEVER);
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until)
{
	uint64_t deadline;
	int saved = errno;
	if (sem_trywait(semaphore) == 0)
		return 0;
	errno = saved;
	if (!deadline_from(CLOCK_REALTIME, until, &deadline))
		return fail(EINVAL);
	return wait_until(semaphore, deadline);
}

int sem_post(sem_t *semaphore)
{
	uint32_t value = __atomic_load_n(&semaphore->value, __ATOMIC_RELAXED);
	do {
		if (value == SEM_VALUE_MAX)
			return fail(EOVERFLOW);
	} while (!__atomic_compare_exchange_n(
		&semaphore->value, &value, value + 1, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
	if (__atomic_load_n(&semaphore->waiters, __ATOMIC_SEQ_CST) > 0)
		futex_wake_some(&semaphore->value, 1);
	return 0;
}

int sem_getvalue(sem_t *restrict semaphore, int *restrict value)
{
	*value = (int)__atomic_load_n(&semaphore->value, __ATOMIC_RELAXED);
	return 0;
}
