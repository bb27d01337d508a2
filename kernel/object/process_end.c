/*
 * Ends of processes: whoever begins one has the threads end, the last of them has the rest go as work, in passes. For the calls
 * that end something, faults, threads that have ended and object.c. Takes the process's lock, and waits for nobody with it.
 * The process itself stays until nothing refers to it: process_destroy is in process.c.
 */
#include "abi/abi.h"
#include "object/endpoint.h"
#include "object/process_parts.h"
#include "sched.h"

/* Has threads end that have not been asked to yet, but not this one, as far as `work` goes: true when that was all. */
static bool end_threads(struct process *process, const struct runner *but, int *work) REQUIRES(process->lock)
{
	for (struct thread *thread = thread_after(process, process->last_asked); thread;
		thread = next_sibling(thread)) {
		if (*work <= 0)
			return false;
		process->last_asked = thread->id;
		if (&thread->runner != but)
			runner_end_later(&thread->runner);
		*work -= WORK_LOOK;
	}
	process->asking = false;
	return true;
}

static void set_ending(struct process *process, const struct process_result *result) REQUIRES(process->lock)
{
	arch_store(&process->ending, true);
	process->result = *result;
}

/* `fault` is NULL if it is none. */
static void end(struct process *process, const char *fault, const struct process_result *result)
{
	bool is_own = this_hart()->current && current_process() == process, begins;
	bool needs_finish = false;
	int work = WORK_PASS / 4;

	lock_acquire(&process->lock);
	begins = !process->ending;
	if (begins) {
		set_ending(process, result);
		process->report.fault = fault;
		/* Without threads, or with more than can be asked now, it goes on as work, with a reference: unless the last one
		   has just gone, when it comes to process_destroy. */
		needs_finish = !process->thread_count || !end_threads(process, this_hart()->current, &work);
		needs_finish = needs_finish && !object_take(&process->object);
		process->asking = needs_finish;
	}
	lock_release(&process->lock);
	if (needs_finish)
		object_finish_later(&process->object);
	if (begins && is_own)
		thread_end_current();
}

void process_end(struct process *process, const struct process_result *result)
{
	end(process, NULL, result);
}

void process_fail(struct process *process, const char *fault, const struct process_result *result)
{
	end(process, fault, result);
}

void process_remove_thread(struct process *process, struct thread *thread)
{
	bool last, finished_elsewhere;

	lock_acquire(&process->lock);
	tree_take(&process->threads, &thread->sibling);
	process->thread_count--;
	count_thread(process, thread);
	last = !process->thread_count;
	finished_elsewhere = process->asking;
	if (last && !process->ending)
		set_ending(process, &(struct process_result){.reason = END_REASON_EXITED});
	lock_release(&process->lock);
	if (last && !finished_elsewhere)
		object_finish_later(&process->object);
	else
		object_put(&process->object);
}

/*
 * Several may come here with no reference left, or with those of its own table alone: each has given one back before it looks.
 *
 *   one                                 another
 *   gives back, one is left
 *                                       gives back, none is left
 *                                       lock; none: left; unlock
 *   lock; none, but it is left; unlock
 */
bool process_is_left(struct process *process)
{
	uint32_t references;
	bool left;

	lock_acquire(&process->lock);
	references = __atomic_load_n(&process->object.references, __ATOMIC_RELAXED);
	left = !process->left && (!references || (!process->ending && !process->thread_count &&
							 references == process->self_handles));
	if (left && !process->ending)
		set_ending(process, &(struct process_result){.reason = END_REASON_EXITED});
	process->left |= left;
	lock_release(&process->lock);
	return left;
}

/* True when that was all; `left` says whether threads are still on their way out: the last one comes back here. */
static bool ask_threads(struct process *process, int *work, bool *left)
{
	bool done;

	lock_acquire(&process->lock);
	done = !process->asking || end_threads(process, NULL, work);
	*left = process->thread_count;
	lock_release(&process->lock);
	return done;
}

static void set_finishing(struct process *process)
{
	lock_acquire(&process->lock);
	process->finishing = true;
	lock_release(&process->lock);
	if (process->exceptions) /* nobody changes it any more */
		object_put(&process->exceptions->object);
}

/* Nobody waits any more once it has ended. True when nobody is left. */
static bool wake_waiters(struct process *process, int *work)
{
	bool done;

	lock_acquire(&process->lock);
	lock_assert_held(process->waiters.lock);
	for (; !list_is_empty(&process->waiters.runners) && *work > 0; *work -= WORK_WAKE)
		wait_queue_wake_first_again(&process->waiters);
	done = list_is_empty(&process->waiters.runners);
	lock_release(&process->lock);
	return done;
}

static void set_ended(struct process *process)
{
	struct memory *image;

	lock_acquire(&process->lock);
	image = process->image;
	process->image = NULL;
	process->ended = true;
	lock_release(&process->lock);
	if (image)
		object_put(&image->object);
}

/* It is ending, and nobody else does this. */
bool process_finish(struct process *process, int *work)
{
	bool has_threads;

	if (process->ended)
		return wake_waiters(process, work);
	if (!ask_threads(process, work, &has_threads))
		return false;
	if (has_threads)
		return true;
	if (!process->finishing)
		set_finishing(process);
	if (!fault_report_make(process, work))
		return false;
	if (!process->space_is_gone && !aspace_destroy(&process->aspace, work))
		return false;
	process->space_is_gone = true;
	if (!handle_table_clear(process, work))
		return false;
	set_ended(process);
	return wake_waiters(process, work);
}
