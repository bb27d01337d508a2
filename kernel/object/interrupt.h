/*
 * Interrupts of devices, for drivers in user mode: one sets bits of a notification and stays masked until its driver
 * has acknowledged it, so a device that does not stop can't keep a hart.
 */
#pragma once

#include "object/object.h"

struct notification;

struct interrupt {
	struct object object OBJECT_ALIGNED;
	unsigned number;
	struct notification *notification; /* with a reference */
	uint64_t bits;
};

/*
 * Takes an interrupt, and a reference to the notification, of which the caller has one or a handle: -EINVAL when there
 * is no such number, -EBUSY when it is taken, -ENOMEM, -EBADF when the notification has gone.
 */
MUST_USE int interrupt_create(
	unsigned number, struct notification *notification, uint64_t bits, struct interrupt **interrupt);

void interrupt_acknowledge(struct interrupt *interrupt);

/* What there is to tell, into a struct of zeros. */
void interrupt_read_info(const struct interrupt *interrupt, struct interrupt_info *info);

/* One has come, and is masked. */
void interrupt_fire(unsigned number);

static inline struct interrupt *interrupt_of(struct object *object)
{
	return container_of(object, struct interrupt, object);
}

void interrupt_destroy(struct interrupt *interrupt);
