/* Room for mappings that the kernel chooses: among those that stay, and among mappings that come and go. */
#include "models.h"

#include "hosted.h"
#include "lib/string.h"
#include "object/process.h"
#include "sched.h"

/* Addresses that the kernel chooses are free, and it says when there are none. */
void test_room(void *result)
{
	struct process *process = process_create("room", 4);
	struct memory *memory = memory_create(MEMORY_SIZE_MOST);
	uint64_t end = 0, at;
	int error;

	for (unsigned i = 0; i < 40; i++) {
		uint64_t size = (below(20) + 1) * PAGE_SIZE;

		at = 0;
		HOSTED_REQUIRE(!hosted_map(&process->aspace, &at, memory, 0, size, PROT_READ));
		HOSTED_REQUIRE(at >= end);
		end = at + size;
	}
	at = 0;
	error = hosted_map(&process->aspace, &at, memory, 0, USER_TOP - end + PAGE_SIZE, PROT_READ);
	HOSTED_REQUIRE(error == -ENOMEM);
	HOSTED_REQUIRE(!hosted_map(&process->aspace, &at, memory, 0, USER_TOP - end, PROT_READ));
	at = 0;
	error = hosted_map(&process->aspace, &at, memory, 0, PAGE_SIZE, PROT_READ);
	HOSTED_REQUIRE(error == -ENOMEM);
	object_put(&memory->object);
	object_put(&process->object);
	*(bool *)result = true;
}

#define ROOM_WINDOW 0x2000000000ul /* where the kernel looks first */

enum { ROOM_PAGES = 96, ROOM_LOW = 8 /* of them in front of that */ };

static uint64_t room_address(uint64_t page)
{
	return ROOM_WINDOW + (page - ROOM_LOW) * PAGE_SIZE;
}

static bool any_taken(const bool *taken, uint64_t first, uint64_t count)
{
	for (uint64_t i = first; i < first + count; i++)
		if (taken[i])
			return true;
	return false;
}

/* The holes that the kernel knows of are those between what is taken, each with its size. */
static void check_room(const struct aspace *space, const bool *taken)
{
	uint64_t free = 0, holes = 0, known = 0;

	for (uint64_t i = ROOM_LOW; i < ROOM_PAGES; i++) {
		free = taken[i] ? 0 : free + PAGE_SIZE;
		holes += free && i + 1 < ROOM_PAGES && taken[i + 1] ? free : 0;
	}
	for (const struct tree_node *node = space->holes.first; node; node = node->next) {
		const struct region *above = container_of(node, const struct region, hole);
		uint64_t end = (above->start - ROOM_WINDOW) / PAGE_SIZE + ROOM_LOW,
			 size = node->key / PAGE_SIZE;

		HOSTED_REQUIRE(size && end < ROOM_PAGES && taken[end] && !any_taken(taken, end - size, size));
		HOSTED_REQUIRE(end - size == ROOM_LOW || taken[end - size - 1]);
		known += node->key;
	}
	HOSTED_REQUIRE(known == holes);
}

/* The smallest range of free pages between others that has room for so many; 0: none has. */
static uint64_t best_hole(const bool *taken, uint64_t count)
{
	uint64_t free = 0, best = 0;

	for (uint64_t i = ROOM_LOW; i < ROOM_PAGES; i++) {
		if (taken[i] && free >= count && (!best || free < best))
			best = free;
		free = taken[i] ? 0 : free + 1;
	}
	return best;
}

/* The size of the range of free pages that a page is in. */
static uint64_t hole_around(const bool *taken, uint64_t page)
{
	uint64_t first = page, end = page;

	while (first > ROOM_LOW && !taken[first - 1])
		first--;
	while (end < ROOM_PAGES && !taken[end])
		end++;
	return end - first;
}

static void room_step(struct aspace *space, struct memory *memory, bool *taken)
{
	uint64_t first = below(ROOM_PAGES - 8), count = below(8) + 1, at = below(2) ? room_address(first) : 0;
	bool is_fixed = at, is_taken = any_taken(taken, first, count);

	switch (below(4)) {
	case 0:
		HOSTED_REQUIRE(!aspace_unmap_all(space, room_address(first), count * PAGE_SIZE));
		memset(taken + first, false, count);
		break;
	case 1: /* cuts mappings, if all is mapped */
		(void)!protect(space, room_address(first), PAGE_SIZE, PROT_READ);
		break;
	default:
		HOSTED_REQUIRE(hosted_map(space, &at, memory, 0, count * PAGE_SIZE, PROT_READ) ==
			       (is_fixed && is_taken ? -EEXIST : 0));
		if (is_fixed && is_taken)
			break;
		HOSTED_REQUIRE(at >= ROOM_WINDOW || is_fixed);
		first = (at - ROOM_WINDOW) / PAGE_SIZE + ROOM_LOW;
		HOSTED_REQUIRE(is_fixed || !best_hole(taken, count) ||
			       hole_around(taken, first) == best_hole(taken, count));
		if (first + count > ROOM_PAGES) { /* beyond what the array has */
			HOSTED_REQUIRE(!aspace_unmap_all(space, at, count * PAGE_SIZE));
			break;
		}
		HOSTED_REQUIRE(!any_taken(taken, first, count));
		memset(taken + first, true, count);
	}
}

void test_room_again(void *result)
{
	static bool taken[ROOM_PAGES];
	struct process *process = process_create("room", 4);
	struct memory *memory = memory_create(8 * PAGE_SIZE);

	for (unsigned step = 0; step < STEPS; step++) {
		room_step(&process->aspace, memory, taken);
		check_room(&process->aspace, taken);
	}
	object_put(&memory->object);
	object_put(&process->object);
	*(bool *)result = true;
}
