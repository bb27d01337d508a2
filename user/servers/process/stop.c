/*
 * Stopping programs: each thread of the process is suspended, and its handle kept, since a thread goes on when nobody is left
 * who could resume it. The kernel does not count who suspends a thread, and a program's own signal thread does so, too, to put
 * a handler on top of what another does. So that thread is the first to be suspended, and what is suspended already is
 * left to it; it is the last to go on, so that what was resumed under its hands has been resumed before it looks.
 *
 * A process that has no thread yet is looked at again a little later.
 */
#include "stop.h"

#include "signals.h"

#include <errno.h>
#include <stdlib.h>
#include <tabula/handles.h>

enum {
	HELD_MOST = 512, /* threads of one program */
	HELD_ALL_MOST = 4096, /* of all: the server needs handles for others */
	HELD_FIRST = 4,
};

#define LATER 1000000ul /* nanoseconds */

static struct server *tried_by;
static unsigned held_by_all, wanted;

/* ---- one thread */

/* Whether a thread is suspended: only then its registers can be read. */
static bool is_suspended(thread_handle thread)
{
	struct registers registers;

	return !thread_read(thread, &registers);
}

static bool has_room(struct held *held)
{
	unsigned room = held->room ? 2 * held->room : HELD_FIRST;
	thread_handle *threads;

	if (held->count == HELD_MOST || held_by_all == HELD_ALL_MOST)
		return false;
	if (held->count < held->room)
		return true;
	threads = realloc(held->threads, room * sizeof(*threads));
	if (!threads)
		return false;
	held->threads = threads;
	held->room = room;
	return true;
}

static void let_go(struct held *held)
{
	while (held->count) {
		thread_handle thread = held->threads[--held->count];

		(void)thread_resume(thread);
		(void)handle_close(ANY(thread));
		held_by_all--;
	}
	free(held->threads);
	*held = (struct held){0};
}

/* Suspends a thread, unless it is already, and keeps its handle. False: there are too many. */
static bool hold(struct held *held, thread_handle thread)
{
	bool is_left = !is_suspended(thread), fits = !is_left || has_room(held);

	if (!is_left || !fits || thread_suspend(thread)) {
		(void)handle_close(ANY(thread));
		return fits;
	}
	held->threads[held->count++] = thread;
	held_by_all++;
	return true;
}

/* ---- all of a process */

/* The thread of this number, or one above it. */
static thread_handle find(process_handle process, uint32_t number)
{
	return process_thread(process, number ? number - 1 : 0);
}

/*
 * Suspends all. A thread made meanwhile has a higher number than its maker, so one look at each is enough. -ESRCH when
 * there is none yet, -EMFILE when they are too many.
 */
static int hold_all(struct program *program)
{
	struct held *held = &program->held;
	thread_handle thread =
		program->signal_thread ? find(program->process, program->signal_thread) : (thread_handle){0};
	bool some = false;

	if (thread.value > 0 && !hold(held, thread))
		return -EMFILE;
	for (long number = 0; (thread = process_thread(program->process, (uint32_t)number)).value > 0;) {
		number = thread_id(thread);
		some = true;
		if (!hold(held, thread))
			return -EMFILE;
	}
	if (thread.value != -ESRCH)
		return -EMFILE;
	return some ? 0 : -ESRCH;
}

static void want(struct program *program, uint32_t number)
{
	wanted += !program->stop_wanted;
	program->stop_wanted = number;
	if (tried_by && (program->process.value > 0 || !program->lost))
		tried_by->deadline = (uint64_t)clock_now() + LATER;
}

static void want_no_more(struct program *program)
{
	wanted -= program->stop_wanted != 0;
	program->stop_wanted = 0;
}

void stop_begin(struct program *program, uint32_t number)
{
	int error = -ESRCH;

	if (program->stopped)
		return;
	program_settle(program);
	if (program->process.value > 0)
		error = hold_all(program);
	if (error == -ESRCH) {
		want(program, number);
		return;
	}
	want_no_more(program);
	if (error) {
		let_go(&program->held);
		return;
	}
	program->stopped = number;
	program->tells_stop = true;
	program->tells_continue = false;
	signal_child_stops(program);
}

bool stop_end(struct program *program)
{
	want_no_more(program);
	if (!program->stopped)
		return false;
	program->stopped = 0;
	program->tells_stop = false;
	program->tells_continue = true;
	let_go(&program->held);
	signal_child_stops(program);
	return true;
}

void stop_take_over(struct program *program)
{
	program->held = (struct held){0}; /* so they run again */
	wanted += program->stop_wanted != 0;
}

/* As far as anybody knows, it has been stopped all the time. */
void stop_resume(struct program *program)
{
	if (program->stopped && hold_all(program))
		(void)stop_end(program);
	if (program->stop_wanted)
		stop_begin(program, program->stop_wanted);
}

void stop_forget(struct program *program)
{
	want_no_more(program);
	program->stopped = 0;
	program->tells_stop = program->tells_continue = false;
	let_go(&program->held);
}

void stop_again(struct server *server)
{
	tried_by = server;
	server->deadline = DEADLINE_NEVER;
	for (struct program *at = program_first(); at && wanted; at = at->next)
		if (at->stop_wanted)
			stop_begin(at, at->stop_wanted);
}
