/*
 * Clones of address spaces, made in pieces: each call goes on where the one before has stopped, and knows what that has
 * done by what is mapped. So nothing is kept of a clone that is half made, and nobody has to end it.
 */
#include "abi/abi.h"
#include "object/aspace_parts.h"

/* The first region that ends after `at`, with a reference to its memory for the caller; false when there is none. */
static bool region_to_clone(struct aspace *from, uint64_t at, uint64_t *start, struct mapping *mapping)
{
	const struct region *region;

	lock_acquire(&from->lock);
	region = region_from(from, at);
	while (region && region->is_going)
		region = region_next(region);
	if (region) {
		*start = region->start;
		*mapping = (struct mapping){.memory = region->memory,
			.offset = region->offset,
			.size = region->end - region->start,
			.use = region->use};
		object_take_another(&region->memory->object);
	}
	lock_release(&from->lock);
	return region;
}

/* A copy can't be told from it: nobody will ever write to it by this mapping, nor can anybody have a handle to it. */
static bool needs_no_copy(const struct mapping *mapping)
{
	const struct memory *memory = mapping->memory;
	bool is_constant = memory->kind == MEMORY_VIEW && !(mapping->most & PROT_WRITE);

	return mapping->is_shared || is_constant || memory->kind == MEMORY_PHYSICAL ||
	       memory->kind == MEMORY_DEVICE || memory->kind == MEMORY_CONTIGUOUS;
}

/* The copy that an earlier call has begun: -EEXIST when something else is there. */
static int find_copy(struct aspace *to, uint64_t start, const struct mapping *mapping, struct memory **copy)
{
	const struct region *region;
	int error = -EEXIST;

	lock_acquire(&to->lock);
	region = region_from(to, start);
	if (overlaps(region, start + 1) && region->start == start && region->end == start + mapping->size &&
		!region->offset && region->memory != mapping->memory) {
		*copy = region->memory;
		object_take_another(&region->memory->object);
		error = 0;
	}
	lock_release(&to->lock);
	return error;
}

/* The same as pages of what a region shows. */
static struct memory_hot hot_pages(
	const struct aspace_hot *hot, uint64_t start, const struct mapping *mapping)
{
	struct memory_hot pages = {0};

	for (unsigned i = 0; i < MEMORY_HOT_MOST; i++) {
		uint64_t within = hot->address[i] - start;

		pages.page[i] =
			within < mapping->size ? (mapping->offset + within) >> PAGE_SHIFT : UINT64_MAX;
	}
	return pages;
}

/* For mapping what has just been copied, also when no other work is left: nobody comes back for it. */
enum { WORK_TO_SHOW = WORK_PASS / 4 };

/* Goes on `done` bytes behind the start of what a mapping shows. How many pages are done, and which, or an error. */
static long copy_pages(
	struct memory *copy, const struct mapping *mapping, uint64_t done, struct memory_hot *hot, int *work)
{
	return memory_copy((struct memory_place){copy, done >> PAGE_SHIFT},
		(struct memory_place){mapping->memory, (mapping->offset + done) >> PAGE_SHIFT},
		(mapping->size - done) >> PAGE_SHIFT, hot, work);
}

/*
 * Maps a copy, when something has been copied: how many pages, or an error. Without that it could not be told from a mapping of
 * somebody else when this goes on.
 */
static long begin_copy(
	struct aspace *to, uint64_t start, const struct mapping *mapping, struct memory_hot *hot, int *work)
{
	struct memory *copy =
		memory_create_like(to->account, mapping->memory, mapping->offset, mapping->size);
	struct mapping other = {.memory = copy, .size = mapping->size, .use = mapping->use};
	int left = WORK_TO_SHOW;
	long pages;

	if (!copy)
		return -ENOMEM;
	pages = copy_pages(copy, mapping, 0, hot, work);
	if (pages <= 0) {
		object_put(&copy->object);
		return pages;
	}
	TRY(aspace_map_shown(to, start, &other, start + (hot->first << PAGE_SHIFT),
		start + (hot->end << PAGE_SHIFT), &left));
	return pages;
}

/* The same with one that is mapped. */
static long go_on_with_copy(struct aspace *to, uint64_t start, const struct mapping *mapping, uint64_t done,
	struct memory_hot *hot, int *work)
{
	int left = WORK_TO_SHOW;
	struct memory *copy;
	long pages;

	TRY(find_copy(to, start, mapping, &copy));
	pages = copy_pages(copy, mapping, done, hot, work);
	object_put(&copy->object);
	if (pages <= 0)
		return pages;
	TRY(aspace_bring_in(to, start + (hot->first << PAGE_SHIFT), start + (hot->end << PAGE_SHIFT), &left));
	return pages;
}

/* Clones a region from *at on, or a part of it, and moves *at behind that. The reference to its memory goes. */
static int clone_region(struct aspace *to, uint64_t start, const struct mapping *mapping,
	const struct aspace_hot *hot, uint64_t *at)
{
	uint64_t done = *at > start ? *at - start : 0;
	struct memory_hot hot_here;
	int work = WORK_PASS - WORK_OBJECT;
	long pages;

	if (needs_no_copy(mapping)) {
		TRY(aspace_map_shown(to, start, mapping, start, start + mapping->size, &work));
		*at = start + mapping->size;
		return 0;
	}
	hot_here = hot_pages(hot, start, mapping);
	pages = done ? go_on_with_copy(to, start, mapping, done, &hot_here, &work)
		     : begin_copy(to, start, mapping, &hot_here, &work);
	object_put(&mapping->memory->object);
	if (pages < 0)
		return (int)pages;
	*at = start + done + ((uint64_t)pages << PAGE_SHIFT);
	return 0;
}

int aspace_clone(struct aspace *to, struct aspace *from, const struct aspace_hot *hot, uint64_t *at)
{
	struct mapping mapping;
	uint64_t start;

	do {
		if (!region_to_clone(from, *at, &start, &mapping)) {
			*at = 0;
			return 0;
		}
		TRY(clone_region(to, start, &mapping, hot, at));
	} while (!arch_interrupt_is_pending());
	return 0;
}
