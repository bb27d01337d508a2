/* Audits of a table of handles: it counts right, and each slot is in use or free, once. For debug builds and tests. */
#include "object/process.h"
#include "object/reception.h"

/* What is in use, by a walk through all that has been used; zero of what never was. */
static bool count_used(
	const struct handle_table *table, handle_audit *fits, uint32_t *count, uint32_t *receivers)
{
	for (uint32_t i = 0; i < table->used; i++) {
		uint64_t name = table->page[i / HANDLE_PAGE_SLOTS][i % HANDLE_PAGE_SLOTS].name;
		struct object *object = handle_object(name);

		if (!object)
			continue;
		if (object->type != (name & HANDLE_TYPE_MASK) || (fits && !fits(object)))
			return false;
		*receivers += object->type == OBJECT_ENDPOINT && handle_rights(name) & RIGHT_ENDPOINT_RECEIVE;
		++*count;
	}
	return true;
}

/* What is free, by its list, which can't be longer than the table. */
static bool count_free(const struct handle_table *table, uint32_t *count)
{
	for (uint32_t i = table->free; i != HANDLE_NONE; ++*count) {
		if (i >= table->used || *count == table->used)
			return false;

		uint64_t name = table->page[i / HANDLE_PAGE_SLOTS][i % HANDLE_PAGE_SLOTS].name;

		if (name & HANDLE_TYPE_MASK)
			return false;
		i = (uint32_t)(name >> HANDLE_OBJECT_SHIFT);
	}
	return true;
}

bool handle_table_audit(struct process *process, handle_audit *fits)
{
	const struct handle_table *table = &process->handles;
	uint32_t used = 0, free = 0, receivers = 0;
	bool good = true;

	lock_acquire(&process->lock);
	if (!process->finishing)
		good = count_used(table, fits, &used, &receivers) && count_free(table, &free) &&
		       used == table->count && receivers == receptions_count(process) &&
		       used + free == table->used;
	lock_release(&process->lock);
	return good;
}
