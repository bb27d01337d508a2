/* A large range of an address space, with mappings and holes between them, for what the kernel does in pieces. */
#include "models.h"

#include "hosted.h"
#include "object/process.h"

uint64_t area_address(uint64_t page)
{
	return AREA_START + page * PAGE_SIZE;
}

int protect(struct aspace *space, uint64_t at, uint64_t size, enum prot prot)
{
	struct aspace_steps steps = {0};
	bool more;
	int error;

	do
		error = aspace_protect(space, at, size, prot, &steps, &more);
	while (more);
	return error;
}

void fill_area(struct aspace *space, struct memory *memory, bool *mapped, uint64_t most)
{
	uint64_t page = below(10);

	while (page < AREA) {
		uint64_t count = below(most) + 1, at = area_address(page);

		count = count < AREA - page ? count : AREA - page;
		HOSTED_REQUIRE(!hosted_map(
			space, &at, memory, page * PAGE_SIZE, count * PAGE_SIZE, PROT_READ | PROT_WRITE));
		for (uint64_t i = page; i < page + count; i++) {
			mapped[i] = true;
			if (!below(8))
				HOSTED_REQUIRE(!aspace_fault(space, area_address(i), PROT_WRITE));
		}
		page += count + (below(3) ? 0 : below(300));
	}
}
