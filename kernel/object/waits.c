/*
 * Who waits for whom. The same look serves a running system, one thread at a call, and a panic, where it goes past locks
 * that were held when everything stopped: what it finds there may be torn, so it comes last in the report.
 */
#include "object/waits.h"

#include "lib/string.h"
#include "log.h"
#include "object/process.h"
#include "object/thread.h"

enum { LOGGED_MOST = 64 };

STATIC_ASSERT(sizeof(((struct thread_wait *)0)->name) == PROCESS_NAME_SIZE);

int waits_next(uint32_t *process, uint32_t *thread, struct thread_wait *wait)
{
	uint32_t next_process;
	struct thread *next = process_next_of_all(*process, *thread, &next_process);

	if (!next && next_process) {
		*process = next_process;
		*thread = 0;
		return WAITS_MORE;
	}
	if (!next)
		return -ESRCH;
	thread_read_wait(next, wait);
	memcpy(wait->name, next->process->name, sizeof(wait->name));
	object_put(&next->object);
	return 0;
}

static const char *state_text(enum thread_state state)
{
	switch (state) {
	case THREAD_STATE_READY:
		return "is ready";
	case THREAD_STATE_RUNNING:
		return "runs";
	case THREAD_STATE_WAITING:
		return "waits";
	case THREAD_STATE_STOPPED:
		return "is stopped";
	case THREAD_STATE_ENDED:
		return "has ended";
	}
	return "is in no state";
}

static const char *wait_text(enum waits_for what)
{
	switch (what) {
	case WAITS_FOR_NOTHING:
		return "";
	case WAITS_FOR_OTHER:
		return " for another hart";
	case WAITS_FOR_TIME:
		return " for its time";
	case WAITS_FOR_RECEIVER:
		return " for somebody to receive its call";
	case WAITS_FOR_REPLY:
		return " for a reply";
	case WAITS_FOR_CALL:
		return " for a call";
	case WAITS_FOR_NOTIFICATION:
		return " for a notification";
	case WAITS_FOR_FUTEX:
		return " for a futex";
	case WAITS_FOR_END:
		return " for the end of a process";
	case WAITS_FOR_INPUT:
		return " for input";
	}
	return " for what has no name";
}

static void log_wait(const struct thread_wait *wait)
{
	const char *name = (const char *)wait->name;

	if (wait->server)
		log_error("    process %u (%s), thread %u: %s%s, object %lu, of process %u", wait->process,
			name, wait->thread, state_text(wait->state), wait_text(wait->waits_for), wait->object,
			wait->server);
	else if (wait->object)
		log_error("    process %u (%s), thread %u: %s%s, object %lu", wait->process, name,
			wait->thread, state_text(wait->state), wait_text(wait->waits_for), wait->object);
	else
		log_error("    process %u (%s), thread %u: %s%s", wait->process, name, wait->thread,
			state_text(wait->state), wait_text(wait->waits_for));
}

void waits_log(void)
{
	uint32_t process = 0, thread = 0;

	log_error("  who waits for whom:");
	for (unsigned i = 0; i < LOGGED_MOST; i++) {
		struct thread_wait wait = {0};
		int error;

		do
			error = waits_next(&process, &thread, &wait);
		while (error == WAITS_MORE);
		if (error)
			return;
		log_wait(&wait);
		process = wait.process;
		thread = wait.thread;
	}
	log_error("    and maybe more");
}
