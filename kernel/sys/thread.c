/* Calls about threads. */
#include "object/thread.h"

#include "abi/abi.h"
#include "kernel/syscalls.h"
#include "object/process.h"

enum { STACK_ALIGNMENT = 16 };

static bool is_user_address(uaddr_t address)
{
	return address.value >= USER_BASE && address.value < USER_TOP;
}

handle_result sys_thread_create(struct process *p, uaddr_t entry, uaddr_t stack, uint64_t argument)
{
	handle_result result;

	if (!is_user_address(entry) || entry.value % 2 || stack.value % STACK_ALIGNMENT ||
		stack.value > USER_TOP)
		return (handle_result){-EINVAL};
	if (p->ended)
		return (handle_result){-EBUSY};

	call_table table = current_thread()->runner.frame.table;
	struct thread *thread = thread_create(p, table, entry.value, stack.value, argument);

	if (!thread)
		return (handle_result){-ENOMEM};
	result = handle_add(&current_process()->handles, &thread->object, RIGHTS_THREAD_ALL);
	if (result.value < 0)
		thread_end(thread);
	else
		runner_start(&thread->runner);
	object_put(&thread->object);
	return result;
}

int sys_thread_yield(void)
{
	sched_yield();
	return 0;
}

void sys_thread_exit(void)
{
	struct thread *thread = current_thread();
	struct process *process = thread->process;

	if (thread->siblings.next == thread->siblings.previous)
		process_end(process, &(struct process_result){.reason = END_REASON_EXITED});
	else
		thread_end(thread);
	arch_leave();
}

int sys_thread_sleep(uint64_t deadline)
{
	if (arch_time_now() >= deadline)
		return 0;

	return (int)runner_wait(NULL, deadline);
}
