/* Programs that a process server before this one has known: see lost.h. */
#include "lost.h"

#include "signals.h"
#include "stop.h"

#include <string.h>
#include <tabula/handles.h>
#include <tabula/programs.h>
#include <tabula/protocol/program.h>

/* Nobody has a handle of it any more. The shell of init never had one with a badge of its own. */
static bool is_gone(const struct program *program)
{
	return program->lost && !program->client.opened && (!program->is_shell || program->replaced);
}

void lost_reserve(struct server *server)
{
	for (struct program *at = program_first(); at; at = at->next)
		if (!at->lost || client_reserve(server, &at->client))
			at->client = (struct client){0};
}

static struct program *find(uint64_t badge)
{
	for (struct program *at = program_first(); at; at = at->next)
		if (at->lost && at->client.badge == badge)
			return at;
	return NULL;
}

static struct program *find_shell(void)
{
	for (struct program *at = program_first(); at; at = at->next)
		if (at->lost && at->is_shell && !at->replaced)
			return at;
	return NULL;
}

struct client *lost_find(struct server *server, uint64_t badge, uint32_t label)
{
	struct program *program = badge == PROGRAMS_SHELL  ? find_shell()
				  : badge >= CLIENT_BADGES ? find(badge)
							   : NULL;

	if (!program)
		return NULL;
	if (label == METHOD_PROGRAM_RETURN || label == METHOD_PROGRAM_RUN)
		return &program->client;
	if (label != MESSAGE_BADGE_GONE || badge == PROGRAMS_SHELL)
		return NULL;
	if (program->client.opened > 1) {
		program->client.opened--;
		return NULL;
	}
	client_resume(server, &program->client);
	return &program->client;
}

/* What could not be done to it without its process is done now. */
static void catch_up(struct program *program)
{
	signal_started(program);
	stop_resume(program);
}

void lost_run(struct program *program, process_handle process)
{
	/* What its parent has made is not the process that runs it now. */
	if (program->process.value > 0 || program->replaced) {
		(void)handle_close(ANY(process));
		return;
	}
	program->process = process;
	catch_up(program);
}

void lost_return(struct server *server, struct program *program, process_handle process)
{
	struct process_info info;

	program_close(program);
	program->process = process;
	if (!process_info(process, &info))
		memcpy(program->name, info.name, NAME_SIZE);
	program->lost = false;
	if (program->client.badge)
		client_resume(server, &program->client);
	catch_up(program);
}

bool lost_may_be_told_of(const struct program *program)
{
	return program->lost && program->process.value <= 0 && program->parent && program->parent->lost;
}

struct program *lost_gone(void)
{
	for (struct program *at = program_first(); at; at = at->next)
		if (is_gone(at) && !lost_may_be_told_of(at))
			return at;
	return NULL;
}
