/*
 * Four harts: threads that wait for each other, sleep, yield and end at any moment, and random calls made of the
 * call table's metadata. After each round nobody is left, nothing is lost, and no frame either.
 *
 *	harts [SEED]
 */
#include <stdlib.h>

#include "abi/abi.h"
#include "abi/syscall_numbers.h"
#include "hart.h"
#include "hosted.h"
#include "kernel/syscalls.h"
#include "lib/string.h"
#include "mem/frame.h"
#include "object/process.h"
#include "object/system.h"
#include "object/thread.h"
#include "sys/metadata.h"
#include "tabula/ktap.h"

enum {
	INIT,
	ENDER, /* yields, sleeps, and exits with its argument */
	WAITER, /* waits for the process of handle 'first' of its table */
	SIBLING, /* sleeps for ever, or yields for ever */
	KEEPER, /* ends its process when that has had its time */
	FUZZER, /* makes random calls; nothing is behind it */
	PROCESSES = 12,
	WAITERS = 3,
	ROUNDS = 40,
	FUZZ_ROUNDS = 60,
	FUZZ_THREADS = 6,
	KEEPER_TURNS = 2000,
	KEEPER_TURN_NS = 10000,
	STACK_PAGES = HOSTED_STACK_SIZE / PAGE_SIZE,
};

#define STACK HOSTED_STACK

/* The first handle of a fuzzed process. */
#define OWN_PROCESS (1u << HANDLE_INDEX_BITS)

static uint64_t seed = 1;
static uint32_t waiters;
static uint32_t right_answers, wrong_answers, calls_left, calls_made, calls_done_well; /* atomic */

static void add(uint32_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static void init(struct trapframe *frame)
{
	hosted_call(frame, SYS_thread_sleep, UINT64_MAX, 0, 0, 0);
}

static void ender(struct trapframe *frame)
{
	uint64_t *random = &frame->state[0];

	if (!*random)
		*random = frame->argument + 1;
	switch (hosted_random(random) % 8) {
	case 0:
	case 1:
	case 2:
		hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
		return;
	case 3:
	case 4:
		hosted_call(
			frame, SYS_thread_sleep, arch_time_now() + hosted_random(random) % 100000, 0, 0, 0);
		return;
	case 5: /* a page of its stack */
		frame->action = HOSTED_STORE;
		frame->address = STACK + hosted_random(random) % (STACK_PAGES * PAGE_SIZE);
		return;
	case 6:
		hosted_call(frame, SYS_memory_create, PAGE_SIZE, 0, 0, 0);
		return;
	}
	hosted_call(frame, SYS_process_exit, frame->argument & 0xffff, 0, 0, 0);
}

/* Its argument is the handle, above it the status that the process will have, and above that its own number. */
static void waiter(struct trapframe *frame)
{
	uint64_t buffer = STACK + PAGE_SIZE / 2 + (frame->argument >> 40) * 72; /* one is across two pages */
	uint64_t deadline = frame->argument % 3 ? arch_time_now() + 500 + frame->argument % 1000 : UINT64_MAX;

	switch (frame->state[0]) {
	case 1:
		if (frame->result != -ETIMEDOUT)
			break;
		__attribute__((fallthrough)); /* it tries again */
	case 0:
		frame->state[0] = 1;
		hosted_call(frame, SYS_process_wait, (uint32_t)frame->argument, deadline, buffer, 0);
		return;
	case 2:
		if ((uint8_t)frame->result == (uint8_t)(frame->argument >> 32))
			add(&right_answers);
		else
			add(&wrong_answers);
		hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
		return;
	}
	frame->state[0] = 2;
	if (frame->result)
		add(&wrong_answers);
	frame->action = HOSTED_LOAD;
	frame->address = buffer + offsetof(struct process_result, status);
}

static void sibling(struct trapframe *frame)
{
	if (frame->argument)
		hosted_call(frame, SYS_thread_sleep, UINT64_MAX, 0, 0, 0);
	else
		hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
}

/* ---- random calls */

/* Numbers where things go wrong. */
static uint64_t odd_number(uint64_t *random)
{
	static const uint64_t numbers[] = {0, 1, 7, 8, 4095, 4096, 8192, USER_BASE, USER_BASE - 1, USER_TOP,
		USER_TOP - 1, USER_TOP - 4096, 1ul << 31, UINT32_MAX, 1ul << 63, UINT64_MAX,
		UINT64_MAX - 4095};

	return numbers[hosted_random(random) % (sizeof(numbers) / sizeof(numbers[0]))];
}

static uint64_t address(uint64_t *random)
{
	uint64_t kind = hosted_random(random) % 8;

	if (kind == 0)
		return odd_number(random);
	if (kind == 1)
		return 0x2000000000ul + hosted_random(random) % 64 * PAGE_SIZE;
	return STACK + hosted_random(random) % (STACK_PAGES * PAGE_SIZE);
}

static uint64_t handle(uint64_t *random)
{
	uint64_t kind = hosted_random(random) % 16;

	if (kind == 0)
		return hosted_random(random);
	return 1u << HANDLE_INDEX_BITS |
	       (hosted_random(random) % (kind < 12 ? 8 : 64)); /* first generation */
}

static uint64_t argument(const struct arg_info *info, uint64_t *random)
{
	switch (info->kind) {
	case VALUE_HANDLE:
		return handle(random);
	case VALUE_BUFFER:
	case VALUE_STRUCT:
		return address(random);
	case VALUE_ADDRESS:
		if (hosted_random(random) % 2)
			return HOSTED_ENTRY(FUZZER + !(hosted_random(random) % 8));
		return address(random) & ~4095ul;
	case VALUE_FLAGS:
	case VALUE_ENUM:
		return hosted_random(random) % 5;
	default:
		break;
	}
	if (!strcmp(info->name, "deadline"))
		return hosted_random(random) % 4 ? arch_time_now() + hosted_random(random) % 10000 : 0;
	if (!strcmp(info->name, "rights"))
		return hosted_random(random) % 2 ? RIGHTS_SAME : hosted_random(random) & 0x703;
	if (hosted_random(random) % 4 == 0)
		return odd_number(random);
	return hosted_random(random) % 4 * (hosted_random(random) % 2 ? PAGE_SIZE : 13);
}

/* A packed call: its struct goes to user memory, as far as that is there. */
static void put_struct(struct trapframe *frame, const struct call_info *call, uint64_t *random)
{
	uint8_t bytes[256] = {0};
	uint64_t at = address(random);

	for (unsigned i = 0; i < call->arity; i++) {
		uint64_t value = argument(&call->args[i], random);
		size_t size = call->args[i].size ? call->args[i].size : 8;

		if (call->args[i].kind == VALUE_HANDLE)
			size = 4;
		memcpy(bytes + call->args[i].position, &value, size);
	}
	for (unsigned i = 0; i < call->packed_size; i++)
		hosted_store(at + i, bytes[i]); /* where a page is missing the call finds zeros, or none */
	hosted_call(frame, call->number, at, call->packed_size + (hosted_random(random) % 8 == 0), 0, 0);
}

static const struct call_info *random_call(uint64_t *random)
{
	for (;;) {
		const struct call_info *call = call_by_number(hosted_random(random) % SYSCALL_SLOTS);

		if (!call || call->number == SYS_system_shutdown)
			continue;
		if (call->attributes & CALL_NORETURN && hosted_random(random) % 64)
			continue;
		return call;
	}
}

static void random_step(struct trapframe *frame, uint64_t *random)
{
	const struct call_info *call = random_call(random);

	switch (hosted_random(random) % 32) {
	case 0:
		hosted_call(
			frame, hosted_random(random) % (SYSCALL_SLOTS + 4), hosted_random(random), 0, 0, 0);
		if (frame->number == SYS_system_shutdown)
			frame->number = 0;
		return;
	case 1:
	case 2:
		frame->action = hosted_random(random) % 2 ? HOSTED_LOAD : HOSTED_STORE;
		frame->address = STACK + hosted_random(random) % (STACK_PAGES * PAGE_SIZE);
		return;
	case 3:
		if (hosted_random(random) % 8)
			break;
		frame->action = HOSTED_STORE;
		frame->address = address(random);
		return;
	}
	if (call->attributes & CALL_PACKED) {
		put_struct(frame, call, random);
		return;
	}
	hosted_call(frame, call->number, 0, 0, 0, 0);
	for (unsigned i = 0; i < call->arity; i++)
		frame->a[call->args[i].position] = argument(&call->args[i], random);
	/* What is stopped, or waits for itself, would stay for ever once nobody has a handle to it. */
	if (call->number == SYS_thread_suspend || call->number == SYS_process_set_exceptions)
		frame->number = SYS_thread_yield;
	if (call->number == SYS_process_limit && hosted_random(random) % 64)
		frame->a[1] |= 1ul << 30; /* or nothing would succeed any more */
	/* In its own process: one that was stopped in a process that nobody can end would stay for ever. */
	if (call->number == SYS_thread_create || call->number == SYS_thread_create_like ||
		call->number == SYS_process_start)
		frame->a[0] = OWN_PROCESS;
}

static void fuzzer(struct trapframe *frame)
{
	uint64_t *random = &frame->state[0];

	if (!*random) {
		*random = frame->argument + 1;
	} else if (frame->action == HOSTED_CALL) {
		add(&calls_made);
		if (frame->result >= 0)
			add(&calls_done_well);
	}
	if ((int32_t)__atomic_sub_fetch(&calls_left, 1, __ATOMIC_RELAXED) <= 0)
		hosted_call(frame, SYS_process_exit, 0, 0, 0, 0);
	else
		random_step(frame, random);
}

/*
 * The threads of a fuzzed process may all wait for what never comes, while a timer that they have made fires again and
 * again: then the machine would never be quiet.
 */
static void keeper(struct trapframe *frame)
{
	if (frame->state[0]++ == KEEPER_TURNS)
		hosted_call(frame, SYS_process_exit, 0, 0, 0, 0);
	else
		hosted_call(frame, SYS_thread_sleep, arch_time_now() + KEEPER_TURN_NS, 0, 0, 0);
}

/* ---- rounds */

/* Some processes that end, and in each some threads that wait for another. */
static void start_waits(void *unused)
{
	struct process *ending[PROCESSES], *waiting = hosted_new_process();

	(void)unused;
	waiters = 0;
	for (unsigned i = 0; i < PROCESSES; i++) {
		uint64_t status = hosted_random(&seed) & 0xff;
		handle_result handle;

		ending[i] = hosted_new_process();
		handle = handle_add(waiting, &ending[i]->object, RIGHTS_PROCESS_ALL);
		if (handle.value == -EBUSY) /* all waiters so far have got their answer */
			continue;
		HOSTED_REQUIRE(handle.value > 0);
		for (unsigned n = 0; n < WAITERS; n++)
			waiters += hosted_start(waiting, WAITER,
				(uint64_t)handle.value | status << 32 | (uint64_t)(i * WAITERS + n) << 40);
		hosted_start(ending[i], ENDER, (hosted_random(&seed) & 0xff0000) | status);
		hosted_start(ending[i], SIBLING, hosted_random(&seed) % 2);
	}
	for (unsigned i = 0; i < PROCESSES; i++)
		object_put(&ending[i]->object);
	object_put(&waiting->object);
}

static struct process *fuzzed[2];

static void start_fuzz(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < 2; i++)
		fuzzed[i] = hosted_new_process();
	for (unsigned i = 0; i < 2; i++) {
		struct memory *memory = memory_create(8 * PAGE_SIZE);

		HOSTED_REQUIRE(memory);
		hosted_give(fuzzed[i], &fuzzed[i]->object, RIGHTS_PROCESS_ALL);
		hosted_give(fuzzed[i], &fuzzed[!i]->object, RIGHTS_PROCESS_ALL);
		hosted_give(fuzzed[i], &memory->object, RIGHTS_MEMORY_ALL);
		hosted_give(fuzzed[i], &system_root.object, RIGHTS_SYSTEM_ALL);
		object_put(&memory->object);
		hosted_start(fuzzed[i], KEEPER, 0);
		for (unsigned n = 0; n < FUZZ_THREADS; n++)
			hosted_start(fuzzed[i], FUZZER, hosted_random(&seed) >> 1);
	}
}

/* Whoever sleeps for ever goes with its process. */
static void end_fuzz(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < 2; i++) {
		process_end(fuzzed[i], &(struct process_result){.reason = END_REASON_EXITED});
		object_put(&fuzzed[i]->object);
	}
}

static bool test_waits(size_t free)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		right_answers = wrong_answers = 0;
		hosted_do(round % 4, start_waits, NULL);
		hosted_check();
		if (right_answers != waiters || waiters < WAITERS || wrong_answers ||
			hosted_free_frames() != free) {
			ktap_diagnose("round %u: %u right, %u wrong, %zu of %zu frames free", round,
				right_answers, wrong_answers, hosted_free_frames(), free);
			return false;
		}
	}
	return true;
}

static bool test_fuzz(size_t free)
{
	for (unsigned round = 0; round < FUZZ_ROUNDS; round++) {
		calls_left = 3000;
		hosted_do(round % 4, start_fuzz, NULL);
		hosted_check();
		hosted_do(round % 3, end_fuzz, NULL);
		hosted_check();
		if (hosted_free_frames() != free) {
			ktap_diagnose("round %u: %zu of %zu frames free", round, hosted_free_frames(), free);
			return false;
		}
		(void)hosted_printed();
	}
	return true;
}

int main(int count, char **arguments)
{
	static hosted_program *const programs[] = {init, ender, waiter, sibling, keeper, fuzzer, NULL};
	size_t free;

	seed = count > 1 ? strtoul(arguments[1], NULL, 0) : 1;
	ktap_plan(4);
	hosted_boot(&(struct hosted_machine){4, 4 << 20, "log=error", programs});
	hosted_check();
	ktap_equal(hart_count(), 4, "four harts are online");
	hosted_share_once();
	free = hosted_free_frames();
	ktap_ok(test_waits(free),
		"whoever waits for the end of a process gets its status, and nothing is left");
	ktap_ok(test_fuzz(free), "random calls leave nothing behind");
	ktap_ok(calls_done_well > calls_made / 10, "many of them had work to do");
	ktap_diagnose("%u calls, %u of them without error", calls_made, calls_done_well);
	return ktap_end();
}
