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

static int check_start(uaddr_t entry, uaddr_t stack)
{
	bool ok = is_user_address(entry) && entry.value % 2 == 0 && stack.value % STACK_ALIGNMENT == 0 &&
		  stack.value <= USER_TOP;

	return ok ? 0 : -EINVAL;
}

/* Starts a thread that has a handle already, which goes again when that fails. */
static handle_result start(
	struct thread *thread, struct process *p, struct process *caller, handle_result handle, bool stopped)
{
	int error = stopped ? thread_start_stopped(thread, p) : thread_start(thread, p);

	if (!error)
		return handle;
	if (handle_remove(caller, (uint32_t)handle.value)) /* another thread of the caller has closed it */
		error = -EBADF;
	return (handle_result){error};
}

static struct thread *make(
	struct process *p, const struct frame_start *how, unsigned priority, uint32_t harts_allowed)
{
	call_table table = process_table(p);

	return thread_create_placed(table ? table : native_table, how, priority, harts_allowed);
}

/* The handle comes first: a thread that runs can't be taken back. */
static handle_result give_and_start(struct thread *thread, struct process *p, bool stopped)
{
	struct process *caller = current_process();
	handle_result result = handle_add(caller, &thread->object, RIGHTS_THREAD_ALL);

	if (result.value >= 0)
		result = start(thread, p, caller, result, stopped);
	object_put(&thread->object);
	return result;
}

/* As sys_thread_create has it; NULL: memory is out. */
static struct thread *make_plain(struct process *p, uaddr_t entry, uaddr_t stack, uint64_t argument)
{
	return make(p,
		&(struct frame_start){.entry = entry.value, .stack = stack.value, .argument = argument},
		RUNNER_PRIORITY, this_hart()->current->harts);
}

/* One that takes after the caller. */
static struct thread *make_like(struct process *p, uaddr_t entry, uaddr_t stack, uint64_t argument)
{
	struct runner *caller = this_hart()->current;
	struct thread *thread = make(p,
		&(struct frame_start){.entry = entry.value,
			.stack = stack.value,
			.argument = argument,
			.pointer = arch_frame_pointer(&caller->frame)},
		__atomic_load_n(&caller->wanted_priority, __ATOMIC_RELAXED), caller->harts);

	if (thread)
		arch_frame_give_float(&thread->runner.frame, &caller->frame);
	return thread;
}

handle_result sys_thread_create(struct process *p, uaddr_t entry, uaddr_t stack, uint64_t argument)
{
	if (check_start(entry, stack))
		return (handle_result){-EINVAL};

	struct thread *thread = make_plain(p, entry, stack, argument);

	return thread ? give_and_start(thread, p, false) : (handle_result){-ENOMEM};
}

handle_result sys_thread_create_like(struct process *p, uaddr_t entry, uaddr_t stack, uint64_t argument)
{
	if (check_start(entry, stack))
		return (handle_result){-EINVAL};

	struct thread *thread = make_like(p, entry, stack, argument);

	return thread ? give_and_start(thread, p, false) : (handle_result){-ENOMEM};
}

long sys_process_start(struct process *p, uaddr_t entry, uaddr_t stack, uint64_t argument, enum manner how)
{
	struct thread *thread;
	int error;

	TRY(check_start(entry, stack));
	thread = how & MANNER_LIKE ? make_like(p, entry, stack, argument)
				   : make_plain(p, entry, stack, argument);
	if (!thread)
		return -ENOMEM;
	error = thread_start(thread, p);
	object_put(&thread->object);
	return error;
}

handle_result sys_thread_create_with(struct process *p, uaddr_t entry, uaddr_t stack, uint64_t argument,
	uint64_t argument2, uint64_t pointer, uint32_t priority, uint64_t harts_allowed, enum start how)
{
	harts_allowed &= (1ul << hart_count()) - 1;
	if (check_start(entry, stack) || priority > process_priority_limit(p) || !harts_allowed)
		return (handle_result){-EINVAL};

	struct thread *thread =
		make(p, &(struct frame_start){entry.value, stack.value, argument, argument2, pointer},
			priority, (uint32_t)harts_allowed);

	if (!thread)
		return (handle_result){-ENOMEM};
	return give_and_start(thread, p, how & START_STOPPED);
}

long sys_thread_yield(void)
{
	sched_yield();
	return 0;
}

void sys_thread_exit(void)
{
	thread_end_current();
	arch_leave();
}

long sys_thread_sleep(uint64_t deadline)
{
	if (arch_time_now() >= deadline)
		return 0;

	return runner_sleep(deadline);
}
