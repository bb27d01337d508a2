/*
 * Random operations on the kernel's structures, each beside a simple model that says what has to come out.
 *
 *	models [SEED]
 */
#include "models/models.h"

#include <stdlib.h>

#include "abi/syscall_numbers.h"
#include "hosted.h"
#include "tabula/ktap.h"

static uint64_t seed = 1;

uint64_t below(uint64_t limit)
{
	return hosted_random(&seed) % limit;
}

static void leave(struct trapframe *frame)
{
	hosted_call(frame, SYS_process_exit, 0, 0, 0, 0);
}

static void init(struct trapframe *frame)
{
	hosted_call(frame, SYS_thread_sleep, UINT64_MAX, 0, 0, 0);
}

static void run(const char *name, void (*test)(void *))
{
	size_t before, after;
	bool passed = false;

	before = hosted_free_frames();
	hosted_do(0, test, &passed);
	after = hosted_free_frames();
	hosted_check();
	ktap_ok(passed && before == after, "%s", name);
	if (before != after)
		ktap_diagnose("%zu frames were free before, %zu after", before, after);
}

int main(int count, char **arguments)
{
	static hosted_program *const programs[] = {init, leave, NULL};

	seed = count > 1 ? strtoul(arguments[1], NULL, 0) : 1;
	ktap_plan(13);
	hosted_boot(&(struct hosted_machine){1, 4 << 20, "log=error", programs});
	run("an account has what is charged to it, and a limit bounds all below", test_accounts);
	run("a frame belongs to one, and comes back", test_frames);
	run("a piece of a pool is zero, belongs to one, and leaves no trace", test_pool);
	run("a handle names its object with its rights until it is closed, and nothing afterwards",
		test_handles);
	run("a full handle table says so", test_full_table);
	run("regions show the pages that a map of pages says", test_space);
	run("a range that is unmapped in pieces is nobody else's until it is whole", test_pieces);
	run("rights that are changed in pieces are those of a map of pages, and leave no cuts", test_rights);
	run("the kernel finds room that is free", test_room);
	run("and again where something has gone", test_room_again);
	run("memory objects and views of them have the bytes of an array", test_memory);
	run("what is more important goes on before the rest of a large object goes", test_postponed);
	run("whoever runs out of memory hears of it", test_exhaustion);
	return ktap_end();
}
