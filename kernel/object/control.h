/*
 * Threads under control: others stop them, let them go on, cancel their calls, end them, and read and write their
 * registers while they are stopped. A thread stops where its home stops it: what is asked for goes there as mail, and
 * who asked waits until it is done.
 */
#pragma once

#include <stdbool.h>

#include "abi/types.h"
#include "result.h"

struct runner;
struct thread;

/*
 * Stops a thread: returns when it runs no more. One that waits goes on waiting. For the current thread: it stops before
 * its call returns. Returns 0 or WAITING, -ESRCH when it has ended, -EBADF when its last handle has just gone.
 */
MUST_USE int control_suspend(struct thread *thread);

/* A handle that allows that has been made, or has gone: with the last one a stopped thread goes on. */
void control_handle_added(struct thread *thread);
void control_handle_removed(struct thread *thread);

/* Lets it go on, if what it waited for is over. */
MUST_USE int control_resume(struct thread *thread);

/* Has the call that it waits in return -EINTR. One that does not wait is left alone. */
MUST_USE int control_cancel(struct thread *thread);

/* Ends it: returns 0 when it runs no more, or WAITING. The current thread: its hart has no current one after this. */
MUST_USE int control_kill(struct thread *thread);

/*
 * Gives it another priority, -EINVAL above the limit of its process; and other harts to run on, bit i for hart i, -EINVAL
 * when none of them is online. When these return, it runs so, or not at all.
 */
MUST_USE int control_set_priority(struct thread *thread, unsigned priority);
MUST_USE int control_set_harts(struct thread *thread, uint64_t harts_allowed);

/*
 * -EBUSY unless it is stopped. Of a thread that waits they are those of its call, and can't be changed: -EBUSY. A place
 * where no instruction can begin is -EINVAL; anywhere else the thread may fault by itself.
 */
MUST_USE int control_read(struct thread *thread, struct registers *registers);
MUST_USE int control_write(struct thread *thread, const struct registers *registers);
MUST_USE int control_read_float(struct thread *thread, struct float_registers *registers);
MUST_USE int control_write_float(struct thread *thread, const struct float_registers *registers);

/*
 * For thread.c: it has become a thread of its process, and runs from now on, or is stopped, if its runner was held before; it
 * has ended.
 */
void control_start(struct thread *thread, bool stopped);
void control_end(struct thread *thread);

/* For the scheduler: its home has done what somebody has asked for. */
void control_asked(struct runner *runner);
