/*
 * Endpoints: how they come, and how one side hears of the end of the other. All queues of an endpoint share its lock. The
 * calls themselves are in endpoint_call.c.
 */
#include "object/endpoint.h"

#include "abi/abi.h"
#include "lib/list.h"
#include "object/endpoint_parts.h"
#include "object/process.h"

static struct object_pool endpoints = OBJECT_POOL_INIT(endpoints, struct endpoint, OBJECT_ENDPOINT);

/* No call has been received yet: a token is not 0. */
static struct call_slot no_slot;

/* A served caller has stopped waiting. Called with the lock, by the scheduler, which clang can't follow. */
static bool caller_left(struct runner *runner, int why) NO_LOCK_ANALYSIS
{
	struct endpoint *e = container_of(runner->queue, struct endpoint, served);

	return end_call(e, thread_of_runner(runner)->call_slot, why);
}

/* The same as for a caller. */
static bool receiver_left(struct runner *runner, int why) NO_LOCK_ANALYSIS
{
	(void)why;
	forget_receiver(container_of(runner->queue, struct endpoint, receivers), thread_of_runner(runner));
	return true;
}

struct endpoint *endpoint_create(void)
{
	struct endpoint *endpoint = object_alloc(&endpoints, current_account());

	if (!endpoint)
		return NULL;
	endpoint->root = endpoint;
	endpoint->last = &no_slot;
	wait_queue_init(&endpoint->callers, &endpoint->lock);
	wait_queue_init(&endpoint->receivers, &endpoint->lock);
	wait_queue_init(&endpoint->served, &endpoint->lock);
	endpoint->callers.kind = WAITS_FOR_RECEIVER;
	endpoint->receivers.kind = WAITS_FOR_CALL;
	endpoint->served.kind = WAITS_FOR_REPLY;
	endpoint->served.left = caller_left;
	endpoint->receivers.left = receiver_left;
	list_init(&endpoint->badges_gone);
	list_init(&endpoint->gone);
	return endpoint;
}

struct endpoint *endpoint_create_badge(struct endpoint *endpoint, uint64_t value)
{
	struct endpoint *badge = object_alloc(&endpoints, current_account());

	if (!badge)
		return NULL;
	if (object_take(&endpoint->root->object)) {
		object_free(&endpoints, badge);
		return NULL;
	}
	badge->root = endpoint->root;
	badge->badge = value;
	list_init(&badge->gone);
	return badge;
}

void endpoint_withdraw_badge(struct endpoint *badge)
{
	badge->badge = 0;
}

/* ---- the end of one side */

/* Walks all slots, free ones too. */
#define each_slot(slot, e) \
	for (unsigned number_ = 0; number_ < ENDPOINT_PAGES && (e)->page[number_]; number_++) \
		for (struct call_slot *slot = (e)->page[number_]; \
			slot < (e)->page[number_] + ENDPOINT_PAGE_SLOTS; slot++)

/* Ends the badge that has waited longest for its end to be told; returns its value. */
static uint64_t end_badge(struct endpoint *e) REQUIRES(e->lock)
{
	struct endpoint *badge = list_first(&e->badges_gone, struct endpoint, gone);
	uint64_t value = badge->badge;

	list_remove(&badge->gone);
	object_free(&endpoints, badge);
	object_put(&e->object);
	return value;
}

RARE void endpoint_tell_gone(struct endpoint *e, struct message *to)
{
	*to = (struct message){.label = MESSAGE_BADGE_GONE, .badge = end_badge(e)};
}

void endpoint_receiver_added(struct endpoint *endpoint)
{
	__atomic_fetch_add(&endpoint->root->receiver_handles, 1, __ATOMIC_RELAXED);
}

/* The caller of a served call will not hear of it any more. */
static void fail_call(struct endpoint *e, struct call_slot *slot) REQUIRES(e->lock)
{
	struct thread *caller = slot->caller;

	if (end_call(e, slot, -EPIPE))
		go_on(caller, -EPIPE);
}

static void fail_served_by(struct endpoint *e, const struct process *server) REQUIRES(e->lock)
{
	each_slot(slot, e) if (slot->caller && slot->caller->server == server) fail_call(e, slot);
}

/* Fails all calls that have been received, from slot `swept` on, as far as `work` goes. */
static void fail_served(struct endpoint *e, int *work) REQUIRES(e->lock)
{
	for (; e->swept<ENDPOINT_PAGE_SLOTS * ENDPOINT_PAGES && * work> 0; e->swept++) {
		struct call_slot *slot = e->page[e->swept / ENDPOINT_PAGE_SLOTS];

		if (!slot) { /* pages come in order */
			e->swept = ENDPOINT_PAGE_SLOTS * ENDPOINT_PAGES;
			return;
		}
		slot += e->swept % ENDPOINT_PAGE_SLOTS;
		*work -= slot->caller ? WORK_WAKE : WORK_LOOK;
		if (slot->caller)
			fail_call(e, slot);
	}
}

static bool is_serving(const struct endpoint *e, const struct process *server) REQUIRES(e->lock)
{
	each_slot(slot, e) if (slot->caller && slot->caller->server == server) return true;
	return false;
}

/* Whether a process has just lost its last handle with which it could answer the calls that it has received. */
static bool has_given_up(struct endpoint *e, struct process *server) REQUIRES(e->lock)
{
	return server->finishing ||
	       (is_serving(e, server) && !handle_table_has(server, &e->object, RIGHT_ENDPOINT_RECEIVE));
}

/* The last one closes the endpoint; what follows from that takes passes. The handle that is going has a reference still. */
void endpoint_receiver_removed(struct endpoint *endpoint, struct process *owner)
{
	struct endpoint *e = endpoint->root;
	bool closes = false;

	lock_acquire(&e->lock);
	if (has_given_up(e, owner))
		fail_served_by(e, owner);
	if (__atomic_sub_fetch(&e->receiver_handles, 1, __ATOMIC_RELAXED) == 0) {
		closes = !e->closed;
		e->closed = e->is_busy = true;
	}
	lock_release(&e->lock);
	if (closes) {
		object_take_another(&e->object);
		object_finish_later(&e->object);
	}
}

/* Tells everybody who is at a closed endpoint; true when nobody is left. */
static bool leave_nobody(struct endpoint *e, int *work) REQUIRES(e->lock)
{
	struct thread *receiver;

	lock_assert_held(e->callers.lock);
	for (; !list_is_empty(&e->callers.runners) && *work > 0; *work -= WORK_WAKE) {
		struct runner *caller = list_first(&e->callers.runners, struct runner, waiting);

		runner_claim(caller);
		go_on(thread_of_runner(caller), -EPIPE);
	}
	fail_served(e, work);
	for (; (receiver = next_receiver(e)) && *work > 0; *work -= WORK_WAKE) {
		forget_receiver(e, receiver);
		runner_claim(&receiver->runner);
		go_on(receiver, -EPIPE);
	}
	/* Nobody can be told of these any more, and they keep the endpoint. */
	for (; !list_is_empty(&e->badges_gone) && *work > 0; *work -= WORK_OBJECT)
		end_badge(e);
	return list_is_empty(&e->callers.runners) && e->swept == ENDPOINT_PAGE_SLOTS * ENDPOINT_PAGES &&
	       !next_receiver(e) && list_is_empty(&e->badges_gone);
}

bool endpoint_finish(struct endpoint *e, int *work)
{
	bool done;

	lock_acquire(&e->lock);
	done = leave_nobody(e, work);
	lock_release(&e->lock);
	return done;
}

/*
 * The last handle with a badge is gone: somebody who receives has to be told. False when nobody can be any more, or
 * nobody has had such a handle.
 */
static bool leave_word(struct endpoint *e, struct endpoint *badge) REQUIRES(e->lock)
{
	if (e->closed || !badge->badge)
		return false;
	list_append(&e->badges_gone, &badge->gone);
	e->is_busy = true;

	struct thread *receiver = next_receiver(e);

	if (!receiver)
		return true;
	forget_receiver(e, receiver);
	endpoint_tell_gone(e, arch_frame_message(&receiver->runner.frame));
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
	struct endpoint *e = endpoint->root;

	info->object = e->object.id;
	lock_acquire(&e->lock);
	lock_assert_held(e->callers.lock);
	lock_assert_held(e->receivers.lock);
	info->calling = count(&e->callers);
	info->served = 0;
	each_slot(slot, e) info->served += slot->caller != NULL;
	info->receiving = count(&e->receivers) + (e->ready != NULL);
	info->closed = e->closed;
	lock_release(&e->lock);
}

static void destroy_badge(struct endpoint *badge)
{
	struct endpoint *e = badge->root;
	bool told;

	lock_acquire(&e->lock);
	told = leave_word(e, badge);
	lock_release(&e->lock);
	if (told)
		return;
	object_free(&endpoints, badge);
	object_put(&e->object);
}

void endpoint_destroy(struct endpoint *endpoint)
{
	if (endpoint->root != endpoint) {
		destroy_badge(endpoint);
		return;
	}
	for (unsigned i = 0; i < ENDPOINT_PAGES; i++)
		if (endpoint->page[i])
			account_frame_free(endpoint->object.account, direct_to_physical(endpoint->page[i]));
	object_free(&endpoints, endpoint);
}
