/* Calls that are set aside. */
#include "waiting.h"

static struct call *place(struct waiting *waiting, unsigned number)
{
	return &waiting->calls[(waiting->first + number) % WAITING_MOST];
}

/* Forgets those that have given up. */
static void sweep(struct waiting *waiting)
{
	unsigned left = 0;

	for (unsigned i = 0; i < waiting->count; i++) {
		struct call call = *place(waiting, i);

		if (request_waits(call.to.server, call.to.token))
			*place(waiting, left++) = call;
	}
	waiting->count = left;
}

bool waiting_add(struct waiting *waiting, const struct call *call)
{
	if (waiting->count == WAITING_MOST)
		sweep(waiting);
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
