/* Threads that run nothing of the C library. */
#include "plain_thread.h"

#include <stdint.h>
#include <tabula/handles.h>

void plain_thread_entry(void);
__asm__("	.text\n"
	"plain_thread_entry:\n"
	"	.option push\n"
	"	.option norelax\n"
	"	la	gp, __global_pointer$\n"
	"	.option pop\n"
	"	tail	plain_thread_run\n");

void plain_thread_run(struct plain_thread *thread);
__attribute__((used)) void plain_thread_run(struct plain_thread *thread)
{
	thread->run(thread->argument);
}

int plain_thread_start(struct plain_thread *thread, void (*run)(void *argument), void *argument)
{
	thread->run = run;
	thread->argument = argument;

	thread_handle handle = thread_create(own_process(), (uintptr_t)plain_thread_entry,
		(uintptr_t)thread->stack + sizeof(thread->stack), (uintptr_t)thread);

	if (handle.value < 0)
		return handle.value;
	(void)handle_close(ANY(handle));
	return 0;
}
