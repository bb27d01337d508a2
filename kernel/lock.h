/*
 * Spinlocks, held with interrupts off and for a few lines. docs/LOCKS.md gives their order. The annotations are
 * checked by clang's -Wthread-safety in `make lint`; gcc sees nothing of them.
 */
#pragma once

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

/* All zero: free. */
struct CAPABILITY("lock") spinlock {
	uint32_t held; /* atomic */
	uint32_t holder; /* atomic: lock_holder of who holds it; 0: nobody. For the report of a deadlock */
};

/* What tells this hart from the others: of an address in `harts` half the bits do, so a lock is one word. */
static inline uint32_t lock_holder(void)
{
	return (uint32_t)(uintptr_t)this_hart();
}

/* Acquire: what the last holder wrote before lock_release is seen. Its partner is the release there. */
static inline void lock_acquire(struct spinlock *lock) ACQUIRES(*lock) NO_LOCK_ANALYSIS
{
	while (__builtin_expect(__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE), 0)) {
		assert(__atomic_load_n(&lock->holder, __ATOMIC_RELAXED) != lock_holder());
		while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED))
			arch_relax();
	}
	arch_store(&lock->holder, lock_holder());
}

static inline void lock_release(struct spinlock *lock) RELEASES(*lock) NO_LOCK_ANALYSIS
{
	arch_store(&lock->holder, 0);
	arch_store_release(&lock->held, 0);
}

/*
 * Says that this hart has the lock: for clang, which can't know that two pointers name the same one. Debug builds check
 * it.
 */
static inline void lock_assert_held(const struct spinlock *lock) ASSERTS_HELD(*lock)
{
	if (DEBUG_CHECKS)
		assert(__atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == lock_holder());
}
