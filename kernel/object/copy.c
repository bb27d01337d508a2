/*
 * Copies of memory that are made when somebody writes. memory_copy has two objects share frames; from then on these are
 * mapped for reading only, wherever the objects are. Who wants to write to such a page, or have the kernel touch it, has
 * its object leave the frame to the others first, and get a copy. A hart may still use the frame by what it has cached,
 * and in a handler, so:
 *
 *   this hart                                  another, which has the page mapped
 *   slot LEAVING, page out of all page tables  still reads the frame by what it has cached
 *   waits until all others have answered       drops that, outside of the kernel, and answers;
 *                                              meets a page fault, finds LEAVING, does the same
 *   the frame is copied, the slot changes,
 *   the share is given up                      meets a page fault again, finds the copy
 *
 * The frame's contents do not change as long as the object has a share, so it can be copied at any time before that. Whoever
 * is faster of several ends it. If no other hart can have cached the page, nobody waits.
 */
#include "abi/abi.h"
#include "lib/string.h"
#include "mem/share.h"
#include "object/aspace.h"
#include "object/memory_parts.h"
#include "panic.h"

/* How many copies and removals have not been seen by all harts yet. While there are any, nobody relies on page tables alone. */
static uint32_t unsettled; /* atomic */

void memory_begin_unsettled(void)
{
	__atomic_fetch_add(&unsettled, 1, __ATOMIC_SEQ_CST);
}

void memory_end_unsettled(void)
{
	__atomic_fetch_sub(&unsettled, 1, __ATOMIC_RELEASE);
}

/* Acquire: partner of the release above. */
bool memory_others_are_unsettled(void)
{
	return __atomic_load_n(&unsettled, __ATOMIC_ACQUIRE) > 1;
}

bool memory_change_mappings(struct memory *memory, uint64_t first, uint64_t end,
	bool (*change)(struct arch_aspace *, uint64_t, uint64_t))
{
	bool cached = false;

	list_each(region, &memory->mappings, struct region, shown)
	{
		uint64_t page = region->offset >> PAGE_SHIFT;
		uint64_t pages = (region->end - region->start) >> PAGE_SHIFT;
		uint64_t from = first > page ? first : page, to = end < page + pages ? end : page + pages;

		if (from < to)
			cached |= change(&region->aspace->arch, region->start + ((from - page) << PAGE_SHIFT),
				region->start + ((to - page) << PAGE_SHIFT));
	}
	return cached;
}

/* ---- having a frame alone */

/* Puts a copy in the place of the frame, or keeps that if nobody else has it any more; -ENOMEM. */
static int replace(paddr_t *slot)
{
	paddr_t shared = slot_frame(*slot), copy;
	struct share_area area = SHARE_NOWHERE;

	*slot = (paddr_t){shared.value | SLOT_SHARED};
	if (share_has_others(shared)) {
		TRY(frame_alloc(&copy)); /* it was charged when the frame was shared */
		memcpy(direct(copy), direct(shared), PAGE_SIZE);
		if (share_leave(shared, &area)) {
			*slot = copy;
			return 0;
		}
		frame_free(copy); /* the others were faster */
	}
	*slot = shared;
	return 0;
}

static void mark(struct memory *memory, paddr_t *slot) REQUIRES(memory->lock)
{
	uint64_t serial = memory->leavings++ % SLOT_SERIALS;

	*slot = (paddr_t){slot_frame(*slot).value | serial << SLOT_SERIAL_SHIFT | SLOT_LEAVING | SLOT_SHARED};
}

int memory_leave(struct memory *memory, uint64_t page, paddr_t *slot)
{
	bool cached;

	if (slot_is_leaving(*slot))
		return PAGE_LEAVING;
	if (!share_has_others(slot_frame(*slot))) {
		*slot = slot_frame(*slot);
		return 0;
	}
	mark(memory, slot);
	cached = memory_change_mappings(memory, page, page + 1, arch_aspace_unmap);
	cached |= __atomic_load_n(&unsettled, __ATOMIC_SEQ_CST) != 0;
	return cached ? PAGE_LEAVING : replace(slot);
}

/* What is in the slot of a page that leaves, else 0. */
static paddr_t leaving_slot(struct memory *memory, uint64_t page, uint64_t *leavings)
{
	paddr_t slot;

	lock_acquire(&memory->lock);
	slot = *memory_slot(memory, page); /* it has been there before */
	*leavings = memory->leavings;
	lock_release(&memory->lock);
	return slot_is_leaving(slot) ? slot : (paddr_t){0};
}

/*
 * The page may have left already, and may be leaving once more for another reason. That others have answered before says
 * nothing about then: the serial in the slot tells.
 */
int memory_separate(struct memory *memory, uint64_t page)
{
	uint64_t before;
	paddr_t slot = leaving_slot(memory, page, &before), *now;
	int error = 0;

	if (!slot.value)
		return 0;
	arch_harts_settle();
	lock_acquire(&memory->lock);
	now = memory_slot(memory, page);
	if (now->value == slot.value && memory->leavings - before < SLOT_SERIALS)
		error = replace(now);
	lock_release(&memory->lock);
	return error;
}
