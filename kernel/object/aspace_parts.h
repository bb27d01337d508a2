/*
 * What the parts of address spaces, aspace.c and aspace_*.c, have in common: finding regions and pages, cutting regions, and
 * pages that are being removed. Nobody else includes it.
 */
#pragma once

#include "mem/pool.h"
#include "object/aspace.h"

static inline struct region *region_at(struct tree_node *node)
{
	return node ? container_of(node, struct region, node) : NULL;
}

/* The first region that ends after `address`; NULL when there is none. */
static inline struct region *region_from(const struct aspace *aspace, uint64_t address) REQUIRES(aspace->lock)
{
	return region_at(tree_after(&aspace->regions, address));
}

/* The one behind it; NULL after the last. */
static inline struct region *region_next(const struct region *region)
{
	return region_at(region->node.next);
}

/* Where mappings go whose caller names no address: far from programs, which are linked low. */
#define ROOM_START 0x2000000000ul

/* Where there is room behind a region, or without one. */
static inline uint64_t room_behind(const struct region *region)
{
	return region && region->end > ROOM_START ? region->end : ROOM_START;
}

/* How much of it is free right below a region. */
static inline uint64_t room_below(const struct region *region)
{
	uint64_t start = room_behind(region_at(region->node.previous));

	return region->start > start ? region->start - start : 0;
}

/* Whether a region found so begins before `end`. */
static inline bool overlaps(const struct region *region, uint64_t end)
{
	return region && region->start < end;
}

/* A page that a call or a fault has come upon. */
struct page {
	struct memory *memory;
	uint64_t number;
};

static inline struct page page_at(const struct region *region, uint64_t address)
{
	return (struct page){region->memory, (address - region->start + region->offset) >> PAGE_SHIFT};
}

/* The frame that the kernel may touch for this access. PAGE_LEAVING: `page` has to be separated first, without the lock. */
MUST_USE int aspace_frame_in(
	const struct region *region, uint64_t address, enum prot access, struct page *page, paddr_t *frame);

/* Maps those pages of a range in a region that are in memory, as far as `work` goes. */
static inline int aspace_show(struct aspace *aspace, const struct region *region, uint64_t start,
	uint64_t end, int *work) REQUIRES(aspace->lock)
{
	int error;

	if (start == end || !region->prot)
		return 0;
	lock_acquire(&region->memory->lock);
	error = memory_show(region->memory, page_at(region, start).number, (end - start) >> PAGE_SHIFT,
		&aspace->arch, start, region->prot, work);
	lock_release(&region->memory->lock);
	return error;
}

/* ---- regions, in aspace.c */

/* Where all regions come from. */
extern struct pool aspace_regions;

/* What goes in one piece: more of either takes several. */
enum { PAGES_AT_ONCE = 256, REGIONS_AT_ONCE = 12 };

/* Takes it out of the space; the next one is told by note_hole that there is more room below it, if there is. */
void aspace_free_region(struct aspace *aspace, struct region *region) REQUIRES(aspace->lock);

/* For note_hole: so much is free right below it now. */
RARE void aspace_change_hole(struct aspace *aspace, struct region *region, uint64_t size)
	REQUIRES(aspace->lock);

/* What is free right below a region, if there is one, has changed. */
static ALWAYS_INLINE void note_hole(struct aspace *aspace, struct region *region) REQUIRES(aspace->lock)
{
	if (region && region->hole.key != room_below(region))
		aspace_change_hole(aspace, region, room_below(region));
}

/* Enters a region among the mappings of its memory, whose lock it takes. */
static ALWAYS_INLINE void show(struct region *region)
{
	struct memory *memory = region->memory;

	lock_acquire(&memory->lock);
	memory_add_mapping(memory, &region->shown);
	lock_release(&memory->lock);
}

/* Leaves of a region what lies in [start, end). With the space's lock; takes that of the memory. */
void aspace_cut(struct region *region, uint64_t start, uint64_t end);

/* Cuts a region in two at `address`, which is inside it. -ENOMEM, with no change. */
MUST_USE int aspace_split(struct aspace *aspace, struct region *region, uint64_t address)
	REQUIRES(aspace->lock);

/* Has a region end at an address; `made`: the one that begins there, if it did not before, else NULL. -ENOMEM. */
MUST_USE int aspace_split_at(struct aspace *aspace, uint64_t address, struct region **made)
	REQUIRES(aspace->lock);

/* How far a piece goes from `from` on, in `region` and those behind it, at most to `end`. */
uint64_t aspace_piece_end(const struct aspace *aspace, const struct region *region, uint64_t from,
	uint64_t end) REQUIRES(aspace->lock);

/* ---- removed pages, in aspace.c */

/*
 * Pages of a range have been removed, and other harts may still use them. In the space's list from then on, so that who
 * changes the range again meanwhile waits for them too: nobody may meet an old page after that.
 */
struct removal {
	struct list link;
	uint64_t start, end;
};

static inline bool is_being_removed(const struct aspace *aspace, uint64_t start, uint64_t end)
	REQUIRES(aspace->lock)
{
	list_each(removal, &aspace->removals, struct removal, link)
	{
		if (removal->start < end && start < removal->end)
			return true;
	}
	return false;
}

/* Puts a range on the list; `aspace_forget` takes it off, and has to follow. */
void aspace_note_removal(struct aspace *aspace, struct removal *removal, uint64_t start, uint64_t end)
	REQUIRES(aspace->lock);

/* Returns when no hart uses a page that has been removed from the range. Without any lock. */
void aspace_forget(struct aspace *aspace, struct removal *removal);
