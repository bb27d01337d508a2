/* What happens to a thread that meets an exception: its page is brought in, or its process ends with a report. */
#include "arch.h"
#include "doors.h"
#include "log.h"
#include "object/process.h"
#include "object/thread.h"

enum { SIGNAL_STATUS = 128, SIGNAL_KILL = 9, SYMBOL_SIZE = 64 };

/* "main+0x12", or nothing when the program has no symbols there. */
static void log_report(struct process *process, const struct fault *fault, uint64_t pc, int error)
{
	char name[SYMBOL_SIZE];
	uint64_t offset;

	if (error == -ENOMEM)
		log_error("process %u (%s) ended: memory is out, at a %s at 0x%lx", process->id,
			process->name, fault->name, fault->address);
	else
		log_error("process %u (%s) ended: %s at 0x%lx", process->id, process->name, fault->name,
			fault->address);
	if (process_symbol(process, pc, name, sizeof(name), &offset))
		log_error("  pc 0x%lx in %s+0x%lx", pc, name, offset);
	else
		log_error("  pc 0x%lx, where the program has no symbol", pc);
}

static int resolve(struct process *process, const struct fault *fault)
{
	return fault->kind == FAULT_PAGE ? aspace_fault(&process->aspace, fault->address, fault->access)
					 : -EFAULT;
}

void door_user_fault(const struct fault *fault)
{
	struct thread *thread = current_thread();
	struct process *process = thread->process;
	uint64_t pc = arch_frame_pc(&thread->runner.frame);
	int error = resolve(process, fault);

	if (!error)
		return;
	log_report(process, fault, pc, error);
	process_end(
		process, &(struct process_result){
				 .reason = END_REASON_FAULTED,
				 .status = SIGNAL_STATUS + (error == -ENOMEM ? SIGNAL_KILL : fault->signal),
				 .cause = fault->cause,
				 .pc = pc,
				 .address = fault->address,
			 });
	if (this_hart()->current) /* another thread was faster, and this one is asked to end */
		thread_end_current();
}

bool door_copy_fault(uint64_t address, enum prot access)
{
	return !aspace_fault(&current_process()->aspace, address, access);
}
