/*
 * User memory as the kernel sees it: addresses that can't be followed, only copied from or to. A range says in
 * which direction, so that what the caller lent for reading can't be written.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/abi.h"
#include "arch.h"
#include "panic.h"
#include "result.h"

/* An address in a user's address space. */
typedef struct {
	uint64_t value;
} uaddr_t;

/*
 * Where a range begins that a thunk has found inside user space; whether it is mapped shows when it is copied. Its length is
 * the argument that the line of the call names: one word each, since two in a struct cost room on the stack.
 */
struct user_in {
	uaddr_t address;
};

struct user_out {
	uaddr_t address;
};

/* Bytes that one call copies at most. */
enum { COPY_MOST = 16 * PAGE_SIZE };

/*
 * A copy between user memory and frames goes page by page of the frames, and stops at each PAGE_SIZE bytes, too. There it
 * may end when an interrupt is pending: so what is no longer than that is copied at once, and more never keeps interrupts
 * off for long. How many bytes the next piece has, when `done` of `size` have been copied and it begins at `at`.
 */
static inline size_t copy_piece(uint64_t at, size_t done, size_t size)
{
	size_t in_page = PAGE_SIZE - (at & (PAGE_SIZE - 1)),
	       in_stretch = PAGE_SIZE - (done & (PAGE_SIZE - 1));
	size_t piece = in_page < in_stretch ? in_page : in_stretch;

	return piece < size - done ? piece : size - done;
}

/* Whether a copy of which `done` bytes have been made goes on to `size`. */
static inline bool copy_goes_on(size_t done, size_t size)
{
	return done < size && !(done && !(done & (PAGE_SIZE - 1)) && arch_interrupt_is_pending());
}

/*
 * Copies `size` bytes at `offset` of the range; -EFAULT. The caller keeps within the range, which the hosted kernel checks. The
 * address of an empty range can be anything: the thunk has not looked at it, and it isn't touched here. A copy that fails may
 * have the call made again, so a handler copies before it changes anything.
 */
static inline MUST_USE int user_copy_in(void *to, struct user_in from, size_t offset, size_t size)
{
	return size ? arch_user_read(to, from.address.value + offset, size) : 0;
}

static inline MUST_USE int user_copy_out(struct user_out to, size_t offset, const void *from, size_t size)
{
	return size ? arch_user_write(to.address.value + offset, from, size) : 0;
}
