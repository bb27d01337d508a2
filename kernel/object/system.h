/* The system root: what a handle to it allows to do with the machine as a whole. There is one. */
#pragma once

#include "mem/user.h"
#include "object/object.h"
#include "sched.h"

enum { SYSTEM_INPUT = 256 };

struct system {
	struct object object OBJECT_ALIGNED;
	struct spinlock lock;
	struct wait_queue readers; /* of the console */
	/* What has been typed and nobody has taken yet, from the firmware's console. */
	char input[SYSTEM_INPUT] MEMBER_GUARDED_BY(lock);
	size_t input_count MEMBER_GUARDED_BY(lock);
	uint64_t input_taken MEMBER_GUARDED_BY(lock); /* in all */
	unsigned drivers MEMBER_GUARDED_BY(lock); /* that have the console's registers */
};

extern struct system system_root;

void system_init(void);

/*
 * Takes what has been typed, as much as fits `to`, or waits for it until `deadline`: the number of bytes, WAITING,
 * -ETIMEDOUT, -EBUSY when a driver has the console, or -EFAULT, when nothing is lost.
 */
MUST_USE long system_read(struct system *system, struct user_out to, size_t size, uint64_t deadline);

/* What there is to tell of the machine, into a struct of zeros. */
void system_read_info(struct system_info *info);

/* Looks for input, and wakes the readers when there is some. */
void system_poll(void);

/* A driver takes the console's registers, or has left them: the kernel reads from it only while there is none. */
void system_console_taken(void);
void system_console_left(void);

static inline struct system *system_of(struct object *object)
{
	return container_of(object, struct system, object);
}
