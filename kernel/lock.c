/* The part of a spinlock that is not inlined: waiting for it. */
#include "lock.h"

void lock_wait(struct spinlock *lock, uint64_t before)
{
	uint64_t self = this_hart()->self;

	if (panic_is_here())
		return;
	assert(!(before & self));
	do
		while (__atomic_load_n(&lock->harts, __ATOMIC_RELAXED)) {
			panic_obey();
			arch_relax();
		}
	while (__atomic_fetch_or(&lock->harts, self, __ATOMIC_ACQUIRE));
}
