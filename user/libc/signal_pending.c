/*
 * Signals that have come and are not delivered yet: those of the program, of its threads, and those queued at the process
 * server. For who delivers them (signal.c, signal_thread.c, signal_wait.c). Words that change one at a time guard them, and no
 * lock; whoever clears the bit of one has it. Does nothing about any. See signals.h.
 */
#include <unistd.h>
#include <tabula/protocol/program.h>

#include "process.h"
#include "signals.h"

uint64_t signals_pending, signals_queued;
uint32_t signals_came, signals_waiting;

static bool bit_clear(uint64_t *signals, uint64_t bit)
{
	return __atomic_fetch_and(signals, ~bit, __ATOMIC_SEQ_CST) & bit;
}

void signal_add(struct __pthread *thread, int number)
{
	if (number >= SIGRTMIN)
		__atomic_fetch_add(&thread->raised[number - SIGRTMIN], 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&thread->pending, signal_bit(number), __ATOMIC_SEQ_CST);
}

/* Of a real-time signal one is taken, and it is pending as long as there are more. */
static bool raised_claim(struct __pthread *thread, int number)
{
	uint64_t bit = signal_bit(number);
	if (!bit_clear(&thread->pending, bit))
		return false;
	if (number < SIGRTMIN)
		return true;
	uint32_t *raised = &thread->raised[number - SIGRTMIN],
		 left = __atomic_load_n(raised, __ATOMIC_SEQ_CST);
	do {
		if (left == 0)
			return false; /* the bit was set when they had been taken already */
	} while (!__atomic_compare_exchange_n(
		raised, &left, left - 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	if (left > 1)
		__atomic_fetch_or(&thread->pending, bit, __ATOMIC_SEQ_CST);
	return true;
}

static enum signal_source claim(struct __pthread *thread, int number)
{
	if (raised_claim(thread, number))
		return SIGNAL_OWN;
	uint64_t bit = signal_bit(number);
	return (bit_clear(&signals_pending, bit) ? SIGNAL_TOLD : 0) |
	       (bit_clear(&signals_queued, bit) ? SIGNAL_QUEUED : 0);
}

int signal_claim(struct __pthread *thread, uint64_t allowed, enum signal_source *source)
{
	uint64_t some;
	while ((some = signals_pending_for(thread) & allowed) != 0) {
		int number = __builtin_ctzl(some);
		*source = claim(thread, number);
		if (*source != 0)
			return number;
	}
	return 0;
}

void signals_add(uint64_t told, uint64_t queued)
{
	__atomic_fetch_or(&signals_queued, queued, __ATOMIC_SEQ_CST);
	if (told & signal_bit(SIGCONT))
		__atomic_fetch_and(&signals_pending, ~SIGNALS_STOP, __ATOMIC_SEQ_CST);
	else if (told & SIGNALS_STOP)
		__atomic_fetch_and(&signals_pending, ~signal_bit(SIGCONT), __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&signals_pending, told, __ATOMIC_SEQ_CST);
	signals_hurry();
}

static siginfo_t info_of(int number, const struct signal_origin *from)
{
	return (siginfo_t){.si_signo = number,
		.si_code = from->code != 0  ? (int)from->code
			   : from->pid != 0 ? SI_USER
					    : SI_KERNEL,
		.si_pid = (pid_t)from->pid,
		.si_status = (int)from->status,
		.si_value.sival_ptr = (void *)from->value};
}

/* One that the process server does not give, because it is another, it tells again when the program has come back. */
static bool queue_take(int number, siginfo_t *info)
{
	struct signal_origin from = {0};
	if (program_take(own_program(), (uint32_t)number, &from) != 0)
		return false;
	if (from.more)
		signals_add(0, signal_bit(number));
	*info = info_of(number, &from);
	return true;
}

bool signal_take(int number, enum signal_source source, bool asks, siginfo_t *info)
{
	struct signal_origin from = {0};
	if ((source & SIGNAL_QUEUED) && queue_take(number, info))
		return true;
	if (!(source & (SIGNAL_OWN | SIGNAL_TOLD)))
		return false;
	if (source & SIGNAL_OWN)
		from.pid = asks ? (uint32_t)getpid() : 0;
	else if (asks)
		(void)program_origin(own_program(), (uint32_t)number, &from);
	*info = info_of(number, &from);
	return true;
}

int signal_next(uint64_t allowed, bool asks, siginfo_t *info)
{
	enum signal_source source;
	int number;
	do
		number = signal_claim(thread_self, allowed, &source);
	while (number != 0 &&
		!signal_take(number, source, asks || (signal_actions[number].sa_flags & SA_SIGINFO), info));
	return number;
}

void signal_forget(int number)
{
	siginfo_t info;
	(void)bit_clear(&signals_pending, signal_bit(number));
	while (bit_clear(&signals_queued, signal_bit(number)))
		(void)queue_take(number, &info);
	for (struct __pthread *thread = threads; thread != NULL; thread = thread->next)
		while (raised_claim(thread, number))
			continue;
}

void signals_hurry(void)
{
	__atomic_fetch_add(&signals_came, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&signals_waiting, __ATOMIC_SEQ_CST) > 0)
		(void)futex_wake((uintptr_t)&signals_came, UINT32_MAX);
}

int sigpending(sigset_t *set)
{
	signals_settle();
	*set = signals_pending_for(thread_self) & thread_self->blocked;
	return 0;
}

void signals_hand_on(void)
{
	uint64_t queued = thread_self->pending & ~(signal_bit(SIGRTMIN) - 1);
	for (; queued != 0; queued &= queued - 1)
		while (raised_claim(thread_self, __builtin_ctzl(queued)))
			(void)program_signal(own_program(), (int32_t)getpid(),
				(uint32_t)__builtin_ctzl(queued), DEADLINE_NEVER);
}
