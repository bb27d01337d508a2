/*
 * What happens to a thread that meets an exception: its page is brought in, or the exception goes to whoever receives
 * those of its process.
 */
#include "arch.h"
#include "doors.h"
#include "object/process.h"
#include "object/thread.h"

int door_page_fault(uint64_t address, enum prot access)
{
	return aspace_fault(&current_process()->aspace, address, access);
}

void door_user_fault(uint64_t cause, uint64_t address, int error)
{
	exception_meet(cause, address, error);
}

long door_foreign_call(uint64_t cause)
{
	exception_meet_call(cause);
	return WAITING;
}

/* Whatever the handler makes of its copy that failed: the call begins anew when pending interrupts have been taken. */
static void make_call_again(struct hart *hart)
{
	if (hart->work & WORK_AGAIN)
		return;
	(void)thread_restart_call();
	hart->work |= WORK_AGAIN;
}

bool door_copy_fault(uint64_t address, enum prot access)
{
	struct hart *hart = this_hart();
	int error;

	if (hart->has_frame) {
		hart->missing = address;
		return false;
	}
	error = aspace_fault(&current_process()->aspace, address, access);
	if (error == PAGE_STOP)
		make_call_again(hart);
	return !error;
}
