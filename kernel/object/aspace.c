/* Regions of an address space: made, changed, taken away. How a page fault finds its page is in aspace_fault.c. */
#include "object/aspace.h"

#include "abi/abi.h"
#include "mem/pool.h"
#include "object/aspace_parts.h"
#include "panic.h"

/*
 * Pages of a range have been removed, and other harts may still use them. In the space's list from then on, so that who
 * changes the range again meanwhile waits for them too: nobody may meet an old page after that.
 */
struct removal {
	struct list link;
	uint64_t start, end;
};

static struct pool regions = POOL_INIT(regions, struct region);

int aspace_init(struct aspace *aspace, struct account *account)
{
	aspace->account = account;
	tree_init(&aspace->regions, hart_random());
	tree_init(&aspace->holes, hart_random());
	list_init(&aspace->removals);
	aspace->is_plain = true;
	return arch_aspace_init(&aspace->arch, account);
}

/* The next one is told by note_hole that there is more room below it, if there is. */
static void region_free(struct aspace *aspace, struct region *region)
{
	if (aspace->touched == region)
		aspace->touched = NULL;
	tree_remove(&aspace->holes, &region->hole);
	tree_take(&aspace->regions, &region->node);
	lock_acquire(&region->memory->lock);
	memory_remove_mapping(region->memory, &region->shown);
	lock_release(&region->memory->lock);
	object_put(&region->memory->object);
	pool_free(&regions, aspace->account, region);
}

static bool destroy(struct aspace *aspace, int *work) REQUIRES(aspace->lock)
{
	aspace->gone = true;
	aspace->is_plain = false;
	/* While a region is among its memory's mappings, others may look into the page table. */
	for (; aspace->regions.first; *work -= WORK_NAME) {
		if (*work <= 0)
			return false;
		region_free(aspace, region_at(aspace->regions.first));
	}
	return arch_aspace_destroy(&aspace->arch, work);
}

bool aspace_destroy(struct aspace *aspace, int *work)
{
	bool destroyed;

	lock_acquire(&aspace->lock);
	destroyed = destroy(aspace, work);
	lock_release(&aspace->lock);
	return destroyed;
}

bool aspace_is_empty(struct aspace *aspace)
{
	bool empty;

	lock_acquire(&aspace->lock);
	empty = !aspace->regions.first;
	lock_release(&aspace->lock);
	return empty;
}

/* ---- room */

static RARE void change_hole(struct aspace *aspace, struct region *region, uint64_t size)
	REQUIRES(aspace->lock)
{
	tree_remove(&aspace->holes, &region->hole);
	region->hole.key = 0;
	if (size)
		tree_insert(&aspace->holes, &region->hole, size);
}

/* What is free right below a region, if there is one, has changed. */
static ALWAYS_INLINE void note_hole(struct aspace *aspace, struct region *region) REQUIRES(aspace->lock)
{
	if (region && region->hole.key != room_below(region))
		change_hole(aspace, region, room_below(region));
}

/* Where there is room, and behind which region that is: the smallest hole that is enough, else behind all regions; else 0. */
static ALWAYS_INLINE uint64_t find_room(struct aspace *aspace, uint64_t size, struct tree_node **previous)
	REQUIRES(aspace->lock)
{
	const struct tree_node *hole = aspace->holes.root ? tree_after(&aspace->holes, size - 1) : NULL;
	uint64_t start;

	if (hole) {
		const struct region *above = container_of(hole, const struct region, hole);

		*previous = above->node.previous;
		return above->start - hole->key;
	}
	*previous = aspace->regions.last;
	start = room_behind(region_at(*previous));
	return start + size <= USER_TOP ? start : 0; /* no object is so large that this is no sum */
}

/* ---- removed pages */

static bool is_being_removed(const struct aspace *aspace, uint64_t start, uint64_t end) REQUIRES(aspace->lock)
{
	list_each(removal, &aspace->removals, struct removal, link)
	{
		if (removal->start < end && start < removal->end)
			return true;
	}
	return false;
}

/* Returns when no hart uses a page that has been removed from the range. Without any lock. */
static void forget(struct aspace *aspace, struct removal *removal)
{
	arch_aspace_forget(&aspace->arch, removal->start, removal->end);
	memory_end_unsettled();
	lock_acquire(&aspace->lock);
	list_remove(&removal->link);
	lock_release(&aspace->lock);
}

/* Puts a range on the list; `forget` takes it off. */
static void note_removal(struct aspace *aspace, struct removal *removal, uint64_t start, uint64_t end)
	REQUIRES(aspace->lock)
{
	*removal = (struct removal){.start = start, .end = end};
	list_append(&aspace->removals, &removal->link);
	memory_begin_unsettled();
}

/* ---- mapping and unmapping */

static ALWAYS_INLINE void show(struct region *region)
{
	struct memory *memory = region->memory;

	lock_acquire(&memory->lock);
	memory_add_mapping(memory, &region->shown);
	lock_release(&memory->lock);
}

/* Whether there is room at `start`. As a program is loaded or cloned, what comes goes behind the last. */
static ALWAYS_INLINE int find_fixed(struct aspace *aspace, uint64_t size, uint64_t start,
	struct tree_node **previous) REQUIRES(aspace->lock)
{
	const struct region *last = region_at(aspace->regions.last);

	if (!last || start < last->end)
		return overlaps(region_from(aspace, start), start + size) ? -EEXIST : 0;
	*previous = aspace->regions.last;
	return 0;
}

/* Where something goes, of which the caller wants *start if that is not 0; `previous`: the one before it, NULL: to be found. */
static ALWAYS_INLINE int find_place(struct aspace *aspace, uint64_t size, uint64_t *start,
	struct tree_node **previous) REQUIRES(aspace->lock)
{
	*previous = NULL;
	if (*start)
		return find_fixed(aspace, size, *start, previous);
	*start = find_room(aspace, size, previous);
	return *start ? 0 : -ENOMEM;
}

/* A region that is nowhere yet, and has the caller's reference to its memory; NULL when there is no memory for it. */
static ALWAYS_INLINE struct region *region_create(struct aspace *aspace, const struct mapping *mapping)
{
	struct region *region = pool_alloc_unset(&regions, aspace->account);

	if (!region)
		return NULL;
	/* All but its place and what a tree and a list set, member by member: the whole would be set to zero first. */
	region->aspace = aspace;
	region->memory = mapping->memory;
	region->offset = mapping->offset;
	region->use = mapping->use;
	region->hole.weight = region->hole.key = 0;
	return region;
}

static RARE void region_discard(struct aspace *aspace, struct region *region)
{
	object_put(&region->memory->object);
	pool_free(&regions, aspace->account, region);
}

static ALWAYS_INLINE int map(struct aspace *aspace, uint64_t at, uint64_t size, struct region *region)
	REQUIRES(aspace->lock)
{
	struct tree_node *previous;
	uint64_t start = at;

	if (aspace->gone)
		return -EBUSY;
	TRY(find_place(aspace, size, &start, &previous));
	region->start = start;
	region->end = start + size;
	if (previous)
		tree_insert_after(&aspace->regions, &region->node, region->end, previous);
	else
		tree_insert(&aspace->regions, &region->node, region->end);
	if (memory_is_device(region->memory))
		aspace->is_plain = false;
	show(region);
	aspace->touched = region; /* it is about to be */
	if (at)
		note_hole(aspace, region);
	note_hole(aspace, region_next(region));
	return 0;
}

/* Somewhere in the space pages are being removed: if it is where something has been mapped now, other harts must forget them. */
static RARE void map_anew(struct aspace *aspace, uint64_t start, uint64_t end) RELEASES(aspace->lock)
{
	bool stale = is_being_removed(aspace, start, end);
	struct removal removal;

	if (stale)
		note_removal(aspace, &removal, start, end);
	lock_release(&aspace->lock);
	if (stale)
		forget(aspace, &removal);
}

/* Gives the lock back; `made` is what has been mapped, if anything has. */
static ALWAYS_INLINE void map_end(struct aspace *aspace, const struct region *made) RELEASES(aspace->lock)
{
	if (made && !list_is_empty(&aspace->removals))
		map_anew(aspace, made->start, made->end);
	else
		lock_release(&aspace->lock);
}

/* The region comes first, without the lock: so there is little that has to outlast a call. */
long aspace_map(struct aspace *aspace, uint64_t at, const struct mapping *mapping)
{
	struct region *region = region_create(aspace, mapping);
	int error;

	if (!region)
		return -ENOMEM;
	if (object_take(&mapping->memory->object)) {
		pool_free(&regions, aspace->account, region);
		return -EBADF;
	}
	lock_acquire(&aspace->lock);
	error = map(aspace, at, mapping->size, region);
	map_end(aspace, error ? NULL : region);
	if (!error)
		return (long)region->start;
	region_discard(aspace, region);
	return error;
}

int aspace_map_shown(struct aspace *aspace, uint64_t at, const struct mapping *mapping, uint64_t first,
	uint64_t end, int *work)
{
	struct region *region = region_create(aspace, mapping);
	int error;

	if (!region) {
		object_put(&mapping->memory->object);
		return -ENOMEM;
	}
	lock_acquire(&aspace->lock);
	error = map(aspace, at, mapping->size, region);
	if (error) {
		map_end(aspace, NULL);
		region_discard(aspace, region);
		return error;
	}
	error = aspace_show(aspace, region, first, end, work);
	map_end(aspace, region);
	if (error) /* nor is the mapping left then: a whole one goes without memory */
		(void)!aspace_unmap_all(aspace, at, mapping->size);
	return error;
}

/* Leaves of a region what lies in [start, end). */
static void cut(struct region *region, uint64_t start, uint64_t end)
{
	lock_acquire(&region->memory->lock);
	region->offset += start - region->start;
	region->start = start;
	region->end = region->node.key = end; /* its place among the others stays the same */
	lock_release(&region->memory->lock);
}

static void show_part(struct region *region, struct region *rest)
{
	lock_acquire(&rest->memory->lock);
	memory_split_mapping(rest->memory, &region->shown, &rest->shown);
	lock_release(&rest->memory->lock);
}

/* Cuts a region in two at `address`, which is inside it. */
static int split(struct aspace *aspace, struct region *region, uint64_t address) REQUIRES(aspace->lock)
{
	struct region *rest = pool_alloc(&regions, aspace->account);

	if (!rest)
		return -ENOMEM;
	*rest = *region;
	rest->hole = (struct tree_node){0};
	rest->start = address;
	rest->offset += address - region->start;
	object_take_another(&rest->memory->object);
	show_part(region, rest); /* before the other one is shorter: no page is without a region meanwhile */
	cut(region, region->start, address);
	tree_insert_after(&aspace->regions, &rest->node, rest->end, &region->node);
	return 0;
}

/* Has a region end at an address; `made`: the one that begins there, if it did not before. */
static int split_at(struct aspace *aspace, uint64_t address, struct region **made) REQUIRES(aspace->lock)
{
	struct region *region = region_from(aspace, address);

	*made = NULL;
	if (!overlaps(region, address))
		return 0;
	TRY(split(aspace, region, address));
	*made = region_next(region);
	return 0;
}

/* What goes in one piece: more of either takes several. */
enum { PAGES_AT_ONCE = 256, REGIONS_AT_ONCE = 12 };

/*
 * Between the pieces, what is unmapped already is kept by a region that allows nothing: whoever looks for room meanwhile
 * must not get it, or the next piece would take his mapping for an old one. Where this call goes on is behind that.
 */
static void leave_remnant(struct region *region, uint64_t end)
{
	cut(region, region->start, end);
	region->prot = region->most = 0;
	region->is_going = true;
}

/* Has a region begin and end in [at, stop), to become the remnant; false when memory is out. */
static bool has_remnant(struct aspace *aspace, uint64_t at, uint64_t stop) REQUIRES(aspace->lock)
{
	struct region *first;

	if (split_at(aspace, at, &first))
		return false;
	first = region_from(aspace, at);
	return first->end <= stop || !split(aspace, first, stop);
}

/* How far a piece goes from `from` on, in `region` and those behind it. */
static uint64_t piece_end(const struct aspace *aspace, const struct region *region, uint64_t from,
	uint64_t end) REQUIRES(aspace->lock)
{
	uint64_t pages = PAGES_AT_ONCE, stop = from;

	for (unsigned n = 0; n < REGIONS_AT_ONCE && pages && overlaps(region, end);
		n++, region = region_next(region)) {
		uint64_t start = region->start > from ? region->start : from;
		uint64_t last = region->end < end ? region->end : end;

		stop = arch_aspace_reach(&aspace->arch, start, last, &pages);
		if (stop < last)
			break;
	}
	return stop;
}

/* Where this piece is to stop: at the end of it all when that is near, or memory is out for what has to be left. */
static uint64_t find_stop(struct aspace *aspace, uint64_t at, uint64_t from, uint64_t end)
	REQUIRES(aspace->lock)
{
	uint64_t stop = piece_end(aspace, region_from(aspace, from), from, end);
	bool is_last = stop == end || !overlaps(region_from(aspace, stop), end);

	return is_last || has_remnant(aspace, at, stop) ? stop : end;
}

/* Removes the regions of [at, stop), whose pages have gone. True when there are no more in [at, end); else a remnant is left. */
static bool remove_regions(struct aspace *aspace, uint64_t at, uint64_t stop, uint64_t end)
	REQUIRES(aspace->lock)
{
	struct region *region = region_from(aspace, at), *first = NULL, *next;

	for (; overlaps(region, stop); region = next) {
		next = region_next(region);
		if (region->start < at)
			cut(region, region->start, at);
		else if (region->end > stop)
			cut(region, stop, region->end), next = region;
		else if (!first)
			first = region;
		else
			region_free(aspace, region);
	}
	if (first && overlaps(region, end)) {
		leave_remnant(first, stop);
		note_hole(aspace, first);
	} else if (first) {
		region_free(aspace, first);
	}
	note_hole(aspace, region);
	return !overlaps(region, end);
}

/*
 * `stale` tells whether other harts may still use pages of the range. The pages go before their regions: whoever changes
 * what a memory's mappings show would miss them.
 */
static int unmap(struct aspace *aspace, uint64_t at, uint64_t size, bool in_pieces, bool *more, bool *stale)
	REQUIRES(aspace->lock)
{
	uint64_t end = at + size, from, stop;
	struct region *region = region_from(aspace, at);

	if (aspace->gone)
		return -EBUSY;
	*stale = is_being_removed(aspace, at, end);
	if (!overlaps(region, end))
		return 0;
	/* Only a region that sticks out on both sides needs memory: a middle cut makes one more. */
	if (region->start < at && region->end > end)
		TRY(split(aspace, region, end));

	from = region->start > at ? region->start : at;
	if (region->is_going)
		from = region->end < end ? region->end : end;
	/* Mostly it is a few pages of one region, which are never in pieces. */
	if (region->end >= end && (end - from) >> PAGE_SHIFT <= PAGES_AT_ONCE)
		in_pieces = false;
	stop = in_pieces ? find_stop(aspace, at, from, end) : end;
	*stale |= arch_aspace_unmap(&aspace->arch, from, stop) || memory_pages_are_taken();
	*more = !remove_regions(aspace, at, stop, end);
	return 0;
}

static int unmap_and_forget(struct aspace *aspace, uint64_t at, uint64_t size, bool in_pieces, bool *more)
{
	struct removal removal;
	bool stale = false;
	int error;

	*more = false;
	lock_acquire(&aspace->lock);
	error = unmap(aspace, at, size, in_pieces, more, &stale);
	if (stale)
		note_removal(aspace, &removal, at, at + size);
	lock_release(&aspace->lock);
	if (stale)
		forget(aspace, &removal);
	return error;
}

int aspace_unmap(struct aspace *aspace, uint64_t at, uint64_t size, bool *more)
{
	return unmap_and_forget(aspace, at, size, true, more);
}

int aspace_unmap_all(struct aspace *aspace, uint64_t at, uint64_t size)
{
	bool more;

	return unmap_and_forget(aspace, at, size, false, &more);
}

/* ---- what is allowed */

/* Whether all of [*at, end) is mapped, and may be allowed so much, from *at on in so many regions: *at is where that ends. */
static int check_protect(const struct aspace *aspace, uint64_t *at, uint64_t end, enum prot prot,
	unsigned most) REQUIRES(aspace->lock)
{
	const struct region *region = region_from(aspace, *at);

	for (; *at < end && most--; region = region_next(region)) {
		if (!overlaps(region, *at + 1) || region->is_going)
			return -EFAULT;
		if (prot & ~region->most)
			return -EACCES;
		*at = region->end < end ? region->end : end;
	}
	return 0;
}

/* Undoes split, for what it has cut off of the region before. */
static void join(struct aspace *aspace, struct region *rest) REQUIRES(aspace->lock)
{
	struct region *region = region_from(aspace, rest->start - 1);

	cut(region, region->start, rest->end);
	lock_acquire(&region->memory->lock);
	memory_grow_mapping(region->memory, &region->shown);
	lock_release(&region->memory->lock);
	region_free(aspace,
		rest); /* last: no page is without a region meanwhile, that is still to be gone through if this one was */
}

/* Has regions begin and end where the range does. */
static int split_around(struct aspace *aspace, uint64_t at, uint64_t end) REQUIRES(aspace->lock)
{
	struct region *first, *last;
	int error;

	TRY(split_at(aspace, at, &first));
	error = split_at(aspace, end, &last);
	if (error && first)
		join(aspace, first);
	return error;
}

/* A piece has been cut off the rest of its region at `at`, and the next one has been changed, too: one region again. */
static void join_at(struct aspace *aspace, uint64_t at) REQUIRES(aspace->lock)
{
	struct region *region = region_from(aspace, at);
	const struct region *before = region_at(region->node.previous);

	if (region->start == at && before && before->end == at && before->memory == region->memory &&
		before->offset + (at - before->start) == region->offset && before->prot == region->prot &&
		before->most == region->most && before->is_shared == region->is_shared)
		join(aspace, region);
}

/* Where this piece is to stop; inside of a region that is cut there, or if memory is out for that, at the end of it. */
static int find_cut(struct aspace *aspace, uint64_t from, uint64_t end, struct aspace_steps *steps,
	uint64_t *stop) REQUIRES(aspace->lock)
{
	struct region *last;

	steps->cut = 0;
	*stop = piece_end(aspace, region_from(aspace, from), from, end);
	last = region_from(aspace, *stop - 1);
	if (last->end <= *stop)
		return 0;
	if (!split(aspace, last, *stop))
		steps->cut = *stop;
	else if (last->end > end) /* it did not go beyond the range when that was cut to size */
		return -ENOMEM;
	else
		*stop = last->end;
	return 0;
}

/* What is to be changed next has been checked, but others may have changed it since. */
static int protect_piece(struct aspace *aspace, uint64_t end, enum prot prot, struct aspace_steps *steps,
	uint64_t *stop, bool *stale) REQUIRES(aspace->lock)
{
	uint64_t from = steps->changed, cut = steps->cut, good = from;
	struct region *first;

	TRY(check_protect(aspace, &good, end, prot, REGIONS_AT_ONCE + 1));
	TRY(split_at(aspace, from, &first));
	TRY(find_cut(aspace, from, good, steps, stop));

	for (struct region *region = region_from(aspace, from); overlaps(region, *stop);
		region = region_next(region))
		region->prot = prot;
	/* What is allowed comes back with a fault of each page. */
	*stale = arch_aspace_unmap(&aspace->arch, from, *stop) || is_being_removed(aspace, from, *stop) ||
		 memory_pages_are_taken();
	if (cut == from)
		join_at(aspace, cut);
	steps->changed = *stop;
	return 0;
}

/* Regions whose rights are looked at in one go. */
enum { CHECKED_AT_ONCE = 256 };

/* `*stop` behind steps->changed as it was: what has been changed between these now. */
static int protect(struct aspace *aspace, uint64_t at, uint64_t end, enum prot prot,
	struct aspace_steps *steps, uint64_t *stop, bool *stale) REQUIRES(aspace->lock)
{
	if (aspace->gone)
		return -EBUSY;
	if (!steps->checked)
		steps->checked = at;
	if (steps->checked < end) {
		TRY(check_protect(aspace, &steps->checked, end, prot, CHECKED_AT_ONCE));
		if (steps->checked < end || end - at > PAGES_AT_ONCE << PAGE_SHIFT)
			return 0;
	}
	if (!steps->changed) {
		TRY(split_around(aspace, at, end));
		steps->changed = at;
	}
	return protect_piece(aspace, end, prot, steps, stop, stale);
}

int aspace_protect(struct aspace *aspace, uint64_t at, uint64_t size, enum prot prot,
	struct aspace_steps *steps, bool *more)
{
	uint64_t from = steps->changed ? steps->changed : at, stop = from;
	struct removal removal;
	bool stale = false;
	int error;

	lock_acquire(&aspace->lock);
	error = protect(aspace, at, at + size, prot, steps, &stop, &stale);
	if (stale)
		note_removal(aspace, &removal, from, stop);
	lock_release(&aspace->lock);
	if (stale)
		forget(aspace, &removal);
	*more = !error && steps->changed < at + size;
	return error;
}

/* ---- changing what a process may only read */

/* Only this mapping refers to what it shows, and nothing can but by it. */
static bool is_private(const struct region *region)
{
	return region->memory->kind == MEMORY_VIEW &&
	       __atomic_load_n(&region->memory->object.references, __ATOMIC_RELAXED) == 1;
}

/* Makes a region of one page out of the middle of another one: the region, or NULL when memory is out. */
static struct region *cut_page(struct aspace *aspace, struct region *region, uint64_t page)
	REQUIRES(aspace->lock)
{
	if (page + PAGE_SIZE < region->end && split(aspace, region, page + PAGE_SIZE))
		return NULL;
	if (page == region->start)
		return region;
	return split(aspace, region, page) ? NULL : region_next(region);
}

/* Has a region of one page show another object. The page is not in the page table. */
static void reveal(struct region *region, struct memory *memory)
{
	struct memory *former = region->memory;

	lock_acquire(&former->lock);
	memory_remove_mapping(former, &region->shown);
	lock_release(&former->lock);
	object_put(&former->object);
	region->memory = memory;
	region->offset = 0;
	show(region);
}

/* The page shows a copy of its own from now on. `stale`: other harts may still use the page as it was. */
static int make_private(struct aspace *aspace, struct region *region, uint64_t page, bool *stale)
	REQUIRES(aspace->lock)
{
	struct memory *view = memory_create_view(aspace->account, region->memory,
		page - region->start + region->offset, PAGE_SIZE, 0, PAGE_SIZE);

	if (!view)
		return -ENOMEM;
	region = cut_page(aspace, region, page);
	if (!region) {
		object_put(&view->object);
		return -ENOMEM;
	}
	*stale = arch_aspace_unmap(&aspace->arch, page, page + PAGE_SIZE) || memory_pages_are_taken();
	reveal(region, view);
	return 0;
}

/* What `frame_to_change` returns when other harts have to forget the page as it was before a frame can be had. */
enum { PAGE_STALE = 3 };

static int frame_to_change(struct aspace *aspace, uint64_t address, struct page *page, paddr_t *found,
	bool *is_code) REQUIRES(aspace->lock)
{
	struct region *region = region_from(aspace, address);
	bool stale = false;

	if (!overlaps(region, address + 1) || region->is_going || memory_is_device(region->memory))
		return -EFAULT;
	*is_code = region->prot & PROT_EXEC;
	if (!(region->prot & PROT_WRITE) && !is_private(region)) {
		TRY(make_private(aspace, region, address & ~(uint64_t)(PAGE_SIZE - 1), &stale));
		region = region_from(aspace, address);
	}
	return stale ? PAGE_STALE : aspace_frame_in(region, address, PROT_WRITE, page, found);
}

int aspace_frame_to_change(struct aspace *aspace, uint64_t address, paddr_t *found, bool *is_code)
{
	uint64_t start = address & ~(uint64_t)(PAGE_SIZE - 1);
	struct removal removal;
	struct page page;
	int error;

	for (;;) {
		lock_acquire(&aspace->lock);
		error = frame_to_change(aspace, address, &page, found, is_code);
		if (error == PAGE_STALE)
			note_removal(aspace, &removal, start, start + PAGE_SIZE);
		lock_release(&aspace->lock);
		if (error == PAGE_STALE)
			forget(aspace, &removal);
		else if (error == PAGE_LEAVING)
			TRY(memory_separate(page.memory, page.number));
		else
			return error;
	}
}

void aspace_sync_code(struct aspace *aspace)
{
	arch_aspace_sync_code(&aspace->arch);
}
