/* What the parts of address spaces, aspace.c and aspace_*.c, have in common: finding regions and pages. Nobody else includes it. */
#pragma once

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
