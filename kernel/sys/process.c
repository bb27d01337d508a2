/* Calls about processes. */
#include "object/process.h"

#include "abi/abi.h"
#include "kernel/syscalls.h"
#include "object/thread.h"
#include "panic.h"

long sys_process_id(void)
{
	return current_process()->id;
}

handle_result sys_process_create(struct user_in name, size_t len)
{
	char text[PROCESS_NAME_SIZE];
	handle_result result;
	int error;

	if (!len)
		return (handle_result){-EINVAL};
	len = len < sizeof(text) ? len : sizeof(text);
	error = user_copy_in(text, name, 0, len);
	if (error)
		return (handle_result){error};

	struct process *process = process_create(text, len);

	if (!process)
		return (handle_result){-ENOMEM};
	process->table = process_table(current_process());
	process->priority_limit = (uint8_t)process_priority_limit(current_process());
	result = handle_add(current_process(), &process->object, RIGHTS_PROCESS_ALL);
	object_put(&process->object); /* the handle has its own; without one the process goes */
	return result;
}

long sys_process_load(struct process *p, struct memory *image, uint64_t offset, size_t len)
{
	uint64_t entry;

	if (memory_is_device(image))
		return -EINVAL;
	if (offset > image->size || len > image->size - offset)
		return -EINVAL;
	if (!aspace_is_empty(&p->aspace))
		return -EEXIST;

	TRY(process_load(p, image, offset, len, &entry));
	return (long)entry;
}

long sys_process_give(struct process *p, struct handle_ref h, uint32_t rights)
{
	if (rights == RIGHTS_SAME)
		rights = h.rights;
	if (rights & ~h.rights)
		return -EACCES;
	if (process_would_keep(p, h.object))
		return -EINVAL;

	return handle_add(p, h.object, rights).value;
}

long sys_process_limit(struct process *p, uint64_t bytes)
{
	return account_limit(p->account, bytes);
}

long sys_process_clone_handles_but(
	struct process *to, struct process *from, uint32_t index, uint32_t but, uint32_t but2)
{
	if (to == from)
		return -EINVAL;

	return handle_table_clone(to, from, index, (uint32_t[]){but, but2});
}

long sys_process_clone_handles(struct process *to, struct process *from, uint32_t index)
{
	return sys_process_clone_handles_but(to, from, index, 0, 0);
}

static int result_or_wait(struct process *p, uint64_t deadline, struct process_result *result)
	REQUIRES(p->lock)
{
	if (p->ended) {
		*result = p->result;
		return 0;
	}
	if (arch_time_now() >= deadline)
		return -ETIMEDOUT;
	lock_assert_held(p->waiters.lock);
	return runner_wait(&p->waiters, deadline);
}

long sys_process_wait(struct process *p, uint64_t deadline, struct process_result *result)
{
	int error;

	if (p == current_process())
		return -EINVAL;

	lock_acquire(&p->lock);
	error = result_or_wait(p, deadline, result);
	lock_release(&p->lock);
	return error;
}

/* With many threads the call is made again and again, so that interrupts are let in. */
long sys_process_limit_priority(struct process *p, uint32_t priority)
{
	bool more;

	TRY(process_limit_priority(p, priority, &more));
	return more ? (int)thread_restart_call() : 0;
}

long sys_process_kill(struct process *p, int32_t status)
{
	process_end(p, &(struct process_result){.reason = END_REASON_KILLED, .status = status});
	if (!this_hart()->current)
		arch_leave();
	return 0;
}

void sys_process_exit(int32_t status)
{
	struct process *process = current_process();

	process_end(process, &(struct process_result){.reason = END_REASON_EXITED, .status = status});
	if (this_hart()->current) /* another thread was faster, and this one is asked to end */
		thread_end_current();
	arch_leave();
}
