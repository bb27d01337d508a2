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

/* Where mappings go whose caller names no address: far from programs, which are linked low. */
#define ROOM_START 0x2000000000ul

static struct pool regions = POOL_INIT(regions, struct region);

int aspace_init(struct aspace *aspace)
{
	list_init(&aspace->regions);
	return arch_aspace_init(&aspace->arch);
}

static void region_free(struct region *region)
{
	list_remove(&region->link);
	object_put(&region->memory->object);
	pool_free(&regions, region);
}

void aspace_destroy(struct aspace *aspace)
{
	arch_aspace_destroy(&aspace->arch);
	while (!list_is_empty(&aspace->regions))
		region_free(list_first(&aspace->regions, struct region, link));
}

bool aspace_is_empty(const struct aspace *aspace)
{
	return list_is_empty(&aspace->regions);
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

int aspace_map(struct aspace *aspace, uint64_t at, struct memory *memory, uint64_t offset, uint64_t size,
	enum prot prot)
{
	struct list *next = region_from(aspace, at);

	if (overlaps(aspace, next, at + size))
		return -EEXIST;

	struct region *region = pool_alloc(&regions);

	if (!region)
		return -ENOMEM;
	object_take(&memory->object);
	*region = (struct region){
		.start = at, .end = at + size, .memory = memory, .offset = offset, .prot = prot};
	list_insert_before(next, &region->link);
	return 0;
}

uint64_t aspace_find_room(const struct aspace *aspace, uint64_t size)
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

/* Cuts a region in two at `address`, which is inside it. */
static int split(struct region *region, uint64_t address)
{
	struct region *rest = pool_alloc(&regions);

	if (!rest)
		return -ENOMEM;
	*rest = *region;
	rest->start = address;
	rest->offset += address - region->start;
	region->end = address;
	object_take(&rest->memory->object);
	list_insert_before(region->link.next, &rest->link);
	return 0;
}

int aspace_unmap(struct aspace *aspace, uint64_t at, uint64_t size)
{
	uint64_t end = at + size;
	struct list *link = region_from(aspace, at);

	/* Only a region that sticks out on both sides needs memory: a middle cut makes one more. */
	if (overlaps(aspace, link, end)) {
		struct region *first = container_of(link, struct region, link);

		if (first->start < at && first->end > end)
			TRY(split(first, end));
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
		region_free(region);
	}
	arch_aspace_unmap(&aspace->arch, at, end);
	return 0;
}

int aspace_fault(struct aspace *aspace, uint64_t address, enum prot access)
{
	struct list *link = region_from(aspace, address);
	uint64_t page = address & ~(uint64_t)(PAGE_SIZE - 1);
	paddr_t frame;

	if (!overlaps(aspace, link, address + 1))
		return -EFAULT;

	const struct region *region = container_of(link, struct region, link);
	enum prot allowed = region->prot & PROT_WRITE ? region->prot | PROT_READ : region->prot;

	if (!(allowed & access))
		return -EFAULT;
	TRY(memory_frame(region->memory, (page - region->start + region->offset) >> PAGE_SHIFT, &frame));
	return arch_aspace_map(&aspace->arch, page, frame, region->prot);
}
