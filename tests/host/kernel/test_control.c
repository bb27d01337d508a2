/*
 * Threads that are stopped just after they were made, while others send them from hart to hart, on four harts; and in
 * some rounds their process is killed meanwhile. A stopped thread that does not wait can be written to, wherever it was
 * on its way to; and whoever asks for something of a thread that has ended is told so.
 *
 *	control [SEED]
 */
#include <stdlib.h>

#include "abi/abi.h"
#include "abi/errors.h"
#include "abi/syscall_numbers.h"
#include "hosted.h"
#include "kernel/syscalls.h"
#include "object/handle.h"
#include "object/process.h"
#include "tabula/ktap.h"

enum { INIT, SPINNER, CONTROLLER, MOVER, KILLER, MAKER, CONTROLLERS = 3, TURNS = 100, ROUNDS = 24 };

/* The first handle of its process is one to itself. */
#define OWN_PROCESS (1ul << HANDLE_INDEX_BITS)

static uint64_t seed = 1;
static unsigned round;
static struct process *process; /* of the round */
static uint32_t turns, wrong, over; /* atomic */
static uint64_t moved[CONTROLLERS]; /* atomic: handles of what the movers move; 0: nothing more */

static bool is_ending(void)
{
	return __atomic_load_n(&process->ending, __ATOMIC_ACQUIRE);
}

/* What the last call of a program gave. Its first word of state says where it is. */
static void expect(const struct trapframe *frame, const char *what, long wanted)
{
	if (frame->result == wanted)
		return;
	__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
	hosted_tell("round %u: %s gave %ld, expected %ld, before step %lu, process ending: %d", round, what,
		frame->result, wanted, (unsigned long)frame->state[0], is_ending());
}

/*
 * The same for a call that gives `ended` when its process has been ended: whoever does that may not have come to interrupt the
 * controller's hart yet, so it goes on for a while and sees what has ended before itself.
 */
static void expect_unless_ending(const struct trapframe *frame, const char *what, long wanted, long ended)
{
	expect(frame, what, frame->result == ended && is_ending() ? ended : wanted);
}

static void init(struct trapframe *frame)
{
	hosted_call(frame, SYS_thread_sleep, UINT64_MAX, 0, 0, 0);
}

static void spinner(struct trapframe *frame)
{
	hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
}

/* state[0]: what comes next; [1]: the thread; [2]: turns so far; [3]: random. The stack is where the registers go. */
static void controller(struct trapframe *frame)
{
	uint64_t thread = frame->state[1], registers = HOSTED_STACK + frame->argument * 512;

	frame->state[3] |= 1;
	switch (frame->state[0]++) {
	case 0:
		hosted_call(frame, SYS_thread_create, OWN_PROCESS, HOSTED_ENTRY(SPINNER), USER_TOP, 0);
		return;
	case 1:
		if (frame->result <= 0) {
			expect_unless_ending(frame, "thread_create", 1, -EBUSY);
			hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
			return;
		}
		frame->state[1] = (uint64_t)frame->result;
		__atomic_store_n(&moved[frame->argument], frame->state[1], __ATOMIC_RELAXED);
		hosted_call(frame, SYS_thread_suspend, frame->state[1], 0, 0, 0);
		return;
	case 2:
		expect_unless_ending(frame, "thread_suspend", 0, -ESRCH);
		hosted_call(frame, SYS_thread_read, thread, registers, 0, 0);
		return;
	case 3:
		expect_unless_ending(frame, "thread_read", 0, -ESRCH);
		hosted_call(frame, SYS_thread_write, thread, registers, 0, 0);
		return;
	case 4:
		expect_unless_ending(frame, "thread_write", 0, -ESRCH);
		hosted_call(frame, SYS_thread_resume, thread, 0, 0, 0);
		return;
	case 5: /* it moves now, perhaps, and is stopped again */
		expect_unless_ending(frame, "thread_resume", 0, -ESRCH);
		hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
		return;
	case 6:
		frame->state[0] = hosted_random(&frame->state[3]) % 4 ? 2 : 7;
		hosted_call(frame, SYS_thread_suspend, thread, 0, 0, 0);
		return;
	case 7:
		expect_unless_ending(frame, "thread_suspend", 0, -ESRCH);
		hosted_call(frame, SYS_thread_kill, thread, 0, 0, 0);
		return;
	case 8:
		expect(frame, "thread_kill", 0);
		hosted_call(frame, SYS_thread_suspend, thread, 0, 0, 0);
		return;
	case 9:
		expect(frame, "thread_suspend of what has ended", -ESRCH);
		hosted_call(frame, SYS_handle_close, thread, 0, 0, 0);
		return;
	default:
		expect(frame, "handle_close", 0);
		break;
	}
	__atomic_fetch_add(&turns, 1, __ATOMIC_RELAXED);
	frame->state[0] = 0;
	if (frame->state[2]++ < TURNS) {
		hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
	} else {
		__atomic_store_n(&moved[frame->argument], 0, __ATOMIC_RELAXED);
		hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
	}
}

/* Sends a controller's thread to one hart after the other, and lets others run: time goes on only when somebody looks at it. */
static void mover(struct trapframe *frame)
{
	uint64_t thread = __atomic_load_n(&moved[frame->argument], __ATOMIC_RELAXED);

	if (frame->result != -ESRCH && frame->result != -EBADF)
		expect(frame, "thread_set_affinity", 0);
	if (++frame->state[0] % 4 == 0)
		hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
	else if (thread)
		hosted_call(frame, SYS_thread_set_affinity, thread, 1 + frame->state[0] % 15, 0, 0);
	else
		hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
}

/* Of another process. Its argument: how many times it lets the others go on before. */
static void killer(struct trapframe *frame)
{
	if (frame->state[0]++ < frame->argument) {
		hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
	} else if (!__atomic_exchange_n(&over, 1, __ATOMIC_RELAXED)) {
		hosted_kill(process);
		frame->state[0] = 0;
	} else {
		hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
	}
}

static void start(void *with_killer)
{
	struct process *other = hosted_new_process();

	process = hosted_new_process();
	over = 0;
	HOSTED_REQUIRE(hosted_give(process, &process->object, RIGHTS_PROCESS_ALL) == OWN_PROCESS);
	for (unsigned i = 0; i < CONTROLLERS; i++) {
		moved[i] = 1; /* no handle, yet */
		hosted_start(process, CONTROLLER, i);
		hosted_start(process, MOVER, i);
	}
	if (with_killer)
		hosted_start(other, KILLER, hosted_random(&seed) % 300);
	object_put(&other->object);
}

static void end(void *unused)
{
	(void)unused;
	object_put(&process->object);
}

/* More threads than are asked to end, or told of a limit, at once. */
enum { CROWD = 100 };

static void start_crowd(void *unused)
{
	(void)unused;
	process = hosted_new_process();
	for (unsigned i = 0; i < CROWD; i++)
		HOSTED_REQUIRE(hosted_start(process, INIT, 0));
}

/* Some of them are asked to end, and before the next ones are, some hear of a limit. */
static void end_crowd(void *unused)
{
	bool more;

	(void)unused;
	hosted_kill(process);
	HOSTED_REQUIRE(!process_limit_priority(process, 3, &more));
}

static void test_crowd(size_t free)
{
	bool ended;

	hosted_do(0, start_crowd, NULL);
	hosted_do(0, end_crowd, NULL);
	ended = process->ended;
	hosted_do(0, end, NULL);
	hosted_check();
	ktap_ok(ended && hosted_free_frames() == free,
		"all of many threads end, whatever else they are told meanwhile");
}

/* Threads that begin stopped, made while their process ends: each is held, or over, or was never one of it. */
enum { MAKERS = 3, LIVES = 40, LIFE_MOST = 20 };

static uint32_t made; /* atomic */

/* Of another process, so that it goes on. state[0]: the handle of the last one. */
static void maker(struct trapframe *frame)
{
	handle_result thread;

	if (frame->state[0]) {
		hosted_call(frame, SYS_handle_close, frame->state[0], 0, 0, 0);
		frame->state[0] = 0;
		return;
	}
	thread = sys_thread_create_with(process, (uaddr_t){HOSTED_ENTRY(SPINNER)}, (uaddr_t){USER_TOP}, 0, 0,
		0, RUNNER_PRIORITY, HARTS_ALL, START_STOPPED);
	if (thread.value > 0) {
		__atomic_fetch_add(&made, 1, __ATOMIC_RELAXED);
		frame->state[0] = (uint64_t)thread.value;
		hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
	} else {
		frame->result = thread.value;
		expect_unless_ending(frame, "thread_create_with", 1, -EBUSY);
		hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
	}
}

static void start_life(void *unused)
{
	struct process *other = hosted_new_process();

	(void)unused;
	process = hosted_new_process();
	over = 0;
	HOSTED_REQUIRE(hosted_start(process, INIT, 0));
	for (unsigned i = 0; i < MAKERS; i++)
		hosted_start(other, MAKER, 0);
	hosted_start(other, KILLER, hosted_random(&seed) % LIFE_MOST);
	object_put(&other->object);
}

static void test_stopped(size_t free)
{
	wrong = 0;
	for (round = 0; round < LIVES; round++) {
		hosted_do(round % 4, start_life, NULL);
		hosted_do(round % 3, end, NULL);
	}
	hosted_check();
	ktap_ok(!wrong && made > LIVES && hosted_free_frames() == free,
		"threads that begin stopped end with their process, whenever that is");
	ktap_diagnose("%u threads began stopped", made);
}

int main(int count, char **arguments)
{
	static hosted_program *const programs[] = {init, spinner, controller, mover, killer, maker, NULL};
	size_t free;

	seed = count > 1 ? strtoul(arguments[1], NULL, 0) : 1;
	ktap_plan(5);
	hosted_boot(&(struct hosted_machine){4, 4 << 20, "log=error", programs});
	free = hosted_free_frames();
	for (round = 0; round < ROUNDS; round++) {
		hosted_do(round % 4, start, round % 2 ? &seed : NULL);
		hosted_check();
		hosted_do(round % 3, end, NULL);
	}
	hosted_check();
	ktap_equal(wrong, 0, "a stopped thread can be written to, and one that has ended is told of");
	ktap_ok(turns > ROUNDS / 2 * CONTROLLERS * TURNS, "every controller came to its end");
	ktap_equal((long)hosted_free_frames(), (long)free, "and nothing is left");
	ktap_diagnose("%u threads stopped and ended", turns);
	test_crowd(free);
	test_stopped(free);
	return ktap_end();
}
