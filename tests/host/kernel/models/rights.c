/* Rights that are changed in pieces, beside an array of who may write. */
#include "models.h"

#include "hart.h"
#include "hosted.h"
#include "lib/string.h"
#include "object/process.h"

static size_t count_regions(const struct aspace *space)
{
	size_t count = 0;

	for (const struct tree_node *node = space->regions.first; node; node = node->next)
		count++;
	return count;
}

/* Memory may be out for the page: then it would be. */
static bool is_writable(struct aspace *space, uint64_t page)
{
	return aspace_fault(space, area_address(page), PROT_WRITE) != -EFAULT;
}

static void check_rights(struct aspace *space, const bool *mapped, const bool *writable)
{
	HOSTED_REQUIRE(aspace_audit(space, NULL));
	for (uint64_t i = 0; i < AREA; i += 1 + below(200))
		HOSTED_REQUIRE(is_writable(space, i) == (mapped[i] && writable[i]));
}

/* Between two pieces: others change a page, in the range or not, and pages that are there again have either right. */
static void change_meanwhile(
	struct aspace *space, const bool *mapped, bool *writable, uint64_t first, uint64_t end)
{
	uint64_t page = below(AREA);

	HOSTED_REQUIRE(aspace_audit(space, NULL));
	for (unsigned i = 0; i < 3; i++)
		(void)is_writable(space, first + below(end - first));
	if (page >= first && page < end)
		return;
	HOSTED_REQUIRE(
		protect(space, area_address(page), PAGE_SIZE, PROT_READ) == (mapped[page] ? 0 : -EFAULT));
	writable[page] = false;
}

static void protect_in_area(struct aspace *space, const bool *mapped, bool *writable)
{
	uint64_t first = below(AREA), end = first + below(AREA - first) + 1, pieces = 0;
	enum prot prot = below(2) ? PROT_READ : PROT_READ | PROT_WRITE;
	struct aspace_steps steps = {0};
	bool is_whole = true, more = true;
	size_t regions = 0;

	for (uint64_t i = first; i < end; i++)
		is_whole &= mapped[i];
	while (more) {
		size_t before = count_regions(space);
		int error = aspace_protect(
			space, area_address(first), (end - first) * PAGE_SIZE, prot, &steps, &more);

		regions += count_regions(space) - before;
		HOSTED_REQUIRE(error == (is_whole || more ? 0 : -EFAULT));
		HOSTED_REQUIRE(pieces++ < AREA);
		if (more)
			change_meanwhile(space, mapped, writable, first, end);
	}
	HOSTED_REQUIRE(is_whole ? regions <= 2 : !regions);
	HOSTED_REQUIRE(!is_whole || end - first <= 512 || pieces > 2);
	for (uint64_t i = first; is_whole && i < end; i++)
		writable[i] = prot & PROT_WRITE;
	check_rights(space, mapped, writable);
}

void test_rights(void *result)
{
	for (unsigned round = 0; round < AREA_ROUNDS; round++) {
		static bool mapped[AREA], writable[AREA];
		struct process *process = process_create("rights", 6);
		struct memory *memory = memory_create(MEMORY_SIZE_MOST);

		HOSTED_REQUIRE(process && memory);
		memset(mapped, 0, sizeof(mapped));
		memset(writable, true, sizeof(writable));
		fill_area(&process->aspace, memory, mapped, round % 2 ? 2000 : 300);
		for (unsigned i = 0; i < 4; i++)
			protect_in_area(&process->aspace, mapped, writable);
		object_put(&process->object);
		object_put(&memory->object);
		while (this_hart()->has_work)
			object_reclaim();
	}
	*(bool *)result = true;
}
