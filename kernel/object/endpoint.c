/*
 * Endpoints: how they come, and how one side hears of the end of the other. All queues of an endpoint share its lock. The
 * calls themselves are in endpoint_call.c.
 */
#include "object/endpoint.h"

#include "abi/abi.h"
#include "lib/list.h"
#include "object/endpoint_parts.h"
#include "object/process.h"
#include "object/reception.h"
#include "panic.h"

static struct object_pool ports = OBJECT_POOL_INIT(ports, struct port, endpoint.object, OBJECT_ENDPOINT);
static struct object_pool badges = OBJECT_POOL_INIT(badges, struct endpoint, object, OBJECT_ENDPOINT);

/* No call has been received yet: a token is not 0. */
static struct call_slot no_slot;

struct thread endpoint_busy;

/* A caller has stopped waiting whose call nobody has received. Called with the lock, as those below. */
static bool unheard_left(struct runner *runner, int why) NO_LOCK_ANALYSIS
{
	(void)why;
	container_of(runner->queue, struct port, callers)->callers_listed--;
	return true;
}

/* A served caller has stopped waiting. Called with the lock, by the scheduler, which clang can't follow. */
static bool caller_left(struct runner *runner, int why) NO_LOCK_ANALYSIS
{
	struct port *port = container_of(runner->queue, struct port, served);

	return end_call(port, thread_of_runner(runner)->call_slot, why);
}

/* The same as for a caller. */
static bool receiver_left(struct runner *runner, int why) NO_LOCK_ANALYSIS
{
	(void)why;
	forget_receiver(container_of(runner->queue, struct port, receivers), thread_of_runner(runner));
	return true;
}

struct endpoint *endpoint_create(void)
{
	struct port *port = object_alloc(&ports, current_account());

	if (!port)
		return NULL;
	port->endpoint.port = port;
	port->last = &no_slot;
	wait_queue_init(&port->callers, &port->lock);
	wait_queue_init(&port->receivers, &port->lock);
	wait_queue_init(&port->served, &port->lock);
	port->callers.kind = WAITS_FOR_RECEIVER;
	port->receivers.kind = WAITS_FOR_CALL;
	port->served.kind = WAITS_FOR_REPLY;
	port->callers.left = unheard_left;
	port->served.left = caller_left;
	port->receivers.left = receiver_left;
	list_init(&port->badges_gone);
	return &port->endpoint;
}

struct endpoint *endpoint_create_badge(struct endpoint *endpoint, uint64_t value)
{
	struct endpoint *badge = object_alloc(&badges, current_account());

	if (!badge)
		return NULL;
	if (object_take(&endpoint->port->endpoint.object)) {
		object_free(&badges, badge);
		return NULL;
	}
	badge->port = endpoint->port;
	badge->badge = value;
	return badge;
}

void endpoint_withdraw_badge(struct endpoint *badge)
{
	badge->badge = 0;
}

/* ---- the end of one side */

/* Ends the badge that has waited longest for its end to be told; returns its value. */
static uint64_t end_badge(struct port *port) REQUIRES(port->lock)
{
	struct endpoint *badge = list_first(&port->badges_gone, struct endpoint, gone);
	uint64_t value = badge->badge;

	list_remove(&badge->gone);
	object_free(&badges, badge);
	object_put(&port->endpoint.object);
	return value;
}

RARE void endpoint_tell_gone(struct port *port, struct message *to)
{
	*to = (struct message){.label = MESSAGE_BADGE_GONE, .badge = end_badge(port)};
}

void endpoint_receiver_added(struct endpoint *endpoint)
{
	__atomic_fetch_add(&endpoint->port->receiver_handles, 1, __ATOMIC_RELAXED);
}

/* The caller of a served call will not hear of it any more. */
static void fail_call(struct port *port, struct call_slot *slot) REQUIRES(port->lock)
{
	struct thread *caller = slot->caller;

	if (end_call(port, slot, -EPIPE))
		go_on(caller, -EPIPE);
}

/* Fails calls that have been received, by one process or, if that is NULL, by any, from slot *swept on: true at the end. */
static bool fail_served(struct port *port, const struct process *server, unsigned *swept, int *work)
	REQUIRES(port->lock)
{
	for (; *work > 0; ++*swept) {
		unsigned number = *swept / ENDPOINT_PAGE_SLOTS;
		struct call_slot *slot;
		bool fails;

		if (number == ENDPOINT_PAGES || !port->page[number]) /* pages come in order */
			return true;
		slot = &port->page[number][*swept % ENDPOINT_PAGE_SLOTS];
		fails = slot->caller && (!server || slot->caller->server == server);
		*work -= fails ? WORK_WAKE : WORK_LOOK;
		if (fails)
			fail_call(port, slot);
	}
	return false;
}

bool endpoint_fail_served_by(struct port *port, const struct process *server, unsigned *swept, int *work)
{
	return fail_served(port, server, swept, work);
}

void endpoint_stop_receiver(struct port *port, struct thread *thread)
{
	lock_assert_held(port->receivers.lock);
	if (runner_queue(&thread->runner) != &port->receivers)
		return;
	forget_receiver(port, thread);
	runner_claim(&thread->runner);
	go_on(thread, -EBADF);
}

/* Nobody waits there from now on; who does is told in passes. */
static void close_port(struct port *port) REQUIRES(port->lock)
{
	struct thread *ready = ready_receiver(port);

	lock_assert_held(port->receivers.lock);
	if (ready) {
		list_append(&port->receivers.runners, &ready->runner.waiting);
		port->receivers_listed++;
	}
	port->ready = &endpoint_busy;
	port->closed = true;
}

/* The last one closes the endpoint; what follows from that takes passes. The handle that is going has a reference still. */
void endpoint_receiver_removed(struct endpoint *endpoint, struct process *owner, struct reception *reception)
{
	struct port *port = endpoint->port;
	bool closes = false, is_over;

	lock_acquire(&port->lock);
	if (__atomic_sub_fetch(&port->receiver_handles, 1, __ATOMIC_RELAXED) == 0) {
		closes = !port->closed;
		close_port(port);
	}
	/* One that ends has no thread any more, which might be about to receive. */
	is_over = port->closed || (owner->finishing && !port->page[0]);
	lock_release(&port->lock);
	if (reception)
		reception_leave(owner, reception, port, is_over);
	if (closes) {
		object_take_another(&port->endpoint.object);
		object_finish_later(&port->endpoint.object);
	}
}

/* Tells everybody who is at a closed endpoint; true when nobody is left. */
static bool leave_nobody(struct port *port, int *work) REQUIRES(port->lock)
{
	struct thread *receiver;
	bool none_served;

	lock_assert_held(port->callers.lock);
	for (; !list_is_empty(&port->callers.runners) && *work > 0; *work -= WORK_WAKE) {
		struct runner *caller = list_first(&port->callers.runners, struct runner, waiting);

		runner_claim(caller);
		port->callers_listed--;
		go_on(thread_of_runner(caller), -EPIPE);
	}
	none_served = fail_served(port, NULL, &port->swept, work);
	for (; (receiver = next_receiver(port)) && *work > 0; *work -= WORK_WAKE) {
		forget_receiver(port, receiver);
		runner_claim(&receiver->runner);
		go_on(receiver, -EPIPE);
	}
	/* Nobody can be told of these any more, and they keep the endpoint. */
	for (; !list_is_empty(&port->badges_gone) && *work > 0; *work -= WORK_OBJECT)
		end_badge(port);
	return list_is_empty(&port->callers.runners) && none_served && !next_receiver(port) &&
	       list_is_empty(&port->badges_gone);
}

bool endpoint_finish(struct endpoint *endpoint, int *work)
{
	struct port *port = endpoint->port;
	bool done;

	lock_acquire(&port->lock);
	done = leave_nobody(port, work);
	lock_release(&port->lock);
	return done;
}

/*
 * The last handle with a badge is gone: somebody who receives has to be told. False when nobody can be any more, or
 * nobody has had such a handle.
 */
static bool leave_word(struct port *port, struct endpoint *badge) REQUIRES(port->lock)
{
	if (port->closed || !badge->badge)
		return false;
	list_append(&port->badges_gone, &badge->gone);

	struct thread *receiver = next_receiver(port);

	if (!receiver) {
		port->ready = &endpoint_busy;
		return true;
	}
	forget_receiver(port, receiver);
	endpoint_tell_gone(port, arch_frame_message(&receiver->runner.frame));
	lock_assert_held(receiver->runner.queue->lock);
	runner_wake_with(&receiver->runner, 0);
	return true;
}

/*
 * How many slots are not free. To count the free ones takes less than a budget of instructions however many there are, and to keep
 * count would make every call dearer.
 */
static uint32_t slots_used(const struct port *port) REQUIRES(port->lock)
{
	uint32_t count = 0;

	for (unsigned number = 0; number < ENDPOINT_PAGES && port->page[number]; number++)
		count += ENDPOINT_PAGE_SLOTS;
	for (const struct call_slot *slot = port->free; slot; slot = slot->next)
		count--;
	return count;
}

void endpoint_read_info(struct endpoint *endpoint, struct endpoint_info *info)
{
	struct port *port = endpoint->port;

	info->object = port->endpoint.object.id;
	lock_acquire(&port->lock);
	info->calling = port->callers_listed;
	info->receiving = port->receivers_listed + (ready_receiver(port) != NULL);
	/* Each who receives keeps a slot. */
	info->served = slots_used(port) - port->slots_held - info->receiving;
	info->closed = port->closed;
	lock_release(&port->lock);
}

static void destroy_badge(struct endpoint *badge)
{
	struct port *port = badge->port;
	bool told;

	lock_acquire(&port->lock);
	told = leave_word(port, badge);
	lock_release(&port->lock);
	if (told)
		return;
	object_free(&badges, badge);
	object_put(&port->endpoint.object);
}

void endpoint_destroy(struct endpoint *endpoint)
{
	struct port *port = endpoint->port;

	if (endpoint != &port->endpoint) {
		destroy_badge(endpoint);
		return;
	}
	assert(!(port->callers_listed | port->receivers_listed | port->slots_held));
	for (unsigned i = 0; i < ENDPOINT_PAGES; i++)
		if (port->page[i])
			account_frame_free(endpoint->object.account, direct_to_physical(port->page[i]));
	object_free(&ports, port);
}
