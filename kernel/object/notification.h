/*
 * Notifications: 63 bits that stay set until they are taken. A signal that nobody waits for is kept, so none is
 * lost; one that comes again before it was taken is not counted. A result of up to 63 bits fits a register that
 * holds errors below zero, so the bits are the call's result and cost no copy to the taker's memory.
 */
#pragma once

#include "lib/crowd.h"
#include "lock.h"
#include "object/object.h"
#include "sched.h"

/* All bits that there are: so many wake no more. */
enum { NOTIFICATION_BIT_COUNT = 63 };
#define NOTIFICATION_BITS (~0ul >> 1)

struct notification {
	struct object object OBJECT_ALIGNED;
	struct spinlock lock;
	uint64_t bits MEMBER_GUARDED_BY(lock); /* set and not taken; nobody waits for any of them */
	struct runner *alone MEMBER_GUARDED_BY(
		lock); /* who waits apart, and alone; another value: see there */
	bool gone MEMBER_GUARDED_BY(lock); /* nobody can wait any more */
	struct wait_queue waiters; /* all of them wait apart; runner->wants[0] is the mask */
	struct crowd crowd MEMBER_GUARDED_BY(lock); /* who waits, when somebody does not alone */
};

/* NULL when memory is out. */
struct notification *notification_create(void);

/* Sets bits and wakes who waits for them. From handlers, which can return what it returns, 0, and interrupts. */
long notification_signal(struct notification *notification, uint64_t bits);

/*
 * For object.c: gives a part of what the last signal has left for threads that wait, of which there is something (`signalled` of the
 * hart).
 */
void notification_go_on(void);

/* Takes bits of `mask` for the current thread, or lets it wait: the bits, WAITING or -ETIMEDOUT. */
MUST_USE long notification_wait(struct notification *notification, uint64_t mask, uint64_t deadline);

/* Whether nobody can wait for it any more. */
bool notification_is_gone(struct notification *notification);

/* Whether a call may name these bits: at least one, and none that does not exist. */
static inline bool notification_has(uint64_t bits)
{
	return bits && !(bits & ~NOTIFICATION_BITS);
}

/* What there is to tell, into a struct of zeros. */
void notification_read_info(struct notification *notification, struct notification_info *info);

/* For audits: whether a runner that waits in this queue of a notification stands where it should. While nobody else is at work. */
bool notification_is_awaited(const struct wait_queue *waiters, struct runner *runner);

static inline struct notification *notification_of(struct object *object)
{
	return container_of(object, struct notification, object);
}

/*
 * Wakes who still waits and, if it is that of the log's printer, has the log printed, as far as `work` goes: true when all is done.
 * Called when the last reference has gone, before every hart is waited for: so when that is over nobody's deadline can lead
 * here any more.
 */
MUST_USE bool notification_dismiss(struct notification *notification, int *work);
void notification_destroy(struct notification *notification);
