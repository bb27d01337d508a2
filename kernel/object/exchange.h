/*
 * Copies between the current process's memory and a frame that was found in an object or in another space. As long as a
 * handler has such a frame in hand it must not wait for other harts, which may be waiting to take it away (copy.c); and to
 * bring in a page of user memory may mean to wait. So nothing is brought in during the copy, but after it.
 */
#pragma once

#include <stddef.h>

#include "mem/user.h"
#include "result.h"

/* The page was missing and is there now: the frame has to be found again, and the copy made once more. */
enum { EXCHANGE_AGAIN = 1 };

/* As user_copy_in and user_copy_out: 0, -EFAULT, or EXCHANGE_AGAIN. */
MUST_USE int exchange_in(void *frame, struct user_in from, size_t offset, size_t size);
MUST_USE int exchange_out(struct user_out to, size_t offset, const void *frame, size_t size);
