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
#include <tabula/programs.h>

enum { STATUS_OF_SIGNAL = 128 };

/* Where a signal comes from, and what it brings: as in siginfo_t. */
struct sent {
	uint32_t pid, code, status;
	uint64_t value;
};

_Static_assert(SIGRTMIN == 32 && NSIG == 64, "a bit for each signal, and for those queued");

static uint64_t bit(uint32_t number)
{
	return 1ul << number;
}

uint64_t signals_fixed(uint64_t signals)
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

/* One that it knows to be queued already it will ask for again. */
static int tell_queued(struct program *program, uint32_t number, const struct sent *origin)
{
	const struct queued signal = {
		.from = origin->pid, .number = number, .value = origin->value, .code = origin->code};
	int error = queue_add(program, &signal);

	if (!error && program->notification.value > 0 && !(program->queue_told & bit(number)))
		(void)notification_signal(program->notification, PROGRAMS_QUEUED);
	return error;
}

static int tell(struct program *program, uint32_t number, const struct sent *origin)
{
	if (number >= SIGRTMIN || origin->code == (uint32_t)SI_QUEUE)
		return tell_queued(program, number, origin);
	program->origins[number] = (struct origin){origin->pid, origin->code, origin->status};
	program->told |= (uint32_t)bit(number);
	if (program->notification.value > 0)
		(void)notification_signal(program->notification, bit(number));
	else
		program->pending |= (uint32_t)bit(number);
	return 0;
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

static int deliver(struct program *program, uint32_t number, const struct sent *origin);

/* It goes on, whatever it does about SIGCONT; what came meanwhile comes then. */
static void go_on(struct program *program)
{
	uint64_t delayed = program->delayed;
	const struct sent nobody = {0};

	program->delayed = 0;
	program->pending &= ~STOP_SIGNALS;
	if (!stop_end(program))
		return;
	for (uint32_t number = 1; number < NSIG; number++)
		if (delayed & bit(number))
			(void)deliver(program, number, &nobody);
}

/* 0, or -EAGAIN when it is caught and can't be queued. */
static int deliver(struct program *program, uint32_t number, const struct sent *origin)
{
	if (number == SIGCONT)
		go_on(program);
	else if (STOP_SIGNALS & bit(number))
		program->pending &= ~(uint32_t)bit(SIGCONT);
	if (program->caught & bit(number))
		return tell(program, number, origin);
	if (!(program->ignored & bit(number)))
		do_default(program, number);
	return 0;
}

void signal_child_ends(struct program *parent, const struct program *child)
{
	bool exited = (child->status & 0x7f) == 0;
	const struct sent origin = {child->pid, exited ? CLD_EXITED : CLD_KILLED,
		exited ? child->status >> 8 : child->status & 0x7f, 0};

	(void)deliver(parent, SIGCHLD, &origin);
}

void signal_child_stops(const struct program *child)
{
	const struct sent origin = {child->pid, child->stopped ? CLD_STOPPED : CLD_CONTINUED,
		child->stopped ? child->stopped : SIGCONT, 0};

	if (!child->parent || child->unwaited)
		return;
	wait_look_again();
	if (!child->parent->hears_no_stops)
		(void)deliver(child->parent, SIGCHLD, &origin);
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
	uint64_t bits = program->pending | (queue_untold(program) ? PROGRAMS_QUEUED : 0);

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

static int send(struct program *program, uint32_t number, const struct sent *origin)
{
	int error;

	sending = true;
	error = deliver(program, number, origin);
	sending = false;
	return error;
}

int signal_send(const struct program *from, int32_t which, uint32_t number)
{
	const struct sent origin = {.pid = from->pid};
	int result = -ESRCH;

	if (number >= NSIG)
		return -EINVAL;
	for (struct program *at = program_first(); at; at = at->next) {
		int error;

		if (!is_meant(from, which, at))
			continue;
		if (at->pid == FIRST_PROGRAM && number)
			return -EPERM;
		error = number ? send(at, number, &origin) : 0;
		if (result)
			result = error;
	}
	return result;
}

int32_t signal_own_end(void)
{
	return own_end;
}

int signal_queue(const struct program *from, uint32_t pid, uint32_t number, uint64_t value)
{
	const struct sent origin = {.pid = from->pid, .code = (uint32_t)SI_QUEUE, .value = value};
	struct program *program = program_find(pid);

	if (number >= NSIG)
		return -EINVAL;
	if (!program || program->state == PROGRAM_STATE_ENDED)
		return -ESRCH;
	if (pid == FIRST_PROGRAM && number)
		return -EPERM;
	return number ? send(program, number, &origin) : 0;
}

int signal_group(uint32_t group, uint32_t number, uint32_t from)
{
	const struct sent origin = {.pid = from};
	int result = -ESRCH;

	for (struct program *at = program_first(); at; at = at->next) {
		int error;

		if (at->group != group || at->state == PROGRAM_STATE_ENDED || at->pid == FIRST_PROGRAM)
			continue;
		error = deliver(at, number, &origin);
		if (result)
			result = error;
	}
	return result;
}
