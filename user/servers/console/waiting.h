/* Calls that are set aside until something can be done about them, first come, first served. */
#pragma once

#include <tabula/server.h>

enum { WAITING_MOST = 64 };

struct waiting {
	struct call {
		struct lent_out
			to; /* who waits; of other calls than reads only server and token mean something */
		uint32_t wanted;
		uint32_t watch; /* the number of one of file_watch; 0: a call, which is answered */
		notification_handle notification; /* of a watch */
		uint64_t bits;
	} calls[WAITING_MOST];
	unsigned first, count;
};

/*
 * False when there are too many. Those that have given up do not count; and if all wait, the oldest watch is over, since
 * its owner may have gone.
 */
bool waiting_add(struct waiting *waiting, const struct call *call);

/* Tells whoever watches, and lets go of the notification. */
void watch_end(const struct call *call);

/* Forgets a watch, without a word. */
void waiting_unwatch(struct waiting *waiting, uint32_t watch);

/* The one that has waited longest, and away with it. There is one. */
struct call *waiting_first(struct waiting *waiting);
void waiting_drop(struct waiting *waiting);
