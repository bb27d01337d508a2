/* Threads: a runner in a process, with a name for handles. */
#pragma once

#include "lib/crowd.h"
#include "lock.h"
#include "object/aspace.h"
#include "object/exception.h"
#include "object/futex.h"
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
		struct futex_waking waking;
		uint32_t last_counted; /* thread of a process */
		uint32_t next_process; /* to be looked at */
	} done; /* zeros at first */
};

struct thread {
	struct runner runner; /* first: the trap path knows the thread by its frame */
	struct object object OBJECT_ALIGNED;
	uint32_t id; /* no other thread has had the same; never 0 */
	uint32_t process_id; /* once started */
	struct process *process; /* with a reference, from its start until it ends */
	union {
		struct {
			/* While it calls through an endpoint, guarded by the endpoint's lock. */
			uint64_t call_badge; /* of the handle it calls through */
			struct call_slot *
				call_slot; /* of its call, once received; of a waiting receiver, for the one to come */
			const struct process *server; /* that has received it */

			struct exception exception; /* the last one it has met */
		};
		/* While it waits for one: so it has not called, nor met an exception. */
		struct futex_wait futex;
		struct crowd_member member; /* the same, of those who wait for a notification */
	};

	struct making *making; /* its own: contiguous memory that its call is making; NULL: none */
	struct progress *progress; /* its own, and of who writes to its frame: of its call; NULL: none */

	/* Guarded by the lock of the process. */
	struct tree_node sibling; /* in process->threads */
	uint64_t counted; /* ticks of it that are in process->ticks */

	/* Who controls it: control.c. */
	struct spinlock lock;
	uint32_t managers; /* atomic: handles that can let it go on. Without any it does not stay stopped */
	enum { THREAD_NEW, THREAD_LIVE, THREAD_ENDED } life : 8 MEMBER_GUARDED_BY(lock);
	bool stopped MEMBER_GUARDED_BY(lock); /* its home holds it, and its frame is whole */
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

/* The same with another priority than the usual one, and other harts to run on than the creator's. */
struct thread *thread_create_placed(
	call_table table, const struct frame_start *start, unsigned priority, uint32_t harts_allowed);

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
 * What a handler returns that gives a struct, and has the call made again first: its thunk does that, and gives nothing. Not
 * an error, nor WAITING.
 */
enum { CALL_AGAIN = -4097 };

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
