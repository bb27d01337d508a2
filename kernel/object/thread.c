/* Threads: making and ending. A live thread holds a reference to itself, given back by its end. */
#include "object/thread.h"

#include "mem/pool.h"
#include "object/process.h"
#include "panic.h"

enum { DEFAULT_PRIORITY = 16 };

STATIC_ASSERT(offsetof(struct thread, runner) == 0);

static struct pool threads = POOL_INIT(threads, struct thread);

struct thread *thread_create(
	struct process *process, call_table table, uint64_t entry, uint64_t stack, uint64_t argument)
{
	struct thread *thread = pool_alloc(&threads);

	if (!thread)
		return NULL;
	object_init(&thread->object, OBJECT_THREAD);
	object_take(&thread->object);
	arch_frame_init(&thread->runner.frame, entry, stack, argument);
	runner_init(&thread->runner, &process->aspace.arch, DEFAULT_PRIORITY);
	thread->runner.frame.table = table;
	object_take(&process->object);
	thread->process = process;
	list_append(&process->threads, &thread->siblings);
	return thread;
}

void thread_end(struct thread *thread)
{
	struct process *process = thread->process;

	runner_end(&thread->runner);
	list_remove(&thread->siblings);
	thread->process = NULL;
	object_put(&thread->object);
	object_put(&process->object);
}

void thread_destroy(struct thread *thread)
{
	assert(thread->runner.state == RUNNER_ENDED);
	pool_free(&threads, thread);
}
