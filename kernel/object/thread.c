/* Threads: making and ending. A live thread holds a reference to itself, given back by its end. */
#include "object/thread.h"

#include "object/process.h"
#include "panic.h"

enum { DEFAULT_PRIORITY = 16 };

STATIC_ASSERT(offsetof(struct thread, runner) == 0);

static struct object_pool threads = OBJECT_POOL_INIT(threads, struct thread, OBJECT_THREAD);

struct account *current_account(void)
{
	return this_hart()->current ? current_process()->account : &kernel_account;
}

struct thread *thread_create(call_table table, uint64_t entry, uint64_t stack, uint64_t argument)
{
	struct thread *thread = object_alloc(&threads, current_account());

	if (!thread)
		return NULL;
	arch_frame_init(&thread->runner.frame, entry, stack, argument);
	runner_init(&thread->runner, DEFAULT_PRIORITY);
	thread->runner.frame.table = table;
	list_init(&thread->siblings);
	return thread;
}

int thread_start(struct thread *thread, struct process *process)
{
	/* From the moment it is in the process's list, the process's end can reach it. */
	thread->process = process;
	thread->runner.space = &process->aspace.arch;
	object_take_another(&thread->object); /* of its life */

	int error = process_add_thread(process, thread);

	if (error)
		object_put(&thread->object);
	else
		runner_start(&thread->runner);
	return error;
}

static void finish(struct thread *thread)
{
	process_remove_thread(thread->process, thread);
	object_put(&thread->object);
}

void thread_end_current(void)
{
	struct thread *thread = current_thread();

	runner_end_current();
	finish(thread);
}

void thread_ended(struct runner *runner)
{
	finish(container_of(runner, struct thread, runner));
}

/*
 * Somebody who had taken it out of a queue just before its end may still have been on the way to tell its home, after
 * that had said that it had left the kernel: then it is in an inbox, and waits another round.
 */
void thread_destroy(struct thread *thread)
{
	assert(thread->runner.state == RUNNER_ENDED || thread->runner.state == RUNNER_NEW);
	if (__atomic_load_n(&thread->runner.mail, __ATOMIC_ACQUIRE)) {
		object_revive(&thread->object);
		object_put(&thread->object);
		return;
	}
	object_free(&threads, thread);
}
