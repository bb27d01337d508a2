/*
 * What the parts of memory objects, memory.c, memory_copy.c and copy.c, have in common. Nobody else includes it. Frames hang in a tree of
 * nodes; the lowest hold slots, of a frame's address and some bits below it.
 */
#pragma once

#include "abi/abi.h"
#include "object/memory.h"

/* Small, since most nodes have few pages: a stack's, a heap's. */
enum { NODE_BITS = 6, NODE_ENTRIES = 1 << NODE_BITS };

enum {
	SLOT_SHARED = 1, /* other objects may have the frame, too (mem/share.h) */
	SLOT_LEAVING = 2, /* besides: nobody maps it any more, and a copy is about to take its place */
	SLOT_SERIAL_SHIFT = 2, /* while it is LEAVING: tells this time from others */
	SLOT_SERIALS = 1 << (PAGE_SHIFT - SLOT_SERIAL_SHIFT),
};

static inline paddr_t slot_frame(paddr_t slot)
{
	return (paddr_t){slot.value & ~(uint64_t)(PAGE_SIZE - 1)};
}

static inline bool slot_is_shared(paddr_t slot)
{
	return slot.value & SLOT_SHARED;
}

static inline bool slot_is_leaving(paddr_t slot)
{
	return slot.value & SLOT_LEAVING;
}

static inline bool memory_is_fixed(const struct memory *memory)
{
	return memory->kind >= MEMORY_PHYSICAL;
}

/* How many of the next slots, `most` at most, are empty. Most are: eight at a time. */
static inline uint64_t slots_empty(const paddr_t *slot, uint64_t most)
{
	uint64_t n = 0;

	while (n + 8 <= most &&
		!(slot[n].value | slot[n + 1].value | slot[n + 2].value | slot[n + 3].value |
			slot[n + 4].value | slot[n + 5].value | slot[n + 6].value | slot[n + 7].value))
		n += 8;
	while (n < most && !slot[n].value)
		n++;
	return n;
}

/* Where the slot of a page is, making nodes on the way; NULL when one can't be had. */
paddr_t *memory_slot(struct memory *memory, uint64_t page) REQUIRES(memory->lock);

/* How many lie side by side from that of a page on, if it has one. */
static inline uint64_t memory_row(const struct memory *memory, uint64_t page)
{
	return memory->levels ? NODE_ENTRIES - (page & (NODE_ENTRIES - 1)) : MEMORY_ROOTS - page;
}

/*
 * The slots from that of a page on which lie side by side, and how many; NULL when there are none, and for how many pages.
 */
paddr_t *memory_slots(struct memory *memory, uint64_t page, uint64_t *count) REQUIRES(memory->lock);

/* Whether some of the mappings may still have a page that leaves. */
static inline bool memory_is_unmapping(const struct memory *memory, uint64_t page) REQUIRES(memory->lock)
{
	return memory->rest && memory->unmapped == page;
}

/* Has the object have the frame in a slot alone: 0 when it has, -ENOMEM, or PAGE_LEAVING. */
MUST_USE int memory_leave(struct memory *memory, uint64_t page, paddr_t *slot) REQUIRES(memory->lock);

/* Between memory_begin_unsettled and its end: whether others are there, too. */
bool memory_others_are_unsettled(void);
