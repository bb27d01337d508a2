/* Calls about futexes. */
#include "object/futex.h"

#include "abi/abi.h"
#include "abi/syscall_numbers.h"
#include "kernel/syscalls.h"
#include "object/process.h"
#include "object/thread.h"

static int check_word(uaddr_t at)
{
	if (at.value % sizeof(uint32_t))
		return -EINVAL;
	return at.value >= USER_BASE && at.value < USER_TOP ? 0 : -EFAULT;
}

long sys_futex_wait(uaddr_t at, uint32_t expected, uint64_t deadline)
{
	TRY(check_word(at));

	int result = futex_wait(&current_process()->aspace, at, expected, deadline);

	return result == PAGE_STOP ? thread_restart_call() : result;
}

/* With many the call is made again and again, so that interrupts are let in. */
static RARE long wake_many(uaddr_t at, uint32_t count)
{
	struct progress progress = {SYS_futex_wake, {at.value, count}, {{0}}};
	bool more = true;
	int error = 0;

	thread_recall_progress(&progress);
	while (!error && more) {
		error = futex_wake(&current_process()->aspace, at, count, &progress.done.waking, &more);
		if (!error && more && thread_keep_progress(&progress))
			return thread_restart_call();
	}
	thread_forget_progress(current_thread());
	return error ? error : (long)progress.done.waking.woken;
}

long sys_futex_wake(uaddr_t at, uint32_t count)
{
	struct futex_waking waking = {0};
	bool more;

	TRY(check_word(at));

	if (count > FUTEX_WOKEN_AT_ONCE)
		return wake_many(at, count);
	TRY(futex_wake(&current_process()->aspace, at, count, &waking, &more));
	return (long)waking.woken;
}
