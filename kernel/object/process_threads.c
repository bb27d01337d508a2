/*
 * Threads of a process: a new one, the next one, and how high their priorities may be. For the calls about threads. Takes the
 * process's lock, and those of runners below it. Never takes a thread out of a process: process_end.c does.
 */
#include "abi/abi.h"
#include "object/process_parts.h"

/* Before interrupts are let in: threads that are told of a new limit of priorities. */
enum { LIMITED_AT_ONCE = 32 };

int process_add_thread(struct process *process, struct thread *thread)
{
	int error;

	lock_acquire(&process->lock);
	error = process->ending ? -EBUSY : object_take(&process->object);
	if (!error) {
		runner_limit_priority(&thread->runner, process->priority_limit);
		tree_append(&process->threads, &thread->sibling, thread->id);
		process->thread_count++;
		__atomic_store_n(&process->started, true, __ATOMIC_RELAXED);
	}
	lock_release(&process->lock);
	return error;
}

/* Tells the next thread of the limit; false when all have heard of it. The end of a process goes before that. */
static bool limit_next(struct process *process) REQUIRES(process->lock)
{
	struct thread *thread = process->ending ? NULL : thread_after(process, process->last_limited);
	unsigned limit = process->priority_limit;

	if (!thread)
		return false;
	process->last_limited = thread->id;
	if (__atomic_load_n(&thread->runner.wanted_priority, __ATOMIC_RELAXED) > limit)
		runner_set_priority(&thread->runner, limit);
	return true;
}

/* All have to hear of a lower one. Those that come now know it. */
static int set_limit(struct process *process, unsigned priority) REQUIRES(process->lock)
{
	if (priority > process->priority_limit)
		return -EINVAL;
	if (priority < process->priority_limit &&
		!process->ending) /* then there may be a search in its place */
		process->last_limited = 0;
	process->priority_limit = (uint8_t)priority;
	return 0;
}

int process_limit_priority(struct process *process, unsigned priority, bool *more)
{
	int error;

	*more = false;
	lock_acquire(&process->lock);
	error = set_limit(process, priority);
	for (unsigned i = 0; !error && limit_next(process); i++) {
		*more = i == LIMITED_AT_ONCE;
		if (*more)
			break;
	}
	lock_release(&process->lock);
	return error;
}

unsigned process_priority_limit(struct process *process)
{
	unsigned limit;

	lock_acquire(&process->lock);
	limit = process->priority_limit;
	lock_release(&process->lock);
	return limit;
}

int process_set_priority(struct process *process, struct thread *thread, unsigned priority)
{
	int error;

	lock_acquire(&process->lock);
	error = priority > process->priority_limit ? -EINVAL : 0;
	if (!error)
		runner_set_priority(&thread->runner, priority);
	lock_release(&process->lock);
	return error;
}

/* A thread of a process holds a reference to itself. */
struct thread *process_next_thread(struct process *process, uint32_t after_id)
{
	struct thread *next;

	lock_acquire(&process->lock);
	next = thread_after(process, after_id);
	if (next)
		object_take_another(&next->object);
	lock_release(&process->lock);
	return next;
}
