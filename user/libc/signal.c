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
uint64_t signals_pending, signals_queued;
uint32_t signals_came;

static uint64_t ignored, handled; /* as signal_actions say */

/* Signals that some thread has blocked: they are caught, though nothing may be done about them. */
static uint64_t held;

static uint32_t waiting; /* threads in sigwait */

/* What the process server knows. */
static uint64_t told_ignored, told_caught;
static bool told_no_stops; /* children that stop or go on are not worth a SIGCHLD */

/* ---- what a signal does */

bool action_is_handler(const struct sigaction *action)
{
	return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

bool signal_ends_program(int number)
{
	const uint64_t harmless = signal_bit(SIGCHLD) | signal_bit(SIGCONT) | signal_bit(SIGSTOP) |
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

uint64_t signals_ignored(void)
{
	return ignored;
}

static void action_put(int number, const struct sigaction *action)
{
	uint64_t bit = signal_bit(number);
	signal_actions[number] = *action;
	ignored = action->sa_handler == SIG_IGN ? ignored | bit : ignored & ~bit;
	handled = action_is_handler(action) ? handled | bit : handled & ~bit;
}

void signals_tell(void)
{
	uint64_t unwanted = ignored, caught = (handled | held) & ~ignored;
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
		handled &= ~signal_bit(number);
		signals_tell();
	}
	return action;
}

static bool bit_clear(uint64_t *signals, uint64_t bit)
{
	return __atomic_fetch_and(signals, ~bit, __ATOMIC_SEQ_CST) & bit;
}

static void raised_add(struct __pthread *thread, int number)
{
	if (number >= SIGRTMIN)
		__atomic_fetch_add(&thread->raised[number - SIGRTMIN], 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&thread->pending, signal_bit(number), __ATOMIC_SEQ_CST);
}

/* Of a real-time signal one is taken, and it is pending as long as there are more. */
static bool raised_claim(struct __pthread *thread, int number)
{
	uint64_t bit = signal_bit(number);
	if (!bit_clear(&thread->pending, bit))
		return false;
	if (number < SIGRTMIN)
		return true;
	uint32_t *raised = &thread->raised[number - SIGRTMIN],
		 left = __atomic_load_n(raised, __ATOMIC_SEQ_CST);
	do {
		if (left == 0)
			return false; /* the bit was set when they had been taken already */
	} while (!__atomic_compare_exchange_n(
		raised, &left, left - 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	if (left > 1)
		__atomic_fetch_or(&thread->pending, bit, __ATOMIC_SEQ_CST);
	return true;
}

static enum signal_source claim(struct __pthread *thread, int number)
{
	if (raised_claim(thread, number))
		return SIGNAL_OWN;
	uint64_t bit = signal_bit(number);
	return (bit_clear(&signals_pending, bit) ? SIGNAL_TOLD : 0) |
	       (bit_clear(&signals_queued, bit) ? SIGNAL_QUEUED : 0);
}

int signal_claim(struct __pthread *thread, uint64_t allowed, enum signal_source *source)
{
	uint64_t some;
	while ((some = signals_pending_for(thread) & allowed) != 0) {
		int number = __builtin_ctzl(some);
		*source = claim(thread, number);
		if (*source != 0)
			return number;
	}
	return 0;
}

void signals_add(uint64_t told, uint64_t queued)
{
	__atomic_fetch_or(&signals_queued, queued, __ATOMIC_SEQ_CST);
	if (told & signal_bit(SIGCONT))
		__atomic_fetch_and(&signals_pending, ~SIGNALS_STOP, __ATOMIC_SEQ_CST);
	else if (told & SIGNALS_STOP)
		__atomic_fetch_and(&signals_pending, ~signal_bit(SIGCONT), __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&signals_pending, told, __ATOMIC_SEQ_CST);
	signals_hurry();
}

static siginfo_t info_of(int number, const struct signal_origin *from)
{
	return (siginfo_t){.si_signo = number,
		.si_code = from->code != 0  ? (int)from->code
			   : from->pid != 0 ? SI_USER
					    : SI_KERNEL,
		.si_pid = (pid_t)from->pid,
		.si_status = (int)from->status,
		.si_value.sival_ptr = (void *)from->value};
}

/* One that the process server does not give, because it is another, it tells again when the program has come back. */
static bool queue_take(int number, siginfo_t *info)
{
	struct signal_origin from = {0};
	if (program_take(own_program(), (uint32_t)number, &from) != 0)
		return false;
	if (from.more)
		signals_add(0, signal_bit(number));
	*info = info_of(number, &from);
	return true;
}

bool signal_take(int number, enum signal_source source, bool asks, siginfo_t *info)
{
	struct signal_origin from = {0};
	if ((source & SIGNAL_QUEUED) && queue_take(number, info))
		return true;
	if (!(source & (SIGNAL_OWN | SIGNAL_TOLD)))
		return false;
	if (source & SIGNAL_OWN)
		from.pid = asks ? (uint32_t)getpid() : 0;
	else if (asks)
		(void)program_origin(own_program(), (uint32_t)number, &from);
	*info = info_of(number, &from);
	return true;
}

/* The next signal of `allowed` of the calling thread, which blocks all meanwhile. 0: there is none. */
static int signal_next(uint64_t allowed, bool asks, siginfo_t *info)
{
	enum signal_source source;
	int number;
	do
		number = signal_claim(thread_self, allowed, &source);
	while (number != 0 &&
		!signal_take(number, source, asks || (signal_actions[number].sa_flags & SA_SIGINFO), info));
	return number;
}

void signals_hurry(void)
{
	__atomic_fetch_add(&signals_came, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&waiting, __ATOMIC_SEQ_CST) > 0)
		(void)futex_wake((uintptr_t)&signals_came, UINT32_MAX);
}

/* ---- handlers that a thread calls itself */

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
	raised_add(thread, number);
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
	siginfo_t info;
	if (action->sa_handler != SIG_IGN && (action->sa_handler != SIG_DFL || !signal_does_nothing(number)))
		return;
	(void)bit_clear(&signals_pending, signal_bit(number));
	while (bit_clear(&signals_queued, signal_bit(number)))
		(void)queue_take(number, &info);
	for (struct __pthread *thread = threads; thread != NULL; thread = thread->next)
		while (raised_claim(thread, number))
			continue;
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
static void hold(uint64_t blocked)
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

static void block(uint64_t blocked)
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
uint64_t signals_block(void)
{
	return __atomic_exchange_n(&thread_self->blocked, ~SIGNALS_FIXED, __ATOMIC_SEQ_CST);
}

void signals_unblock(uint64_t blocked)
{
	block(blocked);
}

int sigpending(sigset_t *set)
{
	signals_settle();
	*set = signals_pending_for(thread_self) & thread_self->blocked;
	return 0;
}

/* ---- waiting for signals */

int sigsuspend(const sigset_t *mask)
{
	struct __pthread *self = thread_self;
	uint64_t before = self->blocked, blocked = *mask & ~SIGNALS_FIXED;
	uint32_t ran = __atomic_load_n(&self->handled, __ATOMIC_SEQ_CST);
	hold(blocked);
	block(blocked);
	while (__atomic_load_n(&self->handled, __ATOMIC_SEQ_CST) == ran)
		(void)futex_wait_for(&self->handled, ran, DEADLINE_NEVER);
	block(before);
	return (int)posix_result(-EINTR);
}

int pause(void)
{
	sigset_t mask = thread_self->blocked;
	return sigsuspend(&mask);
}

/* A signal of the set, or 0. */
static int take_one(uint64_t set, bool asks, siginfo_t *info)
{
	uint64_t blocked = signals_block();
	int number = signal_next(set, asks, info);
	signals_unblock(blocked);
	return number;
}

/* A signal of the set, -EAGAIN when the time is up, -EINTR after a handler of another one. */
static int wait_for(uint64_t set, uint64_t deadline, bool asks, siginfo_t *info)
{
	struct __pthread *self = thread_self;
	uint32_t before = __atomic_load_n(&self->handled, __ATOMIC_SEQ_CST);
	int error = 0, number;
	bool settled = false;
	hold(set);
	__atomic_fetch_add(&waiting, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		uint32_t came = __atomic_load_n(&signals_came, __ATOMIC_SEQ_CST);
		number = take_one(set, asks, info);
		if (number != 0 || error != 0)
			break;
		if (__atomic_load_n(&self->handled, __ATOMIC_SEQ_CST) != before)
			error = EINTR;
		else if (!settled)
			signals_settle(); /* one that was sent before does not come too late */
		else if (futex_wait_for(&signals_came, came, deadline) != 0)
			error = EAGAIN;
		settled = true;
	}
	__atomic_fetch_sub(&waiting, 1, __ATOMIC_SEQ_CST);
	return number != 0 ? number : -error;
}

int sigwait(const sigset_t *restrict set, int *restrict number)
{
	siginfo_t info;
	int result;
	do
		result = wait_for(*set & ~SIGNALS_FIXED, DEADLINE_NEVER, false, &info);
	while (result == -EINTR);
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
	siginfo_t unused;
	int number = wait_for(*set & ~SIGNALS_FIXED, deadline, info != NULL, info != NULL ? info : &unused);
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
	*set &= ~signal_bit(number);
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
	*set = ~1ul;
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

void signals_inherit(uint64_t blocked, uint64_t unwanted)
{
	for (uint64_t left = unwanted; left != 0; left &= left - 1)
		action_put(__builtin_ctzl(left), &(struct sigaction){.sa_handler = SIG_IGN});
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
	told_ignored = told_caught = UINT64_MAX;
	told_no_stops = false;
	signal_thread_tell();
	signals_tell();
	word_unlock(&threads_lock);
}

void signals_begin_again(void)
{
	signals_pending = signals_queued = 0;
	if (signal_notification().value == 0) /* nothing is caught, nor blocked */
		return;
	signal_thread_forget();
	signal_fault_forget();
	(void)signal_thread_begin();
	told_caught = UINT64_MAX; /* whatever the process server knows of the parent */
	signals_tell();
	if (handled & SIGNALS_FAULT)
		(void)signal_fault_begin();
}

void signals_hand_on(void)
{
	uint64_t queued = thread_self->pending & ~(signal_bit(SIGRTMIN) - 1);
	for (; queued != 0; queued &= queued - 1)
		while (raised_claim(thread_self, __builtin_ctzl(queued)))
			(void)program_signal(own_program(), (int32_t)getpid(),
				(uint32_t)__builtin_ctzl(queued), DEADLINE_NEVER);
}
