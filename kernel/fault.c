/*
 * What happens to a thread that meets an exception: its page is brought in, or the exception goes to whoever receives
 * those of its process.
 */
#include "arch.h"
#include "doors.h"
#include "object/process.h"
#include "object/thread.h"

enum { SIGNAL_STATUS = 128, SIGNAL_KILL = 9 };

static int resolve(struct process *process, const struct fault *fault)
{
	return fault->kind == FAULT_PAGE ? aspace_fault(&process->aspace, fault->address, fault->access)
					 : -EFAULT;
}

static struct exception exception_of(const struct fault *fault, const struct thread *thread)
{
	return (struct exception){
		.cause = fault->cause,
		.address = fault->address,
		.pc = arch_frame_pc(&thread->runner.frame),
		.name = fault->name,
		.status = SIGNAL_STATUS + fault->signal,
	};
}

void door_user_fault(const struct fault *fault)
{
	struct thread *thread = current_thread();
	struct exception exception;
	int error = resolve(thread->process, fault);

	if (!error)
		return;
	exception = exception_of(fault, thread);
	if (error == -ENOMEM) {
		exception.name = "memory is out, at a page fault";
		exception.status = SIGNAL_STATUS + SIGNAL_KILL;
	}
	exception_meet(&exception);
}

long door_foreign_call(const struct fault *fault)
{
	struct exception exception = exception_of(fault, current_thread());

	exception_meet_call(&exception);
	return WAITING;
}

bool door_copy_fault(uint64_t address, enum prot access)
{
	if (this_hart()->has_frame) {
		this_hart()->missing = address;
		return false;
	}
	return !aspace_fault(&current_process()->aspace, address, access);
}
