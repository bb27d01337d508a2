/*
 * Timers: at a time, or again and again, one sets bits of a notification. A timer belongs to the hart on which it was
 * made: it stands in that hart's queue, and fires there.
 */
#pragma once

#include "lib/tree.h"
#include "object/object.h"

struct hart;
struct notification;

struct timer {
	struct object object OBJECT_ALIGNED;
	struct notification *notification; /* with a reference */
	uint64_t bits;
	struct hart *home;

	/* Guarded by the lock of the home's queue. */
	struct tree_node armed; /* in the queue; the key is the deadline */
	uint64_t period; /* 0: once */
	uint64_t fired; /* when it did so last */
};

/* Once, at the beginning. */
void timer_init(void);

/* Takes a reference to the notification, of which the caller has one or a handle: -ENOMEM, -EBADF when it has gone. */
MUST_USE int timer_create(struct notification *notification, uint64_t bits, struct timer **timer);

/* Arms it anew; UINT64_MAX disarms it. */
void timer_set(struct timer *timer, uint64_t deadline, uint64_t period);

/* When it fired last; 0: never. */
uint64_t timer_fired(struct timer *timer);

/* Fires what is due on this hart, and decides when to look again. */
void timer_fire(void);

/* What there is to tell, into a struct of zeros. */
void timer_read_info(struct timer *timer, struct timer_info *info);

static inline struct timer *timer_of(struct object *object)
{
	return container_of(object, struct timer, object);
}

void timer_destroy(struct timer *timer);
