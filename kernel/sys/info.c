/* Calls that tell what objects are and do. They change nothing; the thunks give structs of zeros to fill. */
#include "kernel/syscalls.h"
#include "log.h"
#include "object/endpoint.h"
#include "object/interrupt.h"
#include "object/memory.h"
#include "object/notification.h"
#include "object/process.h"
#include "object/system.h"
#include "object/thread.h"
#include "object/timer.h"
#include "object/waits.h"

/* Bytes of the log that one call copies at most, so that the hart is not kept for long. */
enum { LOG_BATCH = 256 };

long sys_process_info(struct process *p, struct process_info *info)
{
	process_read_info(p, info);
	return 0;
}

long sys_process_memory_peak(struct process *p)
{
	return (long)account_peak(p->account);
}

long sys_thread_info(struct thread *t, struct thread_info *info)
{
	thread_read_info(t, info);
	return 0;
}

long sys_memory_info(struct memory *m, struct memory_info *info)
{
	memory_read_info(m, info);
	return 0;
}

long sys_endpoint_info(struct endpoint *e, struct endpoint_info *info)
{
	endpoint_read_info(e, info);
	return 0;
}

long sys_notification_info(struct notification *n, struct notification_info *info)
{
	notification_read_info(n, info);
	return 0;
}

long sys_timer_info(struct timer *t, struct timer_info *info)
{
	timer_read_info(t, info);
	return 0;
}

long sys_interrupt_info(struct interrupt *line, struct interrupt_info *info)
{
	interrupt_read_info(line, info);
	return 0;
}

long sys_system_info(struct system *s, struct system_info *info)
{
	(void)s;
	system_read_info(info);
	return 0;
}

long sys_system_thread(struct system *s, uint32_t process, uint32_t thread, struct thread_wait *wait)
{
	(void)s;
	return waits_next(process, thread, wait);
}

long sys_log_read(struct system *s, uint64_t position, struct user_out buf, size_t len)
{
	char bytes[LOG_BATCH];
	int count = log_read(position, bytes, len < sizeof(bytes) ? len : sizeof(bytes));

	(void)s;
	if (count < 0)
		return count;
	TRY(user_copy_out(buf, 0, bytes, (size_t)count));
	return count;
}
