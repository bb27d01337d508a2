/*
 * Calls by which programs begin, and become others: for their parents, and for themselves. It makes no processes: programs do
 * that themselves, and tell it. The server has one thread, and no lock.
 */
#include "serve.h"

#include <errno.h>
#include <tabula/handles.h>

#include "life.h"
#include "lost.h"
#include "signals.h"
#include "wait.h"

static int close_and(process_handle process, int error)
{
	(void)handle_close(ANY(process));
	return error;
}

/* What a program may do with its handle: call, and nothing else, so that it ends with its process. */
static int give(struct program *program, struct gift *gift)
{
	return client_give(&programs, &program->client, RIGHT_TRANSFER | RIGHT_ENDPOINT_SEND, gift);
}

/* A child of the caller, starting, and a handle to it. 0 or -errno. */
static int make_child(struct request *request, const char *name, struct program **child, struct gift *result)
{
	struct program *program = program_make(serve_caller(request), name);
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
	int error = make_child(request, serve_caller(request)->name, &child, result);

	if (error)
		return close_and(p, error);
	child->process = p;
	child->state = PROGRAM_STATE_RUNNING;
	child->caught = serve_caller(request)->caught;
	child->hears_no_stops = serve_caller(request)->hears_no_stops;
	*pid = child->pid;
	return 0;
}

/* Of a child, or of the first program itself, which is nobody's. */
static bool may_be_told(const struct request *request, const struct program *program)
{
	return program->parent == serve_caller(request) ||
	       (program == init_program && serve_caller(request) == init_program);
}

static int run_lost(struct program *program, process_handle p)
{
	if (!life_is_shell(program, p)) {
		life_end(program);
		return close_and(p, -ESRCH);
	}
	lost_run(program, p);
	life_end_lost();
	return 0;
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
	life_remember_shell(program);
	signal_started(program);
	return 0;
}

long serve_program_return(struct request *request, process_handle p)
{
	struct program *program = serve_caller(request);

	if (!program->lost)
		return close_and(p, -EINVAL);
	if (!life_is_shell(program, p)) {
		life_end(program);
		return close_and(p, life_adopt_shell() ? 0 : -EAGAIN);
	}
	lost_return(request->server, program, p);
	life_remember_shell(program);
	life_end_lost();
	return 0;
}

/* Of the shell it may not have been told yet that it runs. */
static bool may_exec(const struct program *program)
{
	return program->state == PROGRAM_STATE_RUNNING || program == shell_program;
}

long serve_program_exec(struct request *request, process_handle p, const char *name, uint64_t held,
	uint64_t pending, struct gift *result)
{
	struct program *program = serve_caller(request);
	int error;

	if (program == init_program || !may_exec(program) || signals_fixed(held | pending))
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
	struct program *program = serve_own_or_child(request, pid);

	if (!program || program == serve_caller(request))
		return -ESRCH;
	program->unwaited = true;
	if (program->state == PROGRAM_STATE_ENDED)
		program_forget(program);
	wait_look(request->server);
	return 0;
}

long serve_program_stay(struct request *request)
{
	program_unannounce(serve_caller(request));
	return 0;
}
