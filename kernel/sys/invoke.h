/*
 * Calls from inside the kernel, by number or by name, on behalf of the current thread, through the same thunks and
 * so with the same checks: for tests and tracing, which know calls by their metadata only.
 */
#pragma once

#include <stdint.h>

/*
 * -ENOSYS for no such call; -EINVAL when `count` is not what the call takes, or it takes a message, which comes from user mode
 * only and leaves without returning. Arguments are those of registers: a packed call takes its struct's address and size.
 */
long call_invoke(uint64_t number, unsigned count, const uint64_t *arguments);
long call_invoke_name(const char *name, unsigned count, const uint64_t *arguments);
