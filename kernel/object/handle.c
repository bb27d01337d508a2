/* Handle tables. A value is generation << HANDLE_INDEX_BITS | index; generation 0 is never used, so 0 names nothing. */
#include "object/handle.h"

#include "abi/abi.h"
#include "mem/frame.h"
#include "object/process.h"
#include "panic.h"

STATIC_ASSERT(HANDLE_PAGE_SLOTS * sizeof(struct handle_slot) == PAGE_SIZE);
STATIC_ASSERT(HANDLE_INDEX_BITS + HANDLE_GENERATION_BITS == 31);

static uint32_t index_of(uint32_t value)
{
	return value & ((1u << HANDLE_INDEX_BITS) - 1);
}

static struct handle_slot *slot_at(const struct handle_table *table, uint32_t index)
{
	struct handle_slot *page = table->page[index / HANDLE_PAGE_SLOTS];

	return page ? &page[index % HANDLE_PAGE_SLOTS] : NULL;
}

void handle_table_init(struct handle_table *table)
{
	*table = (struct handle_table){.free = HANDLE_NONE};
}

int handle_find(const struct handle_table *table, uint32_t value, struct handle_ref *found)
{
	const struct handle_slot *slot = slot_at(table, index_of(value));

	if (!slot || !slot->object || slot->generation != value >> HANDLE_INDEX_BITS)
		return -EBADF;
	*found = (struct handle_ref){slot->object, slot->rights, value};
	return 0;
}

/* Adds a page of free slots. */
static int grow(struct handle_table *table)
{
	unsigned number = 0;
	paddr_t frame;

	while (number < HANDLE_PAGES && table->page[number])
		number++;
	if (number == HANDLE_PAGES)
		return -EMFILE;
	TRY(frame_alloc_zeroed(&frame));
	table->page[number] = direct(frame);
	for (unsigned i = 0; i < HANDLE_PAGE_SLOTS; i++) {
		bool last = i == HANDLE_PAGE_SLOTS - 1;

		table->page[number][i].generation = 1;
		table->page[number][i].rights =
			last ? (uint32_t)HANDLE_NONE : number * HANDLE_PAGE_SLOTS + i + 1;
	}
	table->free = number * HANDLE_PAGE_SLOTS;
	return 0;
}

/* A process whose table names itself must not live by that alone. */
static void count_self(struct handle_table *table, const struct object *object, int change)
{
	if (object->type == OBJECT_PROCESS)
		process_count_self(container_of(table, struct process, handles), object, change);
}

handle_result handle_add(struct handle_table *table, struct object *object, uint32_t rights)
{
	if (table->free == HANDLE_NONE) {
		int error = grow(table);

		if (error)
			return (handle_result){error};
	}

	uint32_t index = table->free;
	struct handle_slot *slot = slot_at(table, index);

	table->free = slot->rights;
	table->count++;
	object_take(object);
	count_self(table, object, 1);
	slot->object = object;
	slot->rights = rights;
	return (handle_result){(long)(slot->generation << HANDLE_INDEX_BITS | index)};
}

void handle_remove(struct handle_table *table, uint32_t value)
{
	uint32_t index = index_of(value);
	struct handle_slot *slot = slot_at(table, index);
	struct object *object = slot->object;

	slot->object = NULL;
	slot->rights = table->free;
	slot->generation = (slot->generation + 1) & ((1u << HANDLE_GENERATION_BITS) - 1);
	if (!slot->generation)
		slot->generation = 1;
	table->free = index;
	table->count--;
	count_self(table, object, -1);
	object_put(object);
}

void handle_table_clear(struct handle_table *table)
{
	for (unsigned number = 0; number < HANDLE_PAGES; number++) {
		struct handle_slot *page = table->page[number];

		if (!page)
			continue;
		for (uint32_t i = 0; i < HANDLE_PAGE_SLOTS; i++)
			if (page[i].object)
				handle_remove(table, page[i].generation << HANDLE_INDEX_BITS |
							     (number * HANDLE_PAGE_SLOTS + i));
		table->page[number] = NULL;
		frame_free(direct_to_physical(page));
	}
	handle_table_init(table);
}
