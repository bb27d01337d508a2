/*
 * The pure parts of the kernel: strings, formatting, lists, options, and the readers of archives, programs and device
 * trees, which are given broken ones at the very end of their memory.
 *
 *	lib [SEED]
 */
#include "lib/pure.h"

#include <stdio.h>
#include <stdlib.h>

#include "hosted.h"
#include "tabula/ktap.h"

static uint64_t seed = 1;

uint64_t any(void)
{
	return hosted_random(&seed);
}

uint64_t below(uint64_t limit)
{
	return any() % limit;
}

int main(int count, char **arguments)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {{"strings", test_strings}, {"format as printf has it", test_format}, {"bits", test_bits},
		{"lists", test_list}, {"options", test_options}, {"trees", test_sorted},
		{"trees whose weights are known, and others", test_foreseen},
		{"nodes that stand aside are few in a row", test_aside},
		{"whoever takes out the others", test_chosen},
		{"crowds, and who is the first in them", test_crowd},
		{"the ring that keeps the log", test_ring}, {"archives, whole and broken", test_archives},
		{"programs, whole and broken", test_programs}, {"device trees, whole and broken", test_trees},
		{"what the table says of calls", test_metadata}};

	seed = count > 1 ? strtoul(arguments[1], NULL, 0) : 1;
	ktap_plan(sizeof(tests) / sizeof(tests[0]));
	for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		tests[i].run(); /* ends the program when something isn't as it should be */
		ktap_ok(true, "%s", tests[i].name);
	}
	return ktap_end();
}
