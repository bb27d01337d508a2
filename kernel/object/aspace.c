/*
 * Address spaces: made and ended; and what all the other parts do to a region and to the list of removed pages. Calls come by
 * aspace.h, the parts by aspace_parts.h. What concerns regions wants the space's lock, and takes that of a memory below it.
 * Nothing here maps a page or looks for one: that is in aspace_map.c, aspace_unmap.c, aspace_change.c and aspace_fault.c.
 */
#include "object/aspace.h"

#include "abi/abi.h"
#include "mem/pool.h"
#include "object/aspace_parts.h"

struct pool aspace_regions = POOL_INIT(aspace_regions, struct region);

int aspace_init(struct aspace *aspace, struct account *account)
{
	aspace->account = account;
	tree_init(&aspace->regions, hart_random());
	tree_init(&aspace->holes, hart_random());
	list_init(&aspace->removals);
	aspace->is_plain = true;
	return arch_aspace_init(&aspace->arch, account);
}

static bool destroy(struct aspace *aspace, int *work) REQUIRES(aspace->lock)
{
	aspace->gone = true;
	aspace->is_plain = false;
	/* While a region is among its memory's mappings, others may look into the page table. */
	for (; aspace->regions.first; *work -= WORK_NAME) {
		if (*work <= 0)
			return false;
		aspace_free_region(aspace, region_at(aspace->regions.first));
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

void aspace_sync_code(struct aspace *aspace)
{
	arch_aspace_sync_code(&aspace->arch);
}

/* ---- for the other parts */

void aspace_free_region(struct aspace *aspace, struct region *region)
{
	if (aspace->touched == region)
		aspace->touched = NULL;
	tree_remove(&aspace->holes, &region->hole);
	tree_take(&aspace->regions, &region->node);
	lock_acquire(&region->memory->lock);
	memory_remove_mapping(region->memory, &region->shown);
	lock_release(&region->memory->lock);
	object_put(&region->memory->object);
	pool_free(&aspace_regions, aspace->account, region);
}

void aspace_change_hole(struct aspace *aspace, struct region *region, uint64_t size)
{
	tree_remove(&aspace->holes, &region->hole);
	region->hole.key = 0;
	if (size)
		tree_insert(&aspace->holes, &region->hole, size);
}

void aspace_cut(struct region *region, uint64_t start, uint64_t end)
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

int aspace_split(struct aspace *aspace, struct region *region, uint64_t address)
{
	struct region *rest = pool_alloc(&aspace_regions, aspace->account);

	if (!rest)
		return -ENOMEM;
	*rest = *region;
	rest->hole = (struct tree_node){0};
	rest->start = address;
	rest->offset += address - region->start;
	object_take_another(&rest->memory->object);
	show_part(region, rest); /* before the other one is shorter: no page is without a region meanwhile */
	aspace_cut(region, region->start, address);
	tree_insert_after(&aspace->regions, &rest->node, rest->end, &region->node);
	return 0;
}

int aspace_split_at(struct aspace *aspace, uint64_t address, struct region **made)
{
	struct region *region = region_from(aspace, address);

	*made = NULL;
	if (!overlaps(region, address))
		return 0;
	TRY(aspace_split(aspace, region, address));
	*made = region_next(region);
	return 0;
}

uint64_t aspace_piece_end(
	const struct aspace *aspace, const struct region *region, uint64_t from, uint64_t end)
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

void aspace_note_removal(struct aspace *aspace, struct removal *removal, uint64_t start, uint64_t end)
{
	*removal = (struct removal){.start = start, .end = end};
	list_append(&aspace->removals, &removal->link);
	memory_begin_unsettled();
}

void aspace_forget(struct aspace *aspace, struct removal *removal)
{
	arch_aspace_forget(&aspace->arch, removal->start, removal->end);
	memory_end_unsettled();
	lock_acquire(&aspace->lock);
	list_remove(&removal->link);
	lock_release(&aspace->lock);
}
