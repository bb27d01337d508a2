/* Calls that are set aside until something can be done about them, first come, first served. */
#pragma once

#include <tabula/server.h>

enum { WAITING_MOST = 64 };

struct waiting {
	struct call {
		struct lent_out
			to; /* who waits; of other calls than reads only server and token mean something */
		uint32_t wanted;
	} calls[WAITING_MOST];
	unsigned first, count;
};

/* False when there are too many. Those that have given up do not count. */
bool waiting_add(struct waiting *waiting, const struct call *call);

/* The one that has waited longest, and away with it. There is one. */
struct call *waiting_first(struct waiting *waiting);
void waiting_drop(struct waiting *waiting);
