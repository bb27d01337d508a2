/*
 * What every kernel object begins with: its type and how many references there are to it, from handles and from
 * other objects. The last one gone, the object goes.
 */
#pragma once

#include "abi/types.h"
#include "lib/list.h"

struct object {
	enum object_type type;
	uint32_t references;
	struct list doomed; /* in the list of objects about to go */
};

/* One reference, the maker's. */
void object_init(struct object *object, enum object_type type);

/* Adds a reference. */
void object_take(struct object *object);

/* Gives a reference back. The object may be gone after it. */
void object_put(struct object *object);
