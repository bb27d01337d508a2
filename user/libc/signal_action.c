/*
 * What each signal does, and what the process server is told of that. For sigaction, for those who deliver signals, and for fork
 * and exec; threads_lock guards it all, but for what is only held, which is looked at without. Calls no handler. See signals.h.
 */
#include <tabula/handles.h>
#include <tabula/protocol/program.h>

#include "process.h"
#include "signals.h"

enum { STATUS_OF_SIGNAL = 128 };

struct sigaction signal_actions[NSIG];

static uint64_t ignored, handled; /* as signal_actions say */

/* Signals that some thread has blocked: they are caught, though nothing may be done about them. */
static uint64_t held;

/* What the process server knows. */
static uint64_t told_ignored, told_caught;
static bool told_no_stops; /* children that stop or go on are not worth a SIGCHLD */

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

_Noreturn void signal_end_program(int number)
{
	(void)process_kill(own_process(), STATUS_OF_SIGNAL + number);
	process_exit(STATUS_OF_SIGNAL + number); /* a program that may not manage itself */
}

void signal_do_default(int number)
{
	if (SIGNALS_STOP & signal_bit(number))
		(void)program_stop(own_program(), (uint32_t)number);
	else if (signal_ends_program(number))
		signal_end_program(number);
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

void signals_hold(uint64_t blocked)
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
	signal_forget(number);
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
