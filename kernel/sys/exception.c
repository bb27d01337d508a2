/* Calls about exceptions of other threads. */
#include "object/exception.h"

#include "kernel/syscalls.h"
#include "object/process.h"

long sys_process_set_exceptions(struct process *p, struct endpoint *e)
{
	return exception_set_endpoint(p, e);
}

long sys_process_clear_exceptions(struct process *p)
{
	return exception_set_endpoint(p, NULL);
}

long sys_exception_read(struct endpoint *e, uint32_t token, struct registers *registers)
{
	return exception_get(e, token, registers);
}

long sys_exception_write(struct endpoint *e, uint32_t token, const struct registers *registers)
{
	return exception_set(e, token, registers);
}

long sys_process_set_table(struct process *p, enum abi abi)
{
	return process_set_table(p, abi == ABI_FOREIGN ? foreign_table : NULL);
}
