/*
 * Thousands of threads and handles in one place, and calls beside them and about them: each gives what it gives among few. On a
 * debug kernel that measures how long interrupts are off, tests/boot/test_latency.py runs this to see that none takes longer.
 */
#include "crowds.h"

static const struct {
	const char *name;
	void (*run)(void);
} parts[] = {
	{"one-word", test_one_word},
	{"many-words", test_many_words},
	{"turns", test_turns},
	{"deadlines", test_deadlines},
	{"threads", test_threads},
	{"cpu-time", test_cpu_time},
	{"receivers", test_receivers},
	{"served", test_served},
	{"answered", test_answered},
	{"callers", test_callers},
	{"waiting-receivers", test_waiting_receivers},
	{"badges", test_badges},
	{"notification", test_notification},
	{"masks", test_masks},
	{"leaving", test_leaving},
	{"all-bits", test_all_bits},
	{"timers", test_timers},
	{"end", test_end},
	{"clone", test_clone},
	{"processes", test_processes},
	{"mappings", test_mappings},
	{"copied", test_copied},
	{"left", test_left},
};

/* With a seed, and the name of a part to run only that. */
int main(int argc, char **argv)
{
	const char *only = argc > 2 ? argv[2] : NULL;

	ktap_plan(only ? 1 : COUNT(parts));
	random_start(argc > 1 ? argv[1] : NULL);
	for (unsigned i = 0; i < COUNT(parts); i++)
		if (!only || !strcmp(only, parts[i].name))
			parts[i].run();
	return ktap_end();
}
