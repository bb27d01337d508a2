/*
 * What the parts of endpoints, endpoint.c and endpoint_call.c, have in common: slots of received calls, who receives next, and
 * how one who waited goes on. Nobody else includes it.
 */
#pragma once

#include "object/endpoint.h"
#include "object/exception.h"
#include "object/thread.h"

/* The next generation of a slot's name. */
#define NAME_GENERATION (1ul << (TOKEN_SHIFT + TOKEN_SLOT_BITS))

/* Stands in port->ready for what has to be looked at before somebody waits. It is never run, so it is at hand nowhere. */
extern struct thread endpoint_busy;

static inline struct thread *thread_of_runner(struct runner *runner)
{
	return container_of(runner, struct thread, runner);
}

static inline void put_slot(struct port *port, struct call_slot *slot) REQUIRES(port->lock)
{
	slot->next = port->free;
	port->free = slot;
}

static inline bool is_held(const struct call_slot *slot)
{
	return (uint32_t)slot->name;
}

/* The call is over, and its token stale. */
static inline void end_token(struct call_slot *slot)
{
	const uint64_t name = slot->name;

	slot->caller = NULL;
	slot->name = name + NAME_GENERATION;
	if (__builtin_expect(slot->name < name, 0)) /* generation 0 is never used: a token is not 0 */
		slot->name += NAME_GENERATION;
}

static inline void free_slot(struct port *port, struct call_slot *slot) REQUIRES(port->lock)
{
	end_token(slot);
	put_slot(port, slot);
}

/*
 * A served call is over, and its token stale. True when its caller, which is claimed, can be woken now; else it is held,
 * and endpoint_release will do it.
 */
static inline bool end_call(struct port *port, struct call_slot *slot, long result) REQUIRES(port->lock)
{
	runner_claim_apart(&slot->caller->runner);
	if (is_held(slot)) {
		slot->caller = NULL;
		slot->result = result;
		port->slots_held++;
		return false;
	}
	free_slot(port, slot);
	return true;
}

/* A receiver that waits is taken. */
static inline void take_receiver(struct port *port, const struct thread *receiver) REQUIRES(port->lock)
{
	if (port->ready == receiver)
		port->ready = NULL;
	else
		port->receivers_listed--;
}

/* It does not wait any more: its slot need not be kept. */
static inline void forget_receiver(struct port *port, struct thread *receiver) REQUIRES(port->lock)
{
	take_receiver(port, receiver);
	put_slot(port, receiver->call_slot);
}

/* The one that is at hand, if any. */
static inline struct thread *ready_receiver(const struct port *port) REQUIRES(port->lock)
{
	return port->ready != &endpoint_busy ? port->ready : NULL;
}

/* The receiver that is to get the next call, NULL when none waits. */
static inline struct thread *next_receiver(const struct port *port) REQUIRES(port->lock)
{
	struct thread *ready = ready_receiver(port);

	if (ready)
		return ready;
	if (list_is_empty(&port->receivers.runners))
		return NULL;
	return list_first(&port->receivers.runners, struct thread, runner.waiting);
}

/*
 * Whoever waited has been claimed, and has its result: what has met an exception its own registers, all others this one.
 * False when it can't go on.
 */
static inline bool finish_wait(struct thread *thread, long result)
{
	if (thread->exception.pending && !exception_is_over(thread, &result))
		return false;
	runner_set_result(&thread->runner, result);
	return true;
}

static inline void go_on(struct thread *claimed, long result)
{
	if (finish_wait(claimed, result))
		sched_make_ready(&claimed->runner);
}

/* Tells of a badge whose last handle is gone, of which there is one; the badge itself goes with that. */
void endpoint_tell_gone(struct port *port, struct message *to) REQUIRES(port->lock);
