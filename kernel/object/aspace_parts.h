/* What the parts of address spaces, aspace.c and aspace_clone.c, have in common: finding regions. Nobody else includes it. */
#pragma once

#include "object/aspace.h"

/* The first region that ends after `address`, or the list itself as its link. */
static inline struct list *region_from(const struct aspace *aspace, uint64_t address) REQUIRES(aspace->lock)
{
	struct list *link = aspace->regions.next;

	while (link != &aspace->regions && container_of(link, struct region, link)->end <= address)
		link = link->next;
	return link;
}

/* Whether a region found so begins before `end`. */
static inline bool overlaps(const struct aspace *aspace, const struct list *link, uint64_t end)
	REQUIRES(aspace->lock)
{
	return link != &aspace->regions && container_of(link, struct region, link)->start < end;
}
