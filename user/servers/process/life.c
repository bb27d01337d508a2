/*
 * The programs that init has started, and the end of all, whoever has started them: what their parents, groups, and those who wait
 * hear. For the server's calls, and for what it hears of handles. The server has one thread, and no lock. Ends no process.
 */
#include "life.h"

#include "lost.h"
#include "session.h"
#include "signals.h"
#include "wait.h"

struct program *init_program;
struct program *shell_program;
static struct program *last_shell; /* ended: init asks how, until there is a new one */

/* Whether somebody will wait for it: not for one that was never started, and the first program waits for nobody. */
static bool is_awaited(const struct program *program)
{
	return program->state == PROGRAM_STATE_RUNNING && !program->unwaited &&
	       program->parent != init_program && !(program->parent->ignored & 1u << SIGCHLD);
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

static bool has_ended(process_handle process)
{
	struct process_result result;

	return process.value > 0 && !process_wait(process, 0, &result);
}

void life_take_over(void)
{
	program_take_over();
	lost_reserve(&programs);
	for (struct program *at = program_first(); at; at = at->next)
		if (at->is_shell && at->state == PROGRAM_STATE_ENDED)
			last_shell = at;
		else if (at->is_shell)
			shell_program = at;
	init_program = program_first() ?: program_make(NULL, "init");
}

bool life_is_shell(const struct program *program, process_handle p)
{
	struct process_info info;

	return program != shell_program || process_info(p, &info) || !program->shell_process ||
	       info.id == program->shell_process;
}

void life_remember_shell(struct program *program)
{
	struct process_info info;

	if (program == shell_program && !process_info(program->process, &info))
		program->shell_process = info.id;
}

struct client *life_adopt_shell(void)
{
	if (shell_program)
		program_settle(shell_program);
	if (shell_program && has_ended(shell_program->process)) {
		if (shell_program->replaced) {
			shell_program->is_shell = false;
			shell_program = NULL;
		} else {
			life_end(shell_program);
			life_end_lost();
		}
	}
	if (!shell_program) {
		if (last_shell)
			program_forget(last_shell);
		last_shell = NULL;
		shell_program = program_make(init_program, "sh");
		if (!shell_program)
			return NULL;
		shell_program->is_shell = true;
		session_begin(shell_program);
		session_take_terminal(shell_program);
	}
	return shell_program->lost ? NULL : &shell_program->client;
}

void life_end(struct program *program)
{
	struct program *parent = program->parent;
	bool heard = program->state == PROGRAM_STATE_RUNNING && !program->unwaited;
	bool may_leave_orphans = mark_groups(program);

	if (!is_awaited(program))
		program->parent = NULL;
	program_end(program, init_program);
	if (heard)
		signal_child_ends(parent, program);
	if (program == shell_program) {
		last_shell = program;
		shell_program = NULL;
	} else {
		program_close(program);
		if (!program->parent)
			program_forget(program);
	}
	wait_look(&programs); /* who waits for the program has it forgotten */
	if (may_leave_orphans)
		leave_orphans();
}

void life_end_lost(void)
{
	for (struct program *program; (program = lost_gone());)
		life_end(program);
}

/* A shell that could not become another program goes on, through the badge that it had before. */
void life_gone(struct server *of, struct client *client)
{
	struct program *program = program_of(client);
	bool was_lost = program->lost;

	(void)of;
	program_settle(program);
	if ((was_lost && lost_may_be_told_of(program)) || (program == shell_program && !program->replaced))
		return;
	life_end(program);
	if (was_lost)
		life_end_lost();
}
