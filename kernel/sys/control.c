/* Calls that stop threads, end them, and look into them. */
#include "object/control.h"

#include "kernel/syscalls.h"
#include "object/thread.h"

long sys_thread_suspend(struct thread *t)
{
	return control_suspend(t);
}

long sys_thread_resume(struct thread *t)
{
	return control_resume(t);
}

long sys_thread_cancel(struct thread *t)
{
	return control_cancel(t);
}

long sys_thread_kill(struct thread *t)
{
	int result = control_kill(t);

	if (!this_hart()->current)
		arch_leave();
	return result;
}

long sys_thread_set_priority(struct thread *t, uint32_t priority)
{
	return control_set_priority(t, priority);
}

long sys_thread_set_affinity(struct thread *t, uint64_t harts_allowed)
{
	return control_set_harts(t, harts_allowed);
}

long sys_thread_read(struct thread *t, struct registers *registers)
{
	return control_read(t, registers);
}

long sys_thread_write(struct thread *t, const struct registers *registers)
{
	return control_write(t, registers);
}

long sys_thread_read_float(struct thread *t, struct float_registers *registers)
{
	return control_read_float(t, registers);
}

long sys_thread_write_float(struct thread *t, const struct float_registers *registers)
{
	return control_write_float(t, registers);
}
