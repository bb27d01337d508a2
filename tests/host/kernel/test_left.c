/*
 * Two harts give back the last references to a process at the same time, one that never had a thread: each closes its handle, and
 * only one of them may see to its end.
 */
#include "abi/abi.h"
#include "abi/syscall_numbers.h"
#include "host.h"
#include "hosted.h"
#include "kernel/syscalls.h"
#include "object/handle.h"
#include "object/process.h"
#include "tabula/ktap.h"

enum { INIT, CLOSER, CLOSERS = 2, HANDLES = 100, ROUNDS = 30 };

static struct process *owners[CLOSERS];
static uint32_t handles[CLOSERS][HANDLES];
static uint32_t arrived[HANDLES], closed; /* atomic */

static void init(struct trapframe *frame)
{
	hosted_call(frame, SYS_thread_sleep, UINT64_MAX, 0, 0, 0);
}

/* Closes one handle after the other, each when the other closer has come to its own. state[0]: the next one. */
static void closer(struct trapframe *frame)
{
	uint64_t next = frame->state[0]++;

	if (next && !frame->result)
		__atomic_fetch_add(&closed, 1, __ATOMIC_RELAXED);
	if (next == HANDLES) {
		hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
		return;
	}
	__atomic_fetch_add(&arrived[next], 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&arrived[next], __ATOMIC_ACQUIRE) < CLOSERS)
		host_yield();
	hosted_call(frame, SYS_handle_close, handles[frame->argument][next], 0, 0, 0);
}

static void start(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < CLOSERS; i++)
		owners[i] = hosted_new_process();
	for (unsigned n = 0; n < HANDLES; n++) {
		struct process *process = process_create("", 0);

		HOSTED_REQUIRE(process);
		arrived[n] = 0;
		for (unsigned i = 0; i < CLOSERS; i++)
			handles[i][n] = hosted_give(owners[i], &process->object, RIGHTS_PROCESS_ALL);
		object_put(&process->object);
	}
	for (unsigned i = 0; i < CLOSERS; i++)
		HOSTED_REQUIRE(hosted_start(owners[i], CLOSER, i));
}

static void end(void *all_ended)
{
	for (unsigned i = 0; i < CLOSERS; i++) {
		*(bool *)all_ended &= owners[i]->ended;
		object_put(&owners[i]->object);
	}
}

int main(void)
{
	static hosted_program *const programs[] = {init, closer, NULL};
	bool all_ended = true;
	size_t free;

	ktap_plan(1);
	hosted_boot(&(struct hosted_machine){CLOSERS + 1, 8 << 20, "log=error", programs});
	free = hosted_free_frames();
	for (unsigned i = 0; i < ROUNDS; i++) {
		hosted_do(CLOSERS, start, NULL);
		hosted_check();
		hosted_do(0, end, &all_ended);
		hosted_check();
	}
	ktap_ok(all_ended && closed == CLOSERS * ROUNDS * HANDLES && hosted_free_frames() == free,
		"a process whose last handles are closed at once goes once");
	return ktap_end();
}
