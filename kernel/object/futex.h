/*
 * Futexes: threads wait at a word of memory, which user mode changes by itself as long as nobody has to wait. A word
 * is known by its memory object and its place in it, so that processes that share the object meet.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "mem/user.h"
#include "result.h"

struct aspace;
struct list;
struct wait_queue;

/* Once, at boot. */
void futex_init(void);

/* Lets the current thread wait if the word is `expected`: WAITING, -EAGAIN, -ETIMEDOUT, -EFAULT, -ENOMEM. */
MUST_USE int futex_wait(struct aspace *aspace, uaddr_t at, uint32_t expected, uint64_t deadline);

/*
 * Wakes some, of `count` at most, and adds how many to *woken, which is 0 at first: -EFAULT. `more`: it is to be called again with
 * that, for the rest of those who waited when it was first.
 */
MUST_USE int futex_wake(struct aspace *aspace, uaddr_t at, uint32_t count, uint64_t *woken, bool *more);

/* For audits: those of a queue of futexes who stand apart from its list. With its lock, or while nobody else is at work. */
const struct list *futex_early(const struct wait_queue *waiters);
