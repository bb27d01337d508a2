/*
 * Signals. What a signal does by default is to end the program, with the number of the signal in its status, or nothing. A
 * program that catches it is told through a notification, and does the rest by itself: nobody here waits for it.
 */
#include "signals.h"

#include <errno.h>

enum { STATUS_OF_SIGNAL = 128 };

_Static_assert(NSIG == 32, "a bit for each signal");

static uint32_t bit(uint32_t number)
{
	return 1u << number;
}

uint32_t signals_fixed(uint32_t signals)
{
	return signals & (bit(0) | bit(SIGKILL) | bit(SIGSTOP));
}

/* Of those that by default end nothing, and are not about stopping programs, which can't be done. */
static bool ends(uint32_t number)
{
	switch (number) {
	case SIGCHLD:
	case SIGCONT:
	case SIGSTOP:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
	case SIGURG:
	case SIGWINCH:
		return false;
	default:
		return true;
	}
}

static void end(const struct program *program, uint32_t number)
{
	int32_t status = STATUS_OF_SIGNAL + (int32_t)number;

	if (program->coming.value > 0)
		(void)process_kill(program->coming, status);
	if (program->process.value > 0)
		(void)process_kill(program->process, status);
}

static void tell(struct program *program, uint32_t number)
{
	if (program->notification.value > 0)
		(void)notification_signal(program->notification, bit(number));
	else
		program->pending |= bit(number);
}

static void deliver(struct program *program, uint32_t number)
{
	if (program->caught & bit(number))
		tell(program, number);
	else if (program->ignored & bit(number) || !ends(number))
		return;
	else if (program->state == PROGRAM_STATE_STARTING)
		program->doomed = number;
	else
		end(program, number);
}

void signal_child(struct program *parent)
{
	deliver(parent, SIGCHLD);
}

void signal_started(struct program *program)
{
	if (program->doomed)
		end(program, program->doomed);
}

void signal_tell_pending(struct program *program)
{
	if (program->pending)
		(void)notification_signal(program->notification, program->pending);
	program->pending = 0;
}

static bool is_meant(const struct program *from, int32_t which, const struct program *program)
{
	if (program->state == PROGRAM_STATE_ENDED)
		return false;
	if (which > 0)
		return program->pid == (uint32_t)which;
	if (which == -1)
		return program != from && program->pid != FIRST_PROGRAM;
	return program->group == (which ? (uint32_t) - (int64_t)which : from->group);
}

int signal_send(const struct program *from, int32_t which, uint32_t number)
{
	bool found = false;

	if (number >= NSIG)
		return -EINVAL;
	for (struct program *at = program_first(); at; at = at->next) {
		if (!is_meant(from, which, at))
			continue;
		found = true;
		if (at->pid == FIRST_PROGRAM && number)
			return -EPERM;
		if (number)
			deliver(at, number);
	}
	return found ? 0 : -ESRCH;
}
