/*
 * Waiting on a futex with the errors of POSIX, and its points in time.
 */
#include <errno.h>
#include <tabula/handles.h>

#include "libc.h"
#include "thread.h"

int futex_wait_for(const uint32_t *word, uint32_t expected, uint64_t deadline)
{
	return futex_wait((uintptr_t)word, expected, deadline) == -ETIMEDOUT ? ETIMEDOUT : 0;
}

void futex_wake_some(const uint32_t *word, uint32_t count)
{
	(void)futex_wake((uintptr_t)word, count);
}

bool deadline_from(clockid_t clock, const struct timespec *time, uint64_t *deadline)
{
	struct timespec now;
	if (time->tv_nsec < 0 || time->tv_nsec >= 1000000000 || clock_gettime(clock, &now) != 0)
		return false;
	/* How long it still is on that clock, from now on the kernel's. */
	int64_t seconds, left;
	if (__builtin_sub_overflow((int64_t)time->tv_sec, (int64_t)now.tv_sec, &seconds) ||
		__builtin_mul_overflow(seconds, 1000000000, &left) ||
		__builtin_add_overflow(left, (int64_t)time->tv_nsec - now.tv_nsec, &left))
		left = time->tv_sec > now.tv_sec ? INT64_MAX : 0;
	*deadline = left > 0 ? clock_now() + (uint64_t)left : 0;
	return true;
}

uint64_t deadline_after(const struct timespec *length)
{
	uint64_t deadline;
	if (__builtin_mul_overflow((uint64_t)length->tv_sec, 1000000000ul, &deadline) ||
		__builtin_add_overflow(deadline, (uint64_t)length->tv_nsec, &deadline) ||
		__builtin_add_overflow(deadline, (uint64_t)clock_now(), &deadline))
		deadline = DEADLINE_NEVER;
	return deadline;
}

/* As in mutex.c, without what other mutexes have to look at first. */
enum { FREE, TAKEN, CONTENDED };

void word_lock(uint32_t *word)
{
	uint32_t expected = FREE;
	if (__atomic_compare_exchange_n(word, &expected, TAKEN, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(word, CONTENDED, __ATOMIC_ACQUIRE) != FREE)
		(void)futex_wait((uintptr_t)word, CONTENDED, DEADLINE_NEVER);
}

void word_unlock(uint32_t *word)
{
	if (__atomic_exchange_n(word, FREE, __ATOMIC_RELEASE) == CONTENDED)
		(void)futex_wake((uintptr_t)word, 1);
}
