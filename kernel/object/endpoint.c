/*
 * Endpoints. All queues of an endpoint share its lock. A message is never stored: it stands in the caller's trapframe
 * until a receiver comes, and goes from frame to frame. Whoever takes a runner out of a queue is the one to wake it.
 *
 *   caller                      receiver
 *   callers ---- receive ---->  (message copied, slot taken, token given)
 *   served
 *           <---- reply ------  (slot found by token and freed)
 *
 * A caller that stops waiting while it is served, by its deadline or its end, frees its slot: the token is stale then.
 * While a handler works with what the caller has lent, the call can end, but the caller goes on only afterwards: nobody
 * writes to its memory then.
 */
#include "object/endpoint.h"

#include "lib/list.h"
#include "object/process.h"
#include "object/thread.h"
#include "panic.h"

enum { TOKEN_SLOT_BITS = 11, TOKEN_GENERATIONS = 1 << (32 - TOKEN_SLOT_BITS) };

STATIC_ASSERT(ENDPOINT_PAGE_SLOTS * sizeof(struct call_slot) == PAGE_SIZE);
STATIC_ASSERT(ENDPOINT_PAGE_SLOTS *ENDPOINT_PAGES == 1 << TOKEN_SLOT_BITS);
STATIC_ASSERT(sizeof(struct message) == 6 * sizeof(uint64_t)); /* registers a1 to a6 */

static struct object_pool endpoints = OBJECT_POOL_INIT(endpoints, struct endpoint, OBJECT_ENDPOINT);

static bool caller_left(struct runner *runner, int why);
static bool receiver_left(struct runner *runner, int why);

static struct thread *thread_of_runner(struct runner *runner)
{
	return container_of(runner, struct thread, runner);
}

struct endpoint *endpoint_create(void)
{
	struct endpoint *endpoint = object_alloc(&endpoints, current_account());

	if (!endpoint)
		return NULL;
	endpoint->root = endpoint;
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

/* ---- slots: calls that have been received */

/* Walks all slots, free ones too. */
#define each_slot(slot, e) \
	for (unsigned number_ = 0; number_ < ENDPOINT_PAGES && (e)->page[number_]; number_++) \
		for (struct call_slot *slot = (e)->page[number_]; \
			slot < (e)->page[number_] + ENDPOINT_PAGE_SLOTS; slot++)

static RARE int add_slots(struct endpoint *e) REQUIRES(e->lock)
{
	unsigned number = 0;
	paddr_t frame;

	while (number < ENDPOINT_PAGES && e->page[number])
		number++;
	if (number == ENDPOINT_PAGES)
		return -ENOMEM;
	TRY(account_frame_alloc_zeroed(e->object.account, &frame));
	e->page[number] = direct(frame);
	for (uint32_t i = ENDPOINT_PAGE_SLOTS; i--;) {
		struct call_slot *slot = &e->page[number][i];

		slot->token = 1u << TOKEN_SLOT_BITS | (number * ENDPOINT_PAGE_SLOTS + i);
		slot->next = e->free;
		e->free = slot;
	}
	return 0;
}

/* One for a call, of which nobody knows the token yet; there is a free one. */
static struct call_slot *take_slot(struct endpoint *e) REQUIRES(e->lock)
{
	struct call_slot *slot = e->free;

	e->free = slot->next;
	return slot;
}

static void put_slot(struct endpoint *e, struct call_slot *slot) REQUIRES(e->lock)
{
	slot->next = e->free;
	e->free = slot;
}

/* Its token becomes stale. */
static void free_slot(struct endpoint *e, struct call_slot *slot) REQUIRES(e->lock)
{
	uint32_t token = slot->token + (1u << TOKEN_SLOT_BITS);

	if (!(token >> TOKEN_SLOT_BITS)) /* generation 0 is never used: a token is not 0 */
		token += 1u << TOKEN_SLOT_BITS;
	slot->token = token;
	slot->caller = NULL;
	put_slot(e, slot);
}

/*
 * A served call is over, and its token stale. True when its caller, which is claimed, can be woken now; else it is held,
 * and endpoint_release will do it.
 */
static bool end_call(struct endpoint *e, struct call_slot *slot, long result) REQUIRES(e->lock)
{
	runner_claim_apart(&slot->caller->runner);
	if (slot->holds) {
		slot->caller = NULL;
		slot->result = result;
		return false;
	}
	free_slot(e, slot);
	return true;
}

/* A served caller has stopped waiting. Called with the lock, by the scheduler, which clang can't follow. */
static bool caller_left(struct runner *runner, int why) NO_LOCK_ANALYSIS
{
	struct endpoint *e = container_of(runner->queue, struct endpoint, served);

	return end_call(e, thread_of_runner(runner)->call_slot, why);
}

/* The same for a receiver: its slot need not be kept any more. */
static bool receiver_left(struct runner *runner, int why) NO_LOCK_ANALYSIS
{
	(void)why;
	put_slot(
		container_of(runner->queue, struct endpoint, receivers), thread_of_runner(runner)->call_slot);
	return true;
}

/* ---- calling and receiving */

/* An exception is no call: its message is not in the thread's registers. */
static const struct message *sent_by(struct thread *caller)
{
	return caller->exception.pending ? &caller->exception.sent
					 : arch_frame_message(&caller->runner.frame);
}

/* The message goes from the caller's frame to the receiver's, and the call into the receiver's slot. */
static void deliver(struct thread *caller, struct thread *receiver, struct call_slot *slot)
{
	const struct message *from = sent_by(caller);
	struct message *to = arch_frame_message(&receiver->runner.frame);

	slot->caller = caller;
	caller->call_slot = slot;
	caller->server = receiver->process;
	to->label = from->label;
	to->token = slot->token;
	for (unsigned i = 0; i < MESSAGE_WORDS; i++)
		to->word[i] = from->word[i];
	to->badge = caller->call_badge;
}

static int call(struct endpoint *e, struct thread *caller, uint64_t deadline) REQUIRES(e->lock)
{
	if (e->closed)
		return -EPIPE;
	lock_assert_held(e->callers.lock);
	lock_assert_held(e->served.lock);
	if (deadline_is_over(deadline))
		return -ETIMEDOUT;
	if (list_is_empty(&e->receivers.runners))
		return runner_wait(&e->callers, deadline);

	struct thread *receiver = list_first(&e->receivers.runners, struct thread, runner.waiting);

	runner_claim(&receiver->runner);
	deliver(caller, receiver, receiver->call_slot);
	runner_set_result(&receiver->runner, 0);
	return runner_wait_apart(&e->served, deadline, &receiver->runner);
}

long endpoint_call(struct endpoint *endpoint, struct message *message, const struct windows *windows)
{
	struct endpoint *e = endpoint->root;
	struct thread *caller = current_thread();
	int result;

	caller->call_badge = endpoint->badge;
	caller->call_windows = windows;
	lock_acquire(&e->lock);
	result = call(e, caller, message->deadline);
	lock_release(&e->lock);
	return result;
}

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

/* Tells of a badge whose last handle is gone; the badge itself goes with that. */
static RARE void tell_gone(struct endpoint *e, struct message *to) REQUIRES(e->lock)
{
	*to = (struct message){.label = MESSAGE_BADGE_GONE, .badge = end_badge(e)};
}

/* The first of those who have called, and a free slot. */
static RARE void receive_first(struct endpoint *e, struct thread *receiver) REQUIRES(e->lock)
{
	struct thread *caller = list_first(&e->callers.runners, struct thread, runner.waiting);

	lock_assert_held(e->served.lock);
	deliver(caller, receiver, take_slot(e));
	runner_wait_apart_in(&caller->runner, &e->served);
}

/* `next` is a claimed runner to go on when this one waits, or NULL; it is not touched when there is an error. */
static inline int receive(struct endpoint *e, struct message *message, struct runner *next) REQUIRES(e->lock)
{
	struct thread *receiver = current_thread();

	if (e->closed)
		return -EPIPE;
	if (!list_is_empty(&e->badges_gone)) {
		tell_gone(e, message);
		return 0;
	}
	if (!e->free)
		TRY(add_slots(e));
	lock_assert_held(e->callers.lock);
	lock_assert_held(e->receivers.lock);
	if (!list_is_empty(&e->callers.runners)) {
		receive_first(e, receiver);
		return 0;
	}
	if (deadline_is_over(message->deadline))
		return -ETIMEDOUT;
	receiver->call_slot = take_slot(e);
	return runner_wait_handing(&e->receivers, message->deadline, next);
}

long endpoint_receive(struct endpoint *endpoint, struct message *message)
{
	struct endpoint *e = endpoint->root;
	int result;

	lock_acquire(&e->lock);
	result = receive(e, message, NULL);
	lock_release(&e->lock);
	return result;
}

/* The slot of the call that a token names; NULL when its caller waits no more. */
static struct call_slot *find_call(const struct endpoint *e, uint32_t token) REQUIRES(e->lock)
{
	uint32_t number = token & ((1u << TOKEN_SLOT_BITS) - 1);
	struct call_slot *slot = e->page[number / ENDPOINT_PAGE_SLOTS];

	if (!slot)
		return NULL;
	slot += number % ENDPOINT_PAGE_SLOTS;
	return slot->token == token && slot->caller ? slot : NULL;
}

/* The caller takes an answer: it comes to where its message was. */
static inline void take_answer(struct thread *caller, const struct message *message)
{
	struct message *to = arch_frame_message(&caller->runner.frame);

	if (caller->exception.pending) {
		exception_answer(caller, message);
		return;
	}
	to->label = message->label;
	to->token = 0;
	for (unsigned i = 0; i < MESSAGE_WORDS; i++)
		to->word[i] = message->word[i];
	to->badge = 0;
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

static void go_on(struct thread *claimed, long result)
{
	if (finish_wait(claimed, result))
		sched_make_ready(&claimed->runner);
}

/* Answers a call. Its caller is claimed, and goes to *answered if it can go on: else that is NULL. */
static inline int reply(struct endpoint *e, const struct message *message, struct runner **answered)
	REQUIRES(e->lock)
{
	struct call_slot *slot = find_call(e, message->token);

	if (!slot)
		return -ESRCH;

	struct thread *caller = slot->caller;

	take_answer(caller, message);
	*answered = end_call(e, slot, 0) && finish_wait(caller, 0) ? &caller->runner : NULL;
	return 0;
}

long endpoint_reply(struct endpoint *endpoint, const struct message *message)
{
	struct endpoint *e = endpoint->root;
	struct runner *caller;
	int error;

	lock_acquire(&e->lock);
	error = reply(e, message, &caller);
	if (!error && caller)
		sched_make_ready(caller);
	lock_release(&e->lock);
	return error;
}

long endpoint_reply_receive(struct endpoint *endpoint, struct message *message)
{
	struct endpoint *e = endpoint->root;
	struct runner *caller;
	int result;

	lock_acquire(&e->lock);
	result = reply(e, message, &caller);
	if (!result) {
		result = receive(e, message, caller);
		if (result != WAITING && caller)
			sched_make_ready(caller);
	}
	lock_release(&e->lock);
	return result;
}

/* ---- what a call has lent and offered */

struct thread *endpoint_hold(struct endpoint *endpoint, uint32_t token, struct message *sent)
{
	struct endpoint *e = endpoint->root;
	struct thread *caller = NULL;
	struct call_slot *slot;

	lock_acquire(&e->lock);
	slot = find_call(e, token);
	if (slot) {
		caller = slot->caller;
		slot->holds++;
		if (sent)
			*sent = *sent_by(caller);
	}
	lock_release(&e->lock);
	return caller;
}

void endpoint_release(struct endpoint *endpoint, struct thread *caller)
{
	struct endpoint *e = endpoint->root;
	struct call_slot *slot = caller->call_slot;

	lock_acquire(&e->lock);
	if (!--slot->holds && !slot->caller) {
		free_slot(e, slot);
		go_on(caller, slot->result);
	}
	lock_release(&e->lock);
}

/* ---- the end of one side */

static void wake_all(struct wait_queue *queue, int error) REQUIRES(*queue->lock)
{
	while (!list_is_empty(&queue->runners)) {
		struct runner *runner = list_first(&queue->runners, struct runner, waiting);

		if (queue->left)
			queue->left(runner, error);
		runner_claim(runner);
		go_on(thread_of_runner(runner), error);
	}
}

void endpoint_receiver_added(struct endpoint *endpoint)
{
	__atomic_fetch_add(&endpoint->root->receiver_handles, 1, __ATOMIC_RELAXED);
}

/* Callers whose call `server`, or with NULL anybody, has received will not hear from it any more. */
static void fail_served_by(struct endpoint *e, const struct process *server) REQUIRES(e->lock)
{
	each_slot(slot, e)
	{
		struct thread *caller = slot->caller;

		if (!caller || (server && caller->server != server))
			continue;
		if (end_call(e, slot, -EPIPE))
			go_on(caller, -EPIPE);
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

void endpoint_receiver_removed(struct endpoint *endpoint, struct process *owner)
{
	struct endpoint *e = endpoint->root;

	lock_acquire(&e->lock);
	lock_assert_held(e->callers.lock);
	if (has_given_up(e, owner))
		fail_served_by(e, owner);
	if (__atomic_sub_fetch(&e->receiver_handles, 1, __ATOMIC_RELAXED) == 0) {
		e->closed = true;
		wake_all(&e->callers, -EPIPE);
		fail_served_by(e, NULL);
		lock_assert_held(e->receivers.lock);
		wake_all(&e->receivers, -EPIPE);
		while (!list_is_empty(
			&e->badges_gone)) /* nobody can be told any more, and they keep the endpoint */
			end_badge(e);
	}
	lock_release(&e->lock);
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
	if (list_is_empty(&e->receivers.runners))
		return true;

	struct runner *receiver = list_first(&e->receivers.runners, struct runner, waiting);

	put_slot(e, thread_of_runner(receiver)->call_slot);
	tell_gone(e, arch_frame_message(&receiver->frame));
	lock_assert_held(receiver->queue->lock);
	runner_wake_with(receiver, 0);
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
	info->receiving = count(&e->receivers);
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
