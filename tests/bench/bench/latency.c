/*
 * How long interrupts are off while something large is made or ends: a timer is set to fire meanwhile, and says when it did.
 */
#include "bench.h"

#include <stdio.h>
#include <string.h>

enum { LATENCY_ROUNDS = 32, LATENCY_PAGES = 2048, LATENCY_HANDLES = 1000, LATENCY_REGIONS = 300 };

static timer_handle latency_timer;

static any_handle large_object(void)
{
	static const uint8_t byte = 1;
	memory_handle m = memory_create(LATENCY_PAGES * PAGE_SIZE);

	for (uint64_t i = 0; i < LATENCY_PAGES; i++)
		check("memory_write", memory_write(m, i * PAGE_SIZE, &byte, 1));
	return ANY(m);
}

static any_handle large_process(void)
{
	process_handle p = process_create((const uint8_t *)"large", 5);
	memory_handle m = memory_create(PAGE_SIZE);

	for (unsigned i = 0; i < LATENCY_HANDLES; i++)
		check("process_give", process_give(p, ANY(m), RIGHTS_SAME));
	for (unsigned i = 0; i < LATENCY_REGIONS; i++)
		check("vm_map",
			vm_map(p, 0x100000 + 2ul * i * PAGE_SIZE, m, 0, PAGE_SIZE, PROT_READ, MAP_FIXED));
	handle_close(ANY(m));
	return ANY(p);
}

/* Acts on the thing, with the timer set to a time from now; returns by how much it fired too late. */
static uint64_t latency_at(any_handle thing, void (*act)(any_handle thing), uint64_t from_now)
{
	uint64_t deadline = (uint64_t)clock_now() + from_now;

	check("timer_set", timer_set(latency_timer, deadline, 0));
	act(thing);
	while ((uint64_t)clock_now() < deadline)
		continue;
	thread_yield();
	return (uint64_t)timer_fired(latency_timer) - deadline;
}

/* What does nothing but be ended, or made. */
static any_handle nothing(void)
{
	return (any_handle){0};
}

static void end(any_handle thing)
{
	handle_close(thing);
}

static void make_contiguous(any_handle thing)
{
	memory_handle m = memory_create_contiguous(own_system(), LATENCY_PAGES * PAGE_SIZE, 0);

	(void)thing;
	check("memory_create_contiguous", m.value);
	handle_close(ANY(m));
}

/* The longest of many tries, each with the timer a little later. */
static void measure_latency(const char *name, any_handle (*make)(void), void (*act)(any_handle thing))
{
	uint64_t start, span, worst = 0;
	any_handle thing;

	latency_timer = timer_create(notification_create(), 1);
	check("timer_create", latency_timer.value);
	thing = make();
	start = (uint64_t)clock_now();
	act(thing);
	span = (uint64_t)clock_now() - start;
	for (unsigned i = 0; i < LATENCY_ROUNDS; i++) {
		uint64_t late = latency_at(make(), act, 2000 + span * i / LATENCY_ROUNDS);

		worst = late > worst ? late : worst;
	}
	printf("%s %lu %lu %lu\n", name, worst, worst, worst);
}

static const struct {
	const char *name;
	any_handle (*make)(void);
	void (*act)(any_handle thing);
} latencies[] = {
	{"irqs_off_memory", large_object, end},
	{"irqs_off_process", large_process, end},
	{"irqs_off_contiguous", nothing, make_contiguous},
};

void measure_latencies(const char *wanted)
{
	for (size_t i = 0; i < sizeof(latencies) / sizeof(latencies[0]); i++)
		if (!wanted || !strcmp(wanted, latencies[i].name))
			measure_latency(latencies[i].name, latencies[i].make, latencies[i].act);
}
