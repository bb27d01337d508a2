/* Address spaces: what is mapped, unmapped and touched, against a map of pages. */
#include "models.h"

#include "hosted.h"
#include "object/process.h"

enum {
	PAGES = 48, /* of the address space that is tried */
	OBJECTS = 4,
	OBJECT_PAGES = 20,
};

struct page {
	struct memory *memory; /* NULL: nothing is mapped */
	uint64_t index; /* page of the memory */
	enum prot prot;
};

static enum prot random_prot(void)
{
	static const enum prot prots[] = {
		PROT_READ, PROT_WRITE, PROT_READ | PROT_WRITE, PROT_EXEC, PROT_READ | PROT_EXEC};

	return prots[below(5)];
}

static void try_map(struct aspace *space, struct page *pages, struct memory *const *objects)
{
	uint64_t first = below(PAGES), count = below(8) + 1, offset = below(OBJECT_PAGES - 8);
	uint64_t at = SPACE_START + first * PAGE_SIZE;
	struct memory *memory = objects[below(OBJECTS)];
	enum prot prot = random_prot();
	bool taken = false;
	int error;

	if (first + count > PAGES)
		return;
	for (uint64_t i = first; i < first + count; i++)
		taken |= pages[i].memory != NULL;
	error = hosted_map(space, &at, memory, offset * PAGE_SIZE, count * PAGE_SIZE, prot);
	HOSTED_REQUIRE(error == (taken ? -EEXIST : 0));
	for (uint64_t i = 0; !taken && i < count; i++)
		pages[first + i] = (struct page){memory, offset + i, prot};
}

static void try_unmap(struct aspace *space, struct page *pages)
{
	uint64_t first = below(PAGES), count = below(12) + 1;

	if (first + count > PAGES)
		return;
	HOSTED_REQUIRE(!aspace_unmap_all(space, SPACE_START + first * PAGE_SIZE, count * PAGE_SIZE));
	for (uint64_t i = first; i < first + count; i++) {
		paddr_t frame;
		enum prot prot;

		pages[i].memory = NULL;
		HOSTED_REQUIRE(!hosted_lookup(&space->arch, SPACE_START + i * PAGE_SIZE, &frame, &prot));
	}
}

static void try_touch(struct aspace *space, const struct page *pages)
{
	uint64_t number = below(PAGES), address = SPACE_START + number * PAGE_SIZE;
	enum prot access = 1u << below(3), prot;
	const struct page *page = &pages[number];
	bool allowed =
		page->memory && (page->prot & access || (access == PROT_READ && page->prot & PROT_WRITE));
	paddr_t frame, expected;

	HOSTED_REQUIRE(aspace_fault(space, address + below(PAGE_SIZE), access) == (allowed ? 0 : -EFAULT));
	if (!allowed)
		return;
	HOSTED_REQUIRE(!memory_frame(page->memory, page->index, &expected));
	HOSTED_REQUIRE(hosted_lookup(&space->arch, address, &frame, &prot));
	HOSTED_REQUIRE(frame.value == expected.value && prot == page->prot);
}

void test_space(void *result)
{
	static struct page pages[PAGES];
	struct process *process = process_create("space", 5);
	struct memory *objects[OBJECTS];
	bool empty = true;

	for (unsigned i = 0; i < OBJECTS; i++)
		HOSTED_REQUIRE((objects[i] = memory_create(OBJECT_PAGES * PAGE_SIZE)));
	for (unsigned step = 0; step < STEPS; step++) {
		switch (below(4)) {
		case 0:
			try_map(&process->aspace, pages, objects);
			break;
		case 1:
			try_unmap(&process->aspace, pages);
			break;
		default:
			try_touch(&process->aspace, pages);
		}
	}
	for (unsigned i = 0; i < PAGES; i++)
		empty &= !pages[i].memory;
	HOSTED_REQUIRE(aspace_is_empty(&process->aspace) == empty);
	for (unsigned i = 0; i < OBJECTS; i++)
		object_put(&objects[i]->object);
	object_put(&process->object);
	*(bool *)result = true;
}
