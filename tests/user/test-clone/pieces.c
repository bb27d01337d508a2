/* A clone that is so large that the kernel makes it in pieces. */
#include "clone.h"

enum { MANY_REGIONS = 300, MANY_PAGES = 2000, FAR = 3, PERIOD = 1000, ATTEMPTS = 200 };

static uint64_t page_value(uint64_t i)
{
	return i * 0x9e3779b97f4a7c15 | 1;
}

static process_handle pieces_make(memory_handle large)
{
	process_handle from = process_create((const uint8_t *)"from", 4);

	for (uint64_t i = 0; i < MANY_PAGES; i++) {
		uint64_t value = page_value(i);

		memory_write(large, i * FAR * PAGE_SIZE, (const uint8_t *)&value, 8);
	}
	vm_map(from, FIRST, large, 0, MANY_PAGES * FAR * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_FIXED);
	for (uint64_t i = 0; i < MANY_REGIONS; i++)
		vm_map(from, SECOND_PLACE + i * 2 * PAGE_SIZE, large, i * FAR * PAGE_SIZE, PAGE_SIZE,
			PROT_READ, MAP_FIXED);
	return from;
}

/*
 * Clones until that took several calls. A clone is cut where an interrupt waits: a timer fires as often as it can. How often that
 * is while one call runs is the emulator's affair, on a machine that is busy.
 */
static process_handle pieces_clone(process_handle from, struct checks *c)
{
	notification_handle beat = notification_create();
	timer_handle timer = timer_create(beat, 1);
	process_handle to = {0};
	unsigned calls = 0;

	check(c, !timer_set(timer, 0, PERIOD), "no timer");
	for (unsigned i = 0; i < ATTEMPTS && calls <= 1; i++) {
		long at = 0;

		calls = 0;
		if (to.value)
			handle_close(ANY(to));
		to = process_create((const uint8_t *)"to", 2);
		do {
			at = vm_clone(to, from, (uint64_t)at);
			calls++;
		} while (at > 0);
		check(c, at == 0, "it ended with %ld", at);
	}
	check(c, calls > 1, "it took one call each time");
	handle_close(ANY(timer));
	handle_close(ANY(beat));
	return to;
}

static void pieces_look(process_handle to, process_handle from, struct checks *c)
{
	for (uint64_t i = 0; i < MANY_PAGES; i++) {
		uint64_t value = 0, other = 1;

		process_read(to, FIRST + i * FAR * PAGE_SIZE, (uint8_t *)&value, 8);
		check(c, value == page_value(i), "page %lu is %#lx", (unsigned long)i, (unsigned long)value);
		process_write(to, FIRST + i * FAR * PAGE_SIZE, (const uint8_t *)&other, 8);
		process_read(from, FIRST + i * FAR * PAGE_SIZE, (uint8_t *)&value, 8);
		check(c, value == page_value(i), "page %lu has become %#lx", (unsigned long)i,
			(unsigned long)value);
	}
	for (uint64_t i = 0; i < MANY_REGIONS; i++) {
		uint64_t value = 0;

		process_read(to, SECOND_PLACE + i * 2 * PAGE_SIZE, (uint8_t *)&value, 8);
		check(c, value == page_value(i), "mapping %lu shows %#lx", (unsigned long)i,
			(unsigned long)value);
	}
}

void test_pieces(void)
{
	memory_handle large = memory_create(MANY_PAGES * FAR * PAGE_SIZE);
	process_handle from = pieces_make(large), to;
	thread_handle self = process_thread(own_process(), 0);
	struct system_info info;
	struct checks c = {0};

	system_info(own_system(), &info);
	/* A timer is an interrupt of the hart that it was made on. */
	check(&c, !thread_set_affinity(self, 1), "thread_set_affinity");
	to = pieces_clone(from, &c);
	check(&c, !thread_set_affinity(self, (1ul << info.harts) - 1), "on all harts again");
	pieces_look(to, from, &c);
	check(&c, vm_clone(to, from, 0) == -EEXIST, "once more");
	handle_close(ANY(self));
	handle_close(ANY(large));
	handle_close(ANY(from));
	handle_close(ANY(to));
	checks_report(&c, "a large clone is made in pieces");
}
