/* Handles: what is open names its object, what was closed names nothing for long; a table that is full says so. */
#include "models.h"

#include "hosted.h"
#include "object/process.h"
#include "object/system.h"

enum { HANDLES = 400 };

struct known_handle {
	uint32_t value, rights;
	struct object *object;
};

static void check_handle(struct process *process, const struct known_handle *known, bool open)
{
	struct handle_ref found;
	int error = handle_find(&process->handles, known->value, &found);

	HOSTED_REQUIRE(error == (open ? 0 : -EBADF));
	HOSTED_REQUIRE(!open || (found.object == known->object && found.rights == known->rights));
}

void test_handles(void *result)
{
	static struct known_handle open[HANDLES], closed[HANDLES];
	struct process *process = process_create("handles", 7);
	struct object *objects[] = {&system_root.object, &process->object};
	uint32_t count = 0, closings = 0, references = system_root.object.references;

	for (unsigned step = 0; step < STEPS; step++) {
		struct handle_ref found;

		if (count < HANDLES && (below(2) || !count)) {
			struct known_handle *known = &open[count++];

			known->object = objects[below(2)];
			known->rights = (uint32_t)below(1 << 14) & handle_unpack_rights(HANDLE_DENIED_MASK);
			known->value = (uint32_t)handle_add(process, known->object, known->rights).value;
			HOSTED_REQUIRE((int32_t)known->value > 0);
		} else {
			size_t i = below(count);

			HOSTED_REQUIRE(!handle_remove(process, open[i].value));
			HOSTED_REQUIRE(handle_remove(process, open[i].value) == -EBADF);
			closed[closings++ % HANDLES] = open[i];
			open[i] = open[--count];
		}
		HOSTED_REQUIRE(process->handles.count == count);
		if (count)
			check_handle(process, &open[below(count)], true);
		if (closings >= HANDLES)
			check_handle(process, &closed[below(HANDLES)], false);
		HOSTED_REQUIRE(handle_find(&process->handles, 0, &found) == -EBADF);
		HOSTED_REQUIRE(handle_find(&process->handles, UINT32_MAX, &found) == -EBADF);
	}
	object_put(&process->object);
	*(bool *)result = references == system_root.object.references - (count - process->self_handles);
}

/* The table full: each slot once, then an error, and room again after one is closed. */
void test_full_table(void *result)
{
	struct process *process = process_create("full", 4);
	unsigned most = HANDLE_PAGES * HANDLE_PAGE_SLOTS, count = 0;
	handle_result last = {0}, next;

	for (;; count++, last = next) {
		next = handle_add(process, &system_root.object, 0);
		if (next.value < 0)
			break;
	}
	HOSTED_REQUIRE(next.value == -EMFILE && count == most);
	HOSTED_REQUIRE(!handle_remove(process, (uint32_t)last.value));
	next = handle_add(process, &system_root.object, 0);
	HOSTED_REQUIRE(next.value > 0 && next.value != last.value);
	HOSTED_REQUIRE(handle_add(process, &system_root.object, 0).value == -EMFILE);
	object_put(&process->object);
	*(bool *)result = true;
}
