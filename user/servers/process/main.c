/*
 * The process server: the numbers of programs, who is whose child, how they ended, groups, signals. It makes no processes:
 * programs do that themselves, and tell it. It learns of their end because their handles go with them.
 */
#include "kept.h"
#include "lost.h"
#include "program.h"
#include "queue.h"
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

long serve_program_create(
	struct request *request, const char *name, enum kinship how, uint32_t *pid, struct gift *result)
{
	struct program *child;
	int error = make_child(request, name, &child, result);

	if (error)
		return error;
	child->unwaited = how & KINSHIP_UNWAITED;
	*pid = child->pid;
	return 0;
}

long serve_program_fork(struct request *request, process_handle p, uint32_t *pid, struct gift *result)
{
	struct program *child;
	int error = make_child(request, caller(request)->name, &child, result);

	if (error)
		return close_and(p, error);
	child->process = p;
	child->state = PROGRAM_STATE_RUNNING;
	child->caught = caller(request)->caught;
	child->hears_no_stops = caller(request)->hears_no_stops;
	*pid = child->pid;
	return 0;
}

/* Of a child, or of the first program itself, which is nobody's. */
static bool may_be_told(const struct request *request, const struct program *program)
{
	return program->parent == caller(request) || (program == init && caller(request) == init);
}

static void end(struct program *program);
static void end_lost(void);
static struct client *adopt_shell(void);

/* Another shell has its badge: init starts one when the one before it has ended. */
static bool is_shell_of(const struct program *program, process_handle p)
{
	struct process_info info;

	return program != shell || process_info(p, &info) || !program->shell_process ||
	       info.id == program->shell_process;
}

static int run_lost(struct program *program, process_handle p)
{
	if (!is_shell_of(program, p)) {
		end(program);
		return close_and(p, -ESRCH);
	}
	lost_run(program, p);
	end_lost();
	return 0;
}

static void remember_shell(struct program *program)
{
	struct process_info info;

	if (program == shell && !process_info(program->process, &info))
		program->shell_process = info.id;
}

long serve_program_run(struct request *request, uint32_t pid, process_handle p)
{
	struct program *program = program_find(pid);

	if (!program || !may_be_told(request, program))
		return close_and(p, -ESRCH);
	if (program->lost)
		return run_lost(program, p);
	if (program->process.value > 0 || program->state == PROGRAM_STATE_ENDED)
		return close_and(p, -EINVAL);
	program->process = p;
	program->state = PROGRAM_STATE_RUNNING;
	remember_shell(program);
	signal_started(program);
	return 0;
}

long serve_program_return(struct request *request, process_handle p)
{
	struct program *program = caller(request);

	if (!program->lost)
		return close_and(p, -EINVAL);
	if (!is_shell_of(program, p)) {
		end(program);
		return close_and(p, adopt_shell() ? 0 : -EAGAIN);
	}
	lost_return(request->server, program, p);
	remember_shell(program);
	end_lost();
	return 0;
}

/* Of the shell it may not have been told yet that it runs. */
static bool may_exec(const struct program *program)
{
	return program->state == PROGRAM_STATE_RUNNING || program == shell;
}

long serve_program_exec(struct request *request, process_handle p, const char *name, uint64_t held,
	uint64_t pending, struct gift *result)
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
	program->pending |= (uint32_t)(pending & held);
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

_Noreturn static void end_self(void)
{
	(void)process_kill(own_process(), signal_own_end());
	process_exit(signal_own_end());
}

long serve_program_signal(struct request *request, int32_t which, uint32_t number)
{
	long result = which == INT32_MIN ? -ESRCH : signal_send(caller(request), which, number);

	if (!signal_own_end())
		return result;
	(void)answer_program_signal(request->server, request->token, result);
	end_self();
}

long serve_program_queue(struct request *request, uint32_t pid, uint32_t number, uint64_t value)
{
	long result = signal_queue(caller(request), pid, number, value);

	if (!signal_own_end())
		return result;
	(void)answer_program_queue(request->server, request->token, result);
	end_self();
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

long serve_program_set_actions(struct request *request, uint32_t pid, uint64_t ignored, uint64_t caught)
{
	struct program *program = own_or_child(request, pid);

	if (!program || (pid && program->state != PROGRAM_STATE_STARTING))
		return -ESRCH;
	if (signals_fixed(ignored | caught))
		return -EINVAL;
	program->ignored = ignored;
	program->caught = caught;
	program->pending &= (uint32_t)caught;
	queue_drop(program, ~caught);
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

long serve_program_origin(struct request *request, uint32_t number, struct signal_origin *told)
{
	struct program *program = caller(request);

	if (number == 0 || number >= SIGRTMIN)
		return -EINVAL;
	const struct origin *last = &program->origins[number];

	*told = (struct signal_origin){0};
	if (program->told & 1u << number)
		*told = (struct signal_origin){last->pid, last->code, last->status, 0, 0};
	program->told &= ~(1u << number);
	return 0;
}

long serve_program_queued(struct request *request, uint64_t *signals)
{
	*signals = queue_tell(caller(request));
	return 0;
}

long serve_program_take(struct request *request, uint32_t number, struct signal_origin *told)
{
	struct queued queued;
	bool more;

	if (number == 0 || number >= NSIG)
		return -EINVAL;
	if (!queue_take(caller(request), number, &queued, &more))
		return -EAGAIN;
	*told = (struct signal_origin){queued.from, queued.code, 0, more, queued.value};
	return 0;
}

long serve_program_stop(struct request *request, uint32_t number)
{
	if (number >= NSIG || !(STOP_SIGNALS & 1ul << number))
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

long serve_program_usage(struct request *request, struct usage *used)
{
	struct program *program = caller(request);

	program_settle(program);
	*used = (struct usage){program_time(program), program_memory(program), program->children_time,
		program->children_memory, program->last_time, program->last_memory, program->last_child, 0};
	return 0;
}

/* ---- beginnings and ends */

/* Whether somebody will wait for it: not for one that was never started, and the first program waits for nobody. */
static bool is_awaited(const struct program *program)
{
	return program->state == PROGRAM_STATE_RUNNING && !program->unwaited && program->parent != init &&
	       !(program->parent->ignored & 1u << SIGCHLD);
}

/* Groups with stopped members that this program, or one of its own group, could have let go on. Whether there are any. */
static bool mark_groups(const struct program *program)
{
	bool some = false;

	for (struct program *at = program_first(); at; at = at->next) {
		at->may_be_orphan = at->stopped && (at->parent == program || at->group == program->group) &&
				    !group_is_orphaned(at->group);
		some |= at->may_be_orphan;
	}
	return some;
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
	bool may_leave_orphans = mark_groups(program);

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
	if (may_leave_orphans)
		leave_orphans();
}

/* Those of whose end nobody can tell more. */
static void end_lost(void)
{
	for (struct program *program; (program = lost_gone());)
		end(program);
}

/* A shell that could not become another program goes on, through the badge that it had before. */
static void gone(struct server *of, struct client *client)
{
	struct program *program = program_of(client);
	bool was_lost = program->lost;

	(void)of;
	program_settle(program);
	if ((was_lost && lost_may_be_told_of(program)) || (program == shell && !program->replaced))
		return;
	end(program);
	if (was_lost)
		end_lost();
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
		if (shell->replaced) {
			shell->is_shell = false;
			shell = NULL;
		} else {
			end(shell);
			end_lost();
		}
	}
	if (!shell) {
		if (last_shell)
			program_forget(last_shell);
		last_shell = NULL;
		shell = program_make(init, "sh");
		if (!shell)
			return NULL;
		shell->is_shell = true;
		session_begin(shell);
		session_take_terminal(shell);
	}
	return shell->lost ? NULL : &shell->client;
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

/* What the server before this one has left. */
static void take_over(void)
{
	program_take_over();
	lost_reserve(&server);
	for (struct program *at = program_first(); at; at = at->next)
		if (at->is_shell && at->state == PROGRAM_STATE_ENDED)
			last_shell = at;
		else if (at->is_shell)
			shell = at;
	init = program_first() ?: program_make(NULL, "init");
}

int main(void)
{
	static const struct protocol *const protocols[] = {&program_protocol, NULL};
	endpoint_handle endpoint = {startup_handle(STARTUP_ENDPOINT).value};

	if (server_init(&server, endpoint, protocols) || kept_open())
		abort();
	take_over();
	if (!init)
		abort();
	init->state = PROGRAM_STATE_RUNNING;
	server.gone = gone;
	server.adopt = adopt;
	server.stranger = lost_find;
	server.timeout = stop_again;
	end_lost();
	stop_again(&server);
	server_run(&server);
}
