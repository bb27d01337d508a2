/*
 * A thread that gets mail at the very moment of its end: somebody who was about to wake it was slow. Its hart must look at
 * its mail before the thread can go, and not wait for that where it doesn't look. The linker puts what is here in the place
 * of thread_destroy (--wrap), so that the mail comes just then.
 */
#include "abi/abi.h"
#include "abi/syscall_numbers.h"
#include "hosted.h"
#include "kernel/syscalls.h"
#include "object/process.h"
#include "object/thread.h"
#include "sched.h"
#include "tabula/ktap.h"

enum { INIT, LEAVER, ROUNDS = 20 };

static unsigned mails, ends;
static bool is_late; /* mail comes to the next thread that ends */

void __wrap_thread_destroy(struct thread *thread);
void __real_thread_destroy(struct thread *thread);

void __wrap_thread_destroy(struct thread *thread)
{
	if (is_late) {
		is_late = false;
		mails++;
		runner_end_later(&thread->runner);
	} else {
		ends++;
	}
	__real_thread_destroy(thread);
}

static void init(struct trapframe *frame)
{
	hosted_call(frame, SYS_thread_sleep, UINT64_MAX, 0, 0, 0);
}

static void leaver(struct trapframe *frame)
{
	is_late = true;
	hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
}

static void start(void *unused)
{
	struct process *process = hosted_new_process();

	(void)unused;
	hosted_start(process, LEAVER, 0);
	object_put(&process->object);
}

int main(void)
{
	static hosted_program *const programs[] = {init, leaver, NULL};
	size_t free;

	ktap_plan(2);
	hosted_boot(&(struct hosted_machine){1, 4 << 20, "log=error", programs});
	free = hosted_free_frames();
	for (unsigned i = 0; i < ROUNDS; i++)
		hosted_do(0, start, NULL);
	hosted_check();
	ktap_ok(mails == ROUNDS && ends == ROUNDS, "threads that get mail while they end come to their end");
	ktap_ok(hosted_free_frames() == free, "and nothing is left of them");
	return ktap_end();
}
