/*
 * Children by their processes. Nobody tells when one of several ends, so they are looked at again and again; it is the
 * process server that does without that.
 */
#include "children.h"

#include <tabula/handles.h>

#include "signals.h"

enum { CHILDREN = 64, STATUS_OF_SIGNAL = 128 };

#define BETWEEN_LOOKS 1000000ul /* nanoseconds */

static struct {
	pid_t pid; /* 0: free */
	process_handle process;
} children[CHILDREN];

static uint32_t lock;

bool program_is_unknown(long result)
{
	return result == -EBADF || result == -EPIPE || result == -EFTYPE || result == -EPROTO;
}

pid_t children_add(process_handle process)
{
	struct process_info info;
	pid_t pid = process_info(process, &info) == 0 ? (pid_t)info.id : -EAGAIN;
	int slot = 0;
	word_lock(&lock);
	while (slot < CHILDREN && children[slot].pid != 0)
		slot++;
	if (slot == CHILDREN)
		pid = -EAGAIN;
	if (pid > 0) {
		children[slot].process = process;
		children[slot].pid = pid;
	}
	word_unlock(&lock);
	return pid;
}

/* From `slot` on; CHILDREN if there is none. */
static int find(pid_t which, int slot)
{
	while (slot < CHILDREN && (children[slot].pid == 0 || (which > 0 && children[slot].pid != which)))
		slot++;
	return slot;
}

bool children_include(pid_t which)
{
	word_lock(&lock);
	bool include = find(which, 0) < CHILDREN;
	word_unlock(&lock);
	return include;
}

/* How a process ended, as the macros of <sys/wait.h> read it. */
static uint32_t status_of(const struct process_result *result)
{
	if (result->reason == END_REASON_EXITED)
		return (uint32_t)(result->status & 0xff) << 8;
	return (uint32_t)(result->status - STATUS_OF_SIGNAL) & 0x7f;
}

/* One that has ended, and is forgotten; 0 when none has. */
static long take(pid_t which, uint32_t *status)
{
	struct process_result result;
	long pid = -ECHILD;
	word_lock(&lock);
	for (int slot = find(which, 0); slot < CHILDREN && pid <= 0; slot = find(which, slot + 1)) {
		pid = 0;
		if (process_wait(children[slot].process, 0, &result) != 0)
			continue;
		pid = children[slot].pid;
		*status = status_of(&result);
		handle_close(ANY(children[slot].process));
		children[slot].pid = 0;
	}
	word_unlock(&lock);
	return pid;
}

long children_wait(pid_t which, bool may_wait, uint32_t *status)
{
	long pid;
	call_begin(CALL_NONE);
	while ((pid = take(which, status)) == 0 && may_wait && !call_interrupted())
		(void)thread_sleep((uint64_t)clock_now() + BETWEEN_LOOKS);
	return pid == 0 && may_wait ? -EINTR : pid;
}

int children_signal(pid_t pid, int number)
{
	int result = -ESRCH;
	word_lock(&lock);
	int slot = find(pid, 0);
	if (slot < CHILDREN)
		result = number == 0 || !signal_ends_program(number)
				 ? 0
				 : process_kill(children[slot].process, STATUS_OF_SIGNAL + number);
	word_unlock(&lock);
	return result;
}

void children_forget(void)
{
	lock = 0;
	for (int slot = 0; slot < CHILDREN; slot++) {
		if (children[slot].pid != 0)
			handle_close(ANY(children[slot].process));
		children[slot].pid = 0;
	}
}
