/* Threads: made, ended, and in turn with each other. */
#include "bench.h"

#include <pthread.h>

static char thread_stack[4096] __attribute__((aligned(16)));
thread_handle made;

void run_nothing(void)
{
	thread_exit();
}

void thread_start(uint64_t entry, uint64_t argument)
{
	made = thread_create(own_process(), entry, (uint64_t)(thread_stack + sizeof(thread_stack)), argument);
}

void thread_make(void)
{
	thread_start((uint64_t)run_nothing, 0);
}

void thread_finish(void)
{
	check("thread_create", made.value);
	check("thread_yield", thread_yield());
	check("handle_close", handle_close(ANY(made)));
}

static uint32_t priority; /* of this thread */

static void read_priority(void)
{
	thread_handle self = process_thread(own_process(), 0);
	struct thread_info info;

	check("process_thread", self.value);
	check("thread_info", thread_info(self, &info));
	check("handle_close", handle_close(ANY(self)));
	priority = info.priority;
}

/* Nine arguments: more than there are registers for. */
static void thread_make_stopped(void)
{
	made = thread_create_with(own_process(), (uint64_t)run_nothing,
		(uint64_t)(thread_stack + sizeof(thread_stack)), 0, 0, 0, priority, 1, START_STOPPED);
}

static void thread_unmake(void)
{
	check("thread_create_with", made.value);
	check("thread_kill", thread_kill(made));
	check("handle_close", handle_close(ANY(made)));
}

static void *return_nothing(void *argument)
{
	return argument;
}

static void create_exit_join(void)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, return_nothing, NULL);

	if (!error)
		error = pthread_join(thread, NULL);
	check("pthread_create, pthread_join", -error);
}

static void run_yielding(void)
{
	for (;;)
		thread_yield();
}

void thread_stop(void)
{
	check("thread_kill", thread_kill(made));
	check("handle_close", handle_close(ANY(made)));
}

static void start_partner(void)
{
	thread_start((uint64_t)run_yielding, 0);
	check("thread_create", made.value);
}

static void yield(void)
{
	thread_yield();
}

const struct operation thread_operations[] = {
	{.name = "packed_call_9args",
		.prepare = read_priority,
		.run = thread_make_stopped,
		.after = thread_unmake},
	{.name = "thread_create", .run = thread_make, .after = thread_finish},
	{.name = "thread_create_exit_join", .run = create_exit_join},
	{.name = "sched_yield_pair", .prepare = start_partner, .run = yield, .finish = thread_stop},
	{.name = NULL},
};
