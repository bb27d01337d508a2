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

	return futex_wait(&current_process()->aspace, at, expected, deadline);
}

/* With many the call is made again and again, so that interrupts are let in. */
long sys_futex_wake(uaddr_t at, uint32_t count)
{
	struct progress progress = {SYS_futex_wake, {at.value, count}, {{0}}};
	bool more = true;
	int error = 0;

	TRY(check_word(at));

	thread_recall_progress(&progress);
	while (!error && more) {
		error = futex_wake(&current_process()->aspace, at, count, &progress.done.woken, &more);
		if (!error && more && thread_keep_progress(&progress))
			return thread_restart_call();
	}
	thread_forget_progress(current_thread());
	return error ? error : (long)progress.done.woken;
}
