/* What the parts of address spaces, aspace.c and aspace_clone.c, have in common: finding regions. Nobody else includes it. */
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

/* Whether a region found so begins before `end`. */
static inline bool overlaps(const struct region *region, uint64_t end)
{
	return region && region->start < end;
}
