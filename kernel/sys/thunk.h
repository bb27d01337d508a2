/* What the generated thunks stand on: the checks of handles, ranges and structs. Nobody else includes this. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "abi/abi.h"
#include "config.h"
#include "kernel/syscalls.h"
#include "object/endpoint.h"
#include "object/handle.h"
#include "object/interrupt.h"
#include "object/memory.h"
#include "object/notification.h"
#include "object/process.h"
#include "object/system.h"
#include "object/thread.h"
#include "object/timer.h"
#include "result.h"

/* Finds what a handle of the calling process names, as handle_look does. */
static inline MUST_USE int thunk_handle(
	uint64_t value, enum object_type type, uint32_t rights, struct handle_ref *out)
{
	return handle_look(&current_process()->handles, value, type, rights, out);
}

/* A number below it has none of its bits, so 'or' of such numbers is below it, too. */
STATIC_ASSERT(!(USER_TOP & (USER_TOP - 1)));

/*
 * -EFAULT unless the range lies in user space. Of an empty range the address is not looked at, as POSIX's read and
 * write have it. Whether the range is mapped shows when it is copied.
 */
static inline MUST_USE int thunk_range(uint64_t address, uint64_t count, size_t element_size)
{
	uint64_t size, last;

	if (!count)
		return 0;
	if (__builtin_mul_overflow(count, element_size, &size))
		return -EFAULT;
	last = address + size - 1;
	return address < USER_BASE || (address | size | last) / USER_TOP ? -EFAULT : 0;
}

/* The same for a struct, whose size the compiler knows. */
static inline MUST_USE int thunk_struct_range(uint64_t address, size_t size)
{
	return address < USER_BASE || address > USER_TOP - size ? -EFAULT : 0;
}

/* One struct in or out; -EFAULT. */
static inline MUST_USE int thunk_copy_in(void *to, uint64_t address, size_t size)
{
	TRY(thunk_struct_range(address, size));
	return user_copy_in(to, (struct user_in){{address}}, 0, size);
}

static inline MUST_USE int thunk_copy_out(uint64_t address, const void *from, size_t size)
{
	TRY(thunk_struct_range(address, size));
	return user_copy_out((struct user_out){{address}}, 0, from, size);
}

/* The same as below for a caller of another version. */
MUST_USE int thunk_other_struct_in(void *to, size_t size, size_t oldest, uint64_t address, uint64_t length);

/*
 * A packed argument struct of `length` bytes for a kernel that knows `size`, of which `oldest` were in the first
 * version. What the caller doesn't know is zero; what the kernel doesn't know must be zero: -E2BIG. -EINVAL when it
 * is shorter than the first version, -EFAULT.
 */
static inline MUST_USE int thunk_struct_in(
	void *to, size_t size, size_t oldest, uint64_t address, uint64_t length)
{
	if (__builtin_expect(length == size, 1))
		return thunk_copy_in(to, address, size);
	return thunk_other_struct_in(to, size, oldest, address, length);
}

/* The message of the call that the current thread makes. */
static inline struct message *thunk_message(void)
{
	return arch_frame_message(&current_thread()->runner.frame);
}

/* The windows that it lends: in its frame, where they stay while it waits. */
static inline const struct windows *thunk_windows(void)
{
	return arch_frame_windows(&current_thread()->runner.frame);
}

#if DEBUG_CHECKS
/* Returns `result`; panics, naming the line, when it is an error that the line doesn't declare. */
long thunk_result(uint64_t number, long result);
#else
static inline long thunk_result(uint64_t number, long result)
{
	(void)number;
	return result;
}
#endif
