/*
 * Waiting for signals: with handlers (sigsuspend), or in their place (sigwait). For programs; a thread that waits so blocks
 * the signals itself, or gets what is left of them. Calls no handler but through what is blocked. See signals.h.
 */
#include <unistd.h>

#include "signals.h"

int sigsuspend(const sigset_t *mask)
{
	struct __pthread *self = thread_self;
	uint64_t before = self->blocked, blocked = *mask & ~SIGNALS_FIXED;
	uint32_t ran = __atomic_load_n(&self->handled, __ATOMIC_SEQ_CST);
	signals_hold(blocked);
	signals_block_only(blocked);
	while (__atomic_load_n(&self->handled, __ATOMIC_SEQ_CST) == ran)
		(void)futex_wait_for(&self->handled, ran, DEADLINE_NEVER);
	signals_block_only(before);
	return (int)posix_result(-EINTR);
}

int pause(void)
{
	sigset_t mask = thread_self->blocked;
	return sigsuspend(&mask);
}

/* A signal of the set, or 0. */
static int take_one(uint64_t set, bool asks, siginfo_t *info)
{
	uint64_t blocked = signals_block();
	int number = signal_next(set, asks, info);
	signals_unblock(blocked);
	return number;
}

/* A signal of the set, -EAGAIN when the time is up, -EINTR after a handler of another one. */
static int wait_for(uint64_t set, uint64_t deadline, bool asks, siginfo_t *info)
{
	struct __pthread *self = thread_self;
	uint32_t before = __atomic_load_n(&self->handled, __ATOMIC_SEQ_CST);
	int error = 0, number;
	bool settled = false;
	signals_hold(set);
	__atomic_fetch_add(&signals_waiting, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		uint32_t came = __atomic_load_n(&signals_came, __ATOMIC_SEQ_CST);
		number = take_one(set, asks, info);
		if (number != 0 || error != 0)
			break;
		if (__atomic_load_n(&self->handled, __ATOMIC_SEQ_CST) != before)
			error = EINTR;
		else if (!settled)
			signals_settle(); /* one that was sent before does not come too late */
		else if (futex_wait_for(&signals_came, came, deadline) != 0)
			error = EAGAIN;
		settled = true;
	}
	__atomic_fetch_sub(&signals_waiting, 1, __ATOMIC_SEQ_CST);
	return number != 0 ? number : -error;
}

int sigwait(const sigset_t *restrict set, int *restrict number)
{
	siginfo_t info;
	int result;
	do
		result = wait_for(*set & ~SIGNALS_FIXED, DEADLINE_NEVER, false, &info);
	while (result == -EINTR);
	*number = result;
	return 0;
}

int sigtimedwait(
	const sigset_t *restrict set, siginfo_t *restrict info, const struct timespec *restrict length)
{
	uint64_t deadline = DEADLINE_NEVER;
	struct timespec end;
	if (length != NULL) {
		(void)clock_gettime(CLOCK_MONOTONIC, &end);
		end.tv_sec += length->tv_sec;
		end.tv_nsec += length->tv_nsec;
		if (end.tv_nsec >= 1000000000) {
			end.tv_sec++;
			end.tv_nsec -= 1000000000;
		}
		if (!deadline_from(CLOCK_MONOTONIC, &end, &deadline))
			return (int)posix_result(-EINVAL);
	}
	siginfo_t unused;
	int number = wait_for(*set & ~SIGNALS_FIXED, deadline, info != NULL, info != NULL ? info : &unused);
	return (int)posix_result(number);
}

int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info)
{
	return sigtimedwait(set, info, NULL);
}
