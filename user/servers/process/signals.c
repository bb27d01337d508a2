/*
 * Signals. What a signal does by default is to end the program, with the number of the signal in its status, or nothing. A
 * program that catches it learns of it by itself.
 */
#include "signals.h"

#include <errno.h>

enum { STATUS_OF_SIGNAL = 128 };

bool signal_is_free(uint32_t number)
{
	return number > 0 && number < NSIG && number != SIGKILL && number != SIGSTOP;
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

static void deliver(const struct program *program, uint32_t number)
{
	if (number && program->actions[number] == ACTION_DEFAULT && ends(number))
		end(program, number);
}

static bool is_meant(const struct program *from, int32_t which, const struct program *program)
{
	if (program->state != PROGRAM_STATE_RUNNING)
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
		deliver(at, number);
	}
	return found ? 0 : -ESRCH;
}
