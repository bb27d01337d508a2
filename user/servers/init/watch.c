/* Waiting for processes. The threads have no thread-local data, so they call nothing of the C library. */
#include "watch.h"

#include <abi/abi.h>
#include <tabula/handles.h>

void watch_entry(void);
__asm__("	.text\n"
	"watch_entry:\n"
	"	.option push\n"
	"	.option norelax\n"
	"	la	gp, __global_pointer$\n"
	"	.option pop\n"
	"	tail	watch_run\n");

static void wait_for_turn(struct watch *watch, uint32_t after)
{
	while (__atomic_load_n(&watch->turn, __ATOMIC_ACQUIRE) == after)
		(void)futex_wait((uintptr_t)&watch->turn, after, DEADLINE_NEVER);
}

void watch_run(struct watch *watch);
__attribute__((used)) void watch_run(struct watch *watch)
{
	for (uint32_t turn = 0;; turn++) {
		wait_for_turn(watch, turn);
		(void)process_wait(watch->process, DEADLINE_NEVER, &watch->result);
		(void)handle_close(ANY(watch->process));
		(void)notification_signal(watch->changes, watch->bit);
	}
}

int watch_init(struct watch *watch, notification_handle changes, uint64_t bit)
{
	watch->changes = changes;
	watch->bit = bit;

	thread_handle thread = thread_create(own_process(), (uintptr_t)watch_entry,
		(uintptr_t)watch->stack + sizeof(watch->stack), (uintptr_t)watch);

	if (thread.value < 0)
		return thread.value;
	(void)handle_close(ANY(thread));
	return 0;
}

void watch_process(struct watch *watch, process_handle process)
{
	watch->process = process;
	__atomic_add_fetch(&watch->turn, 1, __ATOMIC_RELEASE);
	(void)futex_wake((uintptr_t)&watch->turn, 1);
}
