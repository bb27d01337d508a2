/*
 * Sets of signals, each a bit. For programs; guarded by whoever has the set, and never looks at what a signal does.
 */
#include "signals.h"

static bool is_signal(int number)
{
	return number > 0 && number < NSIG;
}

int sigaddset(sigset_t *set, int number)
{
	if (!is_signal(number))
		return (int)posix_result(-EINVAL);
	*set |= signal_bit(number);
	return 0;
}

int sigdelset(sigset_t *set, int number)
{
	if (!is_signal(number))
		return (int)posix_result(-EINVAL);
	*set &= ~signal_bit(number);
	return 0;
}

int sigismember(const sigset_t *set, int number)
{
	if (!is_signal(number))
		return (int)posix_result(-EINVAL);
	return (*set & signal_bit(number)) != 0;
}

int sigemptyset(sigset_t *set)
{
	*set = 0;
	return 0;
}

int sigfillset(sigset_t *set)
{
	*set = ~1ul;
	return 0;
}
