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

/* Changes the page table entries of [first, end) wherever they are mapped; true when other harts may have cached some. */
static bool change_mappings(struct memory *memory, uint64_t first, uint64_t end,
	bool (*change)(struct arch_aspace *, uint64_t, uint64_t)) REQUIRES(memory->lock)
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

	*slot = (paddr_t){shared.value | SLOT_SHARED};
	if (share_has_others(shared)) {
		TRY(frame_alloc(&copy)); /* it was charged when the frame was shared */
		memcpy(direct(copy), direct(shared), PAGE_SIZE);
		if (share_leave(shared)) {
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
	cached = change_mappings(memory, page, page + 1, arch_aspace_unmap);
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

/* ---- sharing */

static int share(struct memory *to, uint64_t page, paddr_t *slot) REQUIRES(to->lock)
{
	paddr_t *place = memory_slot(to, page);

	if (!place)
		return -ENOMEM;
	if (place->value)
		return -EEXIST;
	TRY(account_charge(to->object.account, PAGE_SIZE));
	if (share_give(slot_frame(*slot))) {
		account_uncharge(to->object.account, PAGE_SIZE);
		return -ENOMEM;
	}
	slot->value |= SLOT_SHARED;
	*place = *slot;
	to->pages++;
	return 0;
}

/* Pages that are there already, and are not to be changed by anybody, are copied at once. */
static int copy_fixed(struct memory *to, uint64_t page, const struct memory *from, uint64_t from_page)
	REQUIRES(to->lock)
{
	paddr_t *place = memory_slot(to, page);

	if (!place)
		return -ENOMEM;
	if (place->value)
		return -EEXIST;
	TRY(account_frame_alloc(to->object.account, place));
	memcpy(direct(*place), direct((paddr_t){from->roots[0].value + (from_page << PAGE_SHIFT)}),
		PAGE_SIZE);
	to->pages++;
	return 0;
}

enum { WORK_COPY = 40, RUN_MOST = 1 << 12 /* pages that are looked at in one step */ };

/* How many of the next pages, `most` at most, are not in memory. */
static uint64_t empty_run(struct memory_place at, uint64_t most, int *work) REQUIRES(at.memory->lock)
{
	uint64_t n = 0, slots;

	while (n < most) {
		const paddr_t *slot = memory_slots(at.memory, at.page + n, &slots);
		uint64_t end = n + slots < most ? n + slots : most;

		*work -= WORK_LOOK;
		if (!slot) {
			n = end;
			continue;
		}
		*work -= (int)(end - n) / 16 * WORK_LOOK;
		for (; n < end; n++, slot++)
			if (slot->value)
				return n;
	}
	return n;
}

/* Does the next pages; how many, or an error. What `to` has where `from` has nothing is in the way, too. */
static long copy_next(struct memory_place to, struct memory_place from, uint64_t pages, int *work)
	REQUIRES(to.memory->lock, from.memory->lock)
{
	uint64_t run = empty_run(from, pages < RUN_MOST ? pages : RUN_MOST, work), slots;
	paddr_t *slot;

	if (run)
		return to.memory->pages && empty_run(to, run, work) < run ? -EEXIST : (long)run;
	*work -= WORK_FRAME;
	slot = memory_slots(from.memory, from.page, &slots);
	if (slot_is_leaving(*slot))
		return 0;
	TRY(share(to.memory, to.page, slot));
	return 1;
}

static long copy_fixed_next(struct memory_place to, struct memory_place from, int *work)
	REQUIRES(to.memory->lock)
{
	*work -= WORK_COPY;
	TRY(copy_fixed(to.memory, to.page, from.memory, from.page));
	return 1;
}

/* With both locks. */
static long copy(struct memory_place to, struct memory_place from, uint64_t pages, int *work)
	REQUIRES(to.memory->lock, from.memory->lock)
{
	uint64_t end = from.page + pages, first = end, last = end; /* those that are shared lie between */
	bool fixed = memory_is_fixed(from.memory);
	long n;

	do {
		uint64_t before = to.memory->pages;

		n = fixed ? copy_fixed_next(to, from, work) : copy_next(to, from, end - from.page, work);
		if (n <= 0)
			break;
		if (!fixed && to.memory->pages != before) {
			first = first == end ? from.page : first;
			last = from.page + 1;
		}
		to.page += (uint64_t)n;
		from.page += (uint64_t)n;
	} while (from.page != end && *work > 0);
	if (first < last)
		(void)change_mappings(from.memory, first, last, arch_aspace_protect);
	return from.page != end - pages ? (long)(from.page - (end - pages)) : n;
}

/* The younger object's lock comes first. `shared`: pages of `from` may not be written any more. */
static long copy_locked(struct memory_place to, struct memory_place from, uint64_t pages, int *work,
	bool *shared) NO_LOCK_ANALYSIS
{
	bool to_is_younger = to.memory->object.id > from.memory->object.id;
	struct memory *first = to_is_younger ? to.memory : from.memory;
	struct memory *second = to_is_younger ? from.memory : to.memory;
	uint64_t before;
	long done;

	lock_acquire(&first->lock);
	lock_acquire(&second->lock);
	before = to.memory->pages;
	done = copy(to, from, pages, work);
	*shared = to.memory->pages > before && !memory_is_fixed(from.memory);
	lock_release(&second->lock);
	lock_release(&first->lock);
	return done;
}

/* When it returns, no hart can write to what is shared: neither by what it has cached, nor in a handler. */
long memory_copy(struct memory_place to, struct memory_place from, uint64_t pages, int *work)
{
	bool shared;
	long done;

	assert(to.memory != from.memory && !memory_is_device(from.memory) && pages && *work > 0);
	memory_begin_unsettled();
	done = copy_locked(to, from, pages, work, &shared);
	if (shared)
		arch_harts_settle();
	memory_end_unsettled();
	if (!done) /* another hart has its page leave; when that is over, it is no longer in the way */
		TRY(memory_separate(from.memory, from.page));
	return done;
}
