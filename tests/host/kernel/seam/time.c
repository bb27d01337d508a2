/*
 * Time, which is virtual: it goes on with each look at it, and to the next timer when every hart is idle. Harts that sleep
 * wake by their timers, by each other, and by what a test gives them to do.
 */
#include "seam.h"

#include "doors.h"
#include "host.h"

enum { STEP_NS = 200 /* what a look at the clock takes */ };

/* Timers this late are never: time must not come near the end of its 64 bits. */
#define FOREVER (1ul << 62)

uint64_t hosted_now;
static uint64_t next_alarm = UINT64_MAX; /* atomic: the earliest timer of a hart that sleeps */

uint64_t arch_time_now(void)
{
	return __atomic_add_fetch(&hosted_now, STEP_NS, __ATOMIC_RELAXED);
}

uint64_t arch_ticks(void)
{
	return __atomic_load_n(&hosted_now, __ATOMIC_RELAXED) + 1;
}

uint64_t arch_ticks_to_ns(uint64_t ticks)
{
	return ticks;
}

void arch_timer_set(uint64_t deadline_ns)
{
	__atomic_store_n(&mine()->timer, deadline_ns, __ATOMIC_RELAXED);
}

void arch_send_ipi(const struct hart *hart)
{
	struct pthread_hart *other = &pthread_harts[hart->index];

	host_lock();
	__atomic_store_n(&other->ipi, 1, __ATOMIC_RELEASE);
	host_wake(hart->index);
	host_unlock();
}

static bool has_reason_to_wake(struct pthread_hart *hart)
{
	return __atomic_load_n(&hart->ipi, __ATOMIC_ACQUIRE) || hart->due || hart->job ||
	       hosted_interrupt_due((unsigned)(hart - pthread_harts));
}

/* The last hart that goes to sleep lets time pass, or says that nothing is left to do. */
static void pass_time(void)
{
	uint64_t earliest = UINT64_MAX;
	unsigned first = 0;

	for (unsigned i = 0; i < hart_count(); i++) {
		uint64_t timer = __atomic_load_n(&pthread_harts[i].timer, __ATOMIC_RELAXED);

		if (!pthread_harts[i].asleep || has_reason_to_wake(&pthread_harts[i]))
			return;
		if (timer < earliest)
			earliest = timer, first = i;
	}
	if (hart_count() < hosted_options.harts)
		return;
	if (earliest >= FOREVER) {
		hosted_quiet = true;
		host_wake(MAIN_PLACE);
		return;
	}
	if (__atomic_load_n(&hosted_now, __ATOMIC_RELAXED) < earliest)
		__atomic_store_n(&hosted_now, earliest, __ATOMIC_RELAXED);
	pthread_harts[first].due = true;
	host_wake(first);
}

/* Under the host's lock. */
static void find_next_alarm(void)
{
	uint64_t earliest = UINT64_MAX;

	for (unsigned i = 0; i < CONFIG_HARTS; i++) {
		uint64_t timer = __atomic_load_n(&pthread_harts[i].timer, __ATOMIC_RELAXED);

		if (pthread_harts[i].asleep && !pthread_harts[i].due && timer < earliest)
			earliest = timer;
	}
	__atomic_store_n(&next_alarm, earliest, __ATOMIC_RELAXED);
}

void ring_alarms(void)
{
	uint64_t time = arch_time_now();

	if (__atomic_load_n(&next_alarm, __ATOMIC_RELAXED) > time)
		return;
	host_lock();
	for (unsigned i = 0; i < CONFIG_HARTS; i++)
		if (pthread_harts[i].asleep &&
			__atomic_load_n(&pthread_harts[i].timer, __ATOMIC_RELAXED) <= time) {
			pthread_harts[i].due = true;
			host_wake(i);
		}
	find_next_alarm();
	host_unlock();
}

void arch_wait(void)
{
	struct pthread_hart *hart = mine();

	__atomic_store_n(&hart->outside, true, __ATOMIC_SEQ_CST);
	host_lock();
	hart->asleep = true;
	find_next_alarm();
	pass_time();
	while (!has_reason_to_wake(hart))
		host_wait(this_hart()->index);
	hart->asleep = false;
	__atomic_store_n(&hart->outside, false, __ATOMIC_SEQ_CST);
	find_next_alarm();
	if (hart->job) { /* it is no interrupt, but something for a hart that isn't idle */
		host_unlock();
		__atomic_store_n(&this_hart()->idle, false, __ATOMIC_SEQ_CST);
		longjmp(hart->leave, 1);
	}
	host_unlock();
}

/* Every third time at least, so that what is cut there goes on in pieces often. */
bool arch_interrupt_is_pending(void)
{
	static _Thread_local unsigned looks;

	return ++looks % 3 == 0 || __atomic_load_n(&mine()->ipi, __ATOMIC_RELAXED);
}

void arch_take_interrupts(void)
{
	struct pthread_hart *hart = mine();
	bool due;

	host_lock();
	due = hart->due;
	hart->due = false;
	host_unlock();
	if (__atomic_exchange_n(&hart->ipi, 0, __ATOMIC_ACQ_REL))
		door_ipi();
	if (due)
		door_timer();
	hosted_take_interrupts(this_hart()->index);
}
