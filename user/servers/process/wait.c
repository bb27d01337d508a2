/* Waiting for children: calls that are set aside until there is something to tell of one. */
#include "wait.h"

#include <errno.h>

enum { WAITERS_MOST = 256, STATUS_STOPPED = 0x7f, STATUS_CONTINUED = 0xffff };

static struct waiter {
	struct program *program;
	uint32_t token;
	int32_t which;
	enum wait how;
} waiters[WAITERS_MOST];

static unsigned count;
static struct server *waited_at;

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

/* What there is to tell of a child, as POSIX has it; -1 when nothing. */
static int64_t news_of(const struct program *child, enum wait how)
{
	if (child->state == PROGRAM_STATE_ENDED)
		return child->status;
	if (how & WAIT_UNTRACED && child->tells_stop)
		return child->stopped << 8 | STATUS_STOPPED;
	return how & WAIT_CONTINUED && child->tells_continue ? STATUS_CONTINUED : -1;
}

/* A child that there is something to tell of, else another; NULL when there is none at all. */
static struct program *find(const struct program *parent, int32_t which, enum wait how)
{
	struct program *found = NULL;

	for (struct program *at = program_first(); at; at = at->next) {
		if (!is_wanted(parent, which, at))
			continue;
		if (news_of(at, how) >= 0)
			return at;
		found = at;
	}
	return found;
}

/* The parent has heard of it. */
static void told(struct program *child)
{
	if (child->state == PROGRAM_STATE_ENDED)
		program_reap(child->parent, child);
	else
		child->tells_stop = child->tells_continue = false;
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
	struct program *program = program_of(request->client), *child = find(program, which, how);
	int64_t news = child ? news_of(child, how) : -1;

	if (!child)
		return -ECHILD;
	if (news >= 0) {
		uint32_t pid = child->pid;

		*status = (uint32_t)news;
		told(child);
		return pid;
	}
	if (how & WAIT_NOHANG)
		return 0;
	if (count == WAITERS_MOST)
		sweep(request->server);
	if (count == WAITERS_MOST)
		return -EAGAIN;
	waited_at = request->server;
	waiters[count++] = (struct waiter){program, request->token, which, how};
	return DEFERRED;
}

/* True when the waiter has its answer. The news stay for another waiter when this one has given up. */
static bool answer(struct server *server, const struct waiter *waiter)
{
	struct program *child = find(waiter->program, waiter->which, waiter->how);
	int64_t news = child ? news_of(child, waiter->how) : -1;

	if (waiter->program->state == PROGRAM_STATE_ENDED)
		return true;
	if (!child)
		(void)answer_program_wait(server, waiter->token, -ECHILD, 0);
	else if (news < 0)
		return false;
	else if (!answer_program_wait(server, waiter->token, child->pid, (uint32_t)news))
		told(child);
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

void wait_look_again(void)
{
	if (waited_at)
		wait_look(waited_at);
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
