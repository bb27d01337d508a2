/* Threads of a process that has many: found by their numbers, and counted. */
#include "crowds.h"

static uint32_t word; /* where the crowd waits */

static bool is_there(uint32_t id)
{
	thread_handle thread = process_thread(own_process(), id - 1);
	bool found = thread.value > 0 && thread_id(thread) == id;

	if (thread.value > 0)
		handle_close(ANY(thread));
	return found;
}

/* Of a process with so many threads: what is told of it, and each of them by its number. */
void test_threads(void)
{
	struct checks c = {0};
	struct process_info before = {0}, info = {0};
	static uint32_t ids[CROWD + 1];
	uint32_t last = 0;
	unsigned count = 0;
	thread_handle thread;

	for (unsigned i = 0; i < CROWD; i++)
		start_at_word(i, &word);
	check(&c, all_wait(WAITS_FOR_FUTEX, CROWD), "%u wait", threads_waiting(WAITS_FOR_FUTEX));
	for (unsigned i = 0; i < 8; i++) {
		check(&c, !process_info(own_process(), &info) && info.threads == CROWD + 1, "%u threads",
			info.threads);
		check(&c, info.cpu_time >= before.cpu_time, "its time goes back");
		before = info;
	}
	while ((thread = process_thread(own_process(), last)).value > 0 && count <= CROWD) {
		check(&c, thread_id(thread) > (long)last, "%u threads, then a lower one", count);
		ids[count++] = last = (uint32_t)thread_id(thread);
		handle_close(ANY(thread));
	}
	check(&c, count == CROWD + 1 && thread.value == -ESRCH, "%u one after the other", count);
	for (unsigned i = 0; i < 200; i++) {
		unsigned any = (unsigned)random_below(count);

		check(&c, is_there(ids[any]), "the one with number %u", ids[any]);
	}
	check(&c, wake(&word, UINT32_MAX) == CROWD && come_back(0, CROWD, 0), "they come back");
	check(&c, !process_info(own_process(), &info) && info.cpu_time >= before.cpu_time,
		"its time goes back when they end");
	checks_report(&c, "the threads of a process that has many");
}

/* Those that have run longest are not the first. Their time is all there, whether they have ended or not. */
void test_cpu_time(void)
{
	struct checks c = {0};
	struct process_info info = {0};
	uint64_t last = 0;
	int error = 0;

	for (unsigned i = 0; i < CROWD; i++)
		start_at_word(i, &word);
	for (unsigned left = CROWD; left && !error; left -= 100) {
		error = process_info(own_process(), &info);
		check(&c, !error && info.cpu_time >= last, "%lu after %lu", (unsigned long)info.cpu_time,
			(unsigned long)last);
		last = info.cpu_time;
		check(&c, all_wait(WAITS_FOR_FUTEX, left) && wake(&word, 100) == 100, "%u are left", left);
	}
	check(&c, come_back(0, CROWD, 0), "they come back");
	checks_report(&c, "the time of many threads while they end");
}
