/* Waiting for children: calls that are set aside until one has ended. */
#include "wait.h"

#include <errno.h>

enum { WAITERS_MOST = 256 };

static struct waiter {
	struct program *program;
	uint32_t token;
	int32_t which;
} waiters[WAITERS_MOST];

static unsigned count;

static bool is_wanted(const struct program *parent, int32_t which, const struct program *child)
{
	if (child->parent != parent || child->unwaited)
		return false;
	if (which == -1)
		return true;
	if (which > 0)
		return child->pid == (uint32_t)which;
	return child->group == (which ? (uint32_t) - (int64_t)which : parent->group);
}

/* A child that has ended, else one that has not; NULL when there is none at all. */
static struct program *find(const struct program *parent, int32_t which)
{
	struct program *found = NULL;

	for (struct program *at = program_first(); at; at = at->next) {
		if (!is_wanted(parent, which, at))
			continue;
		if (at->state == PROGRAM_STATE_ENDED)
			return at;
		found = at;
	}
	return found;
}

static void sweep(struct server *server)
{
	unsigned left = 0;

	for (unsigned i = 0; i < count; i++)
		if (request_waits(server, waiters[i].token))
			waiters[left++] = waiters[i];
	count = left;
}

long wait_call(struct request *request, int32_t which, enum wait how, uint32_t *status)
{
	struct program *program = program_of(request->client), *child = find(program, which);

	if (!child)
		return -ECHILD;
	if (child->state == PROGRAM_STATE_ENDED) {
		uint32_t pid = child->pid;

		*status = child->status;
		program_forget(child);
		return pid;
	}
	if (how & WAIT_NOHANG)
		return 0;
	if (count == WAITERS_MOST)
		sweep(request->server);
	if (count == WAITERS_MOST)
		return -EAGAIN;
	waiters[count++] = (struct waiter){program, request->token, which};
	return DEFERRED;
}

/* True when the waiter has its answer. A child stays for another waiter when this one has given up. */
static bool answer(struct server *server, const struct waiter *waiter)
{
	struct program *child = find(waiter->program, waiter->which);

	if (waiter->program->state == PROGRAM_STATE_ENDED)
		return true;
	if (!child)
		(void)answer_program_wait(server, waiter->token, -ECHILD, 0);
	else if (child->state != PROGRAM_STATE_ENDED)
		return false;
	else if (!answer_program_wait(server, waiter->token, child->pid, child->status))
		program_forget(child);
	return true;
}

void wait_look(struct server *server)
{
	unsigned left = 0;

	for (unsigned i = 0; i < count; i++)
		if (!answer(server, &waiters[i]))
			waiters[left++] = waiters[i];
	count = left;
}

void wait_interrupt(struct server *server, const struct program *program)
{
	unsigned left = 0;

	for (unsigned i = 0; i < count; i++)
		if (waiters[i].program == program)
			(void)answer_program_wait(server, waiters[i].token, -EINTR, 0);
		else
			waiters[left++] = waiters[i];
	count = left;
}
