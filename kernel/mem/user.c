/* Copies of the current address space; the instructions are the architecture's. */
#include "mem/user.h"

#include "arch.h"
#include "panic.h"

int user_copy_in(void *to, struct user_in from, size_t offset, size_t size)
{
	assert(offset <= from.size && size <= from.size - offset);
	return arch_user_read(to, from.address.value + offset, size);
}

int user_copy_out(struct user_out to, size_t offset, const void *from, size_t size)
{
	assert(offset <= to.size && size <= to.size - offset);
	return arch_user_write(to.address.value + offset, from, size);
}
