/*
 * Copies between the current process's memory and a frame that was found in an object or in another space. As long as a
 * handler has such a frame in hand it must not wait for other harts, which may be waiting to take it away (copy.c); and to
 * bring in a page of user memory may mean to wait. So nothing is brought in during the copy, but after it.
 */
#pragma once

#include <stddef.h>

#include "abi/types.h"
#include "hart.h"
#include "mem/user.h"
#include "object/memory.h"
#include "result.h"

/*
 * A page was missing and is there now. AGAIN: the frame has to be found again, and the copy made once more. STOP: the same, but
 * an interrupt is pending, and pages were filled for this call: it stops here, by exchange_stopped.
 */
enum { EXCHANGE_AGAIN = 1, EXCHANGE_STOP = PAGE_STOP };

/* What a copy comes to that has failed: door_copy_fault has said what was missing. */
MUST_USE int exchange_failed(enum prot access);

/*
 * What a call returns that has copied `done` bytes and then met EXCHANGE_STOP, or an error. One that may be short is; another
 * is made again, from its beginning: that ends, since each time one more of its pages is there.
 */
MUST_USE long exchange_stopped(int why, size_t done);

static inline void exchange_begin(void)
{
	this_hart()->has_frame = true;
}

MUST_USE static inline int exchange_end(int error, enum prot access)
{
	this_hart()->has_frame = false;
	return error ? exchange_failed(access) : 0;
}

/*
 * Of a range that a thunk has looked at, with a lock held: 0, or -EFAULT with nothing brought in. Then, without the lock,
 * exchange_missed says what the call returns, which is made again when the page is there.
 */
MUST_USE static inline int exchange_try_in(void *frame, uaddr_t from, size_t size)
{
	int error;

	exchange_begin();
	error = arch_user_read(frame, from.value, size);
	this_hart()->has_frame = false;
	return error;
}

MUST_USE static inline int exchange_try_out(uaddr_t to, const void *frame, size_t size)
{
	int error;

	exchange_begin();
	error = arch_user_write(to.value, frame, size);
	this_hart()->has_frame = false;
	return error;
}

MUST_USE long exchange_missed(enum prot access);

/* As user_copy_in and user_copy_out: 0, -EFAULT, EXCHANGE_AGAIN, or EXCHANGE_STOP. */
MUST_USE static inline int exchange_in(void *frame, struct user_in from, size_t offset, size_t size)
{
	exchange_begin();
	return exchange_end(user_copy_in(frame, from, offset, size), PROT_READ);
}

MUST_USE static inline int exchange_out(struct user_out to, size_t offset, const void *frame, size_t size)
{
	exchange_begin();
	return exchange_end(user_copy_out(to, offset, frame, size), PROT_WRITE);
}
