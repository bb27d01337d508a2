/*
 * Signals. What a signal does by default is to end the program, with the number of the signal in its status, to stop it, or
 * nothing. A program that catches it is told through a notification, and does the rest by itself: nobody here waits for it.
 */
#include "signals.h"

#include "queue.h"
#include "session.h"
#include "stop.h"
#include "wait.h"

#include <errno.h>
#include <tabula/handles.h>

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

/* While a signal is sent that may end this server itself: who sends it is answered before. */
static bool sending;
static int32_t own_end; /* the status that it ends with; 0: it does not */

static bool is_this_server(process_handle process)
{
	struct process_info info;

	return !process_info(process, &info) && info.id == process_id();
}

static void end(const struct program *program, uint32_t number)
{
	int32_t status = STATUS_OF_SIGNAL + (int32_t)number;

	if (sending && program->process.value > 0 && is_this_server(program->process)) {
		own_end = status;
		return;
	}
	if (program->coming.value > 0)
		(void)process_kill(program->coming, status);
	if (program->process.value > 0)
		(void)process_kill(program->process, status);
}

/* As program_catch has it: which signals, and which of them have a value. */
static uint64_t bits_of(uint32_t signals, uint32_t with_value)
{
	return signals | (uint64_t)with_value << 31;
}

static void tell(struct program *program, uint32_t number, const struct origin *origin)
{
	bool has_value = origin->code == (uint32_t)SI_QUEUE;

	if (!has_value) {
		program->origins[number] = *origin;
		program->told |= bit(number);
	}
	if (program->notification.value > 0)
		(void)notification_signal(
			program->notification, bits_of(bit(number), has_value ? bit(number) : 0));
	else
		program->pending |= bit(number);
}

/* Servers stay: the system would stand still. So does the shell that init has started: nobody could let it go on. */
static bool can_stop(const struct program *program)
{
	return program->session != FIRST_PROGRAM && (program->pid != program->session || !program->parent ||
							    program->parent->pid != FIRST_PROGRAM);
}

void signal_stop(struct program *program, uint32_t number)
{
	if (can_stop(program) && (number == SIGSTOP || !group_is_orphaned(program->group)))
		stop_begin(program, number);
}

/* What a signal does that is neither caught nor ignored. */
static void do_default(struct program *program, uint32_t number)
{
	if (STOP_SIGNALS & bit(number))
		signal_stop(program, number);
	else if (!ends(number))
		return;
	else if (program->stopped && number != SIGKILL)
		program->delayed |= bit(number);
	else if (program->process.value <= 0 && program->coming.value <= 0)
		program->doomed = number;
	else
		end(program, number);
}

static void deliver(struct program *program, uint32_t number, const struct origin *origin);

/* It goes on, whatever it does about SIGCONT; what came meanwhile comes then. */
static void go_on(struct program *program)
{
	uint32_t delayed = program->delayed;
	const struct origin nobody = {0};

	program->delayed = 0;
	program->pending &= ~STOP_SIGNALS;
	if (!stop_end(program))
		return;
	for (uint32_t number = 1; number < NSIG; number++)
		if (delayed & bit(number))
			deliver(program, number, &nobody);
}

static void deliver(struct program *program, uint32_t number, const struct origin *origin)
{
	if (number == SIGCONT)
		go_on(program);
	else if (STOP_SIGNALS & bit(number))
		program->pending &= ~bit(SIGCONT);
	if (program->caught & bit(number))
		tell(program, number, origin);
	else if (!(program->ignored & bit(number)))
		do_default(program, number);
}

void signal_child_ends(struct program *parent, const struct program *child)
{
	bool exited = (child->status & 0x7f) == 0;
	const struct origin origin = {child->pid, exited ? CLD_EXITED : CLD_KILLED,
		exited ? child->status >> 8 : child->status & 0x7f};

	deliver(parent, SIGCHLD, &origin);
}

void signal_child_stops(const struct program *child)
{
	const struct origin origin = {child->pid, child->stopped ? CLD_STOPPED : CLD_CONTINUED,
		child->stopped ? child->stopped : SIGCONT};

	if (!child->parent || child->unwaited)
		return;
	wait_look_again();
	if (!child->parent->hears_no_stops)
		deliver(child->parent, SIGCHLD, &origin);
}

void signal_orphans(uint32_t group)
{
	bool some = false;

	for (const struct program *at = program_first(); at; at = at->next)
		some |= at->group == group && at->stopped;
	if (!some || !group_is_orphaned(group))
		return;
	(void)signal_group(group, SIGHUP, 0);
	(void)signal_group(group, SIGCONT, 0);
}

void signal_started(struct program *program)
{
	if (program->doomed)
		end(program, program->doomed);
}

void signal_tell_pending(struct program *program)
{
	uint64_t bits = bits_of(program->pending, queue_signals(program));

	if (bits)
		(void)notification_signal(program->notification, bits);
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

static void send(struct program *program, uint32_t number, const struct origin *origin)
{
	sending = true;
	deliver(program, number, origin);
	sending = false;
}

int signal_send(const struct program *from, int32_t which, uint32_t number)
{
	const struct origin origin = {.pid = from->pid};
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
			send(at, number, &origin);
	}
	return found ? 0 : -ESRCH;
}

int32_t signal_own_end(void)
{
	return own_end;
}

int signal_queue(const struct program *from, uint32_t pid, uint32_t number, uint64_t value)
{
	const struct origin origin = {.pid = from->pid, .code = (uint32_t)SI_QUEUE};
	struct program *program = program_find(pid);
	int error = 0;

	if (number >= NSIG)
		return -EINVAL;
	if (!program || program->state == PROGRAM_STATE_ENDED)
		return -ESRCH;
	if (pid == FIRST_PROGRAM && number)
		return -EPERM;
	if (number && program->caught & bit(number))
		error = queue_add(program, from->pid, number, value);
	if (number && !error)
		send(program, number, &origin);
	return error;
}

int signal_group(uint32_t group, uint32_t number, uint32_t from)
{
	const struct origin origin = {.pid = from};
	bool found = false;

	for (struct program *at = program_first(); at; at = at->next) {
		if (at->group != group || at->state == PROGRAM_STATE_ENDED || at->pid == FIRST_PROGRAM)
			continue;
		found = true;
		deliver(at, number, &origin);
	}
	return found ? 0 : -ESRCH;
}
