/*
 * Children by their processes. Nobody tells when one of several ends, so they are looked at again and again; it is the
 * process server that does without that. The table has threads_lock: a handler may wait for children too, and does not interrupt who
 * has that.
 */
#include "children.h"

#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/protocol/program.h>

#include "signals.h"

enum { CHILDREN = 64, STATUS_OF_SIGNAL = 128 };

#define BETWEEN_LOOKS 1000000ul /* nanoseconds */

static struct {
	pid_t pid; /* 0: free */
	process_handle process;
	bool is_own; /* the number is that of its process */
} children[CHILDREN];

static int used; /* no slot from here on has ever been taken */

bool program_is_unknown(long result)
{
	return result == -EBADF || result == -EPIPE || result == -EFTYPE || result == -EPROTO;
}

static void slot_clear(int slot)
{
	handle_close(ANY(children[slot].process));
	children[slot].pid = 0;
}

/* From `slot` on; CHILDREN if there is none. */
static int find(pid_t which, int slot)
{
	while (slot < used && (children[slot].pid == 0 || (which > 0 && children[slot].pid != which)))
		slot++;
	return slot < used ? slot : CHILDREN;
}

/* One that is free, or can be: nobody may ever wait for a child that has ended. CHILDREN if there is none. */
static int slot_take(pid_t pid)
{
	struct process_result result;
	int slot = find(pid, 0);
	if (slot == CHILDREN)
		for (slot = 0; slot < CHILDREN && children[slot].pid != 0; slot++)
			continue;
	if (slot == CHILDREN)
		for (slot = 0; slot < CHILDREN; slot++)
			if (!children[slot].is_own && process_wait(children[slot].process, 0, &result) == 0)
				break;
	if (slot < CHILDREN && children[slot].pid != 0)
		slot_clear(slot);
	return slot;
}

pid_t children_add(pid_t pid, process_handle process)
{
	struct process_info info;
	bool is_own = pid == 0;
	if (is_own)
		pid = process_info(process, &info) == 0 ? (pid_t)info.id : -EAGAIN;
	word_lock(&threads_lock);
	int slot = pid > 0 ? slot_take(pid) : CHILDREN;
	if (slot < CHILDREN) {
		children[slot].process = process;
		children[slot].is_own = is_own;
		children[slot].pid = pid;
		used = slot < used ? used : slot + 1;
	}
	word_unlock(&threads_lock);
	if (slot < CHILDREN)
		return pid;
	if (is_own) /* nobody could wait for it */
		(void)process_kill(process, 0);
	handle_close(ANY(process));
	return is_own ? -EAGAIN : pid;
}

void children_tell(void)
{
	word_lock(&threads_lock);
	for (int slot = 0; slot < used; slot++) {
		if (children[slot].pid == 0 || children[slot].is_own)
			continue;
		(void)program_run(own_program(), (uint32_t)children[slot].pid, children[slot].process);
	}
	word_unlock(&threads_lock);
}

void children_drop(pid_t pid)
{
	word_lock(&threads_lock);
	int slot = find(pid, 0);
	if (slot < CHILDREN)
		slot_clear(slot);
	word_unlock(&threads_lock);
}

bool children_are_unknown(pid_t which)
{
	uint32_t parent, group;
	if (which < -1 || which == 0)
		which = -1; /* groups are not known without the process server */
	word_lock(&threads_lock);
	bool some = find(which, 0) < CHILDREN;
	word_unlock(&threads_lock);
	return some && program_self(own_program(), &parent, &group) <= 0;
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
	word_lock(&threads_lock);
	for (int slot = find(which, 0); slot < CHILDREN && pid <= 0; slot = find(which, slot + 1)) {
		pid = 0;
		if (process_wait(children[slot].process, 0, &result) != 0)
			continue;
		pid = children[slot].pid;
		*status = status_of(&result);
		slot_clear(slot);
	}
	word_unlock(&threads_lock);
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
	word_lock(&threads_lock);
	int slot = find(pid, 0);
	if (slot < CHILDREN)
		result = number == 0 || !signal_ends_program(number)
				 ? 0
				 : process_kill(children[slot].process, STATUS_OF_SIGNAL + number);
	word_unlock(&threads_lock);
	return result;
}

void children_forget(void)
{
	for (int slot = 0; slot < used; slot++)
		if (children[slot].pid != 0)
			slot_clear(slot);
	used = 0;
}
