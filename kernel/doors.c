/* The doors that need no file of their own: time, and the way back to user mode. Faults have fault.c. */
#include "doors.h"

#include "object/thread.h"
#include "sched.h"
#include "sys/console.h"

void door_timer(void)
{
	if (this_hart()->console_poll <= arch_time_now())
		console_poll();
	sched_timer();
}

struct trapframe *door_next(void)
{
	return sched_next();
}

struct trapframe *door_next_after_call(long result)
{
	struct runner *runner = this_hart()->current;

	/* A thread that waits gets its result from whoever wakes it. */
	if (runner && runner->state == RUNNER_RUNNING)
		arch_frame_set_result(&runner->frame, result);
	return sched_next();
}
