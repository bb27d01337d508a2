/* Copies of the current address space; the instructions are the architecture's. */
#include "mem/user.h"

#include "arch.h"
#include "panic.h"

/* The address of an empty range can be anything: the thunk has not looked at it, and it isn't touched here. */

int user_copy_in(void *to, struct user_in from, size_t offset, size_t size)
{
	assert(offset <= from.size && size <= from.size - offset);
	return size ? arch_user_read(to, from.address.value + offset, size) : 0;
}

int user_copy_out(struct user_out to, size_t offset, const void *from, size_t size)
{
	assert(offset <= to.size && size <= to.size - offset);
	return size ? arch_user_write(to.address.value + offset, from, size) : 0;
}
