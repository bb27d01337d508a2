/*
 * Copies of memory objects: the frames of one become another's, too (copy.c says how they part again), and what is in memory
 * is mapped without a fault.
 */
#include "abi/abi.h"
#include "mem/share.h"
#include "object/memory_parts.h"
#include "panic.h"

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

/* As memcpy, of a page that programs may be writing to: each word is loaded once, and whole. */
static void copy_live_page(uint64_t *to, const uint64_t *from)
{
	enum { TURN = 32, WORDS = PAGE_SIZE / sizeof(*to) };

	for (const uint64_t *end = from + WORDS; from != end; to += TURN, from += TURN)
#pragma GCC unroll TURN
		for (unsigned i = 0; i < TURN; i++)
			to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

static int copy_now(struct memory *to, uint64_t page, paddr_t frame) REQUIRES(to->lock)
{
	paddr_t *place = memory_slot(to, page);

	if (!place)
		return -ENOMEM;
	if (place->value)
		return -EEXIST;
	TRY(account_frame_alloc(to->object.account, place));
	copy_live_page(direct(*place), direct(frame));
	to->pages++;
	return 0;
}

enum { WORK_COPY = 30, RUN_MOST = 1 << 12 /* pages that are looked at in one step */ };

/* How many of the next slots, `most` at most, are empty. Most are: eight at a time. */
static uint64_t slots_empty(const paddr_t *slot, uint64_t most)
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

/* How many of the next pages, `most` at most, are not in memory. */
static uint64_t empty_run(struct memory_place at, uint64_t most, int *work) REQUIRES(at.memory->lock)
{
	uint64_t lowest = at.memory->lowest, n = at.page < lowest ? lowest - at.page : 0, slots;

	while (n < most) {
		const paddr_t *slot = memory_slots(at.memory, at.page + n, &slots);
		uint64_t end = n + slots < most ? n + slots : most, empty;

		*work -= WORK_LOOK;
		if (!slot) {
			n = end;
			continue;
		}
		empty = slots_empty(slot, end - n);
		*work -= (int)empty / 32 * WORK_LOOK;
		n += empty;
		if (n < end)
			return n;
	}
	return n < most ? n : most;
}

static bool is_hot(const struct memory_hot *hot, uint64_t page)
{
	for (unsigned i = 0; hot && i < MEMORY_HOT_MOST; i++)
		if (hot->page[i] == page)
			return true;
	return false;
}

/* What a pass knows of the two objects. */
struct pass {
	const struct memory_hot *hot;
	uint64_t left; /* at most so many pages of `from` are in memory from here on */
	bool is_first; /* `to` has nothing but what this pass has put there, which lies before */
};

/* Goes past pages that are not in memory; how many, or an error. What `to` has there is in the way. */
static long skip_next(struct memory_place to, struct memory_place from, uint64_t pages,
	const struct pass *pass, int *work) REQUIRES(to.memory->lock, from.memory->lock)
{
	uint64_t run = pages < RUN_MOST ? pages : RUN_MOST;

	if (!pass->left && pass->is_first)
		return (long)pages;
	if (pass->left)
		run = empty_run(from, run, work);
	return !pass->is_first && empty_run(to, run, work) < run ? -EEXIST : (long)run;
}

/* Does the next pages; how many, or an error. */
static long copy_next(struct memory_place to, struct memory_place from, uint64_t pages, struct pass *pass,
	int *work) REQUIRES(to.memory->lock, from.memory->lock)
{
	uint64_t slots;
	paddr_t *slot = memory_slots(from.memory, from.page, &slots);

	if (!slot || !slot->value)
		return skip_next(to, from, pages, pass, work);
	pass->left--;
	if (slot_is_leaving(*slot))
		return 0;
	if (is_hot(pass->hot, from.page)) {
		*work -= WORK_COPY;
		TRY(copy_now(to.memory, to.page, slot_frame(*slot)));
		return 1;
	}
	*work -= WORK_FRAME;
	TRY(share(to.memory, to.page, slot));
	return 1;
}

/* Pages that are there already, and are not to be changed by anybody, are copied at once. */
static long copy_fixed_next(struct memory_place to, struct memory_place from, int *work)
	REQUIRES(to.memory->lock)
{
	*work -= WORK_COPY;
	TRY(copy_now(to.memory, to.page, (paddr_t){from.memory->roots[0].value + (from.page << PAGE_SHIFT)}));
	return 1;
}

/* Nobody writes to what is shared from now on. A hot page is not, and the program goes on writing to it. */
static void protect(struct memory *from, uint64_t first, uint64_t end, const struct memory_hot *hot)
	REQUIRES(from->lock)
{
	for (uint64_t start = first; start < end; start = first + 1) {
		for (first = start; first < end && !is_hot(hot, first); first++)
			continue;
		if (start < first)
			(void)memory_change_mappings(from, start, first, arch_aspace_protect);
	}
}

/* With both locks. */
static long copy(struct memory_place to, struct memory_place from, uint64_t pages, struct memory_hot *hot,
	int *work) REQUIRES(to.memory->lock, from.memory->lock)
{
	uint64_t end = from.page + pages, first = end, last = end; /* those that are shared lie between */
	bool fixed = memory_is_fixed(from.memory);
	struct pass pass = {
		hot, from.page > from.memory->lowest ? UINT64_MAX : from.memory->pages, !to.memory->pages};
	long n;

	do {
		uint64_t before = to.memory->pages;

		n = fixed ? copy_fixed_next(to, from, work)
			  : copy_next(to, from, end - from.page, &pass, work);
		if (n <= 0)
			break;
		if (to.memory->pages != before) {
			first = first == end ? from.page : first;
			last = from.page + 1;
		}
		to.page += (uint64_t)n;
		from.page += (uint64_t)n;
	} while (from.page != end && *work > 0);
	if (first < last && !fixed)
		protect(from.memory, first, last, hot);
	if (hot)
		hot->first = to.page - (from.page - first), hot->end = to.page - (from.page - last);
	return from.page != end - pages ? (long)(from.page - (end - pages)) : n;
}

/* The younger object's lock comes first. `shared`: pages of `from` may not be written any more. */
static long copy_locked(struct memory_place to, struct memory_place from, uint64_t pages,
	struct memory_hot *hot, int *work, bool *shared) NO_LOCK_ANALYSIS
{
	bool to_is_younger = to.memory->object.id > from.memory->object.id;
	struct memory *first = to_is_younger ? to.memory : from.memory;
	struct memory *second = to_is_younger ? from.memory : to.memory;
	uint64_t before;
	long done;

	lock_acquire(&first->lock);
	lock_acquire(&second->lock);
	before = to.memory->pages;
	done = copy(to, from, pages, hot, work);
	*shared = to.memory->pages > before && !memory_is_fixed(from.memory);
	lock_release(&second->lock);
	lock_release(&first->lock);
	return done;
}

/* When it returns, no hart can write to what is shared: neither by what it has cached, nor in a handler. */
long memory_copy(
	struct memory_place to, struct memory_place from, uint64_t pages, struct memory_hot *hot, int *work)
{
	bool shared;
	long done;

	assert(to.memory != from.memory && !memory_is_device(from.memory) && pages && *work > 0);
	memory_begin_unsettled();
	done = copy_locked(to, from, pages, hot, work, &shared);
	if (shared)
		arch_harts_settle();
	memory_end_unsettled();
	if (!done) /* another hart has its page leave; when that is over, it is no longer in the way */
		TRY(memory_separate(from.memory, from.page));
	return done;
}

/* ---- showing what is there */

enum { SHOW_PIECE = 32, WORK_SHOW = 8 /* for a piece that is all there */ };

STATIC_ASSERT((int)SLOT_SHARED == ARCH_RUN_READ && (int)SLOT_LEAVING == ARCH_RUN_SKIP);

int memory_show(struct memory *memory, uint64_t page, uint64_t pages, struct arch_aspace *space,
	uint64_t address, enum prot prot, int *work)
{
	uint64_t n, slots;

	if (memory_is_fixed(memory) || (prot & PROT_EXEC && arch_aspace_is_elsewhere(space)))
		return 0;
	for (; pages && *work > 0; page += n, pages -= n, address += n << PAGE_SHIFT) {
		const paddr_t *slot = memory_slots(memory, page, &slots);
		uint64_t most = slots < pages ? slots : pages;

		n = slot ? slots_empty(slot, most) : most;
		*work -= (int)(n < RUN_MOST ? n : RUN_MOST) / 32 * WORK_LOOK + WORK_LOOK;
		if (n)
			continue;
		n = most < SHOW_PIECE ? most : SHOW_PIECE;
		*work -= WORK_SHOW;
		TRY(arch_aspace_map_run(space, address, slot, (unsigned)n, prot));
	}
	return 0;
}
