/*
 * Windows: memory that a thread lends for as long as its call waits. Copies go straight between its address space and
 * that of the current thread. The caller of these holds the lender (endpoint_hold), so that its frame stays as it is.
 */
#pragma once

#include "mem/user.h"
#include "result.h"

struct thread;

/*
 * Copy at most `size` bytes from `offset` of a window on; return how many, fewer at its end or for a long buffer.
 * -EINVAL when the offset lies behind it, -EFAULT when the own buffer can't be reached, -EBADMSG when the lent memory
 * can't, -ENOMEM.
 */
MUST_USE long window_read(struct thread *lender, uint64_t offset, struct user_out to, size_t size);
MUST_USE long window_write(struct thread *lender, uint64_t offset, struct user_in from, size_t size);
