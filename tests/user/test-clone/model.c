/* Objects that are copies of one another, written and read by every way to them, against a model. */
#include "clone.h"

enum { STEPS = 4000 };

struct object objects[OBJECTS];

static uint64_t place(uint64_t base, unsigned i, unsigned page)
{
	return base + i * GAP + page * PAGE_SIZE + page * 8;
}

void object_map(process_handle process, uint64_t base, unsigned i)
{
	long at = vm_map(process, base + i * GAP, objects[i].memory, 0, PAGES * PAGE_SIZE,
		PROT_READ | PROT_WRITE, MAP_FIXED);

	if (at < 0)
		ktap_bail_out("no mapping for the test: %ld", at);
}

void object_make(unsigned i)
{
	struct object *o = &objects[i];

	o->memory = memory_create(PAGES * PAGE_SIZE);
	o->peer = process_create((const uint8_t *)"peer", 4);
	memset(o->model, 0, sizeof(o->model));
	object_map(own_process(), FIRST, i);
	object_map(own_process(), SECOND_PLACE, i);
	object_map(o->peer, FIRST, i);
}

void object_drop(unsigned i)
{
	vm_unmap(own_process(), FIRST + i * GAP, PAGES * PAGE_SIZE);
	vm_unmap(own_process(), SECOND_PLACE + i * GAP, PAGES * PAGE_SIZE);
	handle_close(ANY(objects[i].peer));
	handle_close(ANY(objects[i].memory));
}

/* Writes or reads the word of a page by one of the ways to it. */
static bool put(unsigned i, unsigned page, uint64_t value)
{
	uint64_t base = random_below(2) ? FIRST : SECOND_PLACE;

	switch (random_below(3)) {
	case 0:
		*(volatile uint64_t *)place(base, i, page) = value;
		return true;
	case 1:
		return memory_write(objects[i].memory, place(0, 0, page), (const uint8_t *)&value, 8) == 8;
	default:
		return process_write(objects[i].peer, place(FIRST, i, page), (const uint8_t *)&value, 8) == 8;
	}
}

static uint64_t get(unsigned i, unsigned page)
{
	uint64_t base = random_below(2) ? FIRST : SECOND_PLACE, value = UINT64_MAX;

	switch (random_below(3)) {
	case 0:
		return *(volatile uint64_t *)place(base, i, page);
	case 1:
		(void)memory_read(objects[i].memory, place(0, 0, page), (uint8_t *)&value, 8);
		return value;
	default:
		(void)process_read(objects[i].peer, place(FIRST, i, page), (uint8_t *)&value, 8);
		return value;
	}
}

void copy_part(struct checks *c, unsigned to, unsigned from)
{
	unsigned pages = 1 + (unsigned)random_below(PAGES);
	unsigned at = (unsigned)random_below(PAGES - pages + 1),
		 of = (unsigned)random_below(PAGES - pages + 1);
	long done;

	object_drop(to);
	object_make(to);
	done = memory_copy(
		objects[to].memory, at * PAGE_SIZE, objects[from].memory, of * PAGE_SIZE, pages * PAGE_SIZE);
	check(c, done == (long)(pages * PAGE_SIZE), "copying %u pages gave %ld", pages, done);
	for (unsigned i = 0; i < pages; i++) {
		uint64_t value = 0;

		memory_read(objects[from].memory, (of + i) * PAGE_SIZE + (at + i) * 8, (uint8_t *)&value, 8);
		objects[to].model[at + i] = value;
	}
}

void test_model(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < OBJECTS; i++)
		object_make(i);
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned i = (unsigned)random_below(OBJECTS), page = (unsigned)random_below(PAGES);

		if (random_below(8) == 0) {
			copy_part(&c, i, (i + 1 + (unsigned)random_below(OBJECTS - 1)) % OBJECTS);
		} else if (random_below(2)) {
			objects[i].model[page] = random_next() | 1;
			check(&c, put(i, page, objects[i].model[page]), "step %u: can't write", step);
		}
		i = (unsigned)random_below(OBJECTS);
		page = (unsigned)random_below(PAGES);
		check(&c, get(i, page) == objects[i].model[page],
			"step %u: object %u, page %u is %#lx, not %#lx", step, i, page,
			(unsigned long)get(i, page), (unsigned long)objects[i].model[page]);
	}
	for (unsigned i = 0; i < OBJECTS; i++)
		object_drop(i);
	checks_report(&c, "what is written to one of several copies is seen there, and nowhere else");
}
