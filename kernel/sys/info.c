/* Calls that tell what objects are and do. They change nothing; the thunks give structs of zeros to fill. */
#include "abi/abi.h"
#include "abi/syscall_numbers.h"
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

/* With many threads the call is made again and again, so that interrupts are let in. */
static RARE long tell_of_many(struct process *p, struct process_info *info)
{
	struct progress progress = {SYS_process_info, {p->object.id}, {{0}}};

	thread_recall_progress(&progress);
	while (!process_read_info(p, &progress.done.last_counted, info))
		if (thread_keep_progress(&progress))
			return CALL_AGAIN;
	return 0;
}

long sys_process_info(struct process *p, struct process_info *info)
{
	uint32_t last = 0;
	long result = 0;

	if (!process_read_info(p, &last, info))
		result = tell_of_many(p, info);
	if (result != CALL_AGAIN)
		thread_forget_progress(current_thread());
	return result;
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

/* With many processes that have no thread the same. */
long sys_system_thread(struct system *s, uint32_t process, uint32_t thread, struct thread_wait *wait)
{
	struct progress progress = {SYS_system_thread, {process, thread}, {{0}}};
	int error;

	(void)s;
	thread_recall_progress(&progress);
	if (progress.done.next_process)
		process = progress.done.next_process, thread = 0;
	while ((error = waits_next(&process, &thread, wait)) == WAITS_MORE) {
		progress.done.next_process = process;
		if (thread_keep_progress(&progress))
			return CALL_AGAIN;
	}
	thread_forget_progress(current_thread());
	return error;
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
