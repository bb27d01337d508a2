/*
 * Copies of memory objects: the frames of one become another's, too (copy.c says how they part again), and what is in memory
 * is mapped without a fault.
 */
#include "abi/abi.h"
#include "mem/share.h"
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

/* ---- two objects, side by side */

enum {
	WORK_COPY = 30, /* of a page */
	ROW_MOST = 32, /* slots in one step */
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
static inline int share_slot(struct pass *pass, paddr_t *from, paddr_t *to)
	REQUIRES(pass->to.memory->lock, pass->from.memory->lock)
{
	struct account *account = pass->to.memory->object.account;
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

/* Shares what is in the next slots, of which the first can be; how many it has gone past, or an error. */
static long share_slots(struct pass *pass, uint64_t count, struct row *row)
	REQUIRES(pass->to.memory->lock, pass->from.memory->lock)
{
	paddr_t *from = pass->from.slots, *to = pass->to.slots;
	uint64_t i = 0, n, there = pass->there;
	int error = 0;

	while (i < count && there) {
		bool was_shared = slot_is_shared(from[i]);

		if (!from[i].value) {
			n = slots_empty(&from[i], count - i);
			if (!pass->is_first && slots_empty(&to[i], n) < n)
				break;
			i += n;
			continue;
		}
		error = share_slot(pass, &from[i], &to[i]);
		if (error)
			break;
		row->end = ++i;
		there--;
		if (!was_shared) {
			row->fresh = row->fresh_end ? row->fresh : i - 1;
			row->fresh_end = i;
		}
	}
	row->pages = pass->there - there;
	return i ? (long)i : error;
}

/* The same, and notes it. The first has something. */
static long share_row(struct pass *pass, uint64_t most, int *work)
	REQUIRES(pass->to.memory->lock, pass->from.memory->lock)
{
	struct row row = {0};
	long n;

	TRY(make_room(&pass->to));
	n = share_slots(pass, pass->to.count < most ? pass->to.count : most, &row);
	if (!row.pages)
		return n;
	if (row.fresh < row.fresh_end) {
		if (pass->shared == pass->shared_end)
			pass->shared = pass->from.page + row.fresh;
		pass->shared_end = pass->from.page + row.fresh_end;
	}
	note_put(pass, pass->to.page, pass->to.page + row.end, row.pages);
	pass->there -= row.pages;
	*work -= (int)(n / 8 * WORK_LOOK + (long)row.pages * WORK_SLOT);
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
	most = before_hot(pass->hot, from->page, most < ROW_MOST ? most : ROW_MOST);
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
			(void)memory_change_mappings(from, first, first + n, arch_aspace_protect);
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
		*work -= (int)(n < SKIP_MOST ? n : SKIP_MOST) / 32 * WORK_LOOK + WORK_LOOK;
		if (n)
			continue;
		n = most < SHOW_PIECE ? most : SHOW_PIECE;
		*work -= WORK_SHOW;
		TRY(arch_aspace_map_run(space, address, slot, (unsigned)n, prot));
	}
	return 0;
}
