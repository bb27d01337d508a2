/* What the thunks stand on, with three objects and the host's own memory as that of the user. */
#pragma once
#include <string.h>
#include "kernel/syscalls.h"
#define TRY(expression) \
	do { \
		int failed = (expression); \
		if (failed) \
			return failed; \
	} while (0)

enum { CALL_AGAIN = -4097 };
long thread_restart_call(void);

struct object {
	int type;
	uint32_t rights;
};
extern struct object objects[4];
extern uint32_t rights_asked;

struct windows {
	uint64_t read_address, write_address;
	uint32_t read_size, write_size;
};
extern struct windows lent;

static inline struct message *thunk_message(void)
{
	return (struct message *)&rights_asked; /* any address: nobody looks there */
}
static inline const struct windows *thunk_windows(void)
{
	return &lent;
}

static inline struct thing *thing_of(struct object *o)
{
	return (struct thing *)o;
}
static inline struct other *other_of(struct object *o)
{
	return (struct other *)o;
}

static inline int thunk_handle(uint64_t value, enum object_type type, uint32_t rights, struct handle_ref *out)
{
	if (value < 1 || value > 3)
		return -EBADF;
	*out = (struct handle_ref){&objects[value], objects[value].rights, value};
	if (type != OBJECT_ANY && out->object->type != (int)type)
		return -EFTYPE;
	rights_asked = rights;
	return rights & ~out->rights ? -EACCES : 0;
}

static inline int thunk_range(uint64_t address, uint64_t count, size_t element)
{
	uint64_t size;

	return __builtin_mul_overflow(count, element, &size) || address == 0 ? -EFAULT : 0;
}

static inline int thunk_struct_range(uint64_t address, size_t size)
{
	return thunk_range(address, 1, size);
}

static inline int thunk_copy_in(void *to, uint64_t address, size_t size)
{
	TRY(thunk_range(address, 1, size));
	memcpy(to, (const void *)address, size);
	return 0;
}

static inline int thunk_copy_out(uint64_t address, const void *from, size_t size)
{
	memcpy((void *)address, from, size);
	return 0;
}

static inline int thunk_struct_in(void *to, size_t size, size_t oldest, uint64_t address, uint64_t length)
{
	if (length < oldest)
		return -EINVAL;
	if (length > size)
		return -E2BIG;
	memset(to, 0, size);
	return thunk_copy_in(to, address, length);
}

static inline long thunk_result(uint64_t number, long result)
{
	(void)number;
	return result;
}
