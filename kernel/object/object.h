/*
 * What every kernel object begins with: its type and how many references there are to it, from handles and from
 * other objects. The last one gone, the object goes, but only after every hart has left the kernel once: so what a
 * handler has found through a handle stays valid until it returns, and nobody counts a reference on the way.
 */
#pragma once

#include "abi/types.h"
#include "lib/list.h"
#include "result.h"

struct object {
	enum object_type type;
	uint32_t references; /* atomic */
	struct list doomed; /* in a hart's list of objects about to go */
};

/* One reference, the maker's. */
void object_init(struct object *object, enum object_type type);

/* Adds a reference to an object found through a handle: -EBADF when the last one has just gone. */
MUST_USE int object_take(struct object *object);

/* Adds a reference to an object that the caller already has one of. */
void object_take_another(struct object *object);

/* A reference for an object that is about to be destroyed, and that its end needs once more. Only there. */
void object_revive(struct object *object);

/* Gives a reference back. The object may be gone when the caller has left the kernel. */
void object_put(struct object *object);

/* Ends objects whose time has come. Called on the way out of the kernel, when nothing holds an object any more. */
void object_reclaim(void);

/* Another hart has left the kernel, as this one asked for. On the hart that asked. */
void object_answer_graces(void);
