/*
 * Calls about who there is: numbers, groups, children that are waited for, and what they have used. For programs, of themselves,
 * their children, or all. The server has one thread, and no lock. Starts and ends none.
 */
#include "serve.h"

#include <errno.h>
#include <string.h>
#include <tabula/handles.h>

#include "session.h"
#include "wait.h"

struct program *serve_own_or_child(const struct request *request, uint32_t pid)
{
	struct program *program = pid ? program_find(pid) : serve_caller(request);

	return program && (program == serve_caller(request) || program->parent == serve_caller(request))
		       ? program
		       : NULL;
}

long serve_program_self(struct request *request, uint32_t *parent, uint32_t *group)
{
	const struct program *program = serve_caller(request);

	*parent = program->parent ? program->parent->pid : 0;
	*group = program->group;
	return program->pid;
}

long serve_program_wait(struct request *request, int32_t which, enum wait how, uint32_t *status)
{
	return which == INT32_MIN ? -ECHILD : wait_call(request, which, how, status);
}

long serve_program_set_group(struct request *request, uint32_t pid, uint32_t group)
{
	struct program *program = serve_own_or_child(request, pid);

	if (!program)
		return -ESRCH;
	if (program->session == program->pid || program->session != serve_caller(request)->session)
		return -EPERM;
	if (group && group != program->pid && !session_has_group(program->session, group))
		return -EPERM;
	program->group = group ? group : program->pid;
	return 0;
}

long serve_program_get_group(struct request *request, uint32_t pid)
{
	const struct program *program = pid ? program_find(pid) : serve_caller(request);

	return program ? (long)program->group : -ESRCH;
}

long serve_program_next(struct request *request, uint32_t after, struct program_info *info)
{
	struct program *at = program_first();

	(void)request;
	while (at && at->pid <= after)
		at = at->next;
	if (!at)
		return -ESRCH;
	program_settle(at);
	info->pid = at->pid;
	info->parent = at->parent ? at->parent->pid : 0;
	info->group = at->group;
	info->state = at->stopped ? PROGRAM_STATE_STOPPED : at->state;
	memcpy(info->name, at->name, sizeof(info->name));
	return 0;
}

long serve_program_open(struct request *request, uint32_t pid, struct gift *result)
{
	struct program *program = program_find(pid);
	any_handle handle;

	(void)request;
	if (!program || program->process.value <= 0)
		return -ESRCH;
	program_settle(program);
	handle = handle_duplicate(ANY(program->process), RIGHTS_SAME);
	if (handle.value < 0)
		return -EMFILE;
	*result = (struct gift){handle, RIGHTS_SAME, NULL};
	return 0;
}

long serve_program_usage(struct request *request, struct usage *used)
{
	struct program *program = serve_caller(request);

	program_settle(program);
	*used = (struct usage){program_time(program), program_memory(program), program->children_time,
		program->children_memory, program->last_time, program->last_memory, program->last_child, 0};
	return 0;
}
