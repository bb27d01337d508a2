/*
 * Futexes: threads wait at a word of memory, which user mode changes by itself as long as nobody has to wait. A word
 * is known by its memory object and its place in it, so that processes that share the object meet.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/tree.h"
#include "mem/user.h"
#include "result.h"

struct aspace;
struct runner;
struct wait_queue;

/* Those who are woken before interrupts are let in. */
enum { FUTEX_WOKEN_AT_ONCE = 16 };

/* Of a thread that waits. Guarded by its queue's lock. */
struct futex_wait {
	struct tree_node word; /* in the queue's tree of words, if it is the first at one that stands there */
	uint64_t turn; /* grows from one to the next */
};

/* How far a call is that wakes: zeros at first. */
struct futex_waking {
	uint64_t woken;
	uint64_t last; /* turn of the last who had come when it began */
};

/* Once, at boot. */
void futex_init(void);

/* Lets the current thread wait if the word is `expected`: WAITING, -EAGAIN, -ETIMEDOUT, -EFAULT, -ENOMEM. */
MUST_USE int futex_wait(struct aspace *aspace, uaddr_t at, uint32_t expected, uint64_t deadline);

/*
 * Wakes some, of `count` at most, and notes how far it is: -EFAULT. `more`: it is to be called again with that, for the rest of
 * those who waited when it was first.
 */
MUST_USE int futex_wake(
	struct aspace *aspace, uaddr_t at, uint32_t count, struct futex_waking *waking, bool *more);

/* For audits: whether a runner that waits in this queue of futexes stands where it should. While nobody else is at work. */
bool futex_has(const struct wait_queue *waiters, const struct runner *runner);
