/*
 * What maps: room in an address space, and the region that a mapping is. For the calls that map memory, for programs that are
 * loaded and for clones. A region is made without the space's lock and entered under it. No page enters the page table here
 * but by aspace_show: the others come when they are touched.
 */
#include "abi/abi.h"
#include "mem/pool.h"
#include "object/aspace_parts.h"

/* ---- room */

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

/* ---- regions */

/* A region that is nowhere yet, and has the caller's reference to its memory; NULL when there is no memory for it. */
static ALWAYS_INLINE struct region *region_create(struct aspace *aspace, const struct mapping *mapping)
{
	struct region *region = pool_alloc_unset(&aspace_regions, aspace->account);

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
	pool_free(&aspace_regions, aspace->account, region);
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
		aspace_note_removal(aspace, &removal, start, end);
	lock_release(&aspace->lock);
	if (stale)
		aspace_forget(aspace, &removal);
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
		pool_free(&aspace_regions, aspace->account, region);
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
