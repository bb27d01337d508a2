/* Threads: a runner in a process, with a name for handles. */
#pragma once

#include "lock.h"
#include "object/aspace.h"
#include "object/exception.h"
#include "object/object.h"
#include "sched.h"

struct call_slot;
struct making;
struct process;

/* A call that is made again until all of it is done: which one, and what it has done so far. */
struct progress {
	uint64_t number, about[3]; /* of the call, and what it acts on */
	union {
		struct aspace_steps steps;
		uint64_t woken;
	} done; /* zeros at first */
};

struct thread {
	struct runner runner; /* first: the trap path knows the thread by its frame */
	struct object object;
	uint32_t id; /* no other thread has had the same; never 0 */
	uint32_t process_id; /* once started */
	struct process *process; /* with a reference, from its start until it ends */
	/* While it calls through an endpoint, guarded by the endpoint's lock. */
	uint64_t call_badge; /* of the handle it calls through */
	struct call_slot
		*call_slot; /* of its call, once received; of a waiting receiver, for the one to come */
	const struct process *server; /* that has received it */

	struct exception exception; /* the last one it has met */

	struct making *making; /* its own: contiguous memory that its call is making; NULL: none */
	struct progress *progress; /* its own, and of who writes to its frame: of its call; NULL: none */

	/* Guarded by the lock of the process. */
	struct list siblings; /* in process->threads */
	unsigned limit; /* of priorities, that it has been told of */
	bool is_asked_to_end; /* with the process */

	/* Who controls it: control.c. */
	bool stopped MEMBER_GUARDED_BY(lock); /* its home holds it, and its frame is whole */
	struct spinlock lock;
	enum { THREAD_NEW, THREAD_LIVE, THREAD_ENDED } life MEMBER_GUARDED_BY(lock);
	uint32_t managers; /* atomic: handles that can let it go on. Without any it does not stay stopped */
	struct wait_queue watchers; /* until its home has done what they asked for */
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

/* Pays for what its call makes; the kernel's own while there is no thread. */
struct account *current_account(void);

/*
 * A thread that is not yet part of any process; its calls will be dispatched through `table`. NULL when memory is out.
 * The caller has a reference.
 */
struct thread *thread_create(call_table table, const struct frame_start *start);

/*
 * Makes it a thread of `process`, ready to run or stopped: -EBUSY when the process is ending, -EBADF when it has just
 * gone.
 */
MUST_USE int thread_start(struct thread *thread, struct process *process);
MUST_USE int thread_start_stopped(struct thread *thread, struct process *process);

/*
 * Has the current thread make its call again, when it has left the kernel and pending interrupts have been taken: for a
 * handler that has done a part of what can take long. Returns what the handler has to return.
 */
static inline long thread_restart_call(void)
{
	arch_frame_restart_call(&current_thread()->runner.frame);
	return arch_frame_result(&current_thread()->runner.frame);
}

/*
 * What the current thread's call has done before it was made again; else zeros, since it is another one. And what it has done
 * until now: false when there is no memory to keep that, and the handler has to go on. A call that is over forgets it, and so
 * does whoever gives a thread other registers: then it is not made again where it was.
 */
void thread_recall_progress(struct progress *progress);
MUST_USE bool thread_keep_progress(const struct progress *progress);
void thread_forget_progress(struct thread *thread);

/* Ends the current thread: its hart has no current one after this. With the last thread its process ends. */
void thread_end_current(void);

/* For the scheduler. */
extern const struct sched_hooks thread_hooks;

/* What it does and waits for, into a struct of zeros, but for the name of its process. */
void thread_read_wait(const struct thread *thread, struct thread_wait *wait);

/* What there is to tell, into a struct of zeros. */
void thread_read_info(struct thread *thread, struct thread_info *info);

static inline struct thread *thread_of(struct object *object)
{
	return container_of(object, struct thread, object);
}

void thread_destroy(struct thread *thread);
