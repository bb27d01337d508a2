/*
 * What changes of what is mapped: what is allowed, in pieces; and pages that a debugger writes to, which become private first
 * where the process may not write. For the calls that protect memory, and that write to another process. Takes the space's
 * lock, and waits without it until no other hart uses pages as they were. Never maps anything where nothing was.
 */
#include "abi/abi.h"
#include "object/aspace_parts.h"

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

/* Undoes aspace_split, for what it has cut off of the region before. */
static void join(struct aspace *aspace, struct region *rest) REQUIRES(aspace->lock)
{
	struct region *region = region_from(aspace, rest->start - 1);

	aspace_cut(region, region->start, rest->end);
	lock_acquire(&region->memory->lock);
	memory_grow_mapping(region->memory, &region->shown);
	lock_release(&region->memory->lock);
	aspace_free_region(aspace,
		rest); /* last: no page is without a region meanwhile, that is still to be gone through if this one was */
}

/* Has regions begin and end where the range does. */
static int split_around(struct aspace *aspace, uint64_t at, uint64_t end) REQUIRES(aspace->lock)
{
	struct region *first, *last;
	int error;

	TRY(aspace_split_at(aspace, at, &first));
	error = aspace_split_at(aspace, end, &last);
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
	*stop = aspace_piece_end(aspace, region_from(aspace, from), from, end);
	last = region_from(aspace, *stop - 1);
	if (last->end <= *stop)
		return 0;
	if (!aspace_split(aspace, last, *stop))
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
	TRY(aspace_split_at(aspace, from, &first));
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
		aspace_note_removal(aspace, &removal, from, stop);
	lock_release(&aspace->lock);
	if (stale)
		aspace_forget(aspace, &removal);
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
	if (page + PAGE_SIZE < region->end && aspace_split(aspace, region, page + PAGE_SIZE))
		return NULL;
	if (page == region->start)
		return region;
	return aspace_split(aspace, region, page) ? NULL : region_next(region);
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
			aspace_note_removal(aspace, &removal, start, start + PAGE_SIZE);
		lock_release(&aspace->lock);
		if (error == PAGE_STALE)
			aspace_forget(aspace, &removal);
		else if (error == PAGE_LEAVING)
			TRY(memory_separate(page.memory, page.number));
		else
			return error;
	}
}
