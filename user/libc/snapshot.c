/*
 * A look at all programs. Nothing stands still meanwhile: what has gone between two calls is left out. A server that
 * is looked at while it works receives nothing at that moment, so the names of endpoints may take a few looks to find.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tabula/handles.h>
#include <tabula/snapshot.h>

#include "libc.h"

#define LOOK_AGAIN 1000000ul /* nanoseconds */

enum { LOOKS = 4 };

/* Makes room for one element more than `count`, a power of two of them at a time. */
static void *grow(void *array, size_t count, size_t size)
{
	return (count & (count - 1)) == 0 ? realloc(array, (count ? 2 * count : 1) * size) : array;
}

static struct snapshot_endpoint *endpoint_find(const struct snapshot *snapshot, uint64_t object)
{
	for (size_t i = 0; i < snapshot->endpoint_count; i++)
		if (snapshot->endpoints[i].object == object)
			return &snapshot->endpoints[i];
	return NULL;
}

/* An endpoint outlives its server when another takes that one's place, so the last name counts. */
static int endpoint_learn(struct snapshot *snapshot, uint64_t object, const uint8_t *name)
{
	struct snapshot_endpoint *endpoint = endpoint_find(snapshot, object);
	if (endpoint == NULL) {
		void *grown =
			grow(snapshot->endpoints, snapshot->endpoint_count, sizeof *snapshot->endpoints);
		if (grown == NULL)
			return -ENOMEM;
		snapshot->endpoints = grown;
		endpoint = &snapshot->endpoints[snapshot->endpoint_count++];
		endpoint->object = object;
	}
	snprintf(endpoint->name, sizeof endpoint->name, "%s", (const char *)name);
	return 0;
}

static int thread_add(struct snapshot_program *program, const struct thread_info *info)
{
	void *grown = grow(program->threads, program->count, sizeof *program->threads);
	if (grown == NULL)
		return -ENOMEM;
	program->threads = grown;
	program->threads[program->count++] = *info;
	return 0;
}

/* Finds what the threads of a process do, and who receives calls; keeps the threads if wanted. */
static int look_at_threads(
	struct snapshot *snapshot, struct snapshot_program *program, process_handle process, bool keep)
{
	struct thread_info info = {0};
	int error = 0;
	while (error == 0) {
		thread_handle thread = process_thread(process, info.id);
		if (thread.value < 0)
			return thread.value == -ENOMEM || thread.value == -EMFILE ? thread.value : 0;
		error = thread_info(thread, &info);
		handle_close(ANY(thread));
		if (error == 0 && info.waits_for == WAITS_FOR_CALL)
			error = endpoint_learn(snapshot, info.object, program->program.name);
		if (error == 0 && keep && info.state != THREAD_STATE_ENDED)
			error = thread_add(program, &info);
	}
	return error;
}

/* A program without a process, or one that may not be looked at, is in the list all the same. */
static int look_at(struct snapshot *snapshot, struct snapshot_program *program, bool keep)
{
	endpoint_handle programs = {startup_handle(STARTUP_PROGRAMS).value};
	process_handle process = program_open(programs, program->program.pid);
	if (process.value < 0)
		return 0;
	int error = keep ? process_info(process, &program->process) : 0;
	if (error == 0)
		error = look_at_threads(snapshot, program, process, keep);
	handle_close(ANY(process));
	return error == -EACCES ? 0 : error;
}

static int add_programs(struct snapshot *snapshot, endpoint_handle programs)
{
	struct program_info info = {0};
	for (;;) {
		long error = program_next(programs, info.pid, &info);
		if (error != 0)
			return error == -ESRCH ? 0 : (int)error;
		void *grown = grow(snapshot->programs, snapshot->count, sizeof *snapshot->programs);
		if (grown == NULL)
			return -ENOMEM;
		snapshot->programs = grown;
		struct snapshot_program *program = &snapshot->programs[snapshot->count++];
		*program = (struct snapshot_program){.program = info};
		error = look_at(snapshot, program, true);
		if (error != 0)
			return (int)error;
	}
}

static bool has_called(const struct thread_info *thread)
{
	return thread->waits_for == WAITS_FOR_RECEIVER || thread->waits_for == WAITS_FOR_REPLY;
}

/* Whether somebody waits for somebody whose name is not known. */
static bool some_is_unknown(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->count; i++)
		for (size_t j = 0; j < snapshot->programs[i].count; j++) {
			const struct thread_info *thread = &snapshot->programs[i].threads[j];
			if (has_called(thread) && endpoint_find(snapshot, thread->object) == NULL)
				return true;
		}
	return false;
}

static void drop_programs(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->count; i++)
		free(snapshot->programs[i].threads);
	free(snapshot->programs);
	snapshot->programs = NULL;
	snapshot->count = 0;
}

int snapshot_take(struct snapshot *snapshot)
{
	endpoint_handle programs = {startup_handle(STARTUP_PROGRAMS).value};
	drop_programs(snapshot);
	int error = system_info(own_system(), &snapshot->system);
	if (error == 0)
		error = add_programs(snapshot, programs);
	for (int looks = 1; error == 0 && looks < LOOKS && some_is_unknown(snapshot); looks++) {
		(void)thread_sleep((uint64_t)clock_now() + LOOK_AGAIN);
		for (size_t i = 0; error == 0 && i < snapshot->count; i++)
			error = look_at(snapshot, &snapshot->programs[i], false);
	}
	if (error != 0)
		drop_programs(snapshot);
	return error;
}

void snapshot_drop(struct snapshot *snapshot)
{
	drop_programs(snapshot);
	free(snapshot->endpoints);
	*snapshot = (struct snapshot){0};
}

const struct snapshot_program *snapshot_find(const struct snapshot *snapshot, uint32_t pid)
{
	for (size_t i = 0; i < snapshot->count; i++)
		if (snapshot->programs[i].program.pid == pid)
			return &snapshot->programs[i];
	return NULL;
}

static int interest(const struct thread_info *thread)
{
	return thread->state == THREAD_STATE_RUNNING ? 2 : thread->state == THREAD_STATE_READY;
}

const struct thread_info *snapshot_thread(const struct snapshot_program *program)
{
	const struct thread_info *best = program->threads;
	for (size_t i = 1; i < program->count; i++)
		if (interest(&program->threads[i]) > interest(best))
			best = &program->threads[i];
	return program->count > 0 ? best : NULL;
}

/* ---- in words */

static void object_text(const struct snapshot *snapshot, const char *what, uint64_t object, char *text)
{
	const struct snapshot_endpoint *endpoint = endpoint_find(snapshot, object);
	if (endpoint != NULL)
		snprintf(text, SNAPSHOT_TEXT, "%s %s", what, endpoint->name);
	else
		snprintf(text, SNAPSHOT_TEXT, "%s endpoint %lu", what, (unsigned long)object);
}

static void end_text(const struct snapshot *snapshot, uint64_t object, char *text)
{
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct snapshot_program *program = &snapshot->programs[i];
		if (program->process.object != object)
			continue;
		snprintf(text, SNAPSHOT_TEXT, "end of %s (%u)", (const char *)program->program.name,
			(unsigned)program->program.pid);
		return;
	}
	snprintf(text, SNAPSHOT_TEXT, "end of a process");
}

static void wait_text(const struct snapshot *snapshot, const struct thread_info *thread, char *text)
{
	static const char *const plain[] = {
		[WAITS_FOR_NOTHING] = "waits",
		[WAITS_FOR_OTHER] = "waits",
		[WAITS_FOR_TIME] = "sleeps",
		[WAITS_FOR_CALL] = "waits for calls",
		[WAITS_FOR_NOTIFICATION] = "notification",
		[WAITS_FOR_FUTEX] = "futex",
		[WAITS_FOR_INPUT] = "input",
	};
	if (thread->waits_for == WAITS_FOR_REPLY)
		object_text(snapshot, "reply from", thread->object, text);
	else if (thread->waits_for == WAITS_FOR_RECEIVER)
		object_text(snapshot, "turn at", thread->object, text);
	else if (thread->waits_for == WAITS_FOR_END)
		end_text(snapshot, thread->object, text);
	else
		snprintf(text, SNAPSHOT_TEXT, "%s", plain[thread->waits_for]);
}

const char *snapshot_thread_text(
	const struct snapshot *snapshot, const struct thread_info *thread, char text[SNAPSHOT_TEXT])
{
	static const char *const states[] = {
		[THREAD_STATE_READY] = "ready",
		[THREAD_STATE_RUNNING] = "runs",
		[THREAD_STATE_STOPPED] = "stopped",
		[THREAD_STATE_ENDED] = "ended",
	};
	if (thread->state == THREAD_STATE_WAITING)
		wait_text(snapshot, thread, text);
	else
		snprintf(text, SNAPSHOT_TEXT, "%s", states[thread->state]);
	return text;
}

/* It has no process, or one that was never given a thread: who forks may be stopped before that. */
static bool has_yet_to_start(const struct snapshot_program *program)
{
	if (program->program.state == PROGRAM_STATE_RUNNING)
		return program->process.object != 0 && program->process.state == PROCESS_STATE_NEW;
	return program->program.state == PROGRAM_STATE_STARTING;
}

const char *snapshot_text(
	const struct snapshot *snapshot, const struct snapshot_program *program, char text[SNAPSHOT_TEXT])
{
	const struct thread_info *thread = snapshot_thread(program);
	bool stopped = program->program.state == PROGRAM_STATE_STOPPED;
	if (thread != NULL && !stopped)
		return snapshot_thread_text(snapshot, thread, text);
	snprintf(text, SNAPSHOT_TEXT, "%s",
		stopped                     ? "stopped"
		: has_yet_to_start(program) ? "starts"
					    : "ended");
	return text;
}
