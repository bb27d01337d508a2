/* Time: deadlines that have passed, that come, that never come; the order of sleepers; turns among the busy. */
#include "calls.h"

static void test_clock(void)
{
	struct checks c = {0};
	uint64_t last = now();

	for (unsigned i = 0; i < 10000; i++) {
		uint64_t time = now();

		check(&c, time >= last, "it was %lu, it is %lu", (unsigned long)last, (unsigned long)time);
		last = time;
	}
	checks_report(&c, "time does not go back");
}

static void test_past(void)
{
	struct checks c = {0};
	struct process_result r;
	uint64_t past[] = {0, 1, now() - 1, now()};

	for (unsigned i = 0; i < COUNT(past); i++) {
		check(&c, process_wait(subjects.idle, past[i], &r) == -ETIMEDOUT, "waiting until %lu",
			(unsigned long)past[i]);
		check(&c, process_wait(subjects.ended, past[i], &r) == 0 && r.status == 7,
			"waiting for what is over");
		check(&c, thread_sleep(past[i]) == 0, "sleeping until %lu", (unsigned long)past[i]);
	}
	check(&c,
		process_wait(own_process(), DEADLINE_NEVER, &r) == -EACCES ||
			process_wait(own_process(), DEADLINE_NEVER, &r) == -EINVAL,
		"waiting for oneself");
	checks_report(&c, "deadlines in the past");
}

static void test_soon(void)
{
	struct checks c = {0};
	struct process_result r;

	for (unsigned i = 0; i < 30; i++) {
		uint64_t deadline = now() + random_below(2 * MS);

		check(&c, thread_sleep(deadline) == 0 && now() >= deadline, "woken too soon");
		deadline = now() + random_below(2 * MS);
		check(&c, process_wait(subjects.idle, deadline, &r) == -ETIMEDOUT && now() >= deadline,
			"timed out too soon");
	}
	checks_report(&c, "deadlines that come");
}

/* The far ones are cut short by what they wait for. Times that no timer can hold are among them. */
static const uint64_t far[] = {UINT64_MAX, UINT64_MAX - 1, UINT64_MAX / 2, 1ul << 63, (1ul << 63) - 1,
	18446744073ul * SECOND, UINT64_MAX / 100, 1ul << 62};

static void test_far(void)
{
	static const uint32_t code[] = {0x00000893 | SYS_thread_yield << 20, 0x00000073, 0x00000513,
		0x00000893 | SYS_process_exit << 20, 0x00000073};
	struct checks c = {0};
	struct process_result r;

	for (unsigned i = 0; i < COUNT(far); i++) {
		struct child child;

		check(&c, !child_make(&child, code, sizeof(code)) && !child_start(&child, 0), "child");
		check(&c, process_wait(child.process, far[i], &r) == 0 && child_exited(&r, 0), "until %#lx",
			(unsigned long)far[i]);
		child_close(&child);
	}
	checks_report(&c, "deadlines far away");
}

enum { SLEEPERS = 64 };

static struct suite_thread threads[SLEEPERS];
static uint64_t deadlines[SLEEPERS];
static volatile unsigned woken[SLEEPERS], woken_count;

static void sleep_and_tell(void *argument)
{
	unsigned i = (unsigned)(uintptr_t)argument;

	thread_sleep(deadlines[i]);
	woken[woken_count++] = i; /* one hart, and no time slice is that short after a sleep */
}

/* With several harts, each wakes its own sleepers and runs its own threads, so there is no order among all. */
static bool one_hart;

static bool is_in_order(void)
{
	if (!one_hart)
		return woken_count == SLEEPERS;
	for (unsigned i = 1; i < SLEEPERS; i++)
		if (deadlines[woken[i - 1]] > deadlines[woken[i]])
			return false;
	return woken_count == SLEEPERS;
}

/* Lets all sleep, the first until `start`; whether they woke in the order of their deadlines, none before the last. */
static bool sleep_in_order(struct checks *c, uint64_t start)
{
	woken_count = 0;
	for (unsigned i = 0; i < SLEEPERS; i++) {
		deadlines[i] = start + (i * 37 % SLEEPERS) * (MS / 2);
		suite_thread_start(&threads[i], sleep_and_tell, (void *)(uintptr_t)i);
	}
	for (unsigned i = 0; i < SLEEPERS; i++)
		suite_thread_join(&threads[i]);
	check(c, now() >= start + (SLEEPERS - 1) * (MS / 2), "they were too early");
	return is_in_order();
}

/* A busy machine may take the hart away between a thread's waking and its saying so: then they have another try. */
static void test_order(void)
{
	struct checks c = {0};
	uint64_t delay = 50 * MS;
	unsigned tries = 0;

	while (!sleep_in_order(&c, now() + delay) && ++tries < 6)
		delay *= 2;
	check(&c, tries < 6, "they woke in another order, again and again");
	checks_report(&c, "many sleepers in the order of their deadlines");
}

/* All at the same tick, and at ticks that have almost passed. */
static void test_flood(void)
{
	struct checks c = {0};

	for (unsigned round = 0; round < 5; round++) {
		uint64_t start = now() + 5 * MS;

		woken_count = 0;
		for (unsigned i = 0; i < SLEEPERS; i++) {
			deadlines[i] = round % 2 ? start : now() + i * 100;
			suite_thread_start(&threads[i], sleep_and_tell, (void *)(uintptr_t)i);
		}
		for (unsigned i = 0; i < SLEEPERS; i++)
			suite_thread_join(&threads[i]);
		check(&c, woken_count == SLEEPERS, "%u woke", woken_count);
	}
	checks_report(&c, "a flood of timers");
}

static volatile uint64_t counters[4];
static volatile bool stop;

static void count(void *argument)
{
	volatile uint64_t *counter = argument;

	while (!stop)
		++*counter;
}

/* Threads that never call anything all get on, and so does one that sleeps beside them. */
static void test_turns(void)
{
	struct checks c = {0};

	stop = false;
	for (unsigned i = 0; i < 4; i++) {
		counters[i] = 0;
		suite_thread_start(&threads[i], count, (void *)(uintptr_t)&counters[i]);
	}
	for (unsigned i = 0; i < 3; i++) {
		uint64_t before[4], deadline = now() + PATIENCE;
		bool all = false;

		for (unsigned k = 0; k < 4; k++)
			before[k] = counters[k];
		while (!all && now() < deadline) {
			thread_sleep(now() + MS);
			all = true;
			for (unsigned k = 0; k < 4; k++)
				all = all && counters[k] > before[k];
		}
		check(&c, all, "round %u: some thread stands still", i);
	}
	stop = true;
	for (unsigned i = 0; i < 4; i++)
		suite_thread_join(&threads[i]);
	checks_report(&c, "busy threads take turns");
}

static volatile char order[64];
static volatile unsigned order_length;

static void yield_and_tell(void *argument)
{
	for (unsigned i = 0; i < 8; i++) {
		order[order_length++] = (char)(uintptr_t)argument;
		thread_yield();
	}
}

static bool yield_in_turns(struct checks *c)
{
	bool in_turns = true;

	order_length = 0;
	for (unsigned i = 0; i < 4; i++)
		suite_thread_start(&threads[i], yield_and_tell, (void *)(uintptr_t)('a' + i));
	for (unsigned i = 0; i < 4; i++)
		suite_thread_join(&threads[i]);
	if (!one_hart)
		return true;
	check(c, order_length == 32, "%u turns", order_length);
	for (unsigned i = 4; i < order_length; i++)
		in_turns = in_turns && order[i] == order[i - 4];
	return in_turns;
}

/* Nobody comes again before all others had their turn, but for the end of a time slice in between. */
static void test_round_robin(void)
{
	struct checks c = {0};
	unsigned tries = 0;

	while (!yield_in_turns(&c) && ++tries < 6)
		continue;
	check(&c, tries < 6, "some come twice, again and again");
	checks_report(&c, "yielding goes round");
}

/* Arguments: the seed, and, on a machine of several harts, any second one. */
int main(int argc, char **argv)
{
	one_hart = argc < 3;
	ktap_plan(8);
	random_start(argc > 1 ? argv[1] : NULL);
	subjects_make();
	test_clock();
	test_past();
	test_soon();
	test_far();
	test_order();
	test_flood();
	test_turns();
	test_round_robin();
	return ktap_end();
}
