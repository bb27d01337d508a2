/* Audits of an address space: its page table has what its regions show, and nothing else. For debug builds and tests. */
#include "object/aspace_parts.h"

struct audit {
	const struct region *region;
	aspace_audit_page *fits; /* NULL: nobody asks for more */
};

/* A page is the one that its memory object has there, with no more rights than are left to it. */
static bool audit_page(void *context, uint64_t address, paddr_t frame, enum prot prot) NO_LOCK_ANALYSIS
{
	const struct audit *audit = context;
	const struct region *region = audit->region;
	enum prot allowed = region->prot & PROT_WRITE ? region->prot | PROT_READ : region->prot;
	struct page page = page_at(region, address);

	return !(prot & ~allowed) && memory_shows(page.memory, page.number, frame, prot & PROT_WRITE) &&
	       (!audit->fits || audit->fits(frame, prot, page.memory, page.number));
}

static bool audit_hole(void *context, uint64_t address, paddr_t frame, enum prot prot)
{
	(void)context;
	(void)address;
	(void)frame;
	(void)prot;
	return false;
}

/* With both locks nobody changes an entry of the region, so this is exact whatever other harts do. */
static bool audit_region(struct aspace *aspace, const struct region *region, aspace_audit_page *fits)
	REQUIRES(aspace->lock)
{
	struct audit audit = {region, fits};
	bool good;

	lock_acquire(&region->memory->lock);
	good = arch_aspace_audit(&aspace->arch, region->start, region->end, audit_page, &audit);
	lock_release(&region->memory->lock);
	return good;
}

/* Whoever looks for room finds all that there is, and nothing else. */
static bool is_hole_known(const struct region *region)
{
	return region->hole.key == room_below(region) && tree_has(&region->hole) == (region->hole.key != 0);
}

static bool audit(struct aspace *aspace, aspace_audit_page *fits) REQUIRES(aspace->lock)
{
	const struct region *region = region_from(aspace, 0);
	uint64_t start = 0;

	for (; region; start = region->end, region = region_next(region))
		if (!is_hole_known(region) ||
			!arch_aspace_audit(&aspace->arch, start, region->start, audit_hole, NULL) ||
			!audit_region(aspace, region, fits))
			return false;
	return arch_aspace_audit(&aspace->arch, start, USER_TOP, audit_hole, NULL);
}

bool aspace_audit(struct aspace *aspace, aspace_audit_page *fits)
{
	bool good;

	lock_acquire(&aspace->lock);
	good = aspace->gone || audit(aspace, fits);
	lock_release(&aspace->lock);
	return good;
}
