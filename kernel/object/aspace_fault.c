/*
 * Pages and frames of an address space: how a page fault finds its page, and what the kernel itself may touch of a space for a
 * call. Each takes the space's lock, and that of the memory below it.
 */
#include "object/aspace_parts.h"

/* What others have, too, and may change one day, does not do: it would have to stay as it is until the handler returns. */
static int find_for(const struct page *page, enum prot access, struct memory_page *found)
	REQUIRES(page->memory->lock)
{
	if (!(access & PROT_WRITE)) {
		int error = memory_find(page->memory, page->number, false, found);

		if (error || !found->is_shared || memory_is_archive(found->frame))
			return error;
	}
	return memory_find(page->memory, page->number, true, found);
}

int aspace_frame_in(
	const struct region *region, uint64_t address, enum prot access, struct page *page, paddr_t *frame)
{
	struct memory_page found;
	int error;

	*page = page_at(region, address);
	lock_acquire(&page->memory->lock);
	error = find_for(page, access, &found);
	lock_release(&page->memory->lock);
	if (!error)
		*frame = found.frame;
	return error;
}

static inline const struct region *look_for(struct aspace *aspace, uint64_t address) REQUIRES(aspace->lock)
{
	struct region *region = region_from(aspace, address);

	if (!overlaps(region, address + 1))
		return NULL;
	aspace->touched = region;
	return region;
}

/* The region at an address, else NULL. As a rule it is the one of the last time. */
static inline const struct region *region_of(struct aspace *aspace, uint64_t address) REQUIRES(aspace->lock)
{
	const struct region *region = aspace->touched;

	if (!region || address - region->start >= region->end - region->start)
		region = look_for(aspace, address);
	return region;
}

/* The same if it allows this access. */
static inline const struct region *region_for(struct aspace *aspace, uint64_t address, enum prot access)
	REQUIRES(aspace->lock)
{
	const struct region *region = region_of(aspace, address);

	if (access & PROT_READ)
		access |= PROT_WRITE; /* one comes with the other */
	return region && region->prot & access ? region : NULL;
}

/* What `fault` returns when other harts can't see the code in `frame` yet. */
enum { CODE_UNSEEN = 2 };

/* Code in the frame that `seen` names can be seen by the others that are in the space. */
static ALWAYS_INLINE int map_page(struct aspace *aspace, const struct region *region, uint64_t address,
	bool alone, paddr_t *seen) REQUIRES(aspace->lock, region->memory->lock)
{
	enum prot prot = region->prot;
	struct memory_page found;

	TRY(memory_find(region->memory, page_at(region, address).number, alone, &found));
	if (prot & PROT_EXEC && found.frame.value != seen->value && arch_aspace_is_elsewhere(&aspace->arch)) {
		*seen = found.frame;
		return CODE_UNSEEN;
	}
	if (found.is_shared && prot & PROT_WRITE)
		prot = (prot & ~(enum prot)PROT_WRITE) | PROT_READ;
	return arch_aspace_map(&aspace->arch, address & ~(uint64_t)(PAGE_SIZE - 1), found.frame, prot);
}

/* The memory's lock is held until the page is mapped: whoever shares it or separates it finds it among the mappings. */
static ALWAYS_INLINE int fault(struct aspace *aspace, uint64_t address, enum prot access, struct page *page,
	paddr_t *seen) REQUIRES(aspace->lock)
{
	const struct region *region = region_for(aspace, address, access);
	int error;

	if (!region)
		return -EFAULT;
	*page = page_at(region, address);
	lock_acquire(&region->memory->lock);
	error = map_page(aspace, region, address, access & PROT_WRITE, seen);
	lock_release(&region->memory->lock);
	return error;
}

int aspace_fault(struct aspace *aspace, uint64_t address, enum prot access)
{
	paddr_t seen = {0};
	struct page page;
	int error;

	for (;;) {
		lock_acquire(&aspace->lock);
		error = fault(aspace, address, access, &page, &seen);
		lock_release(&aspace->lock);
		if (error == CODE_UNSEEN)
			arch_aspace_sync_code(&aspace->arch);
		else if (error == PAGE_LEAVING)
			TRY(memory_separate(page.memory, page.number));
		else
			return error;
	}
}

int aspace_bring_in(struct aspace *aspace, uint64_t start, uint64_t end, int *work)
{
	const struct region *region;
	int error = 0;

	lock_acquire(&aspace->lock);
	region = region_of(aspace, start);
	if (region && !aspace->gone)
		error = aspace_show(aspace, region, start, end < region->end ? end : region->end, work);
	lock_release(&aspace->lock);
	return error;
}

/* What can be written, or is no code, is brought in as by a fault, so that the page table knows it the next time. */
static RARE int frame_by_region(struct aspace *aspace, uint64_t address, enum prot access, struct page *page,
	paddr_t *found) REQUIRES(aspace->lock)
{
	const struct region *region = region_for(aspace, address, access);
	paddr_t seen = {0};

	if (!region || memory_is_device(region->memory))
		return -EFAULT;
	if (aspace->is_plain && !(region->prot & PROT_EXEC)) {
		TRY(fault(aspace, address, region->prot & (PROT_READ | PROT_WRITE), page, &seen));
		if (aspace_find_frame(aspace, address, access, found))
			return 0;
	}
	return aspace_frame_in(region, address, access, page, found);
}

static RARE int frame_otherwise(struct aspace *aspace, uint64_t address, enum prot access, paddr_t *found)
{
	struct page page;
	int error;

	for (;;) {
		lock_acquire(&aspace->lock);
		error = aspace_find_frame(aspace, address, access, found)
				? 0
				: frame_by_region(aspace, address, access, &page, found);
		lock_release(&aspace->lock);
		if (error != PAGE_LEAVING)
			return error;
		TRY(memory_separate(page.memory, page.number));
	}
}

int aspace_frame(struct aspace *aspace, uint64_t address, enum prot access, paddr_t *found)
{
	bool is_there;

	lock_acquire(&aspace->lock);
	is_there = aspace_find_at_hand(aspace, address, access, found);
	lock_release(&aspace->lock);
	return is_there ? 0 : frame_otherwise(aspace, address, access, found);
}

int aspace_prepare(struct aspace *aspace, uint64_t address)
{
	paddr_t frame;
	bool is_there;

	lock_acquire(&aspace->lock);
	is_there = aspace_find_frame(aspace, address, PROT_WRITE, &frame);
	lock_release(&aspace->lock);
	if (is_there)
		return 0;

	int error = aspace_fault(aspace, address, PROT_WRITE);

	return error < 0 ? -EFAULT : error;
}

static int find(struct aspace *aspace, uint64_t address, struct memory **memory, uint64_t *offset)
	REQUIRES(aspace->lock)
{
	const struct region *region = region_from(aspace, address);

	if (!overlaps(region, address + 1))
		return -EFAULT;
	if (!(region->prot & (PROT_READ | PROT_WRITE)))
		return -EFAULT;
	object_take_another(&region->memory->object);
	*memory = region->memory;
	*offset = address - region->start + region->offset;
	return 0;
}

int aspace_find(struct aspace *aspace, uint64_t address, struct memory **memory, uint64_t *offset)
{
	int error;

	lock_acquire(&aspace->lock);
	error = find(aspace, address, memory, offset);
	lock_release(&aspace->lock);
	return error;
}
