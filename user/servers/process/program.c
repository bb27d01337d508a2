/* Programs, in a list in the order of their numbers, which grow until they wrap around. */
#include "program.h"

#include "kept.h"
#include "queue.h"
#include "stop.h"

#include <errno.h>
#include <string.h>
#include <tabula/handles.h>

enum { PID_MOST = 99999 };

/* A process that is ending has ended within this. */
#define SOON 1000000000ul /* nanoseconds */

static struct program *first;
static struct program *unused; /* have gone; the next ones are made of them */

struct program *program_first(void)
{
	return first;
}

struct program *program_find(uint32_t pid)
{
	for (struct program *at = first; at; at = at->next)
		if (at->pid == pid)
			return at;
	return NULL;
}

/* Groups and sessions keep their numbers from being used for other programs. */
static bool is_used(uint32_t pid)
{
	for (struct program *at = first; at; at = at->next)
		if (at->pid == pid || at->group == pid || at->session == pid)
			return true;
	return false;
}

static bool were_given; /* the numbers to come; or who knows what another server has left */

static uint32_t new_pid(void)
{
	do {
		were_given |= kept->last_pid >= PID_MOST;
		kept->last_pid = kept->last_pid < PID_MOST ? kept->last_pid + 1 : FIRST_PROGRAM;
	} while (were_given && is_used(kept->last_pid));
	return kept->last_pid;
}

static void insert(struct program *program)
{
	struct program **at = &first;

	while (*at && (*at)->pid < program->pid)
		at = &(*at)->next;
	program->next = *at;
	*at = program;
}

/* Zeroed, but for what `told` stands for. NULL: there are too many, or memory is out. */
static struct program *take(void)
{
	struct program *program = unused;

	if (program)
		unused = program->next;
	else if (kept->used < PROGRAMS_MOST && kept_hold(&kept->programs[kept->used]))
		program = &kept->programs[kept->used++];
	return program ? memset(program, 0, offsetof(struct program, origins)) : NULL;
}

static void leave(struct program *program)
{
	program->pid = 0;
	program->next = unused;
	unused = program;
}

void program_set_parent(struct program *program, struct program *parent)
{
	program->parent = parent;
	program->parent_pid = parent ? parent->pid : 0;
}

/* To where there are zeros, which strncpy would write once more. */
static void name_put(char to[NAME_SIZE], const char *name)
{
	memcpy(to, name, strnlen(name, NAME_SIZE - 1));
}

struct program *program_make(struct program *parent, const char *name)
{
	struct program *program = take();

	if (!program)
		return NULL;
	program->pid = new_pid();
	program_set_parent(program, parent);
	program->group = parent ? parent->group : program->pid;
	program->session = parent ? parent->session : program->pid;
	program->ignored = parent ? parent->ignored : 0;
	name_put(program->name, name);
	insert(program);
	return program;
}

static void take_out(struct program *program)
{
	struct program **at = &first;

	while (*at != program)
		at = &(*at)->next;
	*at = program->next;
}

static void close_process(process_handle *process)
{
	if (process->value > 0)
		(void)handle_close(ANY(*process));
	process->value = 0;
}

static uint64_t time_of(process_handle process)
{
	struct process_info info;

	return process.value > 0 && !process_info(process, &info) ? info.cpu_time : 0;
}

uint64_t program_time(const struct program *program)
{
	return program->time + time_of(program->process);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t program_memory(const struct program *program)
{
	long peak = program->process.value > 0 ? process_memory_peak(program->process) : 0;

	return larger(program->memory, peak > 0 ? (uint64_t)peak : 0);
}

/* Its process goes. */
static void note_usage(struct program *program)
{
	program->time = program_time(program);
	program->memory = program_memory(program);
}

void program_reap(struct program *parent, struct program *child)
{
	parent->last_child = child->pid;
	parent->last_time = child->time + child->children_time;
	parent->last_memory = larger(child->memory, child->children_memory);
	parent->children_time += parent->last_time;
	parent->children_memory = larger(parent->children_memory, parent->last_memory);
	program_forget(child);
}

static enum process_state state_of(process_handle process)
{
	struct process_info info;

	return process.value > 0 && !process_info(process, &info) ? info.state : PROCESS_STATE_NEW;
}

/* What was announced may come to nothing: then it never has a thread. */
static bool has_run(process_handle process)
{
	return state_of(process) != PROCESS_STATE_NEW;
}

void program_settle(struct program *program)
{
	if (!has_run(program->coming))
		return;
	note_usage(program);
	close_process(&program->process);
	program->process = program->coming;
	program->coming.value = 0;
	program->replaced = true;
	queue_drop(program, ~program->caught);
	memcpy(program->name, program->coming_name, NAME_SIZE);
}

/* One that was announced before has come by now, or will not. */
void program_announce(struct program *program, process_handle process, const char *name)
{
	program_settle(program);
	close_process(&program->coming);
	program->coming = process;
	memset(program->coming_name, 0, NAME_SIZE);
	name_put(program->coming_name, name);
}

void program_unannounce(struct program *program)
{
	close_process(&program->coming);
}

void program_set_notification(struct program *program, notification_handle notification, uint32_t thread)
{
	if (program->notification.value > 0)
		(void)handle_close(ANY(program->notification));
	program->notification = notification;
	program->signal_thread = thread;
	program->queue_told = 0; /* whoever is told there knows nothing yet */
}

void program_close(struct program *program)
{
	close_process(&program->process);
}

void program_forget(struct program *program)
{
	take_out(program);
	stop_forget(program);
	close_process(&program->process);
	close_process(&program->coming);
	program_set_notification(program, (notification_handle){0}, 0);
	leave(program);
}

/* As POSIX tells it. */
static uint32_t status_of(enum end_reason reason, int32_t status)
{
	if (reason == END_REASON_EXITED)
		return (uint32_t)(status & 0xff) << 8;
	return (uint32_t)(status - 128) & 0x7f;
}

/*
 * Its handles are gone, so it has ended, or is ending; or it has given them up, and is no program any more: then it is killed,
 * since it could not be as a program. Of one that never ran, nobody has to wait for the end.
 */
static uint32_t how_it_ended(const struct program *program)
{
	struct process_result result;
	int error = -ETIMEDOUT;

	if (program->process.value > 0)
		error = process_wait(program->process, 0, &result);
	if (error == -ETIMEDOUT && state_of(program->process) == PROCESS_STATE_LIVE)
		(void)process_kill(program->process, 128 + SIGKILL);
	else if (error == -ETIMEDOUT && has_run(program->process))
		error = process_wait(program->process, (uint64_t)clock_now() + SOON, &result);
	return error ? SIGKILL : status_of(result.reason, result.status);
}

/* Mostly it has ended, and one call tells all. */
static void learn_end(struct program *program)
{
	struct process_info info;

	if (program->process.value > 0 && !process_info(program->process, &info) &&
		info.state == PROCESS_STATE_ENDED) {
		program->status = status_of(info.reason, info.status);
		program->time += info.cpu_time;
		return;
	}
	program->status = how_it_ended(program);
	program->time = program_time(program);
}

void program_end(struct program *program, struct program *heir)
{
	program_settle(program);
	learn_end(program);
	stop_forget(program);
	queue_drop(program, UINT64_MAX);
	program->memory = program_memory(program);
	program->state = PROGRAM_STATE_ENDED;
	program->lost = false;
	close_process(&program->coming);
	program_set_notification(program, (notification_handle){0}, 0);
	for (struct program *at = first, *next; at; at = next) {
		next = at->next;
		if (at->parent != program)
			continue;
		program_set_parent(at, heir);
		if (at->state == PROGRAM_STATE_ENDED)
			program_forget(at);
	}
}

/* ---- those of the server before */

static bool is_number(uint32_t pid)
{
	return pid >= FIRST_PROGRAM && pid <= PID_MOST;
}

/*
 * One that had no process yet is made anew by its parent, when the call fails that was to tell of the process. The shell has
 * one by now, whether that was told or not.
 */
static bool is_good(const struct program *program)
{
	return is_number(program->pid) && !program_find(program->pid) && is_number(program->group) &&
	       is_number(program->session) &&
	       (program->state == PROGRAM_STATE_RUNNING || program->state == PROGRAM_STATE_ENDED ||
		       program->is_shell) &&
	       program->stopped < NSIG;
}

static void take_over_queue(struct program *program)
{
	if (!program->queued)
		return;
	program->queued = 0;
	if (kept_hold_queue(program))
		queue_forget(program, program->state == PROGRAM_STATE_ENDED ? UINT64_MAX : 0);
}

/* What was a handle of that server, and whatever waited for it, is none of this one. */
static void take_over(struct program *program)
{
	program->replaced |= program->coming.value > 0; /* or it will be */
	program->process = program->coming = (process_handle){0};
	program->notification = (notification_handle){0};
	program->signal_thread = 0;
	stop_take_over(program);
	program->queue_told = 0;
	take_over_queue(program);
	program->may_be_orphan = false;
	if (program->state != PROGRAM_STATE_ENDED)
		program->state = PROGRAM_STATE_RUNNING;
	program->lost = program->state == PROGRAM_STATE_RUNNING && program->pid != FIRST_PROGRAM;
	program->name[NAME_SIZE - 1] = '\0';
	insert(program);
}

/* Without a parent there is only the first, and the last shell, which has ended. */
static void find_parent(struct program *program)
{
	program->parent = program_find(program->parent_pid);
	bool has_ended = program->state == PROGRAM_STATE_ENDED;
	if (program->parent || program == first || (program->is_shell && has_ended))
		return;
	if (has_ended)
		program_forget(program);
	else
		program_set_parent(program, first);
}

void program_take_over(void)
{
	if (kept->used > PROGRAMS_MOST || kept->programs[0].pid != FIRST_PROGRAM ||
		!is_good(&kept->programs[0]))
		kept->used = kept->last_pid = 0;
	were_given = kept->used != 0;
	for (uint32_t i = 0; i < kept->used; i++)
		if (is_good(&kept->programs[i]))
			take_over(&kept->programs[i]);
		else
			leave(&kept->programs[i]);
	for (struct program *at = first, *next; at; at = next) {
		next = at->next;
		find_parent(at);
	}
}
