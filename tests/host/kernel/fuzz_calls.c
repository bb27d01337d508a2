/*
 * A fuzzer guided by coverage: libFuzzer makes the input, which is read as a list of calls, typed by the call table, that
 * threads of a prepared world make one after the other. Afterwards the world goes, and the kernel has to be as before: no
 * frame is lost, every queue is whole, and no call has returned an error that its line does not declare.
 *
 * `make fuzz` builds and runs it. `build/host/fuzz/calls FILE` repeats what an input did.
 */
#include "abi/abi.h"
#include "abi/syscall_numbers.h"
#include "lib/string.h"
#include "object/process.h"
#include "tabula/ktap.h"
#include "world.h"

enum {
	DRIVER = WORLD_PROGRAMS,
	MEMORY = 8 << 20,
	STEPS_MOST = 200, /* of all threads of an input */
	RECENT = 8, /* handles that calls have returned lately */
	LATER_NS = 5000,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	const uint8_t *data;
	size_t left;
	unsigned steps;
	uint64_t recent[RECENT];
	struct process *driver;
	bool is_settled, has_token;
} input;

/* Bytes of the input as a number; zeros behind its end. */
static uint64_t next(unsigned bytes)
{
	uint64_t value = 0;

	for (; bytes-- && input.left; input.left--)
		value = value << 8 | *input.data++;
	return value;
}

static uint64_t odd_number(void)
{
	static const uint64_t numbers[] = {0, 1, 3, 4, 8, 4095, 4096, 8192, USER_BASE, USER_BASE - 1,
		USER_TOP, USER_TOP - 1, USER_TOP - 4096, 1ul << 31, UINT32_MAX, 1ul << 38, 1ul << 62,
		1ul << 63, UINT64_MAX, UINT64_MAX - 4095, WORLD_PRESENT, WORLD_FRESH, WORLD_FRESH - 4096,
		WORLD_FRESH + WORLD_FRESH_PAGES * PAGE_SIZE - 8, HOSTED_ENTRY(DRIVER)};

	return numbers[next(1) % (sizeof(numbers) / sizeof(numbers[0]))];
}

static uint64_t argument(const struct call_info *call, const struct arg_info *arg)
{
	switch (next(1) % 8) {
	case 0:
		return odd_number();
	case 1:
		return next(1);
	case 2:
		return next(8);
	case 3:
	case 4:
		if (arg->kind == VALUE_HANDLE)
			return input.recent[next(1) % RECENT];
		if (!strcmp(arg->name, "deadline"))
			return arch_time_now() + next(1) * LATER_NS;
		return arg->kind == VALUE_FLAGS ? next(1) % 8 : next(1) * PAGE_SIZE;
	default:
		return world_argument(call, arg);
	}
}

/* Calls after which there is no machine any more. */
static bool is_unwelcome(const struct call_info *call)
{
	return call->number == SYS_system_shutdown;
}

static const struct call_info *next_call(void)
{
	for (unsigned number = (unsigned)next(1);; number++) {
		const struct call_info *call = call_by_number(number % SYSCALL_SLOTS);

		if (call && !is_unwelcome(call))
			return call;
	}
}

static void make_call(struct trapframe *frame)
{
	const struct call_info *call = next_call();
	uint64_t values[WORLD_ARITY];

	for (unsigned i = 0; i < call->arity; i++)
		values[i] = argument(call, &call->args[i]);
	world_call_with(frame, call, values);
	if (call->attributes & CALL_MESSAGE) {
		struct message *message = arch_frame_message(frame);
		uint64_t how = next(1);

		message->label = (uint32_t)next(1);
		message->token = how & 1 ? message->token : (uint32_t)input.recent[how % RECENT];
		message->word[0] = input.recent[(how >> 1) % RECENT];
		message->deadline = how & 2 ? 0 : how & 4 ? DEADLINE_NEVER : arch_time_now() + LATER_NS * how;
	}
}

static void touch(struct trapframe *frame)
{
	frame->action = next(1) % 2 ? HOSTED_LOAD : HOSTED_STORE;
	frame->address = WORLD_FRESH + next(2) % ((WORLD_FRESH_PAGES + 1) * PAGE_SIZE);
}

/* What a call returned may be a handle, or a token of ipc_receive. */
static void keep(const struct trapframe *frame)
{
	if (frame->action == HOSTED_CALL && frame->result > 0)
		input.recent[input.steps % RECENT] = (uint64_t)frame->result;
	if (frame->action == HOSTED_CALL && frame->number == SYS_ipc_receive && !frame->result)
		input.recent[input.steps % RECENT] = ((const struct message *)&frame->a[1])->token;
}

/* The first thread waits until the world has settled, and takes a call; then it and those it starts follow the input. */
static bool prepare(struct trapframe *frame)
{
	if (!input.is_settled) {
		input.is_settled = world_is_settled();
		if (input.is_settled)
			world_receive(frame);
		else
			hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
		return true;
	}
	if (!input.has_token) {
		input.has_token = true;
		world_received(frame);
	}
	return false;
}

static void driver(struct trapframe *frame)
{
	if (prepare(frame))
		return;
	keep(frame);
	if (!input.left || input.steps++ == STEPS_MOST)
		hosted_call(frame, SYS_process_exit, 0, 0, 0, 0);
	else if (*input.data % 16 == 15)
		next(1), touch(frame);
	else
		make_call(frame);
}

static void start(void *unused)
{
	(void)unused;
	input.driver = world_make(DRIVER, 0);
}

/* Its threads may wait for ever, and timers that it has made fire for ever: they go with it. */
static void finish(void *unused)
{
	(void)unused;
	hosted_kill(input.driver);
	world_end();
	object_put(&input.driver->object);
}

/*
 * A timer that fires again and again keeps the machine from being quiet, so the calls end by a program that sleeps for a
 * while and then ends the driver.
 */
static void ender(struct trapframe *frame)
{
	if (!frame->state[0]++) {
		hosted_call(frame, SYS_thread_sleep, arch_time_now() + 100 * LATER_NS, 0, 0, 0);
		return;
	}
	hosted_kill(input.driver);
	hosted_call(frame, SYS_process_exit, 0, 0, 0, 0);
}

static void start_all(void *unused)
{
	struct process *other = hosted_new_process();

	start(unused);
	hosted_start(other, DRIVER + 1, 0);
	object_put(&other->object);
}

static size_t boot(void)
{
	static hosted_program *const programs[] = {
		world_init, world_caller, world_leaver, driver, ender, NULL};
	static size_t free;

	if (!free) {
		hosted_boot(&(struct hosted_machine){1, MEMORY, "log=error", programs});
		hosted_share_once();
		free = hosted_free_frames();
	}
	return free;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t free = boot();

	memset(&input, 0, sizeof(input));
	input.data = data;
	input.left = size;
	hosted_do(0, start_all, NULL);
	hosted_do(0, finish, NULL);
	hosted_check();
	HOSTED_REQUIRE(hosted_free_frames() == free);
	(void)hosted_printed();
	return 0;
}
