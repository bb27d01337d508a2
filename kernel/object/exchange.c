/* Copies beside a frame: the hart says that it has one in hand, and door_copy_fault says what was missing. */
#include "object/exchange.h"

#include "abi/abi.h"
#include "object/process.h"
#include "object/thread.h"

RARE int exchange_failed(enum prot access)
{
	int error = aspace_fault(&current_process()->aspace, this_hart()->missing, access);

	if (error && error != PAGE_STOP)
		return -EFAULT;
	return error || arch_interrupt_is_pending() ? EXCHANGE_STOP : EXCHANGE_AGAIN;
}

RARE long exchange_stopped(int why, size_t done)
{
	if (why < 0)
		return why;
	return done >= PAGE_SIZE ? (long)done : thread_restart_call();
}

RARE long exchange_missed(enum prot access)
{
	int error = exchange_failed(access);

	return error < 0 ? error : thread_restart_call();
}
