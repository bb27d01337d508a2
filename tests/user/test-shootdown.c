/* Pages that go while threads on other harts use them, and threads of one address space that map and unmap. */
#include "suite.h"

enum { THREADS = 4, ROUNDS = 300, COUNTERS = 3, TAKEN_ROUNDS = 24 };

static struct suite_thread threads[THREADS];
static unsigned failed[THREADS];
static memory_handle memory;

static void map_and_unmap(void *argument)
{
	uintptr_t self = (uintptr_t)argument;
	volatile uint64_t *at = (volatile uint64_t *)(0x900000000ul + self * 0x100000);

	for (uint64_t i = 0; i < ROUNDS; i++) {
		long mapped = vm_map(own_process(), (uintptr_t)at, memory, self * PAGE_SIZE, PAGE_SIZE,
			PROT_READ | PROT_WRITE, MAP_FIXED);

		if (mapped != (long)(uintptr_t)at || (i && *at != i - 1))
			failed[self]++;
		*at = i;
		if (vm_unmap(own_process(), (uintptr_t)at, PAGE_SIZE))
			failed[self]++;
	}
}

static void test_map_and_unmap(void)
{
	struct checks c = {0};

	memory = memory_create(THREADS * PAGE_SIZE);
	for (uintptr_t i = 0; i < THREADS; i++)
		suite_thread_start(&threads[i], map_and_unmap, (void *)i);
	for (unsigned i = 0; i < THREADS; i++) {
		suite_thread_join(&threads[i]);
		check(&c, !failed[i], "thread %u failed %u times", i, failed[i]);
	}
	handle_close(ANY(memory));
	checks_report(&c, "threads that map and unmap at the same time");
}

/* Counts up in the word at a0, for ever. */
/* clang-format off */
CHILD_PROGRAM(counter,
	"1:	ld	a1, (a0)\n"
	"	addi	a1, a1, 1\n"
	"	sd	a1, (a0)\n"
	"	j	1b\n");
/* clang-format on */

static uint64_t count_of(const struct child *child, uint64_t page)
{
	uint64_t value = 0;

	if (memory_read(child->data, page * PAGE_SIZE, (uint8_t *)&value, sizeof(value)) != sizeof(value))
		ktap_bail_out("the child's page %lu can't be read", (unsigned long)page);
	return value;
}

/* A program with a thread for each of some pages, all of which have counted. */
static bool counters_start(struct child *child)
{
	if (child_make(child, counter, (size_t)(counter_end - counter)))
		return false;
	for (uint64_t i = 0; i < COUNTERS; i++)
		if (child_start(child, CHILD_DATA + i * PAGE_SIZE))
			return false;
	for (uint64_t i = 0; i < COUNTERS; i++)
		while (!count_of(child, i))
			thread_yield();
	return true;
}

/* The pages go one by one, or all at once. A thread that misses its page ends the program, with all its threads. */
static void test_taken(void)
{
	struct checks c = {0};

	for (unsigned round = 0; round < TAKEN_ROUNDS; round++) {
		uint64_t pages = round % COUNTERS + 1, seen[COUNTERS];
		struct process_result r = {0};
		struct child child;
		int error;

		if (!check(&c, counters_start(&child), "no child"))
			break;
		error = vm_unmap(child.process, CHILD_DATA, pages * PAGE_SIZE);
		for (uint64_t i = 0; i < pages; i++)
			seen[i] = count_of(&child, i);
		check(&c, !error, "round %u: vm_unmap gave %d", round, error);
		check(&c,
			!process_wait(child.process, now() + PATIENCE, &r) && r.reason == END_REASON_FAULTED,
			"round %u: the program did not miss its pages", round);
		for (uint64_t i = 0; i < pages; i++)
			check(&c, count_of(&child, i) == seen[i],
				"round %u: page %lu of %lu was stored to after it was gone", round,
				(unsigned long)i, (unsigned long)pages);
		child_close(&child);
	}
	checks_report(&c, "no store after pages were taken from threads that run");
}

/*
 * One page is taken away and another put in its place, again and again, while other threads load from the address. Each
 * page holds its number: what was loaded after a number was announced is no older page.
 */
static volatile uint64_t *const moving = (volatile uint64_t *)0xa00000000ul;
static volatile uint64_t announced, readers_ready;
static volatile bool moving_over;
static volatile uint64_t reader_saw[THREADS]; /* numbers; the page stays until all have seen its number */

static void read_moving(void *argument)
{
	uintptr_t self = (uintptr_t)argument;

	__atomic_fetch_add(&readers_ready, 1, __ATOMIC_SEQ_CST);
	while (!moving_over) {
		uint64_t number = __atomic_load_n(&announced, __ATOMIC_SEQ_CST);

		if (number == reader_saw[self]) {
			thread_yield();
			continue;
		}
		if (*moving != number)
			failed[self]++;
		__atomic_store_n(&reader_saw[self], number, __ATOMIC_SEQ_CST);
	}
}

static void put_page(struct checks *c, uint64_t number)
{
	memory_handle page = memory_create(PAGE_SIZE);
	long at;

	memory_write(page, 0, (const uint8_t *)&number, sizeof(number));
	at = vm_map(own_process(), (uintptr_t)moving, page, 0, PAGE_SIZE, PROT_READ, MAP_FIXED);
	check(c, at == (long)(uintptr_t)moving, "page %lu was not mapped: %ld", (unsigned long)number, at);
	handle_close(ANY(page));
}

static void test_replaced(void)
{
	struct checks c = {0};

	for (uintptr_t i = 0; i < THREADS; i++) {
		failed[i] = 0;
		suite_thread_start(&threads[i], read_moving, (void *)i);
	}
	while (readers_ready < THREADS)
		thread_yield();
	for (uint64_t number = 1; number <= 100; number++) {
		put_page(&c, number);
		__atomic_store_n(&announced, number, __ATOMIC_SEQ_CST);
		for (unsigned i = 0; i < THREADS; i++)
			while (__atomic_load_n(&reader_saw[i], __ATOMIC_SEQ_CST) != number)
				thread_yield();
		check(&c, !vm_unmap(own_process(), (uintptr_t)moving, PAGE_SIZE), "vm_unmap");
	}
	moving_over = true;
	for (unsigned i = 0; i < THREADS; i++) {
		suite_thread_join(&threads[i]);
		check(&c, !failed[i], "thread %u saw %u pages that had been replaced", i, failed[i]);
	}
	checks_report(&c, "no load of a page that was replaced");
}

/*
 * The same while another hart has the page leave its copy, for which it takes it out of many mappings, this one first, and only then
 * has others forget it. Whoever takes the page away meanwhile finds it gone already, and is not to rely on that.
 */
enum { LEAVERS = 3000, LEAVING_ROUNDS = 60 };

static volatile bool may_write;
static memory_handle leaving;

static void write_leaving(void *unused)
{
	uint8_t byte = 1;

	(void)unused;
	while (!may_write)
		continue;
	while (memory_write(leaving, PAGE_SIZE - 1, &byte, 1) != 1)
		continue;
}

/* A page that shares its frame with a copy, and has the number; mapped in many places, and there last of all. */
static memory_handle put_shared_page(
	struct checks *c, uint64_t number, uint64_t elsewhere, memory_handle *copy)
{
	memory_handle page = memory_create(PAGE_SIZE);

	*copy = memory_create(PAGE_SIZE);
	memory_write(page, 0, (const uint8_t *)&number, sizeof(number));
	check(c, memory_copy(*copy, 0, page, 0, PAGE_SIZE) == PAGE_SIZE, "memory_copy");
	for (uint64_t i = 0; i < LEAVERS; i++)
		check(c,
			vm_map(own_process(), elsewhere + 2 * i * PAGE_SIZE, page, 0, PAGE_SIZE, PROT_READ,
				MAP_FIXED) > 0,
			"vm_map");
	check(c, vm_map(own_process(), (uintptr_t)moving, page, 0, PAGE_SIZE, PROT_READ, MAP_FIXED) > 0,
		"vm_map");
	return page;
}

static void all_have_seen(uint64_t number, unsigned readers)
{
	__atomic_store_n(&announced, number, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < readers; i++)
		while (__atomic_load_n(&reader_saw[i], __ATOMIC_SEQ_CST) != number)
			thread_sleep(now() + 100000); /* there may be fewer processors than harts */
}

static void test_replaced_while_it_leaves(void)
{
	const uint64_t elsewhere = 0xb00000000ul;
	enum { READERS = 2 };
	static struct suite_thread writer;
	struct checks c = {0};

	moving_over = false;
	announced = readers_ready = 0;
	for (uintptr_t i = 0; i < READERS; i++) {
		failed[i] = 0;
		reader_saw[i] = 0;
		suite_thread_start(&threads[i], read_moving, (void *)i);
	}
	for (uint64_t number = 1; number <= LEAVING_ROUNDS; number += 2) {
		memory_handle copy;

		leaving = put_shared_page(&c, number, elsewhere, &copy);
		all_have_seen(number, READERS);
		may_write = false;
		suite_thread_start(&writer, write_leaving, NULL);
		thread_sleep(now() + MS);
		may_write = true;
		for (uint64_t until = now() + 20000 + random_below(900000); now() < until;)
			continue;
		check(&c, !vm_unmap(own_process(), (uintptr_t)moving, PAGE_SIZE), "vm_unmap");
		put_page(&c, number + 1);
		all_have_seen(number + 1, READERS);
		suite_thread_join(&writer);
		check(&c, !vm_unmap(own_process(), (uintptr_t)moving, PAGE_SIZE), "vm_unmap");
		while (vm_unmap(own_process(), elsewhere, 2 * LEAVERS * PAGE_SIZE) > 0)
			continue;
		handle_close(ANY(leaving));
		handle_close(ANY(copy));
	}
	moving_over = true;
	for (unsigned i = 0; i < READERS; i++) {
		suite_thread_join(&threads[i]);
		check(&c, !failed[i], "thread %u saw %u pages that had been replaced", i, failed[i]);
	}
	checks_report(&c, "no load of a page that was replaced while it left its copy");
}

int main(void)
{
	ktap_plan(4);
	test_map_and_unmap();
	test_taken();
	test_replaced();
	test_replaced_while_it_leaves();
	return ktap_end();
}
