/*
 * User memory as the kernel sees it: addresses that can't be followed, only copied from or to. A range says in
 * which direction, so that what the caller lent for reading can't be written.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "result.h"

/* An address in a user's address space. */
typedef struct {
	uint64_t value;
} uaddr_t;

/* A range that a thunk has found inside user space; whether it is mapped shows when it is copied. Sizes in bytes. */
struct user_in {
	uaddr_t address;
	size_t size;
};

struct user_out {
	uaddr_t address;
	size_t size;
};

/* Copies `size` bytes at `offset` of the range; -EFAULT. The caller keeps within the range. */
MUST_USE int user_copy_in(void *to, struct user_in from, size_t offset, size_t size);
MUST_USE int user_copy_out(struct user_out to, size_t offset, const void *from, size_t size);
