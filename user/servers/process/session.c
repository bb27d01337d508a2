/*
 * Sessions and the terminal. Which group is in the foreground is kept here, not by the console, because here it is known who
 * asks: a handle to the process server is that of one program, while handles to the console are passed on to everybody.
 */
#include "session.h"

#include "kept.h"
#include "signals.h"

#include <errno.h>

void session_begin(struct program *program)
{
	program->session = program->group = program->pid;
}

void session_take_terminal(const struct program *program)
{
	kept->terminal_session = program->session;
	kept->foreground = program->group;
}

bool session_has_group(uint32_t session, uint32_t group)
{
	for (const struct program *at = program_first(); at; at = at->next)
		if (at->group == group && at->session == session)
			return true;
	return false;
}

bool group_is_orphaned(uint32_t group)
{
	for (const struct program *at = program_first(); at; at = at->next)
		if (at->group == group && at->state != PROGRAM_STATE_ENDED && at->parent &&
			at->parent->session == at->session && at->parent->group != group)
			return false;
	return true;
}

long serve_program_session(struct request *request, uint32_t pid)
{
	const struct program *program = pid ? program_find(pid) : program_of(request->client);

	return program ? (long)program->session : -ESRCH;
}

long serve_program_begin_session(struct request *request)
{
	struct program *program = program_of(request->client);

	if (!program->pid || program->group == program->pid)
		return -EPERM;
	session_begin(program);
	return 0;
}

static bool has_terminal(const struct program *program)
{
	return kept->terminal_session && program->session == kept->terminal_session;
}

long serve_program_foreground(struct request *request)
{
	return has_terminal(program_of(request->client)) ? (long)kept->foreground : -EPERM;
}

/* Whether a program in the background has said what it wants SIGTTIN or SIGTTOU to do. */
static bool is_prepared(const struct program *program, uint32_t number)
{
	return (program->ignored | program->caught) & 1u << number;
}

long serve_program_set_foreground(struct request *request, uint32_t group)
{
	const struct program *program = program_of(request->client);

	if (!has_terminal(program) || !session_has_group(kept->terminal_session, group))
		return -EPERM;
	if (program->group != kept->foreground && !is_prepared(program, SIGTTOU)) {
		if (group_is_orphaned(program->group))
			return -EPERM;
		(void)signal_group(program->group, SIGTTOU, program->pid);
		return -EINTR;
	}
	kept->foreground = group;
	return 0;
}

long serve_program_may_read(struct request *request)
{
	const struct program *program = program_of(request->client);

	if (!has_terminal(program) || program->group == kept->foreground)
		return 0;
	if (program->ignored & 1u << SIGTTIN || group_is_orphaned(program->group))
		return -EIO;
	(void)signal_group(program->group, SIGTTIN, program->pid);
	return -EINTR;
}

long serve_program_signal_foreground(struct request *request, uint32_t number)
{
	if (program_of(request->client)->pid)
		return -EPERM;
	if (!number || number >= NSIG)
		return -EINVAL;
	return kept->foreground ? signal_group(kept->foreground, number, 0) : -ESRCH;
}
