/* Calls about futexes. */
#include "object/futex.h"

#include "abi/abi.h"
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

long sys_futex_wake(uaddr_t at, uint32_t count)
{
	TRY(check_word(at));

	return futex_wake(&current_process()->aspace, at, count);
}
