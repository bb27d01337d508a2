/*
 * The end of objects. One object's end gives back its references to others, which may end too: a list makes that a
 * loop, so that a long chain made by a program can't exhaust the kernel's stack.
 */
#include "object/object.h"

#include "object/memory.h"
#include "object/process.h"
#include "object/system.h"
#include "object/thread.h"
#include "panic.h"

static struct list doomed = {&doomed, &doomed};
static bool destroying;

void object_init(struct object *object, enum object_type type)
{
	object->type = type;
	object->references = 1;
	list_init(&object->doomed);
}

void object_take(struct object *object)
{
	assert(object->references && object->references < UINT32_MAX);
	object->references++;
}

static void destroy(struct object *object)
{
	switch (object->type) {
	case OBJECT_PROCESS:
		process_destroy(process_of(object));
		return;
	case OBJECT_THREAD:
		thread_destroy(thread_of(object));
		return;
	case OBJECT_MEMORY:
		memory_destroy(memory_of(object));
		return;
	case OBJECT_SYSTEM:
	case OBJECT_ANY:
		break;
	}
	panic("object type %d has no end", object->type);
}

/* A process that nothing names any more ends first; its last reference goes at the end of that. */
static void finish(struct object *object)
{
	list_remove(&object->doomed);
	if (object->type == OBJECT_PROCESS && !process_of(object)->ended)
		process_end_abandoned(process_of(object));
	else
		destroy(object);
}

void object_put(struct object *object)
{
	assert(object->references);
	object->references--;

	bool over = !object->references ||
		    (object->type == OBJECT_PROCESS && process_is_abandoned(process_of(object)));

	if (!over)
		return;
	list_remove(&object->doomed);
	list_append(&doomed, &object->doomed);
	if (destroying)
		return;
	destroying = true;
	while (!list_is_empty(&doomed))
		finish(list_first(&doomed, struct object, doomed));
	destroying = false;
}
