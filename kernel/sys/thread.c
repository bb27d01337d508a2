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

/* Starts a thread that has a handle already, which goes again when that fails. */
static handle_result start(
	struct thread *thread, struct process *p, struct process *caller, handle_result handle)
{
	int error = thread_start(thread, p);

	if (!error)
		return handle;
	if (handle_remove(caller, (uint32_t)handle.value)) /* another thread of the caller has closed it */
		error = -EBADF;
	return (handle_result){error};
}

handle_result sys_thread_create(struct process *p, uaddr_t entry, uaddr_t stack, uint64_t argument)
{
	handle_result result;

	if (!is_user_address(entry) || entry.value % 2 || stack.value % STACK_ALIGNMENT ||
		stack.value > USER_TOP)
		return (handle_result){-EINVAL};

	call_table table = process_table(p);
	struct process *caller = current_process();
	struct thread *thread =
		thread_create(table ? table : native_table, entry.value, stack.value, argument);

	if (!thread)
		return (handle_result){-ENOMEM};
	result = handle_add(caller, &thread->object, RIGHTS_THREAD_ALL);
	if (result.value >= 0)
		result = start(thread, p, caller, result);
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
	thread_end_current();
	arch_leave();
}

int sys_thread_sleep(uint64_t deadline)
{
	if (arch_time_now() >= deadline)
		return 0;

	return runner_sleep(deadline);
}
