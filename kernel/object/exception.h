/*
 * Exceptions for user mode: a thread that meets one the kernel can do nothing about becomes a caller of its process's
 * exception endpoint, without having called: its registers stay as they are, and whoever receives the message can read
 * and change them until it answers. A call through the foreign table goes the same way.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/abi.h"
#include "abi/types.h"
#include "result.h"

struct endpoint;
struct process;
struct thread;

/* What a thread has met; kept with the thread, for the report if nobody deals with it. */
struct exception {
	struct message sent; /* to the exception endpoint; its deadline is never, from the start */
	uint64_t cause, pc;
	bool is_memory_out; /* for a page that would be there otherwise */

	/* Guarded by the endpoint's lock. */
	bool pending; /* the thread waits for the answer */
	bool refused; /* which is that the process is to end */
};

/*
 * The current thread has met an exception, as door_user_fault has it; `error` says why nothing could be done about it. Sends
 * it, or ends the process with a report when there is nobody to send it to. The frame holds all registers. Does not
 * return when somebody takes it at once.
 */
void exception_meet(uint64_t cause, uint64_t address, int error);

/*
 * The same for a call through the foreign table, which the frame is behind of. It is set back to the call, so that it is
 * made again when nobody answers.
 */
void exception_meet_call(uint64_t cause);

/* For endpoint_call.c: takes an answer, which comes into force with exception_is_over. */
void exception_answer(struct thread *thread, const struct message *answer);

/*
 * For endpoint_parts.h: the thread has stopped waiting for the answer, or for anybody to take the message. True when it is to go
 * on, with this value in its result register; false when it will be ended.
 */
MUST_USE bool exception_is_over(struct thread *thread, long *result);

/* For the scheduler: a thread whose exception was refused is ended with its process. */
void exception_fail(struct thread *thread);

/* Who receives a process's exceptions, NULL for nobody: -EBUSY when it is ending, -EBADF when the endpoint has gone. */
MUST_USE int exception_set_endpoint(struct process *process, struct endpoint *endpoint);

/*
 * The registers of the thread whose exception a token names: -ESRCH when there is none any more, -EINVAL when it names an
 * ordinary call, or the new pc is none.
 */
MUST_USE int exception_get(struct endpoint *endpoint, uint32_t token, struct registers *registers);
MUST_USE int exception_set(struct endpoint *endpoint, uint32_t token, const struct registers *registers);
