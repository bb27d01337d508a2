/* The doors that need no file of their own: time, other harts, and the way back to user mode. Faults have fault.c. */
#include "doors.h"

#include "object/interrupt.h"
#include "object/object.h"
#include "object/system.h"
#include "object/thread.h"
#include "object/timer.h"
#include "panic.h"
#include "sched.h"

/*
 * An idle hart need not be waited for before an object ends. From here on it must: sequentially consistent, before it
 * looks at any. Partner: ask_for_grace in object/object.c.
 */
static void leave_idleness(void)
{
	__atomic_store_n(&this_hart()->idle, false, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void door_timer(void)
{
	leave_idleness();
	if (this_hart()->console_poll <= arch_time_now())
		system_poll();
	timer_fire();
	sched_timer();
}

/* Comes from user mode or from idling, so this hart holds no object: it can answer who waits for that. */
void door_ipi(void)
{
	leave_idleness();
	panic_obey();
	(void)sched_take_mail();
	sched_set_timer(); /* a timer object of this hart may have been set */
	object_answer_graces();
	this_hart()->work |= WORK_OBJECTS; /* this hart's own requests may have been answered */
}

void door_irq(unsigned number)
{
	leave_idleness();
	interrupt_fire(number);
}

struct trapframe *door_next(void)
{
	return sched_next(object_reclaim);
}

struct trapframe *door_next_after_call(long result)
{
	struct hart *hart = this_hart();
	struct runner *runner = hart->current;

	/* A thread that waits gets its result from whoever wakes it. */
	if (runner && runner->state == RUNNER_RUNNING && !(hart->work & (WORK_SWITCH | WORK_AGAIN)))
		arch_frame_set_result(&runner->frame, result);
	return sched_next(object_reclaim);
}
