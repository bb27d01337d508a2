/* The doors that need no file of their own: time, other harts, and the way back to user mode. Faults have fault.c. */
#include "doors.h"

#include "object/object.h"
#include "object/system.h"
#include "object/thread.h"
#include "sched.h"

void door_timer(void)
{
	if (this_hart()->console_poll <= arch_time_now())
		system_poll();
	sched_timer();
}

/* Comes from user mode or from idling, so this hart holds no object: it can answer who waits for that. */
void door_ipi(void)
{
	sched_take_mail();
	object_answer_graces();
	this_hart()->reschedule = true; /* this hart's own requests may have been answered */
}

struct trapframe *door_next(void)
{
	return sched_next(object_reclaim);
}

struct trapframe *door_next_after_call(long result)
{
	struct runner *runner = this_hart()->current;

	/* A thread that waits gets its result from whoever wakes it. */
	if (runner && runner->state == RUNNER_RUNNING)
		arch_frame_set_result(&runner->frame, result);
	return sched_next(object_reclaim);
}
