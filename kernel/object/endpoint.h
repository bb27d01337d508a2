/*
 * Endpoints: synchronous calls between threads. A caller waits from its call to the reply; a receiver gets one call
 * after the other, in the order they came, and answers them in any order, each by its token. A handle's object is
 * either the endpoint itself or a badge of it, which stands for the endpoint and tells its callers apart.
 */
#pragma once

#include "abi/abi.h"
#include "config.h"
#include "lock.h"
#include "object/object.h"
#include "result.h"
#include "sched.h"

enum {
	TOKEN_SHIFT = 32,
	TOKEN_SLOT_BITS = 11,
	ENDPOINT_PAGE_SLOTS = 128,
	ENDPOINT_PAGES = 16, /* so many calls, times slots, can be received and not yet answered */
};

struct process;
struct reception;
struct thread;

/*
 * A call that has been received: who waits for its reply. Each waiting receiver keeps one for the call to come. `name` has
 * the token in its upper half, which is generation << TOKEN_SLOT_BITS | the slot's number, and in the lower how many
 * handlers work with what the caller has lent: it can't go on before they are through.
 */
struct call_slot {
	struct thread *caller; /* NULL: none, or its call is over */
	uint64_t name;
	struct call_slot *next; /* of a free slot: the next free one */
	long result; /* of a call that has ended while it was held */
};

/* What a handle names: an endpoint itself, or a badge of it. */
struct endpoint {
	struct object object OBJECT_ALIGNED;
	uint64_t badge; /* 0: of the endpoint itself, or of a badge that nobody has had */
	struct port *port; /* of a badge with a reference to the endpoint itself */
	struct list gone; /* of a badge without handles: in port->badges_gone */
};

/* Where callers and receivers meet: an endpoint itself, with all that its badges have in common. */
struct port {
	struct spinlock lock; /* guards all below the next comment. First: its address costs nothing */
	struct endpoint endpoint;

	/* Guarded. */
	struct wait_queue callers; /* whose call nobody has received yet */
	/*
	 * A receiver that waits and is not in the list of `receivers`. NULL: none, and it is plain that who receives has to wait:
	 * the endpoint is not closed, and there are no callers and no badges to be told of. Else endpoint_busy, with no receivers
	 * but those that are about to hear of the end.
	 */
	struct thread *ready;
	struct wait_queue receivers; /* there are no callers while there are receivers */
	struct wait_queue served; /* callers whose call has been received: apart, each has a slot */
	struct list badges_gone; /* badges whose end has not been told */
	struct call_slot *page[ENDPOINT_PAGES];
	struct call_slot *free; /* first free slot; NULL when the pages are full */
	uint32_t slots_held; /* of calls that are over, but whose callers can't go on yet */
	uint32_t callers_listed; /* how many are in `callers` */
	uint32_t receivers_listed; /* the same, in the list of `receivers` */
	struct call_slot
		*last; /* of the call that was received last, whether it is over or not; never NULL */
	uint32_t receiver_handles; /* with the right to receive; none left: the endpoint is closed */
	bool closed;
	uint32_t swept; /* once closed: the calls in slots below this have failed */
} __attribute__((aligned(CONFIG_CACHE_LINE))); /* its neighbour may be busy on another hart */

/* NULL when memory is out. */
struct endpoint *endpoint_create(void);
struct endpoint *endpoint_create_badge(struct endpoint *endpoint, uint64_t badge);

/* A badge that could not be given to anybody goes without a word. The caller has the only reference to it. */
void endpoint_withdraw_badge(struct endpoint *badge);

/*
 * The calls of syscalls.tbl, by the current thread, whose frame is whole. `message` is in it; that of an exception is not.
 * Those that wait do not return if the other side can go on at once.
 */
MUST_USE long endpoint_call(struct endpoint *endpoint, struct message *message);
MUST_USE long endpoint_receive(struct endpoint *endpoint, struct message *message);
MUST_USE long endpoint_reply(struct endpoint *endpoint, const struct message *message);
MUST_USE long endpoint_reply_receive(struct endpoint *endpoint, struct message *message);

/*
 * The caller that a token names, NULL when it waits no more, and what it has sent. It does not go on, whatever ends
 * its call, until the same handler has released it.
 */
MUST_USE struct thread *endpoint_hold(struct endpoint *endpoint, uint32_t token, struct message *sent);
void endpoint_release(struct endpoint *endpoint, struct thread *caller);

/* The slot whose number a token has; NULL when there is none. */
static inline struct call_slot *slot_of(const struct port *port, uint32_t token) REQUIRES(port->lock)
{
	uint32_t number = token & ((1u << TOKEN_SLOT_BITS) - 1);
	struct call_slot *page = port->page[number / ENDPOINT_PAGE_SLOTS];

	return page ? page + number % ENDPOINT_PAGE_SLOTS : NULL;
}

/*
 * The slot of the call that a token names; NULL when its caller waits no more. It does not go on as long as the lock is held. Mostly it
 * is the call that was received last.
 */
static inline struct call_slot *endpoint_find_call(const struct port *port, uint32_t token)
	REQUIRES(port->lock)
{
	struct call_slot *slot = port->last;

	if ((uint32_t)(slot->name >> TOKEN_SHIFT) != token) { /* as narrow as it comes: nothing to extend */
		slot = slot_of(port, token);
		if (!slot)
			return NULL;
	}
	return (uint32_t)(slot->name >> TOKEN_SHIFT) == token && slot->caller ? slot : NULL;
}

/*
 * A handle with the right to receive has been made, or has gone from a process; `reception`: it was the last of that one, else
 * NULL.
 */
void endpoint_receiver_added(struct endpoint *endpoint);
void endpoint_receiver_removed(struct endpoint *endpoint, struct process *owner, struct reception *reception);

/* Fails the calls that a process has received, from slot *swept on, as far as `work` goes: true when no more are left. */
MUST_USE bool endpoint_fail_served_by(
	struct port *port, const struct process *server, unsigned *swept, int *work) REQUIRES(port->lock);

/* If the thread waits for a call there, it does no longer: -EBADF. */
void endpoint_stop_receiver(struct port *port, struct thread *thread) REQUIRES(port->lock);

/* For object.c: has everybody leave who is at a closed endpoint, as far as `work` goes: true when nobody is left. */
MUST_USE bool endpoint_finish(struct endpoint *endpoint, int *work);

/* What there is to tell, into a struct of zeros. */
void endpoint_read_info(struct endpoint *endpoint, struct endpoint_info *info);

static inline struct endpoint *endpoint_of(struct object *object)
{
	return container_of(object, struct endpoint, object);
}

void endpoint_destroy(struct endpoint *endpoint);
