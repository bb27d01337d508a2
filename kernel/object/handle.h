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
 * One word tells all of a handle, so that whoever reads it without a lock has an object, rights and a generation that belong
 * together:
 *
 *   63      29 28        12 11     4 3    0
 *   object     generation   denied   type      of a free slot type 0, and for the object the index of the next one
 *
 * The object is packed as arch_pack_pointer has it. `denied` are rights that the handle does not have, packed by
 * handle_pack_rights.
 */
struct handle_slot {
	uint64_t name; /* atomic */
};

enum {
	HANDLE_INDEX_BITS = 14,
	HANDLE_GENERATION_BITS = 17,
	HANDLE_PAGE_SLOTS = 512,
	HANDLE_PAGES = (1 << HANDLE_INDEX_BITS) / HANDLE_PAGE_SLOTS,

	HANDLE_TYPE_MASK = 0xf,
	HANDLE_DENIED_SHIFT = 4,
	HANDLE_DENIED_MASK = 0xff,
	HANDLE_GENERATION_SHIFT = 12,
	HANDLE_OBJECT_SHIFT = ARCH_PACKED_SHIFT,
};

/*
 * The table of one process. Slots come by the page. Only threads of the process look handles up, without a lock; every
 * change is made under the lock of the process.
 */
struct handle_table {
	struct handle_slot *page[HANDLE_PAGES]; /* atomic; set once */
	uint32_t free; /* index of the first free slot that has been used before; HANDLE_NONE */
	uint32_t used; /* slots from this index on have never been used, and are zero */
	uint32_t count; /* handles in use */
	uint32_t cleared; /* at the owner's end: slots below this are gone for good */
	struct tree *
		receptions; /* reception.c: of these, with the right to receive from an endpoint; NULL: there has been none */
};

enum { HANDLE_NONE = UINT32_MAX };

/* Of zeros. */
void handle_table_init(struct handle_table *table);

/* Rights without the bits that no type has: 2 to 7. */
static inline uint64_t handle_pack_rights(uint32_t rights)
{
	return (rights & 3) | rights >> 8 << 2;
}

static inline uint32_t handle_unpack_rights(uint64_t packed)
{
	return (uint32_t)((packed & 3) | packed >> 2 << 8);
}

/* What a handle has, by its slot's name. */
static inline uint32_t handle_rights(uint64_t name)
{
	return handle_unpack_rights(~(name >> HANDLE_DENIED_SHIFT) & HANDLE_DENIED_MASK);
}

/* NULL of a free slot. */
static inline struct object *handle_object(uint64_t name)
{
	return name & HANDLE_TYPE_MASK ? arch_unpack_pointer(name) : NULL;
}

/* Why a handle of this name is refused where one of another type, or with more rights, is wanted. */
static inline int handle_refusal(uint64_t name, enum object_type type)
{
	enum object_type has = name & HANDLE_TYPE_MASK;

	if (!has)
		return -EBADF;
	return type != OBJECT_ANY && has != type ? -EFTYPE : -EACCES;
}

/*
 * Finds what the lower half of `value` names: -EBADF when nothing, -EFTYPE when it isn't of this type, -EACCES when one of these rights is
 * missing. OBJECT_ANY is every type. What it finds is seen as it was made, since the way there leads through what was
 * loaded; partner: add, and grow.
 */
MUST_USE static inline int handle_look(const struct handle_table *table, uint64_t value,
	enum object_type type, uint32_t rights, struct handle_ref *found)
{
	uint64_t index = value & ((1u << HANDLE_INDEX_BITS) - 1);
	const struct handle_slot *page = arch_load_pointer(&table->page[index / HANDLE_PAGE_SLOTS]);
	uint64_t wanted = handle_pack_rights(rights) << HANDLE_DENIED_SHIFT | (type ? HANDLE_TYPE_MASK : 0);

	if (!page)
		return -EBADF;

	uint64_t name = arch_load_pointer(&page[index % HANDLE_PAGE_SLOTS].name);

	if (name << (64 - HANDLE_OBJECT_SHIFT) >> (64 - HANDLE_OBJECT_SHIFT + HANDLE_GENERATION_SHIFT) !=
		(uint32_t)value >> HANDLE_INDEX_BITS)
		return -EBADF;
	if ((name ^ type) & wanted || (type == OBJECT_ANY && !(name & HANDLE_TYPE_MASK)))
		return handle_refusal(name, type);
	*found = (struct handle_ref){arch_unpack_pointer(name), handle_rights(name), (uint32_t)value};
	return 0;
}

/* The same for any type and without a right. */
MUST_USE static inline int handle_find(
	const struct handle_table *table, uint32_t value, struct handle_ref *found)
{
	return handle_look(table, value, OBJECT_ANY, 0, found);
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
 * Gives `to`, whose table is empty from `index` on (-EEXIST; -EINVAL inside of a page, unless it ends just there), some of the
 * handles of `from`, with the same values; those to itself become some of `to` to itself, and two are left out, if they are there.
 * Returns where to go on, or 0 at the end. -ENOMEM, -EBUSY when `to` ends, with nothing given.
 */
MUST_USE long handle_table_clone(
	struct process *to, struct process *from, uint32_t index, const uint32_t left_out[2]);

/*
 * Closes handles and frees the table's pages as far as `work` goes, when the owner has no threads any more: true when all
 * have gone; until then it is to be called again.
 */
MUST_USE bool handle_table_clear(struct process *owner, int *work);

/* Whether an object that a handle names is as it should be. */
typedef bool handle_audit(struct object *object);

/* Whether a table counts its slots right, and `fits` is true of each that is in use, unless it is NULL. */
bool handle_table_audit(struct process *process, handle_audit *fits);
