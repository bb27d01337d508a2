/* Calls from inside the kernel. See invoke.h. */
#include "sys/invoke.h"

#include "kernel/syscalls.h"
#include "sys/metadata.h"

enum { REGISTERS = 6, PACKED_ARITY = 2 };

static long invoke(const struct call_info *call, unsigned count, const uint64_t *arguments)
{
	uint64_t a[REGISTERS] = {0};

	if (!call)
		return -ENOSYS;
	if (call->attributes & CALL_MESSAGE)
		return -EINVAL;
	if (count != (call->attributes & CALL_PACKED ? PACKED_ARITY : call->arity))
		return -EINVAL;
	for (unsigned i = 0; i < count; i++)
		a[i] = arguments[i];
	return native_table[call->number](a[0], a[1], a[2], a[3], a[4], a[5]);
}

long call_invoke(uint64_t number, unsigned count, const uint64_t *arguments)
{
	return invoke(call_by_number(number), count, arguments);
}

long call_invoke_name(const char *name, unsigned count, const uint64_t *arguments)
{
	return invoke(call_by_name(name), count, arguments);
}
