/*
 * Many who read the kernel's console: a look for input wakes a few of them at once, whether there is some, or a driver has taken
 * the console. All hear of it in the end.
 */
#include "abi/abi.h"
#include "abi/syscall_numbers.h"
#include "hosted.h"
#include "kernel/syscalls.h"
#include "object/process.h"
#include "object/system.h"
#include "sched.h"
#include "tabula/ktap.h"

enum { INIT, READER, TYPIST, READERS = 200, AT_ONCE = 16, LOOK = 2000000, LOOKS = 10 };

static uint32_t system_handle;
static bool driver_comes; /* at the next look */
static unsigned woken, most; /* by one look */
static uint32_t got, refused; /* atomic: readers that came back with input; with -EBUSY */

void __real_wait_queue_wake_first_again(struct wait_queue *queue);
void __wrap_wait_queue_wake_first_again(struct wait_queue *queue);
void __real_system_poll(void);
void __wrap_system_poll(void);

void __wrap_wait_queue_wake_first_again(struct wait_queue *queue)
{
	__atomic_fetch_add(&woken, 1, __ATOMIC_RELAXED);
	__real_wait_queue_wake_first_again(queue);
}

static void end_look(void)
{
	unsigned now = __atomic_exchange_n(&woken, 0, __ATOMIC_RELAXED);

	most = now > most ? now : most;
}

void __wrap_system_poll(void)
{
	if (__atomic_exchange_n(&driver_comes, false, __ATOMIC_RELAXED)) {
		system_console_taken();
		end_look();
	}
	__real_system_poll();
	end_look();
}

static void init(struct trapframe *frame)
{
	hosted_call(frame, SYS_thread_sleep, UINT64_MAX, 0, 0, 0);
}

static void reader(struct trapframe *frame)
{
	if (!frame->state[0]++) {
		hosted_call(frame, SYS_console_read, system_handle, frame->stack - 64, 1, UINT64_MAX);
		return;
	}
	if (frame->result == 1)
		__atomic_fetch_add(&got, 1, __ATOMIC_RELAXED);
	else if (frame->result == -EBUSY)
		__atomic_fetch_add(&refused, 1, __ATOMIC_RELAXED);
	hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
}

/* Time is virtual, and goes on to the next look when everybody waits. */
static void typist(struct trapframe *frame)
{
	switch (frame->state[0]++) {
	case 1:
		hosted_type("abc");
		break;
	case 2:
		__atomic_store_n(&driver_comes, true, __ATOMIC_RELAXED);
		break;
	case 3:
		hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
		return;
	}
	hosted_call(frame, SYS_thread_sleep, arch_time_now() + LOOKS * LOOK, 0, 0, 0);
}

static void start(void *made)
{
	struct process *process = hosted_new_process();

	*(struct process **)made = process;
	system_handle = hosted_give(process, &system_root.object, RIGHTS_SYSTEM_ALL);
	for (unsigned i = 0; i < READERS; i++)
		HOSTED_REQUIRE(hosted_start_on(1, process, READER, 0));
	HOSTED_REQUIRE(hosted_start_on(1, process, TYPIST, 0));
}

static void end(void *process)
{
	object_put(&((struct process *)process)->object);
	system_console_left();
}

int main(void)
{
	static hosted_program *const programs[] = {init, reader, typist, NULL};
	struct process *process;

	ktap_plan(3);
	hosted_boot(&(struct hosted_machine){2, 8 << 20, "log=error", programs});
	hosted_do(0, start, &process);
	hosted_check();
	ktap_equal(got, 3, "what is typed comes to as many as there are bytes");
	ktap_equal(refused, READERS - 3, "the others hear that the console is a driver's now");
	ktap_ok(most > 1 && most <= AT_ONCE, "a look for input wakes no more than a few");
	ktap_diagnose("%u at once", most);
	hosted_do(0, end, process);
	hosted_check();
	return ktap_end();
}
