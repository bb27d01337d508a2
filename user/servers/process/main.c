/*
 * The process server: the numbers of programs, who is whose child, how they ended, groups, signals. It makes no processes:
 * programs do that themselves, and tell it. It learns of their end because their handles go with them.
 */
#include "program.h"
#include "session.h"
#include "signals.h"
#include "stop.h"
#include "wait.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tabula/handles.h>
#include <tabula/programs.h>
#include <tabula/protocol/program.h>

static struct server server;
static struct program *init;
static struct program *shell; /* NULL: none has called */
static struct program *last_shell; /* ended: init asks how, until there is a new one */
static struct program terminal; /* no program, only somebody who may send signals */
static struct program stranger; /* no program either: whoever was one to the process server before this one */

enum { NUMBERS_APART = 10000 };

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

long serve_program_self(struct request *request, uint32_t *parent, uint32_t *group)
{
	const struct program *program = caller(request);

	*parent = program->parent ? program->parent->pid : 0;
	*group = program->group;
	return program->pid;
}

/* What a program may do with its handle: call, and nothing else, so that it ends with its process. */
static int give(struct program *program, struct gift *gift)
{
	return client_give(&server, &program->client, RIGHT_TRANSFER | RIGHT_ENDPOINT_SEND, gift);
}

/* A child of the caller, starting, and a handle to it. 0 or -errno. */
static int make_child(struct request *request, const char *name, struct program **child, struct gift *result)
{
	struct program *program = program_make(caller(request), name);
	int error;

	if (!program)
		return -EAGAIN;
	error = give(program, result);
	if (error)
		program_forget(program);
	else
		*child = program;
	return error;
}

long serve_program_create(struct request *request, const char *name, enum kinship how, uint32_t *pid,
	uint32_t *caught, struct gift *result)
{
	struct program *child;
	int error = make_child(request, name, &child, result);

	if (error)
		return error;
	child->unwaited = how & KINSHIP_UNWAITED;
	*pid = child->pid;
	*caught = caller(request)->caught;
	return 0;
}

long serve_program_fork(struct request *request, process_handle p, uint64_t own, uint32_t *pid,
	uint32_t *caught, struct gift *result)
{
	struct program *child;
	int error = make_child(request, caller(request)->name, &child, result);

	if (error)
		return close_and(p, error);
	child->process = p;
	child->state = PROGRAM_STATE_RUNNING;
	child->own = own;
	child->caught = caller(request)->caught;
	child->hears_no_stops = caller(request)->hears_no_stops;
	*pid = child->pid;
	*caught = child->caught;
	return 0;
}

static struct program *find_by_process(const struct process_info *info)
{
	struct process_info other;

	for (struct program *at = program_first(); at; at = at->next)
		if (at->process.value > 0 && !process_info(at->process, &other) && other.id == info->id)
			return at;
	return NULL;
}

/* A group that is another session's is not for it. One who has come back by himself is not in his yet. */
static uint32_t group_for(const struct program *program, uint32_t group)
{
	for (const struct program *at = program_first(); at; at = at->next)
		if ((at->group == group || at->pid == group) && at->session != program->session &&
			!at->returned)
			return program->group;
	return group ? group : program->group;
}

/* It runs in a process already. */
static void begin_in(struct program *program, process_handle p, uint32_t pid)
{
	program_renumber(program, pid);
	program->process = p;
	program->state = PROGRAM_STATE_RUNNING;
}

/* It has come back before its parent. Those of its session, whose parent it is, go where it goes. */
static void take_back(struct program *parent, struct program *child, uint32_t group)
{
	uint32_t session = child->session;

	child->returned = false;
	child->parent = parent;
	child->session = parent->session;
	child->group = parent->group;
	child->group = group_for(child, group);
	for (struct program *at = program_first(); at; at = at->next) {
		if (at->session != session)
			continue;
		at->session = parent->session;
		if (at->group == session)
			at->group = child->group;
	}
}

long serve_program_adopt(struct request *request, uint32_t pid, uint32_t group, process_handle p,
	uint32_t *number, struct gift *result)
{
	struct process_info info;
	struct program *child;
	int error;

	if (process_info(p, &info))
		return close_and(p, -EINVAL);
	child = find_by_process(&info);
	if (child && (!child->returned || child == caller(request)))
		return close_and(p, -EINVAL);
	error = child ? give(child, result) : make_child(request, (const char *)info.name, &child, result);
	if (error)
		return close_and(p, error);
	if (child->returned) {
		program_renumber(child, pid);
		take_back(caller(request), child, group);
		(void)close_and(p, 0);
	} else {
		begin_in(child, p, pid);
		child->group = group_for(child, group);
	}
	*number = child->pid;
	return 0;
}

/* The program of a process that was one before. NULL: no more can be known. */
static struct program *find_or_make(process_handle p, const struct process_info *info, uint32_t pid)
{
	struct program *program = find_by_process(info);

	if (program) {
		(void)close_and(p, 0);
		return program;
	}
	program = program_make(init, (const char *)info->name);
	if (!program)
		return NULL;
	begin_in(program, p, pid);
	program->returned = true;
	session_begin(program);
	return program;
}

long serve_program_return(
	struct request *request, uint32_t pid, process_handle p, uint32_t *number, struct gift *result)
{
	struct process_info info;
	struct program *program;
	int error;

	if (caller(request) != &stranger || process_info(p, &info))
		return close_and(p, -EINVAL);
	program = find_or_make(p, &info, pid);
	if (!program)
		return close_and(p, -EAGAIN);
	error = give(program, result);
	if (error && !program->client.opened)
		program_forget(program);
	else
		*number = program->pid;
	return error;
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
	program->process = p;
	program->state = PROGRAM_STATE_RUNNING;
	signal_started(program);
	return 0;
}

/* Of the shell it may not have been told yet that it runs. */
static bool may_exec(const struct program *program)
{
	return program->state == PROGRAM_STATE_RUNNING || program == shell;
}

long serve_program_exec(struct request *request, process_handle p, const char *name, uint32_t held,
	uint32_t pending, struct gift *result)
{
	struct program *program = caller(request);
	int error;

	if (program == init || !may_exec(program) || signals_fixed(held | pending))
		return close_and(p, -EINVAL);
	error = give(program, result);
	if (error)
		return close_and(p, -ENFILE);
	program->state = PROGRAM_STATE_RUNNING;
	program_announce(program, p, name);
	program_set_notification(program, (notification_handle){0}, 0);
	program->caught = held;
	program->hears_no_stops = false;
	program->pending |= pending & held;
	return 0;
}

long serve_program_abandon(struct request *request, uint32_t pid)
{
	struct program *program = own_or_child(request, pid);

	if (!program || program == caller(request))
		return -ESRCH;
	program->unwaited = true;
	if (program->state == PROGRAM_STATE_ENDED)
		program_forget(program);
	wait_look(request->server);
	return 0;
}

long serve_program_stay(struct request *request)
{
	program_unannounce(caller(request));
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

	if (!program)
		return -ESRCH;
	if (program->session == program->pid || program->session != caller(request)->session)
		return -EPERM;
	if (group && group != program->pid && !session_has_group(program->session, group))
		return -EPERM;
	program->group = group ? group : program->pid;
	return 0;
}

long serve_program_get_group(struct request *request, uint32_t pid)
{
	const struct program *program = pid ? program_find(pid) : caller(request);

	return program ? (long)program->group : -ESRCH;
}

long serve_program_set_actions(struct request *request, uint32_t pid, uint32_t ignored, uint32_t caught)
{
	struct program *program = own_or_child(request, pid);

	if (!program || (pid && program->state != PROGRAM_STATE_STARTING))
		return -ESRCH;
	if (signals_fixed(ignored | caught))
		return -EINVAL;
	program->ignored = ignored;
	program->caught = caught;
	program->pending &= caught;
	return 0;
}

long serve_program_catch(struct request *request, notification_handle n, uint32_t thread)
{
	program_set_notification(caller(request), n, thread);
	signal_tell_pending(caller(request));
	return 0;
}

long serve_program_hear(struct request *request, bool stops)
{
	caller(request)->hears_no_stops = !stops;
	return 0;
}

long serve_program_origin(struct request *request, uint32_t number, uint32_t *code, uint32_t *status)
{
	struct origin *place = &caller(request)->origins[number < NSIG ? number : 0], origin = *place;

	if (number == 0 || number >= NSIG)
		return -EINVAL;
	*place = (struct origin){0};
	*code = origin.code;
	*status = origin.status;
	return origin.pid;
}

long serve_program_stop(struct request *request, uint32_t number)
{
	if (number >= NSIG || !(STOP_SIGNALS & 1u << number))
		return -EINVAL;
	signal_stop(caller(request), number);
	return 0;
}

long serve_program_interrupt(struct request *request)
{
	wait_interrupt(request->server, caller(request));
	return 0;
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

long serve_program_times(struct request *request, uint64_t *own, uint64_t *children)
{
	struct program *program = caller(request);

	program_settle(program);
	*own = program_time(program);
	*children = program->children_time;
	return 0;
}

/* ---- beginnings and ends */

/* Whether somebody will wait for it: not for one that was never started, and the first program waits for nobody. */
static bool is_awaited(const struct program *program)
{
	return program->state == PROGRAM_STATE_RUNNING && !program->unwaited && program->parent != init &&
	       !(program->parent->ignored & 1u << SIGCHLD);
}

/* Groups with stopped members that this program, or one of its own group, could have let go on. */
static void mark_groups(const struct program *program)
{
	for (struct program *at = program_first(); at; at = at->next)
		at->may_be_orphan = at->stopped && (at->parent == program || at->group == program->group) &&
				    !group_is_orphaned(at->group);
}

static void leave_orphans(void)
{
	for (struct program *at = program_first(); at; at = at->next)
		if (at->may_be_orphan)
			signal_orphans(at->group);
}

static void end(struct program *program)
{
	struct program *parent = program->parent;
	bool heard = program->state == PROGRAM_STATE_RUNNING && !program->unwaited;

	mark_groups(program);
	if (!is_awaited(program))
		program->parent = NULL;
	program_end(program, init);
	if (heard)
		signal_child_ends(parent, program);
	if (program == shell) {
		last_shell = program;
		shell = NULL;
	} else {
		program_close(program);
		if (!program->parent)
			program_forget(program);
	}
	wait_look(&server); /* who waits for the program has it forgotten */
	leave_orphans();
}

/* A shell that could not become another program goes on, through the badge that it had before. */
static void gone(struct server *of, struct client *client)
{
	struct program *program = program_of(client);

	(void)of;
	program_settle(program);
	if (program != shell || program->replaced)
		end(program);
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
	if (shell)
		program_settle(shell);
	if (shell && has_ended(shell->process)) {
		if (shell->replaced)
			shell = NULL;
		else
			end(shell);
	}
	if (!shell) {
		if (last_shell)
			program_forget(last_shell);
		last_shell = NULL;
		shell = program_make(init, "sh");
		if (!shell)
			return NULL;
		session_begin(shell);
		session_take_terminal(shell);
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

/* Whoever has a handle of the server that was here before may do one thing with it. */
static struct client *meet_stranger(struct server *of, uint32_t label)
{
	(void)of;
	return label == METHOD_PROGRAM_RETURN ? &stranger.client : NULL;
}

/* The argument is how many process servers were here before. Their programs keep their numbers when they come back. */
int main(int argc, char **argv)
{
	static const struct protocol *const protocols[] = {&program_protocol, NULL};
	endpoint_handle endpoint = {startup_handle(STARTUP_ENDPOINT).value};

	init = program_make(NULL, "init");
	if (!init || server_init(&server, endpoint, protocols))
		abort();
	init->state = PROGRAM_STATE_RUNNING;
	if (argc > 1)
		program_count_from((uint32_t)atoi(argv[1]) * NUMBERS_APART);
	server.gone = gone;
	server.adopt = adopt;
	server.stranger = meet_stranger;
	server.timeout = stop_again;
	stop_again(&server);
	server_run(&server);
}
