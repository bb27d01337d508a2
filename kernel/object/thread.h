/* Threads: a runner in a process, with a name for handles. */
#pragma once

#include "object/object.h"
#include "sched.h"

struct process;

struct thread {
	struct runner runner; /* first: the trap path knows the thread by its frame */
	struct object object;
	struct process *process; /* with a reference, until it ends */
	struct list siblings; /* in process->threads */
};

/* The thread that has called, or has met an exception. */
static inline struct thread *current_thread(void)
{
	return container_of(this_hart()->current, struct thread, runner);
}

static inline struct process *current_process(void)
{
	return current_thread()->process;
}

/*
 * A thread of a process that lives, not yet running; NULL when memory is out. Its calls are dispatched through
 * `table`. The caller has a reference.
 */
struct thread *thread_create(
	struct process *process, call_table table, uint64_t entry, uint64_t stack, uint64_t argument);

/* Ends a thread. Its process stays, even without threads. */
void thread_end(struct thread *thread);

static inline struct thread *thread_of(struct object *object)
{
	return container_of(object, struct thread, object);
}

void thread_destroy(struct thread *thread);
