/*
 * Two pairs of threads that call each other, each pair on a hart of its own: does one slow the other down? Prints how
 * many nanoseconds of wall-clock time a number of calls takes for one pair alone, and for both at the same time.
 * scripts/bench runs it on a machine of two harts.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/abi.h>
#include <tabula/handles.h>
#include <tabula/syscalls.h>

enum { PAIRS = 2, ROUNDS = 100000, TURNS = 5, STACK = 4096 };

/* The threads have no gp, so they reach nothing but this. */
struct pair {
	endpoint_handle endpoint;
	notification_handle start, done;
	thread_handle client, server;
	char stacks[2][STACK] __attribute__((aligned(16)));
};

static struct pair pairs[PAIRS];
static volatile bool spinning;
static char spinner_stack[STACK] __attribute__((aligned(16)));

static void fail(const char *what, long error)
{
	fprintf(stderr, "pairs: %s: %s\n", what, error < 0 ? strerror((int)-error) : "it went wrong");
	exit(1);
}

static void serve(struct pair *pair)
{
	struct message m = {.deadline = DEADLINE_NEVER};

	for (long error = ipc_receive(pair->endpoint, &m); !error;) {
		m.deadline = DEADLINE_NEVER;
		error = ipc_reply_receive(pair->endpoint, &m);
	}
	thread_exit();
}

static void call(struct pair *pair)
{
	for (;;) {
		notification_wait(pair->start, 1, DEADLINE_NEVER);
		for (unsigned i = 0; i < ROUNDS; i++) {
			struct message m = {.word = {i}, .deadline = DEADLINE_NEVER};

			ipc_call(pair->endpoint, &m);
		}
		notification_signal(pair->done, 1);
	}
}

static void spin(volatile bool *on)
{
	while (*on)
		continue;
	thread_exit();
}

static thread_handle start(void (*run)(struct pair *), struct pair *pair, char *stack)
{
	thread_handle thread =
		thread_create(own_process(), (uintptr_t)run, (uintptr_t)(stack + STACK), (uintptr_t)pair);

	if (thread.value < 0)
		fail("thread_create", thread.value);
	thread_sleep((uint64_t)clock_now() + 1000000); /* until it waits */
	return thread;
}

static void make_pair(struct pair *pair)
{
	pair->endpoint = endpoint_create();
	pair->start = notification_create();
	pair->done = notification_create();
	pair->server = start(serve, pair, pair->stacks[0]);
	pair->client = start(call, pair, pair->stacks[1]);
}

static uint32_t hart_of(thread_handle thread)
{
	struct thread_info info;
	int error = thread_info(thread, &info);

	if (error)
		fail("thread_info", error);
	return info.hart;
}

/* A new thread goes to the hart that has the least to do: to the other one, unless that is kept busy. */
static void place(void)
{
	thread_handle spinner;

	make_pair(&pairs[0]);
	spinning = true;
	spinner = thread_create(
		own_process(), (uintptr_t)spin, (uintptr_t)(spinner_stack + STACK), (uintptr_t)&spinning);
	if (spinner.value < 0)
		fail("thread_create", spinner.value);
	make_pair(&pairs[1]);
	spinning = false;
	handle_close(ANY(spinner));
}

static void check_places(void)
{
	uint32_t first = hart_of(pairs[0].client), second = hart_of(pairs[1].client);

	if (hart_of(pairs[0].server) != first || hart_of(pairs[1].server) != second || first == second)
		fail("the pairs are not on a hart each; run it again, with --smp 2", 0);
}

/* The time that these pairs take together. */
static uint64_t run(unsigned first, unsigned last)
{
	uint64_t start_time = (uint64_t)clock_now();

	for (unsigned i = first; i <= last; i++)
		notification_signal(pairs[i].start, 1);
	for (unsigned i = first; i <= last; i++)
		notification_wait(pairs[i].done, 1, DEADLINE_NEVER);
	return (uint64_t)clock_now() - start_time;
}

int main(void)
{
	place();
	check_places();
	run(0, PAIRS - 1);
	for (unsigned i = 0; i < TURNS; i++) {
		uint64_t alone = (run(0, 0) + run(1, 1)) / PAIRS;

		printf("%lu %lu\n", (unsigned long)alone, (unsigned long)run(0, PAIRS - 1));
	}
	check_places();
	return 0;
}
