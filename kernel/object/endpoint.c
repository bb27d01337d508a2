/*
 * Endpoints: how they come, and how one side hears of the end of the other. All queues of an endpoint share its lock. The
 * calls themselves are in endpoint_call.c.
 */
#include "object/endpoint.h"

#include "abi/abi.h"
#include "lib/list.h"
#include "object/endpoint_parts.h"
#include "object/process.h"

static struct object_pool ports = OBJECT_POOL_INIT(ports, struct port, endpoint.object, OBJECT_ENDPOINT);
static struct object_pool badges = OBJECT_POOL_INIT(badges, struct endpoint, object, OBJECT_ENDPOINT);

/* No call has been received yet: a token is not 0. */
static struct call_slot no_slot;

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

/* Walks all slots, free ones too. */
#define each_slot(slot, port) \
	for (unsigned number_ = 0; number_ < ENDPOINT_PAGES && (port)->page[number_]; number_++) \
		for (struct call_slot *slot = (port)->page[number_]; \
			slot < (port)->page[number_] + ENDPOINT_PAGE_SLOTS; slot++)

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

static void fail_served_by(struct port *port, const struct process *server) REQUIRES(port->lock)
{
	each_slot(slot, port) if (slot->caller && slot->caller->server == server) fail_call(port, slot);
}

/* Fails all calls that have been received, from slot `swept` on, as far as `work` goes. */
static void fail_served(struct port *port, int *work) REQUIRES(port->lock)
{
	for (; port->swept<ENDPOINT_PAGE_SLOTS * ENDPOINT_PAGES && * work> 0; port->swept++) {
		struct call_slot *slot = port->page[port->swept / ENDPOINT_PAGE_SLOTS];

		if (!slot) { /* pages come in order */
			port->swept = ENDPOINT_PAGE_SLOTS * ENDPOINT_PAGES;
			return;
		}
		slot += port->swept % ENDPOINT_PAGE_SLOTS;
		*work -= slot->caller ? WORK_WAKE : WORK_LOOK;
		if (slot->caller)
			fail_call(port, slot);
	}
}

static bool is_serving(const struct port *port, const struct process *server) REQUIRES(port->lock)
{
	each_slot(slot, port) if (slot->caller && slot->caller->server == server) return true;
	return false;
}

/* Whether a process has just lost its last handle with which it could answer the calls that it has received. */
static bool has_given_up(struct port *port, struct process *server) REQUIRES(port->lock)
{
	return server->finishing ||
	       (is_serving(port, server) &&
		       !handle_table_has(server, &port->endpoint.object, RIGHT_ENDPOINT_RECEIVE));
}

/* The last one closes the endpoint; what follows from that takes passes. The handle that is going has a reference still. */
void endpoint_receiver_removed(struct endpoint *endpoint, struct process *owner)
{
	struct port *port = endpoint->port;
	bool closes = false;

	lock_acquire(&port->lock);
	if (has_given_up(port, owner))
		fail_served_by(port, owner);
	if (__atomic_sub_fetch(&port->receiver_handles, 1, __ATOMIC_RELAXED) == 0) {
		closes = !port->closed;
		port->closed = port->is_busy = true;
	}
	lock_release(&port->lock);
	if (closes) {
		object_take_another(&port->endpoint.object);
		object_finish_later(&port->endpoint.object);
	}
}

/* Tells everybody who is at a closed endpoint; true when nobody is left. */
static bool leave_nobody(struct port *port, int *work) REQUIRES(port->lock)
{
	struct thread *receiver;

	lock_assert_held(port->callers.lock);
	for (; !list_is_empty(&port->callers.runners) && *work > 0; *work -= WORK_WAKE) {
		struct runner *caller = list_first(&port->callers.runners, struct runner, waiting);

		runner_claim(caller);
		go_on(thread_of_runner(caller), -EPIPE);
	}
	fail_served(port, work);
	for (; (receiver = next_receiver(port)) && *work > 0; *work -= WORK_WAKE) {
		forget_receiver(port, receiver);
		runner_claim(&receiver->runner);
		go_on(receiver, -EPIPE);
	}
	/* Nobody can be told of these any more, and they keep the endpoint. */
	for (; !list_is_empty(&port->badges_gone) && *work > 0; *work -= WORK_OBJECT)
		end_badge(port);
	return list_is_empty(&port->callers.runners) && port->swept == ENDPOINT_PAGE_SLOTS * ENDPOINT_PAGES &&
	       !next_receiver(port) && list_is_empty(&port->badges_gone);
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
	port->is_busy = true;

	struct thread *receiver = next_receiver(port);

	if (!receiver)
		return true;
	forget_receiver(port, receiver);
	endpoint_tell_gone(port, arch_frame_message(&receiver->runner.frame));
	lock_assert_held(receiver->runner.queue->lock);
	runner_wake_with(&receiver->runner, 0);
	return true;
}

static uint32_t count(const struct wait_queue *queue) REQUIRES(*queue->lock)
{
	uint32_t n = 0;

	for (const struct list *link = queue->runners.next; link != &queue->runners; link = link->next)
		n++;
	return n;
}

void endpoint_read_info(struct endpoint *endpoint, struct endpoint_info *info)
{
	struct port *port = endpoint->port;

	info->object = port->endpoint.object.id;
	lock_acquire(&port->lock);
	lock_assert_held(port->callers.lock);
	lock_assert_held(port->receivers.lock);
	info->calling = count(&port->callers);
	info->served = 0;
	each_slot(slot, port) info->served += slot->caller != NULL;
	info->receiving = count(&port->receivers) + (port->ready != NULL);
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
	for (unsigned i = 0; i < ENDPOINT_PAGES; i++)
		if (port->page[i])
			account_frame_free(endpoint->object.account, direct_to_physical(port->page[i]));
	object_free(&ports, port);
}
