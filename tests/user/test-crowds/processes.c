/* Processes: many wait for the end of one, a table of many handles is cloned, and many have no thread. */
#include "crowds.h"

void test_end(void)
{
	struct checks c = {0};
	process_handle p = process_create((const uint8_t *)"awaited", 7);
	static struct process_result results[CROWD];

	for (unsigned i = 0; i < CROWD; i++)
		crowd_start(&crowd[i], SYS_process_wait, (uint64_t)p.value, DEADLINE_NEVER,
			(uintptr_t)&results[i], 0);
	check(&c, all_wait(WAITS_FOR_END, CROWD), "%u wait", threads_waiting(WAITS_FOR_END));
	check(&c, !process_kill(p, 33), "it ends");
	check(&c, come_back(0, CROWD, 0), "a wait fails");
	for (unsigned i = 0; i < CROWD; i++)
		check(&c, results[i].status == 33, "status %d", results[i].status);
	handle_close(ANY(p));
	checks_report(&c, "many wait for the end of a process");
}

/* With a page of handles, all of them to receive. */
void test_clone(void)
{
	struct checks c = {0};
	process_handle from = process_create((const uint8_t *)"from", 4),
		       to = process_create((const uint8_t *)"to", 2);
	struct process_info info = {0};
	long next = 0, before;

	for (unsigned i = 0; i < 1100; i++) {
		endpoint_handle e = endpoint_create();

		if (process_give(from, ANY(e), RIGHTS_SAME) < 0)
			ktap_bail_out("no handle");
		handle_close(ANY(e));
	}
	do {
		before = next;
		next = process_clone_handles(to, from, (uint32_t)before);
		check(&c, next >= 0, "from %ld on: %ld", before, next);
	} while (next > 0);
	check(&c, !process_info(to, &info) && info.handles == 1100, "%u handles", info.handles);
	check(&c, process_clone_handles(to, from, 0) == -EEXIST, "once more");
	handle_close(ANY(from));
	handle_close(ANY(to));
	checks_report(&c, "a table of handles is cloned");
}

/* Processes without threads are passed on the way to the next one with a thread. */
void test_processes(void)
{
	enum { EMPTY = 1000 };
	static process_handle empty[EMPTY];
	struct thread_wait wait = {0};
	struct checks c = {0};
	uint32_t own = (uint32_t)process_id();

	for (unsigned i = 0; i < EMPTY; i++)
		empty[i] = process_create((const uint8_t *)"empty", 5);
	check(&c, !system_thread(own_system(), own, 0, &wait) && wait.process == own, "the first of its own");
	check(&c, system_thread(own_system(), own, UINT32_MAX, &wait) == -ESRCH || wait.process > own,
		"the one behind is of process %u", wait.process);
	for (unsigned i = 0; i < EMPTY; i++)
		handle_close(ANY(empty[i]));
	checks_report(&c, "many processes without threads");
}
