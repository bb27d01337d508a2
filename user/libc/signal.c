/*
 * Signals: what each does, which are blocked, and the handlers that a thread calls itself. See signals.h.
 */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/protocol/program.h>

#include "process.h"
#include "signals.h"

enum { STATUS_OF_SIGNAL = 128 };

struct sigaction signal_actions[NSIG];
uint32_t signals_pending, signals_came;

static uint32_t ignored; /* as signal_actions say */
static uint32_t signals_queued; /* of those pending: with values, which the process server has */

/* Signals that some thread has blocked: they are caught, though nothing may be done about them. */
static uint32_t held;

static uint32_t waiting; /* threads in sigwait */

/* What the process server knows. */
static uint32_t told_ignored, told_caught;
static bool told_no_stops; /* children that stop or go on are not worth a SIGCHLD */

/* ---- what a signal does */

bool action_is_handler(const struct sigaction *action)
{
	return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

bool signal_ends_program(int number)
{
	const uint32_t harmless = signal_bit(SIGCHLD) | signal_bit(SIGCONT) | signal_bit(SIGSTOP) |
				  signal_bit(SIGTSTP) | signal_bit(SIGTTIN) | signal_bit(SIGTTOU) |
				  signal_bit(SIGURG) | signal_bit(SIGWINCH);
	return !(harmless & signal_bit(number));
}

static bool signal_does_nothing(int number)
{
	return !signal_ends_program(number) && !(SIGNALS_STOP & signal_bit(number));
}

void signal_do_default(int number)
{
	if (SIGNALS_STOP & signal_bit(number))
		(void)program_stop(own_program(), (uint32_t)number);
	else if (signal_ends_program(number))
		signal_end_program(number);
}

_Noreturn void signal_end_program(int number)
{
	(void)process_kill(own_process(), STATUS_OF_SIGNAL + number);
	process_exit(STATUS_OF_SIGNAL + number); /* a program that may not manage itself */
}

uint32_t signals_ignored(void)
{
	return ignored;
}

static void action_put(int number, const struct sigaction *action)
{
	uint32_t bit = signal_bit(number);
	signal_actions[number] = *action;
	ignored = action->sa_handler == SIG_IGN ? ignored | bit : ignored & ~bit;
}

static uint32_t signals_handled(void)
{
	uint32_t handled = 0;
	for (int number = 1; number < NSIG; number++)
		if (action_is_handler(&signal_actions[number]))
			handled |= signal_bit(number);
	return handled;
}

void signals_tell(void)
{
	uint32_t unwanted = ignored, caught = (signals_handled() | held) & ~ignored;
	bool no_stops = signal_actions[SIGCHLD].sa_flags & SA_NOCLDSTOP;
	if (signal_actions[SIGCHLD].sa_flags & SA_NOCLDWAIT)
		unwanted |= signal_bit(SIGCHLD);
	if (no_stops != told_no_stops && own_program().value > 0)
		(void)program_hear(own_program(), !no_stops);
	told_no_stops = no_stops;
	if ((unwanted == told_ignored && caught == told_caught) || own_program().value <= 0)
		return;
	told_ignored = unwanted;
	told_caught = caught;
	(void)program_set_actions(own_program(), 0, unwanted, caught);
}

struct sigaction signal_take_action(int number)
{
	struct sigaction action = signal_actions[number];
	if (action_is_handler(&action) && (action.sa_flags & SA_RESETHAND)) {
		signal_actions[number].sa_handler = SIG_DFL;
		signals_tell();
	}
	return action;
}

int signal_claim(struct __pthread *thread, uint32_t allowed, bool *own)
{
	for (;;) {
		uint32_t some = __atomic_load_n(&thread->pending, __ATOMIC_SEQ_CST) |
				__atomic_load_n(&signals_pending, __ATOMIC_SEQ_CST);
		if ((some & allowed) == 0)
			return 0;
		int number = __builtin_ctz(some & allowed);
		uint32_t bit = signal_bit(number);
		*own = __atomic_fetch_and(&thread->pending, ~bit, __ATOMIC_SEQ_CST) & bit;
		if (*own || (__atomic_fetch_and(&signals_pending, ~bit, __ATOMIC_SEQ_CST) & bit))
			return number;
	}
}

void signals_add(uint32_t signals, uint32_t with_value)
{
	__atomic_fetch_or(&signals_queued, with_value, __ATOMIC_SEQ_CST);
	if (signals & signal_bit(SIGCONT))
		__atomic_fetch_and(&signals_pending, ~SIGNALS_STOP, __ATOMIC_SEQ_CST);
	else if (signals & SIGNALS_STOP)
		__atomic_fetch_and(&signals_pending, ~signal_bit(SIGCONT), __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&signals_pending, signals, __ATOMIC_SEQ_CST);
	signals_hurry();
}

/* What comes while it is asked for is told after it. */
static struct signal_origin origin(int number)
{
	struct signal_origin origin = {0};
	__atomic_fetch_and(&signals_queued, ~signal_bit(number), __ATOMIC_SEQ_CST);
	if (program_origin(own_program(), (uint32_t)number, &origin) == 0 && origin.more)
		signals_add(signal_bit(number), signal_bit(number));
	return origin;
}

void signal_take(int number, bool own)
{
	if (!own && (__atomic_load_n(&signals_queued, __ATOMIC_SEQ_CST) & signal_bit(number)))
		(void)origin(number);
}

void signal_describe(int number, bool own, siginfo_t *info)
{
	struct signal_origin from = {.pid = own ? (uint32_t)getpid() : 0};
	if (!own)
		from = origin(number);
	*info = (siginfo_t){.si_signo = number,
		.si_code = from.code != 0  ? (int)from.code
			   : from.pid != 0 ? SI_USER
					   : SI_KERNEL,
		.si_pid = (pid_t)from.pid,
		.si_status = (int)from.status,
		.si_value.sival_ptr = (void *)from.value};
}

void signals_hurry(void)
{
	__atomic_fetch_add(&signals_came, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&waiting, __ATOMIC_SEQ_CST) > 0)
		(void)futex_wake((uintptr_t)&signals_came, UINT32_MAX);
}

/* ---- handlers that a thread calls itself */

static void handler_call(int number, const struct sigaction *action, bool own)
{
	struct __pthread *self = thread_self;
	uint32_t blocked = self->blocked;
	siginfo_t info;
	ucontext_t context = {.uc_sigmask = blocked, .uc_stack = self->stack};
	int saved = errno;
	self->blocked |= (uint32_t)action->sa_mask & ~SIGNALS_FIXED;
	if (!(action->sa_flags & SA_NODEFER))
		self->blocked |= signal_bit(number);
	__atomic_fetch_add(&self->handled, 1, __ATOMIC_SEQ_CST);
	if (action->sa_flags & SA_SIGINFO) {
		signal_describe(number, own, &info);
		action->sa_sigaction(number, &info, &context);
	} else {
		signal_take(number, own);
		action->sa_handler(number);
	}
	if (!(action->sa_flags & SA_RESTART))
		self->interrupted = 1;
	self->blocked = (uint32_t)context.uc_sigmask & ~SIGNALS_FIXED;
	errno = saved;
}

static void signal_run(int number, bool own)
{
	word_lock(&threads_lock);
	struct sigaction action = signal_take_action(number);
	word_unlock(&threads_lock);
	if (action_is_handler(&action))
		handler_call(number, &action, own);
	else
		signal_take(number, own);
	if (action.sa_handler == SIG_DFL)
		signal_do_default(number);
}

void signals_run(void)
{
	int number;
	bool own;
	while ((number = signal_claim(thread_self, ~thread_self->blocked, &own)) != 0)
		signal_run(number, own);
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
	__atomic_fetch_or(&thread->pending, signal_bit(number), __ATOMIC_SEQ_CST);
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

/* ---- sigaction */

/* Makes what a handler needs. 0 or -errno. */
static int action_prepare(int number, const struct sigaction *action)
{
	if (!action_is_handler(action))
		return 0;
	int error = signal_thread_begin();
	if (error == 0 && (SIGNALS_FAULT & signal_bit(number)))
		error = signal_fault_begin();
	return error;
}

/* What is pending and would do nothing is forgotten. */
static void action_forget(int number, const struct sigaction *action)
{
	if (action->sa_handler != SIG_IGN && (action->sa_handler != SIG_DFL || !signal_does_nothing(number)))
		return;
	__atomic_fetch_and(&signals_pending, ~signal_bit(number), __ATOMIC_SEQ_CST);
	for (struct __pthread *thread = threads; thread != NULL; thread = thread->next)
		__atomic_fetch_and(&thread->pending, ~signal_bit(number), __ATOMIC_SEQ_CST);
}

static int action_set(int number, const struct sigaction *action, struct sigaction *old)
{
	word_lock(&threads_lock);
	*old = signal_actions[number];
	int error = action != NULL ? action_prepare(number, action) : 0;
	if (error == 0 && action != NULL) {
		action_put(number, action);
		action_forget(number, action);
		signals_tell();
	}
	word_unlock(&threads_lock);
	return error;
}

int sigaction(int number, const struct sigaction *restrict action, struct sigaction *restrict old)
{
	struct sigaction new, before;
	if (number <= 0 || number >= NSIG || (action != NULL && (SIGNALS_FIXED & signal_bit(number))))
		return (int)posix_result(-EINVAL);
	if (action != NULL) {
		new = *action; /* what it points to may not be there: not with the lock */
		signals_settle(); /* what came before is for what was set before */
	}
	int error = action_set(number, action != NULL ? &new : NULL, &before);
	if (error == 0 && old != NULL)
		*old = before;
	return (int)posix_result(error);
}

_sig_func_ptr signal(int number, _sig_func_ptr handler)
{
	struct sigaction old;
	if (handler == SIG_ERR) {
		errno = EINVAL;
		return SIG_ERR;
	}
	if (sigaction(number, &(struct sigaction){.sa_handler = handler, .sa_flags = SA_RESTART}, &old) != 0)
		return SIG_ERR;
	return old.sa_handler;
}

int siginterrupt(int number, int interrupts)
{
	struct sigaction action;
	if (sigaction(number, NULL, &action) != 0)
		return -1;
	if (interrupts)
		action.sa_flags &= ~SA_RESTART;
	else
		action.sa_flags |= SA_RESTART;
	return sigaction(number, &action, NULL);
}

/* ---- what is blocked */

/* The process server must not end the program for a signal that it blocks. */
static void hold(uint32_t blocked)
{
	if ((blocked & ~__atomic_load_n(&held, __ATOMIC_RELAXED)) == 0)
		return;
	word_lock(&threads_lock);
	if (signal_thread_begin() == 0) {
		__atomic_store_n(&held, held | blocked, __ATOMIC_RELAXED);
		signals_tell();
	}
	word_unlock(&threads_lock);
}

static void block(uint32_t blocked)
{
	__atomic_store_n(&thread_self->blocked, blocked & ~SIGNALS_FIXED, __ATOMIC_SEQ_CST);
	signals_run();
}

int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
	uint32_t before = thread_self->blocked, blocked = before;
	uint32_t given = set != NULL ? (uint32_t)*set & ~SIGNALS_FIXED : 0;
	if (set != NULL && how != SIG_BLOCK && how != SIG_UNBLOCK && how != SIG_SETMASK)
		return EINVAL;
	if (set != NULL)
		blocked = how == SIG_BLOCK ? before | given : how == SIG_UNBLOCK ? before & ~given : given;
	if (old != NULL)
		*old = before;
	if (set == NULL)
		return 0;
	hold(blocked);
	if (before & ~blocked)
		signals_settle();
	block(blocked);
	return 0;
}

int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
	return (int)posix_result(-pthread_sigmask(how, set, old));
}

/* Not told to the process server: what comes meanwhile either has a handler, which waits, or ends the program anyway. */
uint32_t signals_block(void)
{
	return __atomic_exchange_n(&thread_self->blocked, ~SIGNALS_FIXED, __ATOMIC_SEQ_CST);
}

void signals_unblock(uint32_t blocked)
{
	block(blocked);
}

int sigpending(sigset_t *set)
{
	signals_settle();
	uint32_t pending = __atomic_load_n(&thread_self->pending, __ATOMIC_SEQ_CST) |
			   __atomic_load_n(&signals_pending, __ATOMIC_SEQ_CST);
	*set = pending & thread_self->blocked;
	return 0;
}

/* ---- waiting for signals */

int sigsuspend(const sigset_t *mask)
{
	struct __pthread *self = thread_self;
	uint32_t before = self->blocked, blocked = (uint32_t)*mask & ~SIGNALS_FIXED;
	uint32_t handled = __atomic_load_n(&self->handled, __ATOMIC_SEQ_CST);
	hold(blocked);
	block(blocked);
	while (__atomic_load_n(&self->handled, __ATOMIC_SEQ_CST) == handled)
		(void)futex_wait_for(&self->handled, handled, DEADLINE_NEVER);
	block(before);
	return (int)posix_result(-EINTR);
}

int pause(void)
{
	sigset_t mask = thread_self->blocked;
	return sigsuspend(&mask);
}

/* A signal of the set, -EAGAIN when the time is up, -EINTR after a handler of another one. */
static int wait_for(uint32_t set, uint64_t deadline, bool *own)
{
	struct __pthread *self = thread_self;
	uint32_t handled = __atomic_load_n(&self->handled, __ATOMIC_SEQ_CST);
	int error = 0, number;
	hold(set);
	__atomic_fetch_add(&waiting, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		uint32_t came = __atomic_load_n(&signals_came, __ATOMIC_SEQ_CST);
		number = signal_claim(self, set, own);
		if (number != 0 || error != 0)
			break;
		if (__atomic_load_n(&self->handled, __ATOMIC_SEQ_CST) != handled)
			error = EINTR;
		else if (futex_wait_for(&signals_came, came, deadline) != 0)
			error = EAGAIN;
	}
	__atomic_fetch_sub(&waiting, 1, __ATOMIC_SEQ_CST);
	return number != 0 ? number : -error;
}

int sigwait(const sigset_t *restrict set, int *restrict number)
{
	int result;
	bool own;
	do
		result = wait_for((uint32_t)*set & ~SIGNALS_FIXED, DEADLINE_NEVER, &own);
	while (result == -EINTR);
	signal_take(result, own);
	*number = result;
	return 0;
}

int sigtimedwait(
	const sigset_t *restrict set, siginfo_t *restrict info, const struct timespec *restrict length)
{
	uint64_t deadline = DEADLINE_NEVER;
	struct timespec end;
	if (length != NULL) {
		(void)clock_gettime(CLOCK_MONOTONIC, &end);
		end.tv_sec += length->tv_sec;
		end.tv_nsec += length->tv_nsec;
		if (end.tv_nsec >= 1000000000) {
			end.tv_sec++;
			end.tv_nsec -= 1000000000;
		}
		if (!deadline_from(CLOCK_MONOTONIC, &end, &deadline))
			return (int)posix_result(-EINVAL);
	}
	bool own = false;
	int number = wait_for((uint32_t)*set & ~SIGNALS_FIXED, deadline, &own);
	if (number > 0 && info != NULL)
		signal_describe(number, own, info);
	else if (number > 0)
		signal_take(number, own);
	return (int)posix_result(number);
}

int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info)
{
	return sigtimedwait(set, info, NULL);
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

/* ---- sets, and jumps */

static bool is_signal(int number)
{
	return number > 0 && number < NSIG;
}

int sigaddset(sigset_t *set, int number)
{
	if (!is_signal(number))
		return (int)posix_result(-EINVAL);
	*set |= signal_bit(number);
	return 0;
}

int sigdelset(sigset_t *set, int number)
{
	if (!is_signal(number))
		return (int)posix_result(-EINVAL);
	*set &= ~(sigset_t)signal_bit(number);
	return 0;
}

int sigismember(const sigset_t *set, int number)
{
	if (!is_signal(number))
		return (int)posix_result(-EINVAL);
	return (*set & signal_bit(number)) != 0;
}

int sigemptyset(sigset_t *set)
{
	*set = 0;
	return 0;
}

int sigfillset(sigset_t *set)
{
	*set = UINT32_MAX & ~1u;
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

/* ---- from one program to the next */

void signals_inherit(uint32_t blocked, uint32_t unwanted)
{
	for (int number = 1; number < NSIG; number++)
		if (unwanted & signal_bit(number))
			action_put(number, &(struct sigaction){.sa_handler = SIG_IGN});
	told_ignored = unwanted;
	if (blocked == 0)
		return;
	/* The process server knows, and keeps what comes until there is somebody to tell it to. */
	told_caught = held = blocked & ~ignored & ~SIGNALS_FIXED;
	thread_self->blocked = blocked & ~SIGNALS_FIXED;
	word_lock(&threads_lock);
	(void)signal_thread_begin();
	word_unlock(&threads_lock);
}

void signals_tell_again(void)
{
	word_lock(&threads_lock);
	told_ignored = told_caught = UINT32_MAX;
	told_no_stops = false;
	signal_thread_tell();
	signals_tell();
	word_unlock(&threads_lock);
}

void signals_begin_again(void)
{
	bool faults = false;
	signals_pending = signals_queued = 0;
	if (signal_notification().value == 0) /* nothing is caught, nor blocked */
		return;
	for (int number = 1; number < NSIG; number++)
		faults |= action_is_handler(&signal_actions[number]) && (SIGNALS_FAULT & signal_bit(number));
	signal_thread_forget();
	signal_fault_forget();
	(void)signal_thread_begin();
	told_caught = UINT32_MAX; /* whatever the process server knows of the parent */
	signals_tell();
	if (faults)
		(void)signal_fault_begin();
}
