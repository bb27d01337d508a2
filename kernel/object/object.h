/*
 * What every kernel object begins with: its type and how many references there are to it, from handles and from
 * other objects. The last one gone, the object goes, but only after every hart has left the kernel once: so what a
 * handler has found through a handle stays valid until it returns, and nobody counts a reference on the way.
 */
#pragma once

#include "abi/types.h"
#include "arch.h"
#include "lib/list.h"
#include "mem/account.h"
#include "mem/pool.h"
#include "panic.h"
#include "result.h"
#include "work.h"

struct object {
	enum object_type type;
	uint32_t references; /* atomic */
	uint64_t id; /* no other object has had the same; later ones have greater ones */
	struct account
		*account; /* that it is charged to, with a reference: of the process whose call made it */
	struct list doomed; /* in a hart's list of objects about to go */
};

/* Of the member `object` of a struct: a name of a handle has its address packed. */
#define OBJECT_ALIGNED __attribute__((aligned(ARCH_PACKED_ALIGN)))

/* Where objects of a type are made. */
struct object_pool {
	struct pool pool;
	size_t offset; /* of the struct object */
	enum object_type type;
};

#define OBJECT_POOL_INIT(objects, kind, member, number) \
	{ \
		.pool = POOL_INIT((objects).pool, kind), .offset = offsetof(kind, member), .type = (number) \
	}

/* An object with one reference, the maker's, and zero in all else; NULL when memory is out or a limit is reached. */
void *object_alloc(struct object_pool *objects, struct account *account);

void object_free(struct object_pool *objects, void *thing);

/* The same for an object that is not allocated. */
void object_init(struct object *object, enum object_type type, struct account *account);

/* Adds a reference to an object found through a handle: -EBADF when the last one has just gone. */
static inline MUST_USE int object_take(struct object *object)
{
	uint32_t references = __atomic_load_n(&object->references, __ATOMIC_RELAXED), more;

	do {
		if (!references)
			return -EBADF;
		more = references + 1;
		assert(more);
	} while (!__atomic_compare_exchange_n(
		&object->references, &references, more, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return 0;
}

/* Adds a reference to an object that the caller already has one of. */
void object_take_another(struct object *object);

/* A reference for an object that is about to be destroyed, and that its end needs once more. Only there. */
void object_revive(struct object *object);

/* Gives a reference back. The object may be gone when the caller has left the kernel. */
void object_put(struct object *object);

/*
 * Has a process or an endpoint finished, piece by piece, at the cost of a reference of the caller's. What is given up by it may be needed
 * soon, so this comes before the thread that caused it goes on.
 */
void object_finish_later(struct object *object);

/* The same with the rest of a signal of this hart, which has no other: it comes before all else, and before whoever is ready. */
void object_signal_later(struct object *notification, uint64_t bits);

/* The same for other work of object_reclaim, in a list of this hart's. */
void object_work_later(struct list *list, struct list *link);

/*
 * Ends objects whose time has come. Called on the way out of the kernel, when nothing holds an object any more. That can
 * take long, so interrupts are let in between; if a thread with a higher priority than who caused it is ready then, the
 * rest is left for later, and `postponed` of the hart says so.
 */
void object_reclaim(void);

/* Another hart has left the kernel, as this one asked for. On the hart that asked. */
void object_answer_graces(void);
