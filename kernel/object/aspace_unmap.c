/*
 * What unmaps: pages and regions of a range go, in pieces when these are many. For the calls that unmap memory, and for what
 * could not be mapped or loaded whole. Takes the space's lock for each piece, and waits without it until no other hart uses
 * what was there. A process that ends does not come here: aspace_destroy has nobody to wait for.
 */
#include "abi/abi.h"
#include "object/aspace_parts.h"

/*
 * Between the pieces, what is unmapped already is kept by a region that allows nothing: whoever looks for room meanwhile
 * must not get it, or the next piece would take his mapping for an old one. Where this call goes on is behind that.
 */
static void leave_remnant(struct region *region, uint64_t end)
{
	aspace_cut(region, region->start, end);
	region->prot = region->most = 0;
	region->is_going = true;
}

/* Has a region begin and end in [at, stop), to become the remnant; false when memory is out. */
static bool has_remnant(struct aspace *aspace, uint64_t at, uint64_t stop) REQUIRES(aspace->lock)
{
	struct region *first;

	if (aspace_split_at(aspace, at, &first))
		return false;
	first = region_from(aspace, at);
	return first->end <= stop || !aspace_split(aspace, first, stop);
}

/* Where this piece is to stop: at the end of it all when that is near, or memory is out for what has to be left. */
static uint64_t find_stop(struct aspace *aspace, uint64_t at, uint64_t from, uint64_t end)
	REQUIRES(aspace->lock)
{
	uint64_t stop = aspace_piece_end(aspace, region_from(aspace, from), from, end);
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
			aspace_cut(region, region->start, at);
		else if (region->end > stop)
			aspace_cut(region, stop, region->end), next = region;
		else if (!first)
			first = region;
		else
			aspace_free_region(aspace, region);
	}
	if (first && overlaps(region, end)) {
		leave_remnant(first, stop);
		note_hole(aspace, first);
	} else if (first) {
		aspace_free_region(aspace, first);
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
		TRY(aspace_split(aspace, region, end));

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
		aspace_note_removal(aspace, &removal, at, at + size);
	lock_release(&aspace->lock);
	if (stale)
		aspace_forget(aspace, &removal);
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
