/*
 * Handles: how a process names objects. A handle is an index into the process's table with the generation of the
 * slot, so that a number kept after close names nothing. It carries rights, which only shrink.
 */
#pragma once

#include <stdint.h>

#include "arch.h"
#include "object/object.h"
#include "result.h"

struct process;

/* What a handle was found to name. The object stays valid until the handler that got it returns. */
struct handle_ref {
	struct object *object;
	uint32_t rights;
	uint32_t value;
};

/* A new handle, or -E*. */
typedef struct {
	long value;
} handle_result;

/*
 * `name` tells in one word what can be asked for here: the generation in the upper half, or HANDLE_FREE and the next one,
 * and the rights, or of a free slot the index of the next free one, in the lower.
 */
struct handle_slot {
	uint64_t name; /* atomic */
	struct object *object; /* atomic; NULL: free */
};

enum {
	HANDLE_INDEX_BITS = 14,
	HANDLE_GENERATION_BITS = 17,
	HANDLE_PAGE_SLOTS = 256,
	HANDLE_PAGES = (1 << HANDLE_INDEX_BITS) / HANDLE_PAGE_SLOTS,
};

/*
 * The table of one process. Slots come by the page. Only threads of the process look handles up, without a lock; every
 * change is made under the lock of the process.
 */
struct handle_table {
	struct handle_slot *page[HANDLE_PAGES]; /* atomic; set once */
	uint32_t free; /* index of the first free slot, HANDLE_NONE when the pages are full */
	uint32_t count; /* handles in use */
	uint32_t cleared; /* at the owner's end: slots below this are gone for good */
};

enum { HANDLE_NONE = UINT32_MAX };

#define HANDLE_FREE (1ul << 63)

void handle_table_init(struct handle_table *table);

/*
 * Finds what `value` names: -EBADF when nothing. A slot is read without the lock while another thread may close it and use
 * it again. Its name is read before and after the object: it changes first when a handle is closed, and last when one is
 * made, so if it is still the same, object and rights belong together.
 */
MUST_USE static inline int handle_find(
	const struct handle_table *table, uint32_t value, struct handle_ref *found)
{
	uint32_t index = value & ((1u << HANDLE_INDEX_BITS) - 1);
	const struct handle_slot *slot = arch_load_pointer(&table->page[index / HANDLE_PAGE_SLOTS]);

	if (!slot) /* else it is seen with its slots made. Partner: grow */
		return -EBADF;
	slot += index % HANDLE_PAGE_SLOTS;

	/* Acquire: the object is seen as handle_add's caller made it; partner: add. And see the fence in free_slot. */
	uint64_t name = __atomic_load_n(&slot->name, __ATOMIC_ACQUIRE);
	struct object *object = __atomic_load_n(&slot->object, __ATOMIC_ACQUIRE);

	if (name >> 32 != value >> HANDLE_INDEX_BITS ||
		__atomic_load_n(&slot->name, __ATOMIC_RELAXED) != name)
		return -EBADF;
	*found = (struct handle_ref){object, (uint32_t)name, value};
	return 0;
}

/* Makes a handle to `object`, taking a reference of its own: -EMFILE, -ENOMEM, -EBADF when the object has just gone. */
MUST_USE handle_result handle_add(struct process *owner, struct object *object, uint32_t rights);

/* Closes a handle: -EBADF when it has gone since it was found. */
MUST_USE int handle_remove(struct process *owner, uint32_t value);

/*
 * Finds what `value` names in the table of another process, which may be ending, and takes a reference: -EBADF when
 * nothing.
 */
MUST_USE int handle_borrow(struct process *owner, uint32_t value, struct handle_ref *found);

/*
 * Makes a handle in the table of `to`, with these of its rights, in place of the one in the table of `from`, which may
 * be the same: errors of handle_add, and -EBADF when it has gone since it was found, with nothing moved.
 */
MUST_USE handle_result handle_move(
	struct process *from, const struct handle_ref *h, struct process *to, uint32_t rights);

/*
 * Gives `to`, whose table is empty from `index` on (-EEXIST; -EINVAL inside of a page), one page of the handles of `from`,
 * with the same values; those to itself become some of `to` to itself. Returns where to go on, or 0 at the end. -ENOMEM,
 * -EBUSY when `to` ends, with nothing given.
 */
MUST_USE long handle_table_clone(struct process *to, struct process *from, uint32_t index);

/* Whether a process that is not finishing has a handle to `object` with these rights. Looks at the whole table. */
bool handle_table_has(struct process *owner, const struct object *object, uint32_t rights);

/*
 * Closes handles and frees the table's pages as far as `work` goes, when the owner has no threads any more: true when all
 * have gone; until then it is to be called again.
 */
MUST_USE bool handle_table_clear(struct process *owner, int *work);
