/* Threads: making and ending. A live thread holds a reference to itself, given back by its end. */
#include "object/thread.h"

#include "lib/string.h"
#include "object/contiguous.h"
#include "object/control.h"
#include "object/endpoint.h"
#include "object/notification.h"
#include "object/process.h"
#include "object/system.h"
#include "panic.h"
#include "report.h"

STATIC_ASSERT(offsetof(struct thread, runner) == 0);
STATIC_ASSERT(offsetof(struct thread, futex) + sizeof(struct futex_wait) <=
	      offsetof(struct thread, exception.sent.deadline)); /* what else stays as it is while it waits */

static struct object_pool threads = OBJECT_POOL_INIT(threads, struct thread, object, OBJECT_THREAD);

static struct pool progresses = POOL_INIT(progresses, struct progress);

static uint32_t last_id;

struct account *current_account(void)
{
	return this_hart()->current ? current_process()->account : &kernel_account;
}

struct thread *thread_create_placed(
	call_table table, const struct frame_start *start, unsigned priority, uint32_t harts_allowed)
{
	struct thread *thread = object_alloc(&threads, current_account());

	if (!thread)
		return NULL;
	arch_frame_init(&thread->runner.frame, start);
	runner_init(&thread->runner, priority, harts_allowed);
	thread->runner.frame.table = table;
	thread->exception.sent.deadline = DEADLINE_NEVER;
	thread->id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
	wait_queue_init(&thread->watchers, &thread->lock);
	thread->watchers.is_brief = true;
	return thread;
}

struct thread *thread_create(call_table table, const struct frame_start *start)
{
	const struct runner *creator = this_hart()->current;

	return thread_create_placed(table, start, RUNNER_PRIORITY, creator ? creator->harts : HARTS_ALL);
}

static int start(struct thread *thread, struct process *process, bool stopped)
{
	thread->process = process;
	__atomic_store_n(&thread->process_id, process->id, __ATOMIC_RELAXED); /* it has a handle already */
	thread->runner.space = &process->aspace.arch;
	object_take_another(&thread->object); /* of its life */

	if (stopped)
		runner_hold_new(&thread->runner, true);

	/* From the moment it is in the process's list, the process's end can reach it. */
	int error = process_add_thread(process, thread);

	if (error) {
		runner_hold_new(&thread->runner, false);
		object_put(&thread->object);
		return error;
	}
	control_start(thread, stopped);
	return 0;
}

int thread_start(struct thread *thread, struct process *process)
{
	return start(thread, process, false);
}

int thread_start_stopped(struct thread *thread, struct process *process)
{
	return start(thread, process, true);
}

/* ---- calls that are made again */

static bool is_of(const struct progress *progress, const struct progress *call)
{
	return progress && progress->number == call->number &&
	       !memcmp(progress->about, call->about, sizeof(call->about));
}

void thread_recall_progress(struct progress *progress)
{
	const struct progress *kept = current_thread()->progress;

	if (is_of(kept, progress))
		progress->done = kept->done;
	else
		memset(&progress->done, 0, sizeof(progress->done));
}

bool thread_keep_progress(const struct progress *progress)
{
	struct thread *thread = current_thread();

	if (!thread->progress)
		thread->progress = pool_alloc_unset(&progresses, thread->process->account);
	if (!thread->progress)
		return false;
	*thread->progress = *progress;
	return true;
}

void thread_forget_progress(struct thread *thread)
{
	if (thread->progress)
		pool_free(&progresses, thread->process->account, thread->progress);
	thread->progress = NULL;
}

/* ---- the end */

/* From control_end on nobody gives it other registers, and with them takes what its call keeps. */
static void finish(struct thread *thread)
{
	contiguous_abandon(&thread->making);
	control_end(thread);
	thread_forget_progress(thread);
	process_remove_thread(thread->process, thread);
	object_put(&thread->object);
}

void thread_end_current(void)
{
	struct thread *thread = current_thread();

	runner_end_current();
	finish(thread);
}

static void ended(struct runner *runner)
{
	finish(container_of(runner, struct thread, runner));
}

static enum thread_state state(const struct runner *runner)
{
	switch (runner_state(runner)) {
	case RUNNER_NEW: /* it may also be on the way to another hart */
	case RUNNER_READY:
	case RUNNER_WAITING: /* somebody is about to wake it */
		return THREAD_STATE_READY;
	case RUNNER_RUNNING:
		return THREAD_STATE_RUNNING;
	case RUNNER_HELD:
		return THREAD_STATE_STOPPED;
	case RUNNER_ENDED:
		return THREAD_STATE_ENDED;
	}
	unreachable("no other state");
}

/* What it is that a runner in this queue waits for: the id of an object. With the queue's lock. */
static uint64_t object_of(const struct wait_queue *queue, const struct runner *runner)
{
	switch (queue->kind) {
	case WAITS_FOR_RECEIVER:
		return container_of(queue, const struct port, callers)->endpoint.object.id;
	case WAITS_FOR_REPLY:
		return container_of(queue, const struct port, served)->endpoint.object.id;
	case WAITS_FOR_CALL:
		return container_of(queue, const struct port, receivers)->endpoint.object.id;
	case WAITS_FOR_NOTIFICATION:
		return container_of(queue, const struct notification, waiters)->object.id;
	case WAITS_FOR_END:
		return container_of(queue, const struct process, waiters)->object.id;
	case WAITS_FOR_FUTEX:
		return runner->wants[0];
	case WAITS_FOR_INPUT:
		return system_root.object.id;
	case WAITS_FOR_NOTHING:
	case WAITS_FOR_TIME:
	case WAITS_FOR_OTHER:
		return 0;
	}
	unreachable("no other kind");
}

/* The id of the process that has to act, as far as that is known: 0 when it is not. With the queue's lock. */
static uint32_t server_of(const struct wait_queue *queue, const struct runner *runner)
{
	if (queue->kind == WAITS_FOR_REPLY)
		return container_of(runner, const struct thread, runner)->server->id;
	if (queue->kind == WAITS_FOR_END)
		return container_of(queue, const struct process, waiters)->id;
	return 0;
}

/* False when it waits for nothing. It may go from queue to queue, but these have one lock; so one look with it is exact. */
static bool read_wait(const struct runner *runner, struct thread_wait *wait)
{
	struct wait_queue *queue = runner_queue(runner);

	if (!queue)
		return false;
	if (queue->kind == WAITS_FOR_TIME) {
		wait->waits_for = WAITS_FOR_TIME;
		return true;
	}

	struct spinlock *lock = queue->lock;

	lock_acquire(lock);
	queue = runner_queue(runner);
	if (queue) {
		wait->waits_for = queue->kind ? queue->kind : WAITS_FOR_OTHER;
		wait->object = object_of(queue, runner);
		wait->server = server_of(queue, runner);
	}
	lock_release(lock);
	return queue;
}

void thread_read_wait(const struct thread *thread, struct thread_wait *wait)
{
	wait->process = __atomic_load_n(&thread->process_id, __ATOMIC_RELAXED);
	wait->thread = thread->id;
	wait->state = read_wait(&thread->runner, wait) ? THREAD_STATE_WAITING : state(&thread->runner);
}

void thread_read_info(struct thread *thread, struct thread_info *info)
{
	const struct runner *runner = &thread->runner;
	struct thread_wait wait = {0};

	thread_read_wait(thread, &wait);
	info->id = thread->id;
	info->process = wait.process;
	info->state = wait.state;
	info->waits_for = wait.waits_for;
	info->object = wait.object;
	info->priority = __atomic_load_n(&runner->priority, __ATOMIC_RELAXED);
	info->hart = __atomic_load_n(&runner->frame.hart, __ATOMIC_RELAXED)->index;
	info->affinity = __atomic_load_n(&runner->harts, __ATOMIC_RELAXED) & ((1u << hart_count()) - 1);
	info->cpu_time = arch_ticks_to_ns(runner_cpu_time(runner));
}

/* The call that it waited in returns -EINTR; what has met an exception makes the instruction again. */
static void cancelled(struct runner *runner)
{
	struct thread *thread = container_of(runner, struct thread, runner);

	if (thread->exception.pending) {
		thread->exception.pending = false;
		return;
	}
	report_result(arch_frame_call_number(&runner->frame), -EINTR);
	arch_frame_set_result(&runner->frame, -EINTR);
}

static void failed(struct runner *runner)
{
	exception_fail(container_of(runner, struct thread, runner));
}

const struct sched_hooks thread_hooks = {
	.ended = ended,
	.asked = control_asked,
	.cancelled = cancelled,
	.failed = failed,
};

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
