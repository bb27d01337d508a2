/*
 * Exceptions for user mode. Nothing of a thread's frame is used for the message, unlike that of a call, and whatever ends
 * the wait but an answer leaves the frame as it is: the thread makes the instruction again, and meets the exception once
 * more, if it is still there.
 */
#include "object/exception.h"

#include "log.h"
#include "object/endpoint.h"
#include "object/process.h"
#include "object/thread.h"

enum { SYMBOL_SIZE = 64 };

/* "main+0x12", or nothing when the program has no symbols there. */
static void report_fault(struct process *process, const struct exception *exception)
{
	char name[SYMBOL_SIZE];
	uint64_t offset;

	log_error("process %u (%s) ended: %s at 0x%lx", process->id, process->name, exception->name,
		exception->address);
	if (process_symbol(process, exception->pc, name, sizeof(name), &offset))
		log_error("  pc 0x%lx in %s+0x%lx", exception->pc, name, offset);
	else
		log_error("  pc 0x%lx, where the program has no symbol", exception->pc);
}

void exception_fail(struct thread *thread)
{
	const struct exception *exception = &thread->exception;

	if (!__atomic_load_n(&thread->process->ending,
		    __ATOMIC_RELAXED)) /* else somebody has reported, or killed it */
		report_fault(thread->process, exception);
	process_end(thread->process, &(struct process_result){
					     .reason = END_REASON_FAULTED,
					     .status = exception->status,
					     .cause = exception->cause,
					     .pc = exception->pc,
					     .address = exception->address,
				     });
}

/* WAITING, or an error when nobody can receive it. The endpoint stays until this hart has left the kernel. */
static long send(struct thread *thread)
{
	struct endpoint *endpoint = __atomic_load_n(&thread->process->exceptions, __ATOMIC_ACQUIRE);
	long result = -EPIPE;

	if (endpoint) {
		thread->exception.pending = true;
		result = endpoint_call(endpoint, &thread->exception.sent, NULL);
		if (result < 0 && result != WAITING)
			thread->exception.pending = false;
	}
	return result;
}

static void meet(struct thread *thread)
{
	if (send(thread) == WAITING)
		return;
	exception_fail(thread);
	if (this_hart()->current) /* another thread was faster, and this one is asked to end */
		thread_end_current();
}

void exception_meet(const struct exception *exception)
{
	struct thread *thread = current_thread();

	thread->exception = *exception;
	thread->exception.sent = (struct message){.label = MESSAGE_EXCEPTION,
		.word = {exception->cause, exception->address, exception->pc,
			(uint64_t)thread->process->id << 32 | thread->id},
		.deadline = DEADLINE_NEVER};
	meet(thread);
}

void exception_meet_call(const struct exception *exception)
{
	struct thread *thread = current_thread();

	thread->exception = *exception;
	arch_frame_restart_call(&thread->runner.frame);
	thread->exception.sent = (struct message){.label = MESSAGE_FOREIGN, .deadline = DEADLINE_NEVER};
	arch_frame_call(&thread->runner.frame, thread->exception.sent.word);
	meet(thread);
}

/* ---- the answer */

void exception_answer(struct thread *thread, const struct message *answer)
{
	switch (answer->label) {
	case EXCEPTION_GO_ON:
		return;
	case EXCEPTION_RETURN:
		arch_frame_finish_call(&thread->runner.frame, (long)answer->word[0]);
		return;
	default:
		thread->exception.refused = true;
	}
}

bool exception_is_over(struct thread *thread, long *result)
{
	thread->exception.pending = false;
	if (thread->exception.refused) {
		runner_fail(&thread->runner);
		return false;
	}
	*result = arch_frame_result(&thread->runner.frame);
	return true;
}

int exception_get(struct endpoint *endpoint, uint32_t token, struct registers *registers)
{
	struct thread *thread = endpoint_hold(endpoint, token, NULL);
	int error = 0;

	if (!thread)
		return -ESRCH;
	if (thread->exception.pending)
		arch_frame_get(&thread->runner.frame, registers);
	else
		error = -EINVAL;
	endpoint_release(endpoint, thread);
	return error;
}

int exception_set(struct endpoint *endpoint, uint32_t token, const struct registers *registers)
{
	struct thread *thread;
	int error = 0;

	if (!arch_is_code_address(registers->pc))
		return -EINVAL;
	thread = endpoint_hold(endpoint, token, NULL);
	if (!thread)
		return -ESRCH;
	if (thread->exception.pending)
		arch_frame_set(&thread->runner.frame, registers);
	else
		error = -EINVAL;
	endpoint_release(endpoint, thread);
	return error;
}

int exception_set_endpoint(struct process *process, struct endpoint *endpoint)
{
	struct endpoint *former = NULL;
	int error = 0;

	lock_acquire(&process->lock);
	if (process->ending)
		error = -EBUSY;
	else if (endpoint)
		error = object_take(&endpoint->object);
	if (!error)
		former = __atomic_exchange_n(&process->exceptions, endpoint, __ATOMIC_ACQ_REL);
	lock_release(&process->lock);
	if (former)
		object_put(&former->object);
	return error;
}
