/* Copies that are made while threads write to what is copied: they stay as they are, and the threads lose nothing. */
#include "clone.h"

enum { WRITERS = 3, ROUNDS = 60 };

static struct suite_thread writers[WRITERS];
static volatile bool over;
static unsigned lost[WRITERS];
static uint64_t written[WRITERS];

/* Counts in a word of its own on each page, one by mapping and one by call. */
static void write_on(void *argument)
{
	uintptr_t self = (uintptr_t)argument;

	for (uint64_t n = 1; !over; n++) {
		volatile uint64_t *word = (volatile uint64_t *)(FIRST + n % PAGES * PAGE_SIZE) + 2 * self;
		uint64_t by_call = *word + 1, got = 0;
		uint64_t offset = n % PAGES * PAGE_SIZE + (2 * self + 1) * 8;

		*word = by_call;
		if (*word != by_call)
			lost[self]++;
		if (memory_write(objects[0].memory, offset, (const uint8_t *)&by_call, 8) != 8 ||
			memory_read(objects[0].memory, offset, (uint8_t *)&got, 8) != 8 || got != by_call)
			lost[self]++;
		written[self] = n;
	}
}

static void look_at_copy(struct checks *c, uint64_t before[][2 * WRITERS])
{
	static uint64_t first[PAGES][2 * WRITERS];
	memory_handle copy = memory_create(PAGES * PAGE_SIZE);
	uint64_t done = 0;
	long n = 1, at;

	while (n >= 0 && done < PAGES * PAGE_SIZE) {
		n = memory_copy(copy, done, objects[0].memory, done, PAGES * PAGE_SIZE - done);
		done += n > 0 ? (uint64_t)n : 0;
	}
	at = vm_map(
		own_process(), SECOND_PLACE, copy, 0, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_FIXED);
	if (!check(c, n >= 0 && at > 0, "copying gave %ld, mapping %ld", n, at))
		return;
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned page = 0; page < PAGES; page++)
			for (unsigned i = 0; i < 2 * WRITERS; i++) {
				uint64_t value = ((volatile uint64_t *)(SECOND_PLACE + page * PAGE_SIZE))[i];

				if (!round)
					first[page][i] = value;
				check(c, value == first[page][i], "a copy has changed");
				check(c, value >= before[page][i], "a copy is older than the one before");
				before[page][i] = value;
			}
		if (round == 1) /* its own page changes hands, and nothing else */
			((volatile uint64_t *)(SECOND_PLACE + random_below(PAGES) * PAGE_SIZE))[100] = 1;
		thread_sleep(now() + random_below(100000));
	}
	vm_unmap(own_process(), SECOND_PLACE, PAGES * PAGE_SIZE);
	handle_close(ANY(copy));
}

void test_writers(void)
{
	static uint64_t before[PAGES][2 * WRITERS];
	struct checks c = {0};

	objects[0].memory = memory_create(PAGES * PAGE_SIZE);
	object_map(own_process(), FIRST, 0);
	over = false;
	for (uintptr_t i = 0; i < WRITERS; i++)
		suite_thread_start(&writers[i], write_on, (void *)i);
	for (unsigned i = 0; i < ROUNDS; i++)
		look_at_copy(&c, before);
	over = true;
	for (unsigned i = 0; i < WRITERS; i++) {
		suite_thread_join(&writers[i]);
		check(&c, !lost[i], "writer %u lost %u of what it wrote", i, lost[i]);
		check(&c, written[i] > 0, "writer %u wrote nothing", i);
	}
	vm_unmap(own_process(), FIRST, PAGES * PAGE_SIZE);
	handle_close(ANY(objects[0].memory));
	checks_report(&c, "a copy stays what it was while others write, and they lose nothing");
}
