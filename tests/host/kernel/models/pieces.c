/* Unmapping in pieces: what lies around the range stays, and nobody gets into it in between. */
#include "models.h"

#include "hosted.h"
#include "lib/string.h"
#include "object/process.h"

static bool is_mapped(struct aspace *space, uint64_t address)
{
	struct memory *memory;
	uint64_t offset;

	if (aspace_find(space, address, &memory, &offset))
		return false;
	object_put(&memory->object);
	return true;
}

/* Each page is mapped if it was; in the range nothing is, once it is unmapped. */
static void check_area(struct aspace *space, const bool *mapped, uint64_t first, uint64_t end, bool done)
{
	for (uint64_t i = 0; i < AREA; i += 1 + below(20)) {
		bool inside = i >= first && i < end;

		if (!inside || done)
			HOSTED_REQUIRE(is_mapped(space, area_address(i)) == (mapped[i] && !inside));
	}
}

/* Between two pieces others map, protect, and clone: not where something has been unmapped already, nor what is kept there. */
static void meddle(struct aspace *space, struct memory *memory, bool *mapped, uint64_t first)
{
	uint64_t at = 0, count = below(4) + 1;

	HOSTED_REQUIRE(protect(space, area_address(first), PAGE_SIZE, 0) == -EFAULT);

	HOSTED_REQUIRE(!hosted_map(space, &at, memory, 0, count * PAGE_SIZE, PROT_READ));
	for (uint64_t i = 0; i < count; i++) {
		uint64_t page = (at - AREA_START) / PAGE_SIZE + i;

		HOSTED_REQUIRE(
			page >= AREA || !mapped[page]); /* it has never been in the range, or is a hole */
		if (page < AREA)
			mapped[page] = true;
	}
}

static void unmap_in_area(struct aspace *space, struct memory *memory, bool *mapped)
{
	uint64_t first = below(AREA), end = first + below(AREA - first) + 1, pieces = 0;
	bool more = true;

	for (; more; pieces++) {
		HOSTED_REQUIRE(pieces < AREA);
		HOSTED_REQUIRE(!aspace_unmap(space, area_address(first), (end - first) * PAGE_SIZE, &more));
		if (more)
			meddle(space, memory, mapped, first);
		check_area(space, mapped, first, end, !more);
	}
	HOSTED_REQUIRE(end - first > 256 || pieces <= 1 + (end - first) / 8);
	for (uint64_t i = first; i < end; i++)
		mapped[i] = false;
}

void test_pieces(void *result)
{
	for (unsigned round = 0; round < AREA_ROUNDS; round++) {
		static bool mapped[AREA];
		struct process *process = process_create("pieces", 6);
		struct memory *memory = memory_create(MEMORY_SIZE_MOST);

		HOSTED_REQUIRE(process && memory);
		memset(mapped, 0, sizeof(mapped));
		fill_area(&process->aspace, memory, mapped, round % 2 ? 2000 : 40);
		for (unsigned i = 0; i < 4; i++)
			unmap_in_area(&process->aspace, memory, mapped);
		HOSTED_REQUIRE(!aspace_unmap_all(&process->aspace, USER_BASE, USER_TOP - USER_BASE));
		HOSTED_REQUIRE(aspace_is_empty(&process->aspace));
		object_put(&process->object);
		object_put(&memory->object);
		object_reclaim();
	}
	*(bool *)result = true;
}
