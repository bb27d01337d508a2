/*
 * Locks on ranges of files. They keep nobody from reading and writing, only other locks away. The owner of a lock is a
 * description: that of the file itself, or one that a process has for the purpose. Its locks go with the last handle to it, so
 * nobody who is dead has one, and nobody has those of an owner that it has no handle to.
 */
#pragma once

#include <stdint.h>
#include <tabula/protocol/types.h>

struct description;

enum { LOCKS_OF_NODE_MAX = 512, LOCKS_OF_OWNER_MAX = 256 }; /* with those that wait */

/* Locks a range, or unlocks it. 0, -errno or DEFERRED, as the method does. */
long record_lock_set(struct description *description, uint32_t token, struct description *owner, uint32_t how,
	const struct file_range *range);

/* The first lock, in the order in which they were made, that would be in the way: its kind, and `*range` is its own; or 0. */
uint32_t record_lock_find(const struct description *description, const struct description *owner,
	uint32_t how, struct file_range *range);

/* Calls that wait return -EINTR. */
void record_lock_interrupt(struct description *description);

/* A description goes, with the locks that it owns and the calls that wait through it. */
void record_lock_close(struct description *description);
