/* Waiting for processes. */
#include "watch.h"

#include <abi/abi.h>
#include <stdbool.h>
#include <tabula/handles.h>

static void wait_for_turn(struct watch *watch, uint32_t after)
{
	while (__atomic_load_n(&watch->turn, __ATOMIC_ACQUIRE) == after)
		(void)futex_wait((uintptr_t)&watch->turn, after, DEADLINE_NEVER);
}

static uint32_t number_of(process_handle process)
{
	struct process_info info;

	return process_info(process, &info) ? 0 : info.id;
}

/* The process that runs the program now, instead of one that has ended. False: the program has ended. */
static bool follow(struct watch *watch)
{
	process_handle next = watch->next ? watch->next() : (process_handle){0};
	bool is_new;

	if (next.value <= 0)
		return false;
	is_new = number_of(next) != number_of(watch->process);
	(void)handle_close(ANY(is_new ? watch->process : next));
	if (is_new)
		watch->process = next;
	return is_new;
}

static void run(void *argument)
{
	struct watch *watch = argument;

	for (uint32_t turn = 0;; turn++) {
		wait_for_turn(watch, turn);
		do
			(void)process_wait(watch->process, DEADLINE_NEVER, &watch->result);
		while (follow(watch));
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
