/*
 * The process server: the numbers of programs, who is whose child, how they ended, groups, signals. It makes no processes:
 * programs do that themselves, and tell it. It learns of their end because their handles go with them.
 */
#include "program.h"
#include "signals.h"
#include "wait.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tabula/handles.h>
#include <tabula/programs.h>

static struct server server;
static struct program *init;
static struct program *shell; /* NULL: none has called */
static struct program terminal; /* no program, only somebody who may send signals */

static struct program *caller(const struct request *request)
{
	return program_of(request->client);
}

/* A child of the caller, or itself if `pid` is 0. */
static struct program *own_or_child(const struct request *request, uint32_t pid)
{
	struct program *program = pid ? program_find(pid) : caller(request);

	return program && (program == caller(request) || program->parent == caller(request)) ? program : NULL;
}

static int close_and(process_handle process, int error)
{
	(void)handle_close(ANY(process));
	return error;
}

/* The server waits for processes, too. */
static bool can_be_waited_for(process_handle process)
{
	struct handle_info info;

	return !handle_info(ANY(process), &info) && info.rights & RIGHT_PROCESS_WAIT;
}

long serve_program_self(struct request *request, uint32_t *parent, uint32_t *group)
{
	const struct program *program = caller(request);

	*parent = program->parent ? program->parent->pid : 0;
	*group = program->group;
	return program->pid;
}

/* What a program may do with its handle: call, and nothing else, so that it ends with its process. */
static void give(struct gift *gift, endpoint_handle handle)
{
	gift->handle = ANY(handle);
	gift->rights = RIGHT_TRANSFER | RIGHT_ENDPOINT_SEND;
}

long serve_program_create(struct request *request, const char *name, uint32_t *pid, struct gift *result)
{
	struct program *program = program_make(caller(request), name);
	endpoint_handle handle;

	if (!program)
		return -EAGAIN;
	handle = client_open(&server, &program->client);
	if (handle.value < 0) {
		program_forget(program);
		return handle.value;
	}
	*pid = program->pid;
	give(result, handle);
	return 0;
}

/* Of a child, or of the first program itself, which is nobody's. */
static bool may_be_told(const struct request *request, const struct program *program)
{
	return program->parent == caller(request) || (program == init && caller(request) == init);
}

long serve_program_run(struct request *request, uint32_t pid, process_handle p)
{
	struct program *program = program_find(pid);

	if (!program || !may_be_told(request, program))
		return close_and(p, -ESRCH);
	if (program->process.value > 0 || program->state == PROGRAM_STATE_ENDED)
		return close_and(p, -EINVAL);
	if (!can_be_waited_for(p))
		return close_and(p, -EACCES);
	program->process = p;
	program->state = PROGRAM_STATE_RUNNING;
	return 0;
}

/* A process that was to come before has come by now, or will not. */
static void replace_coming(struct program *program, process_handle p)
{
	struct process_result result;

	if (program->coming.value > 0 && !process_wait(program->process, 0, &result)) {
		(void)handle_close(ANY(program->process));
		program->process = program->coming;
	} else if (program->coming.value > 0) {
		(void)handle_close(ANY(program->coming));
	}
	program->coming = p;
}

long serve_program_exec(struct request *request, process_handle p, const char *name, struct gift *result)
{
	struct program *program = caller(request);
	endpoint_handle handle;

	if (program == init || program->state != PROGRAM_STATE_RUNNING)
		return close_and(p, -EINVAL);
	if (!can_be_waited_for(p))
		return close_and(p, -EACCES);
	handle = client_open(&server, &program->client);
	if (handle.value < 0)
		return close_and(p, handle.value == -ENOMEM ? -ENFILE : handle.value);
	replace_coming(program, p);
	program_rename(program, name);
	for (unsigned i = 0; i < NSIG; i++)
		if (program->actions[i] == ACTION_CATCH)
			program->actions[i] = ACTION_DEFAULT;
	give(result, handle);
	return 0;
}

long serve_program_wait(struct request *request, int32_t which, enum wait how, uint32_t *status)
{
	return which == INT32_MIN ? -ECHILD : wait_call(request, which, how, status);
}

long serve_program_signal(struct request *request, int32_t which, uint32_t number)
{
	return which == INT32_MIN ? -ESRCH : signal_send(caller(request), which, number);
}

long serve_program_set_group(struct request *request, uint32_t pid, uint32_t group)
{
	struct program *program = own_or_child(request, pid);
	bool exists = !group || (program && group == program->pid);

	if (!program)
		return -ESRCH;
	for (struct program *at = program_first(); at && !exists; at = at->next)
		exists = at->group == group;
	if (!exists)
		return -EPERM;
	program->group = group ? group : program->pid;
	return 0;
}

long serve_program_get_group(struct request *request, uint32_t pid)
{
	const struct program *program = pid ? program_find(pid) : caller(request);

	return program ? (long)program->group : -ESRCH;
}

long serve_program_set_action(struct request *request, uint32_t number, enum action action)
{
	if (!signal_is_free(number))
		return -EINVAL;
	caller(request)->actions[number] = action;
	return 0;
}

long serve_program_next(struct request *request, uint32_t after, struct program_info *info)
{
	const struct program *at = program_first();

	(void)request;
	while (at && at->pid <= after)
		at = at->next;
	if (!at)
		return -ESRCH;
	info->pid = at->pid;
	info->parent = at->parent ? at->parent->pid : 0;
	info->group = at->group;
	info->state = at->state;
	memcpy(info->name, at->name, sizeof(info->name));
	return 0;
}

long serve_program_open(struct request *request, uint32_t pid, struct gift *result)
{
	const struct program *program = program_find(pid);
	any_handle handle;

	(void)request;
	if (!program || program->process.value <= 0)
		return -ESRCH;
	handle = handle_duplicate(
		ANY(program->coming.value > 0 ? program->coming : program->process), RIGHTS_SAME);
	if (handle.value < 0)
		return -EMFILE;
	*result = (struct gift){handle, RIGHTS_SAME};
	return 0;
}

/* ---- beginnings and ends */

/* One that was never started leaves nothing; of another its parent hears, unless it does not want to. */
static void end(struct program *program)
{
	bool started = program->state == PROGRAM_STATE_RUNNING;

	if (program == shell)
		shell = NULL;
	program_end(program, init);
	if (!started || program->parent->actions[SIGCHLD] == ACTION_IGNORE)
		program->parent = NULL;
	wait_look(&server);
	if (!program->parent)
		program_forget(program);
}

static void gone(struct server *of, struct client *client)
{
	(void)of;
	end(program_of(client));
}

static bool has_ended(process_handle process)
{
	struct process_result result;

	return process.value > 0 && !process_wait(process, 0, &result);
}

/*
 * The shell that init has started. Nobody tells of its end, since its badge is not this server's own: it shows when the
 * next one calls. One that became another program has a badge for that.
 */
static struct client *adopt_shell(void)
{
	if (shell && has_ended(shell->process)) {
		if (shell->coming.value > 0)
			shell = NULL;
		else
			end(shell);
	}
	if (!shell) {
		shell = program_make(init, "sh");
		if (!shell)
			return NULL;
		shell->group = shell->pid; /* what Ctrl-C interrupts */
	}
	return &shell->client;
}

/* The badges that init gives: see services.c there. */
static struct client *adopt(struct server *of, uint64_t badge)
{
	(void)of;
	switch (badge) {
	case PROGRAMS_INIT:
		return &init->client;
	case PROGRAMS_TERMINAL:
		return &terminal.client;
	case PROGRAMS_SHELL:
		return adopt_shell();
	default:
		return NULL;
	}
}

int main(void)
{
	static const struct protocol *const protocols[] = {&program_protocol, NULL};
	endpoint_handle endpoint = {startup_handle(STARTUP_ENDPOINT).value};

	init = program_make(NULL, "init");
	if (!init || server_init(&server, endpoint, protocols))
		abort();
	init->actions[SIGCHLD] = ACTION_IGNORE;
	init->state = PROGRAM_STATE_RUNNING;
	server.gone = gone;
	server.adopt = adopt;
	server_run(&server);
}
