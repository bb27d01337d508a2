/*
 * Exceptions for user mode. Nothing of a thread's frame is used for the message, unlike that of a call, and whatever ends
 * the wait but an answer leaves the frame as it is: the thread makes the instruction again, and meets the exception once
 * more, if it is still there.
 */
#include "object/exception.h"

#include "object/endpoint.h"
#include "object/process.h"
#include "object/thread.h"

enum { SIGNAL_STATUS = 128, SIGNAL_KILL = 9 };

static const char *name_of(const struct exception *exception)
{
	if (exception->is_memory_out)
		return "memory is out, at a page fault";
	if (exception->sent.label == MESSAGE_FOREIGN)
		return "foreign call that nobody takes";
	return arch_cause(exception->cause).name;
}

/* What it concerned: of a call its number. */
static uint64_t address_of(const struct exception *exception)
{
	return exception->sent.word[exception->sent.label == MESSAGE_FOREIGN ? 0 : 1];
}

/* Of the process that ends for it. */
static int status_of(const struct exception *exception)
{
	return SIGNAL_STATUS + (exception->is_memory_out ? SIGNAL_KILL : arch_cause(exception->cause).signal);
}

void exception_fail(struct thread *thread)
{
	const struct exception *exception = &thread->exception;

	process_fail(thread->process, name_of(exception),
		&(struct process_result){
			.reason = END_REASON_FAULTED,
			.status = status_of(exception),
			.cause = exception->cause,
			.pc = exception->pc,
			.address = address_of(exception),
		});
}

/* Nobody takes it. */
static RARE void fail(struct thread *thread)
{
	thread->exception.pending = false;
	exception_fail(thread);
	if (this_hart()->current) /* another thread was faster, and this one is asked to end */
		thread_end_current();
}

/* The endpoint stays until this hart has left the kernel. */
static inline void send(struct thread *thread)
{
	struct endpoint *endpoint = arch_load_pointer(&thread->process->exceptions);

	if (endpoint) {
		thread->exception.pending = true;
		if (endpoint_call(endpoint, &thread->exception.sent) == WAITING)
			return;
	}
	fail(thread);
}

/* Notes what the thread has met, but for the words of the message. */
static inline void note(struct thread *thread, uint64_t cause, bool is_memory_out, uint32_t label)
{
	struct exception *exception = &thread->exception;

	exception->cause = cause;
	exception->pc = arch_frame_pc(&thread->runner.frame);
	exception->is_memory_out = is_memory_out;
	exception->sent.label = label;
}

void exception_meet(uint64_t cause, uint64_t address, int error)
{
	struct thread *thread = current_thread();
	uint64_t *word = thread->exception.sent.word;

	note(thread, cause, error == -ENOMEM, MESSAGE_EXCEPTION);
	word[0] = cause;
	word[1] = address;
	word[2] = thread->exception.pc;
	word[3] = (uint64_t)thread->process->id << 32 | thread->id;
	send(thread);
}

void exception_meet_call(uint64_t cause)
{
	struct thread *thread = current_thread();
	uint64_t *word = thread->exception.sent.word;

	arch_frame_call(&thread->runner.frame, word);
	note(thread, cause, false, MESSAGE_FOREIGN);
	arch_frame_restart_call(&thread->runner.frame);
	send(thread);
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
	if (thread->exception.pending) {
		arch_frame_set(&thread->runner.frame, registers);
		thread_forget_progress(thread);
	} else {
		error = -EINVAL;
	}
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
