/* The system root: what a handle to it allows to do with the machine as a whole. There is one. */
#pragma once

#include "object/object.h"

struct system {
	struct object object;
	struct list readers; /* runners that wait for input */
};

extern struct system system_root;

static inline struct system *system_of(struct object *object)
{
	return container_of(object, struct system, object);
}
