/*
 * Threads under control. What somebody asks for is posted with the thread's lock, in the same stretch in which he
 * becomes a watcher, so that its home, which takes that lock when it has done it, can't miss him:
 *
 *   asking                              home
 *   lock; post HOLD; watch; unlock
 *                                       takes mail: holds the runner
 *                                       lock; stopped; no more mail of the kind? wake watchers; unlock
 */
#include "object/control.h"

#include "abi/abi.h"
#include "object/process.h"
#include "object/thread.h"
#include "sched.h"

/* How many handles there are with which it can be resumed. */
static uint32_t managers(const struct thread *thread)
{
	return __atomic_load_n(&thread->managers, __ATOMIC_RELAXED);
}

/* Its process may have been ended meanwhile, and the thread with it. Whoever asks for something comes after its start. */
void control_start(struct thread *thread, bool stopped)
{
	lock_acquire(&thread->lock);
	if (thread->life == THREAD_NEW) {
		thread->life = THREAD_LIVE;
		thread->stopped = stopped && managers(thread); /* else its handle has been closed already */
		if (!stopped)
			runner_start(&thread->runner);
		else if (!thread->stopped)
			runner_release(&thread->runner);
	}
	lock_release(&thread->lock);
}

/* A watcher has said beforehand what it gets when the thread ends meanwhile. */
static void wake_watchers(struct thread *thread) REQUIRES(thread->lock)
{
	wait_queue_each(runner, &thread->watchers)
	{
		lock_assert_held(runner->queue->lock);
		runner_wake_with(runner, thread->life == THREAD_ENDED ? (long)runner->wants[0] : 0);
	}
}

void control_end(struct thread *thread)
{
	lock_acquire(&thread->lock);
	thread->life = THREAD_ENDED;
	thread->stopped = false;
	wake_watchers(thread);
	lock_release(&thread->lock);
}

void control_asked(struct runner *runner)
{
	struct thread *thread = container_of(runner, struct thread, runner);

	lock_acquire(&thread->lock);
	thread->stopped = runner->held;
	if (!runner_has_mail(runner, MAIL_ASKED | MAIL_END)) /* or there will be another time */
		wake_watchers(thread);
	lock_release(&thread->lock);
}

/* The current thread waits until the thread's home has done it, or the thread has ended. */
static int watch(struct thread *thread, int when_it_ends) REQUIRES(thread->lock)
{
	this_hart()->current->wants[0] = (uint64_t)when_it_ends;
	lock_assert_held(thread->watchers.lock);
	return runner_wait(&thread->watchers, DEADLINE_NEVER);
}

static int ask_with(struct thread *thread, void (*what)(struct runner *), int when_it_ends)
	REQUIRES(thread->lock)
{
	if (thread->life != THREAD_LIVE)
		return when_it_ends;
	what(&thread->runner);
	return thread == current_thread() ? 0 : watch(thread, when_it_ends);
}

static int ask(struct thread *thread, void (*what)(struct runner *), int when_it_ends)
{
	int result;

	lock_acquire(&thread->lock);
	result = ask_with(thread, what, when_it_ends);
	lock_release(&thread->lock);
	return result;
}

/* Not when the handle that it was found through has gone meanwhile, as the last: who closed it has looked already. */
int control_suspend(struct thread *thread)
{
	int result;

	lock_acquire(&thread->lock);
	result = managers(thread) ? ask_with(thread, runner_hold, -ESRCH) : -EBADF;
	lock_release(&thread->lock);
	return result;
}

void control_handle_added(struct thread *thread)
{
	__atomic_fetch_add(&thread->managers, 1, __ATOMIC_RELAXED);
}

void control_handle_removed(struct thread *thread)
{
	if (__atomic_sub_fetch(&thread->managers, 1, __ATOMIC_RELAXED))
		return;
	lock_acquire(&thread->lock);
	/* Under the lock: a handle may have been made since, or a suspend may still be on its way to look. */
	if (!managers(thread) && thread->life == THREAD_LIVE && runner_is_to_be_held(&thread->runner)) {
		thread->stopped = false;
		runner_release(&thread->runner);
	}
	lock_release(&thread->lock);
}

/* From now on it counts as running, though its home may hear of it later. Nobody waits for that. */
int control_resume(struct thread *thread)
{
	int error;

	lock_acquire(&thread->lock);
	error = thread->life == THREAD_LIVE ? 0 : -ESRCH;
	if (!error) {
		thread->stopped = false;
		runner_release(&thread->runner);
	}
	lock_release(&thread->lock);
	return error;
}

int control_cancel(struct thread *thread)
{
	return ask(thread, runner_cancel, -ESRCH);
}

int control_kill(struct thread *thread)
{
	if (thread == current_thread()) {
		thread_end_current();
		return 0;
	}
	return ask(thread, runner_end_later, 0);
}

/* Waits for what has been asked for without an error. */
static int asked_for(struct thread *thread, int error) REQUIRES(thread->lock)
{
	return error || thread == current_thread() ? error : watch(thread, -ESRCH);
}

int control_set_priority(struct thread *thread, unsigned priority)
{
	int result = -ESRCH;

	lock_acquire(&thread->lock);
	if (thread->life == THREAD_LIVE)
		result = asked_for(thread, process_set_priority(thread->process, thread, priority));
	lock_release(&thread->lock);
	return result;
}

int control_set_harts(struct thread *thread, uint64_t harts_allowed)
{
	int result = -ESRCH;

	harts_allowed &= (1ul << hart_count()) - 1;
	if (!harts_allowed)
		return -EINVAL;
	lock_acquire(&thread->lock);
	if (thread->life == THREAD_LIVE) {
		runner_set_harts(&thread->runner, (uint32_t)harts_allowed);
		result = asked_for(thread, 0);
	}
	lock_release(&thread->lock);
	return result;
}

/* ---- registers */

static int check_stopped(const struct thread *thread) REQUIRES(thread->lock)
{
	if (thread->life != THREAD_LIVE)
		return -ESRCH;
	return thread->stopped ? 0 : -EBUSY;
}

static int check_writable(const struct thread *thread) REQUIRES(thread->lock)
{
	TRY(check_stopped(thread));
	return runner_is_ready_but_held(&thread->runner) ? 0 : -EBUSY;
}

/* What the thread waits for may come meanwhile: the result is among the registers then, or is not. */
int control_read(struct thread *thread, struct registers *registers)
{
	int error;

	lock_acquire(&thread->lock);
	error = check_stopped(thread);
	if (!error)
		arch_frame_get(&thread->runner.frame, registers);
	lock_release(&thread->lock);
	return error;
}

int control_write(struct thread *thread, const struct registers *registers)
{
	int error;

	if (!arch_is_code_address(registers->pc))
		return -EINVAL;
	lock_acquire(&thread->lock);
	error = check_writable(thread);
	if (!error) {
		arch_frame_set(&thread->runner.frame, registers);
		thread_forget_progress(thread);
	}
	lock_release(&thread->lock);
	return error;
}

int control_read_float(struct thread *thread, struct float_registers *registers)
{
	int error;

	lock_acquire(&thread->lock);
	error = check_stopped(thread);
	if (!error)
		arch_frame_get_float(&thread->runner.frame, registers);
	lock_release(&thread->lock);
	return error;
}

/* No result of a call comes to these, so a thread that waits may get others. */
int control_write_float(struct thread *thread, const struct float_registers *registers)
{
	int error;

	lock_acquire(&thread->lock);
	error = check_stopped(thread);
	if (!error)
		arch_frame_set_float(&thread->runner.frame, registers);
	lock_release(&thread->lock);
	return error;
}
