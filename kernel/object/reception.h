/*
 * Receptions: that a process can receive from an endpoint, by so many handles. With the last of them it gives up what it has
 * received there and not answered; so these calls fail, and its threads that receive there wait no longer, piece by piece. That
 * begins when every other hart has left the kernel once: a handler that has found the handle before is over then.
 */
#pragma once

#include "lib/list.h"
#include "lib/tree.h"
#include "lock.h"
#include "object/process.h"
#include "result.h"

struct endpoint;
struct port;

struct reception {
	/* Guarded by the lock of the process. */
	struct tree_node node; /* in handles.receptions, by the endpoint's id */
	uint32_t handles;
	bool is_leaving; /* there were none, and somebody sees to what follows */
	bool again; /* there have been some since, and then none once more */

	/* While calls fail; its hart's. */
	struct list link; /* in hart->leaving, then hart->left */
	struct process *server; /* with a reference, as the port's endpoint */
	struct port *port;
	unsigned swept; /* the calls in slots below this have failed */
	uint32_t last_told; /* the last thread that has been looked at */
};

/* A handle more, or one less; the former can fail: -ENOMEM. */
MUST_USE int reception_add(struct process *process, const struct endpoint *endpoint) REQUIRES(process->lock);

/* Returns the reception if that was the last one, and the caller is to go on with reception_leave, without the lock. */
struct reception *reception_take(struct process *process, const struct endpoint *endpoint)
	REQUIRES(process->lock);

/* Takes back what reception_add has done, of a handle that nobody has had. */
void reception_forget(struct process *process, const struct endpoint *endpoint) REQUIRES(process->lock);

/* `is_over`: nobody of the process receives, or has calls that are to fail. The endpoint stays meanwhile. */
void reception_leave(struct process *process, struct reception *reception, struct port *port, bool is_over);

/* For object.c: goes on with the first in a hart's list as far as `work` goes. */
void reception_go_on(struct reception *reception, int *work);

/* A process has gone that has none any more. */
void receptions_end(struct process *process);

/* For audits: how many handles there are in all. */
uint32_t receptions_count(const struct process *process) REQUIRES(process->lock);
