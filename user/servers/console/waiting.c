/* Calls that are set aside. */
#include "waiting.h"

#include <tabula/handles.h>

static struct call *place(struct waiting *waiting, unsigned number)
{
	return &waiting->calls[(waiting->first + number) % WAITING_MOST];
}

/* Keeps those of which `stays` says so. */
static void keep(struct waiting *waiting, bool (*stays)(const struct call *, uint32_t), uint32_t number)
{
	unsigned left = 0;

	for (unsigned i = 0; i < waiting->count; i++) {
		struct call call = *place(waiting, i);

		if (stays(&call, number))
			*place(waiting, left++) = call;
	}
	waiting->count = left;
}

static bool waits(const struct call *call, uint32_t number)
{
	(void)number;
	return call->watch || request_waits(call->to.server, call->to.token);
}

static bool is_another(const struct call *call, uint32_t number)
{
	if (call->watch != number)
		return true;
	(void)handle_close(ANY(call->notification));
	return false;
}

void waiting_unwatch(struct waiting *waiting, uint32_t watch)
{
	if (watch)
		keep(waiting, is_another, watch);
}

void watch_end(const struct call *call)
{
	(void)notification_signal(call->notification, call->bits);
	(void)handle_close(ANY(call->notification));
}

static void evict(struct waiting *waiting)
{
	for (unsigned i = 0; i < waiting->count; i++) {
		struct call call = *place(waiting, i);

		if (!call.watch)
			continue;
		(void)notification_signal(call.notification, call.bits);
		waiting_unwatch(waiting, call.watch);
		return;
	}
}

bool waiting_add(struct waiting *waiting, const struct call *call)
{
	if (waiting->count == WAITING_MOST)
		keep(waiting, waits, 0);
	if (waiting->count == WAITING_MOST)
		evict(waiting);
	if (waiting->count == WAITING_MOST)
		return false;
	*place(waiting, waiting->count++) = *call;
	return true;
}

struct call *waiting_first(struct waiting *waiting)
{
	return place(waiting, 0);
}

void waiting_drop(struct waiting *waiting)
{
	waiting->first = (waiting->first + 1) % WAITING_MOST;
	waiting->count--;
}
