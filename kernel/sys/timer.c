/* Calls about timers. */
#include "object/timer.h"

#include "kernel/syscalls.h"
#include "object/notification.h"
#include "object/process.h"
#include "object/thread.h"

handle_result sys_timer_create(struct notification *n, uint64_t bits)
{
	struct timer *timer;
	int error;

	if (!notification_has(bits))
		return (handle_result){-EINVAL};
	error = timer_create(n, bits, &timer);
	if (error)
		return (handle_result){error};

	handle_result result = handle_add(current_process(), &timer->object, RIGHTS_TIMER_ALL);

	object_put(&timer->object);
	return result;
}

long sys_timer_set(struct timer *t, uint64_t deadline, uint64_t period)
{
	timer_set(t, deadline, period);
	return 0;
}

long sys_timer_fired(struct timer *t)
{
	return (long)timer_fired(t);
}
