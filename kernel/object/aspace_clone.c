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

/* Maps a copy that has no page yet; the memory, with a reference for the caller. */
static int begin_copy(struct aspace *to, uint64_t start, const struct mapping *mapping, struct memory **copy)
{
	struct mapping other = *mapping;
	long at;

	*copy = memory_create_like(to->account, mapping->memory, mapping->offset, mapping->size);
	if (!*copy)
		return -ENOMEM;
	other.memory = *copy;
	other.offset = 0;
	at = aspace_map(to, start, &other);
	if (at >= 0)
		return 0;
	object_put(&(*copy)->object);
	return (int)at;
}

/* The copy that an earlier call has begun: -EEXIST when something else is there. */
static int go_on_with_copy(
	struct aspace *to, uint64_t start, const struct mapping *mapping, struct memory **copy)
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

/* Maps what has just been copied, also when no work is left: nobody comes back for it. */
static int show_copied(struct aspace *to, uint64_t start, const struct memory_hot *copied, int *work)
{
	const int most = WORK_PASS / 4;
	int left = most, error = 0;

	if (copied->first < copied->end)
		error = aspace_bring_in(to, start + (copied->first << PAGE_SHIFT),
			start + (copied->end << PAGE_SHIFT), &left);
	*work -= most - left;
	return error;
}

/* A mapping that was made in this call is not left after an error. Whole mappings go without memory. */
static void take_back(struct aspace *to, uint64_t start, uint64_t size)
{
	(void)!aspace_unmap_all(to, start, size);
}

/* Shows the same memory. */
static int clone_mapping(struct aspace *to, uint64_t start, const struct mapping *mapping, int *work)
{
	long at = aspace_map(to, start, mapping);
	int error;

	if (at < 0)
		return (int)at;
	error = aspace_bring_in(to, start, start + mapping->size, work);
	if (error)
		take_back(to, start, mapping->size);
	return error;
}

/* Goes on `done` bytes behind the start of a region with a copy of what it shows. How many more are done, or an error. */
static long clone_memory(struct aspace *to, uint64_t start, const struct mapping *mapping,
	const struct aspace_hot *hot, uint64_t done, int *work)
{
	struct memory_hot hot_here = hot_pages(hot, start, mapping);
	struct memory *copy;
	long pages;
	int error;

	if (done)
		TRY(go_on_with_copy(to, start, mapping, &copy));
	else
		TRY(begin_copy(to, start, mapping, &copy));
	pages = memory_copy((struct memory_place){copy, done >> PAGE_SHIFT},
		(struct memory_place){mapping->memory, (mapping->offset + done) >> PAGE_SHIFT},
		(mapping->size - done) >> PAGE_SHIFT, &hot_here, work);
	object_put(&copy->object);
	error = pages < 0 ? (int)pages : show_copied(to, start, &hot_here, work);
	/* A copy that has no page yet could not be told from a mapping of somebody else when this goes on. */
	if (!done && (error || !pages))
		take_back(to, start, mapping->size);
	return error ? error : pages << PAGE_SHIFT;
}

/* Clones a region from *at on, or a part of it, and moves *at behind that. */
static int clone_region(struct aspace *to, uint64_t start, const struct mapping *mapping,
	const struct aspace_hot *hot, uint64_t *at, int *work)
{
	uint64_t done = *at > start ? *at - start : 0;
	long more;

	*work -= WORK_OBJECT;
	if (needs_no_copy(mapping)) {
		TRY(clone_mapping(to, start, mapping, work));
		*at = start + mapping->size;
		return 0;
	}
	more = clone_memory(to, start, mapping, hot, done, work);
	if (more < 0)
		return (int)more;
	*at = start + done + (uint64_t)more;
	return 0;
}

int aspace_clone(struct aspace *to, struct aspace *from, const struct aspace_hot *hot, uint64_t *at)
{
	struct mapping mapping;
	uint64_t start;

	do {
		int work = WORK_PASS, error;

		if (!region_to_clone(from, *at, &start, &mapping)) {
			*at = 0;
			return 0;
		}
		error = clone_region(to, start, &mapping, hot, at, &work);
		object_put(&mapping.memory->object);
		if (error)
			return error;
	} while (!arch_interrupt_is_pending());
	return 0;
}
