/* Processes: an address space, a table of handles and the threads that use them. */
#pragma once

#include "abi/types.h"
#include "lib/elf.h"
#include "object/aspace.h"
#include "object/fault_report.h"
#include "object/handle.h"
#include "object/object.h"
#include "sched.h"
#include "result.h"

struct endpoint;
struct thread;

enum { PROCESS_NAME_SIZE = 32 };

struct process {
	struct object object OBJECT_ALIGNED;
	uint32_t id; /* never 0 */
	uint32_t parent; /* the id of the process that made it; 0: the kernel did */
	char name[PROCESS_NAME_SIZE];
	struct tree_node all; /* in the tree of all processes, by its id */
	struct account *account; /* with a reference */
	struct aspace aspace; /* has a lock of its own */

	struct spinlock lock; /* guards all that follows, but for looking handles up */
	struct handle_table handles;
	unsigned self_handles; /* handles in its own table that name it */
	uint32_t thread_count;
	union {
		/*
		 * While there are threads: by thread->sibling and their ids; each holds a reference to the process. What concerns
		 * all of them is done piece by piece, from one id to the next.
		 */
		struct {
			struct tree threads;
			uint32_t last_limited; /* the last one that has heard of its limit of priorities */
			uint32_t last_asked; /* and of those that have been asked to end */
		};
		struct elf_search search; /* for the report of a fault, when there are none any more */
	};
	bool started; /* atomic: it has had a thread; never changes back */
	bool ending; /* no new threads or handles; those that are left are on their way out */
	bool left; /* somebody sees to its being destroyed */
	bool asking; /* in a hart's list, to be asked to go */
	bool finishing; /* no threads are left; what it had is going */
	bool space_is_gone; /* its address space has */
	bool ended; /* nothing is left but the result */
	uint8_t priority_limit; /* no thread of it has a higher priority */
	struct process_result result; /* once ending */
	struct fault_report report; /* if that is a fault */
	uint64_t
		ticks; /* that its threads have run: those that have ended, and the others when they were last counted */
	struct wait_queue waiters; /* for its end */
	call_table table; /* of threads that are made from now on; NULL: the native one */
	struct endpoint
		*exceptions; /* atomic: where those of its threads go, with a reference; NULL: nowhere */

	/* The program it was loaded with, for the names in a fault report. */
	struct memory *image; /* with a reference; NULL: none */
	uint64_t image_offset, image_size;
};

/* Once, at boot. */
void process_init(void);

/* An empty process; NULL when memory is out. The name is cut to fit; what isn't printable becomes '?'. */
struct process *process_create(const char *name, size_t length);

/* Maps the ELF program in `image` into an empty address space: -ENOEXEC, -ENOMEM with nothing changed. */
MUST_USE int process_load(
	struct process *process, struct memory *image, uint64_t offset, uint64_t size, uint64_t *entry);

/*
 * Ends a process with all its threads, the ones on other harts a little later; with the last of them its address space
 * goes, its handles are closed, and who waits wakes up. If the current thread is one of them, its hart has no current
 * thread after this. Does nothing when the process is ending already.
 */
void process_end(struct process *process, const struct process_result *result);

/* The same for an exception, with a report of that; `fault` is what it was called. */
void process_fail(struct process *process, const char *fault, const struct process_result *result);

/* Names in reports come from the program of another process from now on: -EBUSY when it is ending. */
MUST_USE int process_clone_image(struct process *process, struct process *from);

/* Adds a thread: -EBUSY when the process is ending, -EBADF when it has just gone. */
MUST_USE int process_add_thread(struct process *process, struct thread *thread);

/*
 * Whether a handle to `object` in the table of `process` could keep both for ever: see object.c. A call that puts handles
 * into the table of another process than its own has to ask.
 */
bool process_would_keep(const struct process *process, const struct object *object);

/*
 * Lowers the highest priority that its threads can have: -EINVAL when that would raise it. `more`: not all of its threads have
 * been told yet; it is to be called again.
 */
MUST_USE int process_limit_priority(struct process *process, unsigned priority, bool *more);
unsigned process_priority_limit(struct process *process);

/* Asks for another priority of a thread of it: -EINVAL above the limit. */
MUST_USE int process_set_priority(struct process *process, struct thread *thread, unsigned priority);

/* Chooses the table of threads that are made from now on, NULL the native one: -EBUSY when it is ending. */
MUST_USE int process_set_table(struct process *process, call_table table);

/* The table of a thread that is made now; NULL: the native one. */
call_table process_table(struct process *process);

/* The thread with the lowest number above `after_id`, with a reference for the caller; NULL when there is none. */
struct thread *process_next_thread(struct process *process, uint32_t after_id);

/*
 * The next thread behind this one in the order of processes and threads, as above; its process stays as long. When it
 * returns NULL, *next_process is the id to go on with, before any thread, or 0 when there is none.
 */
struct thread *process_next_of_all(uint32_t process_id, uint32_t thread_id, uint32_t *next_process);

/* Whether `good` is true of each process there is. They stay meanwhile. */
bool process_all_are(bool (*good)(struct process *process));

/* A thread of it has ended. The last one takes the process with it. */
void process_remove_thread(struct process *process, struct thread *thread);

/*
 * What there is to tell, into a struct of zeros, when the time of all threads has been counted. *last is the id of the last one
 * that has been, 0 at first: false when there are more, and it is to be called again.
 */
MUST_USE bool process_read_info(struct process *process, uint32_t *last, struct process_info *info);

static inline struct process *process_of(struct object *object)
{
	return container_of(object, struct process, object);
}

/*
 * For object.c, when a reference has gone: true when nothing names the process any more, or only its own table, and it has no
 * threads; then it is ending, and to be destroyed. True to one only of those who have given references back at the same time.
 */
bool process_is_left(struct process *process);

/* Frees what the process had, as far as `work` goes: true when nothing is left; until then it is to be called again. */
MUST_USE bool process_finish(struct process *process, int *work);
void process_destroy(struct process *process);
