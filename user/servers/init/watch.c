/* Waiting for processes. */
#include "watch.h"

#include <abi/abi.h>
#include <tabula/handles.h>

static void wait_for_turn(struct watch *watch, uint32_t after)
{
	while (__atomic_load_n(&watch->turn, __ATOMIC_ACQUIRE) == after)
		(void)futex_wait((uintptr_t)&watch->turn, after, DEADLINE_NEVER);
}

static void run(void *argument)
{
	struct watch *watch = argument;

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
	return plain_thread_start(&watch->thread, run, watch);
}

void watch_process(struct watch *watch, process_handle process)
{
	watch->process = process;
	__atomic_add_fetch(&watch->turn, 1, __ATOMIC_RELEASE);
	(void)futex_wake((uintptr_t)&watch->turn, 1);
}
