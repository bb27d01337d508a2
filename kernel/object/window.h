/*
 * Windows: memory that a thread lends for as long as its call waits. Copies go straight between its address space and
 * that of the current thread.
 */
#pragma once

#include "mem/user.h"
#include "result.h"

struct endpoint;
struct thread;
struct windows;

/* What a caller lends, in its frame; NULL: nothing, and it offers no handles. Its call says so, so nothing is noted. */
const struct windows *window_lent_by(struct thread *caller);

/*
 * Copy at most `size` bytes, of a range that the thunk has looked at, from `offset` of the window on that the caller named by the token lends for reading, or for
 * writing; return how many, fewer at its end or for a long buffer. -ESRCH when nobody waits with this token, -EINVAL when the
 * offset lies behind the window, -EFAULT when the own buffer can't be reached, -EBADMSG when the lent memory can't, -ENOMEM.
 */
MUST_USE long window_read(
	struct endpoint *endpoint, uint32_t token, uint64_t offset, uaddr_t to, size_t size);
MUST_USE long window_write(
	struct endpoint *endpoint, uint32_t token, uint64_t offset, uaddr_t from, size_t size);
