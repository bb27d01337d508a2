/* Threads on all harts that map, touch and unmap pages of one address space at the same time. */
#include "suite.h"

enum { THREADS = 4, ROUNDS = 300 };

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

int main(void)
{
	ktap_plan(1);
	test_map_and_unmap();
	return ktap_end();
}
