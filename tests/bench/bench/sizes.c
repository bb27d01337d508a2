/* Bytes of kernel memory that an object takes, as the kernel charges them. */
#include "bench.h"

#include <stdio.h>
#include <string.h>

enum { SIZE_ROUNDS = 48 };

static const uint8_t one_byte = 1;

static uint64_t charged(void)
{
	struct system_info info;

	check("system_info", system_info(own_system(), &info));
	return info.memory_charged;
}

static void size_process(void)
{
	check("process_create", process_create(&one_byte, 1).value);
}

static void size_thread(void)
{
	check("thread_create", thread_create(own_process(), (uint64_t)run_nothing, 0, 0).value);
}

static void size_memory(void)
{
	check("memory_create", memory_create(PAGE_SIZE).value);
}

static void size_region(void)
{
	check("vm_map", vm_map(own_process(), 0, page, 0, PAGE_SIZE, PROT_READ, 0));
}

static void size_endpoint(void)
{
	check("endpoint_create", endpoint_create().value);
}

static void size_badge(void)
{
	static endpoint_handle badged;

	if (!badged.value)
		badged = endpoint_create();
	check("endpoint_badge", endpoint_badge(badged, 1).value);
}

static void size_notification(void)
{
	check("notification_create", notification_create().value);
}

static void size_timer(void)
{
	static notification_handle n;

	if (!n.value)
		n = notification_create();
	check("timer_create", timer_create(n, 1).value);
}

static void size_handle(void)
{
	check("handle_duplicate", handle_duplicate(ANY(page), RIGHTS_SAME).value);
}

static const struct {
	const char *name;
	void (*make)(void);
} sizes[] = {
	{"bytes_process", size_process},
	{"bytes_thread", size_thread},
	{"bytes_memory", size_memory},
	{"bytes_region", size_region},
	{"bytes_endpoint", size_endpoint},
	{"bytes_badge", size_badge},
	{"bytes_notification", size_notification},
	{"bytes_timer", size_timer},
	{"bytes_handle", size_handle},
};

/* Makes some, which stay, and says what each costs; a page more now and then, of handles, is the most. */
static void measure_size(const char *name, void (*make)(void))
{
	uint64_t before;

	make();
	for (unsigned i = 0; i < SIZE_ROUNDS; i++) {
		before = charged();
		make();
		counts[i] = charged() - before;
	}
	counts_sort(SIZE_ROUNDS);
	printf("%s %lu %lu %lu\n", name, counts[0], counts[SIZE_ROUNDS / 2], counts[SIZE_ROUNDS - 1]);
}

void measure_sizes(const char *wanted)
{
	make_page();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (!wanted || !strcmp(wanted, sizes[i].name))
			measure_size(sizes[i].name, sizes[i].make);
}
