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
 *
 * Many mappings are gone through in passes, of which whoever wants the page does some, and then lets interrupts in:
 *
 *   this hart                                  others
 *   slot LEAVING, page out of some tables      read the frame by mappings that still have it; can't write, and bring
 *                                              it in nowhere: who meets a page fault does the next passes
 *   waits for all others, goes back to its     unmap, map and cut regions: those from memory->rest on are still to be
 *   program, and comes again                   gone through, and stay so (memory_remove_mapping and its like)
 *   goes on, if nobody has, to the last one
 *   as above: waits, copies, changes the slot
 *
 * An object takes one page at a time out of many mappings; who wants another one helps. What is not over belongs to nobody: a thread
 * may end meanwhile, and the page is left to the next one that wants it, or to the end of the mappings.
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

/* ---- pages that are taken out of mappings */

uint32_t memory_takers;

/*
 * From before this hart takes a page out of a mapping until all others have answered. Who unmaps such a page meanwhile finds that it
 * is gone, and has to see to it that nobody uses it:
 *
 *   this hart                           one that unmaps                   one that reads
 *   takes part; the entry goes
 *                                       finds no entry, but a taker:      still reads what it has cached
 *                                       waits for those in the space      drops that, and answers
 *                                       returns; the address is free
 *   waits for all others; takes none
 */
static void begin_taking(void)
{
	if (this_hart()->takes_pages)
		return;
	this_hart()->takes_pages = true;
	__atomic_fetch_add(&memory_takers, 1, __ATOMIC_SEQ_CST);
}

static void end_taking(void)
{
	if (!this_hart()->takes_pages)
		return;
	this_hart()->takes_pages = false;
	__atomic_fetch_sub(&memory_takers, 1, __ATOMIC_SEQ_CST);
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

/* In units of work: to take the page out of a mapping. */
enum { WORK_UNMAP = 3 };

static bool unmap(const struct region *region, uint64_t page, int *work)
{
	uint64_t within = (page << PAGE_SHIFT) - region->offset, at = region->start + within;

	*work -= WORK_LOOK;
	if (within >= region->end - region->start)
		return false;
	*work -= WORK_UNMAP;
	return arch_aspace_unmap(&region->aspace->arch, at, at + PAGE_SIZE);
}

/* One pass of taking the page out of the mappings: false when more are left. `cached`: other harts may have it still. */
static bool unmap_pass(struct memory *memory, bool *cached) REQUIRES(memory->lock)
{
	int work = WORK_PASS;

	for (; memory->rest != &memory->mappings; memory->rest = memory->rest->next) {
		if (work <= 0)
			return false;
		*cached |= unmap(container_of(memory->rest, struct region, shown), memory->unmapped, &work);
	}
	memory->rest = NULL;
	return true;
}

int memory_leave(struct memory *memory, uint64_t page, paddr_t *slot)
{
	bool cached = false;

	if (slot_is_leaving(*slot))
		return PAGE_LEAVING;
	if (!share_has_others(slot_frame(*slot))) {
		*slot = slot_frame(*slot);
		return 0;
	}
	if (memory->rest) /* another one is leaving, which goes first */
		return PAGE_LEAVING;
	mark(memory, slot);
	memory->unmapped = (uint32_t)page;
	memory->rest = memory->mappings.next;
	begin_taking();
	if (!unmap_pass(memory, &cached) || cached)
		return PAGE_LEAVING;
	end_taking();
	return __atomic_load_n(&unsettled, __ATOMIC_SEQ_CST) ? PAGE_LEAVING : replace(slot);
}

void memory_grow_mapping(struct memory *memory, struct list *shown)
{
	memory_remove_mapping(memory, shown);
	list_append(&memory->mappings, shown);
	if (memory->rest == &memory->mappings)
		memory->rest = shown;
}

/* Does passes, for whichever page, until none is left, or an interrupt is pending: true then. `helped`: it has done some. */
static bool unmap_more(struct memory *memory, bool *helped)
{
	bool more, cached = false;

	do {
		lock_acquire(&memory->lock);
		more = memory->rest;
		*helped |= more;
		if (more)
			begin_taking();
		more = more && !unmap_pass(memory, &cached);
		lock_release(&memory->lock);
	} while (more && !arch_interrupt_is_pending());
	return more;
}

/* What is in the slot of a page that leaves and is mapped nowhere any more, else 0. */
static paddr_t leaving_slot(struct memory *memory, uint64_t page, uint64_t *leavings)
{
	paddr_t slot;
	bool left;

	lock_acquire(&memory->lock);
	slot = *memory_slot(memory, page); /* it has been there before */
	left = slot_is_leaving(slot) && !memory_is_unmapping(memory, page);
	*leavings = memory->leavings;
	lock_release(&memory->lock);
	return left ? slot : (paddr_t){0};
}

/*
 * The page may have left already, and may be leaving once more for another reason. That others have answered before says
 * nothing about then: the serial in the slot tells.
 */
int memory_separate(struct memory *memory, uint64_t page)
{
	bool helped = false, more = unmap_more(memory, &helped);
	uint64_t before;
	paddr_t slot = leaving_slot(memory, page, &before), *now;
	int error = 0;

	/* Also when there is more to do: nobody else knows that others may still use what has been taken out until now. */
	if (slot.value || helped)
		arch_harts_settle();
	end_taking(); /* where nobody had to be waited for, another hart has done so since */
	if (!slot.value)
		return more ? PAGE_STOP : 0;
	lock_acquire(&memory->lock);
	now = memory_slot(memory, page);
	if (now->value == slot.value && memory->leavings - before < SLOT_SERIALS)
		error = replace(now);
	lock_release(&memory->lock);
	return error;
}
