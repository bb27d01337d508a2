/*
 * Copies of memory objects: the frames of one become another's, too (copy.c says how they part again), and what is in memory
 * is mapped without a fault.
 */
#include "abi/abi.h"
#include "mem/share.h"
#include "object/aspace.h"
#include "object/memory_parts.h"
#include "panic.h"

/* As memcpy, of a page that programs may be writing to: each word is loaded once, and whole. */
static void copy_live_page(uint64_t *to, const uint64_t *from)
{
	enum { TURN = 32, WORDS = PAGE_SIZE / sizeof(*to) };

	for (const uint64_t *end = from + WORDS; from != end; to += TURN, from += TURN)
#pragma GCC unroll TURN
		for (unsigned i = 0; i < TURN; i++)
			to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

/* ---- mappings */

/*
 * To share a page that an object has had alone, all of its mappings have to give up writing to it at the same time. With more than
 * so many that takes longer than to copy the page, and so does to look for them among too many others: then it is copied.
 */
enum { MAPPINGS_MOST = 16, LOOKED_AT_MOST = 128, WORK_PROTECT = 3, PROTECTED_FOR_A_UNIT = 4 };

/* Leaves of [*first, *end) the pages that a region shows; false when it shows none. */
static bool clip(const struct region *region, uint64_t *first, uint64_t *end)
{
	uint64_t page = region->offset >> PAGE_SHIFT;
	uint64_t last = page + ((region->end - region->start) >> PAGE_SHIFT);

	*first = *first > page ? *first : page;
	*end = *end < last ? *end : last;
	return *first < *end;
}

/* How many regions show some of these pages; more than MAPPINGS_MOST when they are too many. */
static unsigned count_mappings(struct memory *memory, uint64_t first, uint64_t end) REQUIRES(memory->lock)
{
	unsigned count = 0, looks = 0;

	list_each(region, &memory->mappings, struct region, shown)
	{
		uint64_t from = first, to = end;

		count += clip(region, &from, &to);
		if (count > MAPPINGS_MOST || ++looks > LOOKED_AT_MOST)
			return MAPPINGS_MOST + 1;
	}
	return count;
}

static void protect_mappings(struct memory *memory, uint64_t first, uint64_t end) REQUIRES(memory->lock)
{
	list_each(region, &memory->mappings, struct region, shown)
	{
		uint64_t from = first, to = end, shift = region->start - region->offset;

		if (clip(region, &from, &to))
			(void)!arch_aspace_protect(&region->aspace->arch, (from << PAGE_SHIFT) + shift,
				(to << PAGE_SHIFT) + shift);
	}
}

/* ---- two objects, side by side */

enum {
	WORK_COPY = 30, /* of a page */
	SKIP_MOST = 1 << 12, /* pages that are looked at in one step */
};

/* One of the two objects: a page of it, and the slots from there on that lie side by side. */
struct side {
	struct memory *memory;
	uint64_t page;
	paddr_t *slots; /* NULL: for `count` pages there are none */
	uint64_t count; /* 0: nobody has looked yet */
};

/* What a pass knows. */
struct pass {
	struct side to, from;
	uint64_t pages; /* from there on */
	uint64_t there; /* at most so many of these are in memory */
	const struct memory_hot *hot;
	struct share_area area;
	unsigned mappings; /* that show some of `from`, or `is_crowded` */
	bool is_crowded;
	bool is_first; /* `to` has nothing but what this pass has put there, which lies before */
	uint64_t first, end; /* of `to`: what the pass has put there lies between */
	uint64_t shared, shared_end; /* of `from`: what has been shared, and was not before */
};

/* Member by member: most passes are short. */
static inline void pass_begin(struct pass *pass, struct memory_place to, struct memory_place from)
{
	pass->to.memory = to.memory, pass->to.page = to.page, pass->to.count = 0;
	pass->from.memory = from.memory, pass->from.page = from.page, pass->from.count = 0;
	pass->to.slots = pass->from.slots = NULL;
	pass->area = SHARE_NOWHERE;
	pass->first = pass->end = 0;
	pass->shared = pass->shared_end = 0;
}

static void look(struct side *side) REQUIRES(side->memory->lock)
{
	if (!side->count)
		side->slots = memory_slots(side->memory, side->page, &side->count);
}

static void advance(struct side *side, uint64_t pages)
{
	side->page += pages;
	side->count = pages < side->count ? side->count - pages : 0;
	side->slots += side->count && side->slots ? pages : 0;
}

/* Makes nodes for the slot of the page; -EEXIST when something is in it. */
static int make_room(struct side *side) REQUIRES(side->memory->lock)
{
	if (!side->count || !side->slots) {
		side->slots = memory_slot(side->memory, side->page);
		side->count = side->slots ? memory_row(side->memory, side->page) : 0;
	}
	if (!side->slots)
		return -ENOMEM;
	return side->slots->value ? -EEXIST : 0;
}

/* Notes that between these pages of `to` some have been put, so many. */
static void note_put(struct pass *pass, uint64_t first, uint64_t end, uint64_t pages)
	REQUIRES(pass->to.memory->lock)
{
	struct memory *to = pass->to.memory;

	if (first < to->lowest)
		to->lowest = first;
	to->pages += pages;
	if (pass->first == pass->end)
		pass->first = first;
	pass->end = end;
}

static int copy_now(struct pass *pass, paddr_t frame, int *work) REQUIRES(pass->to.memory->lock)
{
	*work -= WORK_COPY;
	TRY(make_room(&pass->to));
	TRY(account_frame_alloc(pass->to.memory->object.account, pass->to.slots));
	copy_live_page(direct(*pass->to.slots), direct(frame));
	note_put(pass, pass->to.page, pass->to.page + 1, 1);
	return 0;
}

/* Puts what is in a slot into another one, which is to be empty: 0, or what is in the way. */
static inline int share_slot(struct pass *pass, struct account *account, paddr_t *from, paddr_t *to)
	REQUIRES(pass->to.memory->lock, pass->from.memory->lock)
{
	int error;

	if (slot_is_leaving(*from))
		return PAGE_LEAVING;
	if (to->value)
		return -EEXIST;
	TRY(account_charge(account, PAGE_SIZE));
	error = share_give(*from, &pass->area);
	if (error) {
		account_uncharge(account, PAGE_SIZE);
		return error;
	}
	to->value = from->value |= SLOT_SHARED;
	return 0;
}

/* What has been done of a row. */
struct row {
	uint64_t pages; /* that have been put */
	uint64_t end; /* behind the last of these */
	uint64_t fresh, fresh_end; /* those that were not shared before lie between */
};

/* Shares what is in the next slots, of which the first can be, `most` pages; how many it has gone past, or an error. */
static long share_slots(struct pass *pass, uint64_t count, uint64_t most, struct row *row)
	REQUIRES(pass->to.memory->lock, pass->from.memory->lock)
{
	struct account *account = pass->to.memory->object.account;
	paddr_t *from = pass->from.slots, *to = pass->to.slots;
	uint64_t i = 0, n, left = most;
	int error = 0;

	while (i < count && left) {
		bool was_shared = slot_is_shared(from[i]);

		if (!from[i].value) {
			n = slots_empty(&from[i], count - i);
			if (!pass->is_first && slots_empty(&to[i], n) < n)
				break;
			i += n;
			continue;
		}
		error = share_slot(pass, account, &from[i], &to[i]);
		if (error)
			break;
		row->end = ++i;
		left--;
		if (!was_shared) {
			row->fresh = row->fresh_end ? row->fresh : i - 1;
			row->fresh_end = i;
		}
	}
	row->pages = most - left;
	return i ? (long)i : error;
}

/* What a page costs that is shared. */
static int price_of_page(const struct pass *pass)
{
	return WORK_SLOT + (int)pass->mappings / PROTECTED_FOR_A_UNIT;
}

/* For how many pages there is work left; one at least. */
static uint64_t pages_for(const struct pass *pass, int work)
{
	int price = price_of_page(pass);

	return work > price ? (uint64_t)(work / price) : 1;
}

/* The same of `count` slots, and notes it. The first has something. */
static long share_row(struct pass *pass, uint64_t count, int *work)
	REQUIRES(pass->to.memory->lock, pass->from.memory->lock)
{
	uint64_t most = pages_for(pass, *work);
	struct row row = {0};
	long n;

	TRY(make_room(&pass->to));
	n = share_slots(pass, pass->to.count < count ? pass->to.count : count,
		pass->there < most ? pass->there : most, &row);
	if (!row.pages)
		return n;
	if (row.fresh < row.fresh_end) {
		if (pass->shared == pass->shared_end)
			pass->shared = pass->from.page + row.fresh;
		pass->shared_end = pass->from.page + row.fresh_end;
	}
	note_put(pass, pass->to.page, pass->to.page + row.end, row.pages);
	pass->there -= row.pages;
	*work -= (int)(n / 8 * WORK_LOOK + (long)row.pages * price_of_page(pass));
	return n;
}

/* Whether `to` has nothing for the next pages. */
static bool is_room(struct side to, uint64_t pages, int *work) REQUIRES(to.memory->lock)
{
	uint64_t lowest = to.memory->lowest, n = to.page < lowest ? lowest - to.page : 0;

	while (n < pages) {
		advance(&to, n);
		pages -= n;
		look(&to);
		n = to.count < pages ? to.count : pages;
		*work -= WORK_LOOK;
		if (to.slots && slots_empty(to.slots, n) < n)
			return false;
	}
	return true;
}

/* Goes past pages that are not in memory. What `to` has there is in the way. */
static long skip(struct pass *pass, uint64_t pages, int *work) REQUIRES(pass->to.memory->lock)
{
	if (pass->is_first)
		return (long)pages;
	pages = pages < SKIP_MOST ? pages : SKIP_MOST;
	return is_room(pass->to, pages, work) ? (long)pages : -EEXIST;
}

/* How many of the next pages, `most` at most, are not hot. */
static uint64_t before_hot(const struct memory_hot *hot, uint64_t page, uint64_t most)
{
	for (unsigned i = 0; hot && i < MEMORY_HOT_MOST; i++)
		if (hot->page[i] - page < most)
			most = hot->page[i] - page;
	return most;
}

/* How many of the next pages are not in memory: 0, or some of these. */
static uint64_t next_empty(struct pass *pass, int *work) REQUIRES(pass->from.memory->lock)
{
	uint64_t lowest = pass->from.memory->lowest, page = pass->from.page, n;

	if (!pass->there)
		return pass->pages;
	*work -= WORK_LOOK;
	if (page < lowest) {
		n = lowest - page;
	} else {
		look(&pass->from);
		n = pass->from.slots ? slots_empty(pass->from.slots, pass->from.count) : pass->from.count;
	}
	return n < pass->pages ? n : pass->pages;
}

/* Does the next pages; how many, or an error. */
static long copy_next(struct pass *pass, int *work) REQUIRES(pass->to.memory->lock, pass->from.memory->lock)
{
	struct side *from = &pass->from;
	uint64_t most = next_empty(pass, work);

	if (most)
		return skip(pass, most, work);
	if (slot_is_leaving(*from->slots))
		return 0;
	most = pass->pages < from->count ? pass->pages : from->count;
	most = before_hot(pass->hot, from->page, most);
	if (most && pass->is_crowded)
		most = slot_is_shared(*from->slots);
	if (most)
		return share_row(pass, most, work);
	TRY(copy_now(pass, slot_frame(*from->slots), work));
	pass->there--;
	return 1;
}

/* Pages that are there already, and are not to be changed by anybody, are copied at once. */
static long copy_fixed_next(struct pass *pass, int *work) REQUIRES(pass->to.memory->lock)
{
	uint64_t start = pass->from.memory->roots[0].value;

	TRY(copy_now(pass, (paddr_t){start + (pass->from.page << PAGE_SHIFT)}, work));
	return 1;
}

/* Nobody writes to what is shared from now on. A hot page is not, and the program goes on writing to it. */
static void protect(struct memory *from, uint64_t first, uint64_t end, const struct memory_hot *hot)
	REQUIRES(from->lock)
{
	for (uint64_t n; first < end; first += n + 1) {
		n = before_hot(hot, first, end - first);
		if (n)
			protect_mappings(from, first, first + n);
	}
}

/* With both locks. Returns what was done, or what has stopped it. */
static long copy(struct pass *pass, int *work) REQUIRES(pass->to.memory->lock, pass->from.memory->lock)
{
	bool fixed = memory_is_fixed(pass->from.memory);
	uint64_t pages = pass->pages;
	long n;

	do {
		n = fixed ? copy_fixed_next(pass, work) : copy_next(pass, work);
		if (n <= 0)
			break;
		advance(&pass->to, (uint64_t)n);
		advance(&pass->from, (uint64_t)n);
		pass->pages -= (uint64_t)n;
	} while (pass->pages && *work > 0);
	protect(pass->from.memory, pass->shared, pass->shared_end, pass->hot);
	return pass->pages < pages ? (long)(pages - pass->pages) : n;
}

/* The younger object's lock comes first. `stale`: others may still write to pages that are shared now. */
static long copy_locked(struct pass *pass, int *work, bool *stale) NO_LOCK_ANALYSIS
{
	struct memory *to = pass->to.memory, *from = pass->from.memory;
	bool to_is_younger = to->object.id > from->object.id;
	struct memory *first = to_is_younger ? to : from, *second = to_is_younger ? from : to;
	long done;

	lock_acquire(&first->lock);
	lock_acquire(&second->lock);
	pass->is_first = !to->pages;
	pass->there = pass->from.page > from->lowest ? UINT64_MAX : from->pages;
	pass->mappings = count_mappings(from, pass->from.page, pass->from.page + pass->pages);
	pass->is_crowded = pass->mappings > MAPPINGS_MOST;
	*work -= pass->is_crowded ? 0 : (int)pass->mappings * WORK_PROTECT;
	done = copy(pass, work);
	*stale =
		pass->shared < pass->shared_end || (pass->first < pass->end && memory_others_are_unsettled());
	lock_release(&second->lock);
	lock_release(&first->lock);
	return done;
}

/*
 * When it returns, no hart can write to what is shared: neither by what it has cached, nor in a handler. What was shared before
 * is so already, unless whoever did that is still waiting for it.
 */
long memory_copy(
	struct memory_place to, struct memory_place from, uint64_t pages, struct memory_hot *hot, int *work)
{
	struct pass pass;
	bool stale;
	int error;
	long done;

	assert(to.memory != from.memory && !memory_is_device(from.memory) && pages && *work > 0);
	pass_begin(&pass, to, from);
	pass.pages = pages;
	pass.hot = hot;
	memory_begin_unsettled();
	done = copy_locked(&pass, work, &stale);
	if (stale)
		arch_harts_settle();
	memory_end_unsettled();
	if (hot)
		hot->first = pass.first, hot->end = pass.end;
	if (done)
		return done;
	/* Somebody else has its page leave; when that is over, it is no longer in the way. */
	error = memory_separate(from.memory, from.page);
	return error < 0 ? error : 0;
}

/* ---- showing what is there */

enum { SHOWN_FOR_A_UNIT = 4 /* pages that are all there */ };

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
		*work -= (int)(n < SKIP_MOST ? n : SKIP_MOST) / 32 * WORK_LOOK + WORK_LOOK;
		if (n)
			continue;
		*work -= (int)most / SHOWN_FOR_A_UNIT;
		TRY(arch_aspace_map_run(space, address, slot, (unsigned)most, prot));
		n = most;
	}
	return 0;
}
