/*
 * Signals that a thread sends, what it blocks, and the handlers that it calls itself. For programs, and for the parts of the
 * library that block signals for a while. What is blocked is written by the thread itself, or while it is stopped. Has no word
 * of what the process server knows: signal_action.c tells that. See signals.h.
 */
#include <setjmp.h>
#include <stdlib.h>
#include <tabula/protocol/program.h>

#include "process.h"
#include "signals.h"

/* What has been blocked so far only while signals were claimed is so no more; not for `later`, which come when there is time. */
static void blocked_restore(uint64_t blocked, uint64_t later)
{
	__atomic_store_n(&thread_self->blocked, blocked, __ATOMIC_SEQ_CST);
	if (signals_pending_for(thread_self) & ~(blocked | later))
		signal_thread_poke();
}

/* `blocked` is what the thread blocks but for the handler; `others` are pending, and wait for its end. */
static void handler_call(const struct sigaction *action, siginfo_t *info, uint64_t blocked, uint64_t others)
{
	struct __pthread *self = thread_self;
	ucontext_t context = {.uc_sigmask = blocked, .uc_stack = self->stack};
	int saved = errno;
	uint64_t itself = signal_bit(info->si_signo);
	blocked |= action->sa_mask & ~SIGNALS_FIXED;
	if (!(action->sa_flags & SA_NODEFER))
		blocked |= itself;
	__atomic_fetch_add(&self->handled, 1, __ATOMIC_SEQ_CST);
	blocked_restore(blocked, others | itself);
	if (action->sa_flags & SA_SIGINFO)
		action->sa_sigaction(info->si_signo, info, &context);
	else
		action->sa_handler(info->si_signo);
	if (!(action->sa_flags & SA_RESTART))
		self->interrupted = 1;
	self->blocked = context.uc_sigmask & ~SIGNALS_FIXED;
	errno = saved;
}

static void signal_run(siginfo_t *info, uint64_t blocked, uint64_t others)
{
	word_lock(&threads_lock);
	struct sigaction action = signal_take_action(info->si_signo);
	word_unlock(&threads_lock);
	if (action_is_handler(&action)) {
		handler_call(&action, info, blocked, others);
		return;
	}
	__atomic_store_n(&thread_self->blocked, blocked, __ATOMIC_SEQ_CST);
	if (action.sa_handler == SIG_DFL)
		signal_do_default(info->si_signo);
}

/*
 * All signals are blocked between the claim of one and its handler: else signal_thread could deliver the next of the same number
 * first. What it has left alone meanwhile is seen by the last look here, or, during a handler, by blocked_restore.
 */
void signals_run(void)
{
	struct __pthread *self = thread_self;
	siginfo_t info;
	do {
		uint64_t blocked = signals_block(), others = signals_pending_for(self);
		if (signal_next(~blocked, false, &info) != 0)
			signal_run(&info, blocked, others);
		else
			__atomic_store_n(&self->blocked, blocked, __ATOMIC_SEQ_CST);
	} while (signals_pending_for(self) & ~self->blocked);
}

int pthread_kill(pthread_t thread, int number)
{
	if (number < 0 || number >= NSIG)
		return EINVAL;
	if (number == 0)
		return 0;
	if (SIGNALS_FIXED & signal_bit(number)) {
		signal_do_default(number);
		return 0;
	}
	signal_add(thread, number);
	signals_hurry();
	if (thread == thread_self) {
		signals_run();
		return 0;
	}
	word_lock(&threads_lock);
	int error = signal_thread_begin();
	word_unlock(&threads_lock);
	signal_thread_poke();
	return -error;
}

int sigqueue(pid_t pid, int number, union sigval value)
{
	if (pid <= 0)
		return (int)posix_result(-ESRCH);
	if (number < 0 || number >= NSIG)
		return (int)posix_result(-EINVAL);
	long result = PROGRAM_CALL(program_queue(
		own_program(), (uint32_t)pid, (uint32_t)number, (uintptr_t)value.sival_ptr, DEADLINE_NEVER));
	signals_settle(); /* it may be for this program */
	return (int)program_result(result);
}

int raise(int number)
{
	int error = pthread_kill(thread_self, number);
	if (error == 0)
		return 0;
	errno = error;
	return -1;
}

_Noreturn void abort(void)
{
	word_lock(&threads_lock);
	bool caught = action_is_handler(&signal_actions[SIGABRT]);
	word_unlock(&threads_lock);
	if (caught) {
		thread_self->blocked &= ~signal_bit(SIGABRT);
		(void)raise(SIGABRT);
	}
	signal_end_program(SIGABRT);
}

void signals_block_only(uint64_t blocked)
{
	__atomic_store_n(&thread_self->blocked, blocked & ~SIGNALS_FIXED, __ATOMIC_SEQ_CST);
	if (signals_pending_for(thread_self) & ~blocked)
		signals_run();
}

int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
	uint64_t before = thread_self->blocked, blocked = before;
	uint64_t given = set != NULL ? *set & ~SIGNALS_FIXED : 0;
	if (set != NULL && how != SIG_BLOCK && how != SIG_UNBLOCK && how != SIG_SETMASK)
		return EINVAL;
	if (set != NULL)
		blocked = how == SIG_BLOCK ? before | given : how == SIG_UNBLOCK ? before & ~given : given;
	if (old != NULL)
		*old = before;
	if (set == NULL)
		return 0;
	signals_hold(blocked);
	if (before & ~blocked)
		signals_settle();
	signals_block_only(blocked);
	return 0;
}

int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
	return (int)posix_result(-pthread_sigmask(how, set, old));
}

/* Not told to the process server: what comes meanwhile either has a handler, which waits, or ends the program anyway. */
uint64_t signals_block(void)
{
	return __atomic_exchange_n(&thread_self->blocked, ~SIGNALS_FIXED, __ATOMIC_SEQ_CST);
}

void signals_unblock(uint64_t blocked)
{
	signals_block_only(blocked);
}

int sigaltstack(const stack_t *restrict stack, stack_t *restrict old)
{
	struct __pthread *self = thread_self;
	stack_t before = self->stack;
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	bool is_on = here - (uintptr_t)before.ss_sp < before.ss_size;
	if (stack != NULL && is_on)
		return (int)posix_result(-EPERM);
	if (stack != NULL && (stack->ss_flags & ~SS_DISABLE))
		return (int)posix_result(-EINVAL);
	if (stack != NULL && !(stack->ss_flags & SS_DISABLE) && stack->ss_size < MINSIGSTKSZ)
		return (int)posix_result(-ENOMEM);
	if (stack != NULL)
		self->stack = stack->ss_flags & SS_DISABLE ? (stack_t){0} : *stack;
	if (old != NULL) {
		*old = before;
		old->ss_flags = before.ss_size == 0 ? SS_DISABLE : is_on ? SS_ONSTACK : 0;
	}
	return 0;
}

void __sigjmp_save(sigjmp_buf to, int with_mask)
{
	to->has_mask = with_mask;
	to->mask = thread_self->blocked;
}

_Noreturn void siglongjmp(sigjmp_buf to, int value)
{
	if (to->has_mask)
		(void)pthread_sigmask(SIG_SETMASK, &to->mask, NULL);
	longjmp(to->registers, value);
}
