/* Regions of an address space, and how a page fault finds its page. */
#include "object/aspace.h"

#include "abi/abi.h"
#include "mem/pool.h"
#include "panic.h"

struct region {
	struct list link;
	uint64_t start, end;
	struct memory *memory; /* with a reference */
	uint64_t offset; /* of `start` in the memory */
	enum prot prot;
};

/*
 * Pages of a range have been removed, and other harts may still use them. In the space's list from then on, so that who
 * changes the range again meanwhile waits for them too: nobody may meet an old page after that.
 */
struct removal {
	struct list link;
	uint64_t start, end;
};

/* Where mappings go whose caller names no address: far from programs, which are linked low. */
#define ROOM_START 0x2000000000ul

static struct pool regions = POOL_INIT(regions, struct region);

int aspace_init(struct aspace *aspace, struct account *account)
{
	aspace->account = account;
	list_init(&aspace->regions);
	list_init(&aspace->removals);
	aspace->gone = false;
	return arch_aspace_init(&aspace->arch, account);
}

static void region_free(struct aspace *aspace, struct region *region)
{
	list_remove(&region->link);
	object_put(&region->memory->object);
	pool_free(&regions, aspace->account, region);
}

static bool destroy(struct aspace *aspace, int *work) REQUIRES(aspace->lock)
{
	aspace->gone = true;
	if (!arch_aspace_destroy(&aspace->arch, work))
		return false;
	for (; !list_is_empty(&aspace->regions) && *work > 0; *work -= WORK_OBJECT)
		region_free(aspace, list_first(&aspace->regions, struct region, link));
	return list_is_empty(&aspace->regions);
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
	empty = list_is_empty(&aspace->regions);
	lock_release(&aspace->lock);
	return empty;
}

/* The first region that ends after `address`, or the list itself as its link. */
static struct list *region_from(const struct aspace *aspace, uint64_t address)
{
	struct list *link = aspace->regions.next;

	while (link != &aspace->regions && container_of(link, struct region, link)->end <= address)
		link = link->next;
	return link;
}

static bool overlaps(const struct aspace *aspace, const struct list *link, uint64_t end)
{
	return link != &aspace->regions && container_of(link, struct region, link)->start < end;
}

/* An address where `size` bytes are free: 0 when there is none. */
static uint64_t find_room(const struct aspace *aspace, uint64_t size) REQUIRES(aspace->lock)
{
	uint64_t start = ROOM_START;
	struct list *link = region_from(aspace, start);

	for (; link != &aspace->regions; link = link->next) {
		const struct region *region = container_of(link, struct region, link);

		if (region->start >= start && region->start - start >= size)
			break;
		start = region->end;
	}
	return size <= USER_TOP - start ? start : 0;
}

/* ---- removed pages */

static bool is_being_removed(const struct aspace *aspace, uint64_t start, uint64_t end) REQUIRES(aspace->lock)
{
	list_each(removal, &aspace->removals, struct removal, link)
	{
		if (removal->start < end && start < removal->end)
			return true;
	}
	return false;
}

/* Returns when no hart uses a page that has been removed from the range. Without any lock. */
static void forget(struct aspace *aspace, struct removal *removal)
{
	arch_aspace_forget(&aspace->arch, removal->start, removal->end);
	lock_acquire(&aspace->lock);
	list_remove(&removal->link);
	lock_release(&aspace->lock);
}

/* Puts a range on the list; `forget` takes it off. */
static void note_removal(struct aspace *aspace, struct removal *removal, uint64_t start, uint64_t end)
	REQUIRES(aspace->lock)
{
	*removal = (struct removal){.start = start, .end = end};
	list_append(&aspace->removals, &removal->link);
}

/* ---- mapping and unmapping */

static int map(struct aspace *aspace, uint64_t *at, struct memory *memory, uint64_t offset, uint64_t size,
	enum prot prot) REQUIRES(aspace->lock)
{
	uint64_t start = *at ? *at : find_room(aspace, size);
	struct list *next = region_from(aspace, start);

	if (aspace->gone)
		return -EBUSY;
	if (!start)
		return -ENOMEM;
	if (overlaps(aspace, next, start + size))
		return -EEXIST;

	struct region *region = pool_alloc(&regions, aspace->account);

	if (!region)
		return -ENOMEM;
	if (object_take(&memory->object)) {
		pool_free(&regions, aspace->account, region);
		return -EBADF;
	}
	*region = (struct region){
		.start = start, .end = start + size, .memory = memory, .offset = offset, .prot = prot};
	list_insert_before(next, &region->link);
	*at = start;
	return 0;
}

int aspace_map(struct aspace *aspace, uint64_t *at, struct memory *memory, uint64_t offset, uint64_t size,
	enum prot prot)
{
	struct removal removal;
	bool stale;
	int error;

	lock_acquire(&aspace->lock);
	error = map(aspace, at, memory, offset, size, prot);
	stale = !error && is_being_removed(aspace, *at, *at + size);
	if (stale)
		note_removal(aspace, &removal, *at, *at + size);
	lock_release(&aspace->lock);
	if (stale)
		forget(aspace, &removal);
	return error;
}

/* Cuts a region in two at `address`, which is inside it. */
static int split(struct aspace *aspace, struct region *region, uint64_t address)
{
	struct region *rest = pool_alloc(&regions, aspace->account);

	if (!rest)
		return -ENOMEM;
	*rest = *region;
	rest->start = address;
	rest->offset += address - region->start;
	region->end = address;
	object_take_another(&rest->memory->object);
	list_insert_before(region->link.next, &rest->link);
	return 0;
}

/* `stale` tells whether other harts may still use pages of the range. */
static int unmap(struct aspace *aspace, uint64_t at, uint64_t size, bool *stale) REQUIRES(aspace->lock)
{
	uint64_t end = at + size;
	struct list *link = region_from(aspace, at);

	if (aspace->gone)
		return -EBUSY;
	/* Only a region that sticks out on both sides needs memory: a middle cut makes one more. */
	if (overlaps(aspace, link, end)) {
		struct region *first = container_of(link, struct region, link);

		if (first->start < at && first->end > end)
			TRY(split(aspace, first, end));
		if (first->start < at) {
			first->end = at;
			link = link->next;
		}
	}

	while (overlaps(aspace, link, end)) {
		struct region *region = container_of(link, struct region, link);

		link = link->next;
		if (region->end > end) {
			region->offset += end - region->start;
			region->start = end;
			break;
		}
		region_free(aspace, region);
	}
	*stale = arch_aspace_unmap(&aspace->arch, at, end) || is_being_removed(aspace, at, end);
	return 0;
}

int aspace_unmap(struct aspace *aspace, uint64_t at, uint64_t size)
{
	struct removal removal;
	bool stale = false;
	int error;

	lock_acquire(&aspace->lock);
	error = unmap(aspace, at, size, &stale);
	if (stale)
		note_removal(aspace, &removal, at, at + size);
	lock_release(&aspace->lock);
	if (stale)
		forget(aspace, &removal);
	return error;
}

/* The region at an address if it allows this access, else NULL. */
static const struct region *region_for(const struct aspace *aspace, uint64_t address, enum prot access)
	REQUIRES(aspace->lock)
{
	struct list *link = region_from(aspace, address);

	if (!overlaps(aspace, link, address + 1))
		return NULL;

	const struct region *region = container_of(link, struct region, link);
	enum prot allowed = region->prot & PROT_WRITE ? region->prot | PROT_READ : region->prot;

	return allowed & access ? region : NULL;
}

static int frame_in(const struct region *region, uint64_t address, paddr_t *frame)
{
	return memory_frame(region->memory, (address - region->start + region->offset) >> PAGE_SHIFT, frame);
}

/* What `fault` returns when other harts can't see the code in `frame` yet. */
enum { CODE_UNSEEN = 1 };

/* Code in the frame that `seen` names can be seen by the others that are in the space. */
static int fault(struct aspace *aspace, uint64_t address, enum prot access, paddr_t *seen)
	REQUIRES(aspace->lock)
{
	const struct region *region = region_for(aspace, address, access);
	paddr_t frame;

	if (!region)
		return -EFAULT;
	TRY(frame_in(region, address, &frame));
	if (region->prot & PROT_EXEC && frame.value != seen->value &&
		arch_aspace_is_elsewhere(&aspace->arch)) {
		*seen = frame;
		return CODE_UNSEEN;
	}
	return arch_aspace_map(&aspace->arch, address & ~(uint64_t)(PAGE_SIZE - 1), frame, region->prot);
}

int aspace_fault(struct aspace *aspace, uint64_t address, enum prot access)
{
	paddr_t seen = {0};
	int error;

	for (;;) {
		lock_acquire(&aspace->lock);
		error = fault(aspace, address, access, &seen);
		lock_release(&aspace->lock);
		if (error != CODE_UNSEEN)
			return error;
		arch_aspace_sync_code(&aspace->arch);
	}
}

static int frame(struct aspace *aspace, uint64_t address, enum prot access, paddr_t *found)
	REQUIRES(aspace->lock)
{
	const struct region *region = region_for(aspace, address, access);

	if (!region || memory_is_device(region->memory))
		return -EFAULT;
	return frame_in(region, address, found);
}

int aspace_frame(struct aspace *aspace, uint64_t address, enum prot access, paddr_t *found)
{
	int error;

	lock_acquire(&aspace->lock);
	error = frame(aspace, address, access, found);
	lock_release(&aspace->lock);
	return error;
}

/* ---- changing what a process may only read */

/* Only this mapping refers to what it shows, and nothing can but by it. */
static bool is_private(const struct region *region)
{
	return region->memory->kind == MEMORY_VIEW &&
	       __atomic_load_n(&region->memory->object.references, __ATOMIC_RELAXED) == 1;
}

/* Makes a region of one page out of the middle of another one: the region, or NULL when memory is out. */
static struct region *cut_page(struct aspace *aspace, struct region *region, uint64_t page)
	REQUIRES(aspace->lock)
{
	if (page + PAGE_SIZE < region->end && split(aspace, region, page + PAGE_SIZE))
		return NULL;
	if (page == region->start)
		return region;
	return split(aspace, region, page) ? NULL : container_of(region->link.next, struct region, link);
}

/* The page shows a copy of its own from now on. */
static int make_private(struct aspace *aspace, struct region *region, uint64_t page, struct region **made)
	REQUIRES(aspace->lock)
{
	struct memory *view = memory_create_view(aspace->account, region->memory,
		page - region->start + region->offset, PAGE_SIZE, 0, PAGE_SIZE);

	if (!view)
		return -ENOMEM;
	region = cut_page(aspace, region, page);
	if (!region) {
		object_put(&view->object);
		return -ENOMEM;
	}
	object_put(&region->memory->object);
	region->memory = view;
	region->offset = 0;
	*made = region;
	return 0;
}

/* `copied`: the page table may still hold the page as it was. */
static int frame_to_change(struct aspace *aspace, uint64_t address, paddr_t *found, bool *is_code,
	bool *copied) REQUIRES(aspace->lock)
{
	struct list *link = region_from(aspace, address);
	struct region *region = container_of(link, struct region, link);

	if (!overlaps(aspace, link, address + 1) || memory_is_device(region->memory))
		return -EFAULT;
	*copied = !(region->prot & PROT_WRITE) && !is_private(region);
	if (*copied)
		TRY(make_private(aspace, region, address & ~(uint64_t)(PAGE_SIZE - 1), &region));
	*is_code = region->prot & PROT_EXEC;
	return frame_in(region, address, found);
}

int aspace_frame_to_change(struct aspace *aspace, uint64_t address, paddr_t *found, bool *is_code)
{
	uint64_t page = address & ~(uint64_t)(PAGE_SIZE - 1);
	struct removal removal;
	bool copied = false, stale = false;
	int error;

	lock_acquire(&aspace->lock);
	error = frame_to_change(aspace, address, found, is_code, &copied);
	if (copied)
		stale = arch_aspace_unmap(&aspace->arch, page, page + PAGE_SIZE);
	if (stale)
		note_removal(aspace, &removal, page, page + PAGE_SIZE);
	lock_release(&aspace->lock);
	if (stale)
		forget(aspace, &removal);
	return error;
}

void aspace_sync_code(struct aspace *aspace)
{
	arch_aspace_sync_code(&aspace->arch);
}

static int find(struct aspace *aspace, uint64_t address, struct memory **memory, uint64_t *offset)
	REQUIRES(aspace->lock)
{
	struct list *link = region_from(aspace, address);

	if (!overlaps(aspace, link, address + 1))
		return -EFAULT;

	const struct region *region = container_of(link, struct region, link);

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
