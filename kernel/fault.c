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

bool door_copy_fault(uint64_t address, enum prot access)
{
	int error;

	if (this_hart()->has_frame) {
		this_hart()->missing = address;
		return false;
	}
	do
		error = aspace_fault(&current_process()->aspace, address, access);
	while (error == PAGE_STOP);
	return !error;
}
