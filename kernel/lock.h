/*
 * Spinlocks, held with interrupts off and for a few lines. docs/LOCKS.md gives their order. The annotations are
 * checked by clang's -Wthread-safety in `make lint`; gcc sees nothing of them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch.h"
#include "hart.h"
#include "panic.h"

#ifdef __clang__
#define LOCK_ATTRIBUTE(x) __attribute__((x))
#else
#define LOCK_ATTRIBUTE(x)
#endif

#define CAPABILITY(name)        LOCK_ATTRIBUTE(capability(name))
#define GUARDED_BY(lock)        LOCK_ATTRIBUTE(guarded_by(lock))
#define MEMBER_GUARDED_BY(lock) /* says so to people: clang can't resolve the name of a member in C */
#define REQUIRES(...)           LOCK_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define ACQUIRES(...)           LOCK_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RELEASES(...)           LOCK_ATTRIBUTE(release_capability(__VA_ARGS__))
#define EXCLUDES(...)           LOCK_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define ASSERTS_HELD(...)       LOCK_ATTRIBUTE(assert_capability(__VA_ARGS__))
#define NO_LOCK_ANALYSIS        LOCK_ATTRIBUTE(no_thread_safety_analysis)

/*
 * A bit for each hart that holds the lock or waits for it; zero: free. Taking it is one atomic OR, and what it finds says
 * all: nothing, then the lock is this hart's; its own bit, then it has the lock already, since a hart that waits takes no
 * other. Giving it back forgets who waits; they look until it is free, and say so again.
 */
struct CAPABILITY("lock") spinlock {
	uint64_t harts; /* atomic */
};

/*
 * Acquire: what the last holder wrote before lock_release is seen. Its partner is the release there. The hart that
 * reports a panic goes on without the lock: its holder may have stopped. Nothing is called here that returns, so that
 * whoever takes a lock need not save registers for it.
 */
static ALWAYS_INLINE void lock_acquire(struct spinlock *lock) ACQUIRES(*lock) NO_LOCK_ANALYSIS
{
	uint64_t self = this_hart()->self;
	uint64_t others = __atomic_fetch_or(&lock->harts, self, __ATOMIC_ACQUIRE);

	if (__builtin_expect(!others, 1))
		return;
	assert(!(others & self) || __atomic_load_n(&panic_hart, __ATOMIC_RELAXED) == this_hart());
	do
		while (__atomic_load_n(&lock->harts, __ATOMIC_RELAXED)) {
			if (__atomic_load_n(&panic_hart, __ATOMIC_RELAXED) == this_hart())
				return;
			arch_relax();
		}
	while (__atomic_fetch_or(&lock->harts, self, __ATOMIC_ACQUIRE));
}

static inline void lock_release(struct spinlock *lock) RELEASES(*lock) NO_LOCK_ANALYSIS
{
	arch_store_release(&lock->harts, 0);
}

/*
 * Says that this hart has the lock: for clang, which can't know that two pointers name the same one. Debug builds check
 * it.
 */
static inline void lock_assert_held(const struct spinlock *lock) ASSERTS_HELD(*lock)
{
	if (DEBUG_CHECKS)
		assert(__atomic_load_n(&lock->harts, __ATOMIC_RELAXED) & this_hart()->self);
}
