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
	endpoint->free = ENDPOINT_NO_SLOT;
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

static struct call_slot *slot_at(struct endpoint *e, uint32_t index) REQUIRES(e->lock)
{
	struct call_slot *page = e->page[index / ENDPOINT_PAGE_SLOTS];

	return page ? &page[index % ENDPOINT_PAGE_SLOTS] : NULL;
}

static int add_slots(struct endpoint *e) REQUIRES(e->lock)
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
		uint32_t index = number * ENDPOINT_PAGE_SLOTS + i;

		slot_at(e, index)->generation = 1;
		slot_at(e, index)->next = e->free;
		e->free = index;
	}
	e->free_count += ENDPOINT_PAGE_SLOTS;
	return 0;
}

/* Gives a caller a slot, of which there is one; returns the token. */
static uint32_t take_slot(struct endpoint *e, struct runner *caller) REQUIRES(e->lock)
{
	uint32_t index = e->free;
	struct call_slot *slot = slot_at(e, index);

	e->free = slot->next;
	e->free_count--;
	slot->caller = caller;
	thread_of_runner(caller)->call_slot = index;
	return slot->generation << TOKEN_SLOT_BITS | index;
}

static void free_slot(struct endpoint *e, uint32_t index) REQUIRES(e->lock)
{
	struct call_slot *slot = slot_at(e, index);

	slot->caller = NULL;
	slot->generation = slot->generation + 1 < TOKEN_GENERATIONS ? slot->generation + 1 : 1;
	slot->next = e->free;
	e->free = index;
	e->free_count++;
}

/*
 * A served call is over, and its token stale. True when its caller can be woken now; else it is held, and
 * endpoint_release will do it.
 */
static bool end_call(struct endpoint *e, struct runner *caller, int result) REQUIRES(e->lock)
{
	struct thread *thread = thread_of_runner(caller);

	if (thread->call_holds) {
		lock_assert_held(caller->queue->lock);
		runner_claim(caller);
		thread->call_over = true;
		thread->call_result = result;
		return false;
	}
	free_slot(e, thread->call_slot);
	return true;
}

/* A served caller has stopped waiting. Called with the lock, by the scheduler, which clang can't follow. */
static bool caller_left(struct runner *runner, int why) NO_LOCK_ANALYSIS
{
	return end_call(container_of(runner->queue, struct endpoint, served), runner, why);
}

/* The same for a receiver: its slot need not be kept any more. */
static bool receiver_left(struct runner *runner, int why)
{
	(void)why;
	container_of(runner->queue, struct endpoint, receivers)->waiting_receivers--;
	return true;
}

/* ---- calling and receiving */

/* An exception is no call: its message is not in the thread's registers. */
static const struct message *sent_by(struct runner *caller)
{
	struct thread *thread = thread_of_runner(caller);

	return thread->exception.pending ? &thread->exception.sent : arch_frame_message(&caller->frame);
}

/* The message goes from the caller's frame to the receiver's. The caller is in no queue but `served` after this. */
static void deliver(struct endpoint *e, struct runner *caller, struct message *to) REQUIRES(e->lock)
{
	const struct message *from = sent_by(caller);

	to->label = from->label;
	to->token = take_slot(e, caller);
	for (unsigned i = 0; i < MESSAGE_WORDS; i++)
		to->word[i] = from->word[i];
	to->badge = thread_of_runner(caller)->call_badge;
}

static bool is_over(uint64_t deadline)
{
	return deadline != DEADLINE_NEVER && arch_time_now() >= deadline;
}

static int call(struct endpoint *e, uint64_t deadline) REQUIRES(e->lock)
{
	struct runner *caller = this_hart()->current;

	if (e->closed)
		return -EPIPE;
	lock_assert_held(e->callers.lock);
	lock_assert_held(e->served.lock);
	if (is_over(deadline))
		return -ETIMEDOUT;
	if (list_is_empty(&e->receivers.runners))
		return runner_wait(&e->callers, deadline);

	struct runner *receiver = list_first(&e->receivers.runners, struct runner, waiting);

	deliver(e, caller, arch_frame_message(&receiver->frame));
	thread_of_runner(caller)->server = thread_of_runner(receiver)->process;
	e->waiting_receivers--;
	lock_assert_held(receiver->queue->lock);
	runner_hand_over(receiver, 0);
	return runner_wait(&e->served, deadline);
}

int endpoint_call(struct endpoint *endpoint, struct message *message, const struct windows *windows)
{
	struct endpoint *e = endpoint->root;
	struct thread *caller = current_thread();
	int result;

	caller->call_badge = endpoint->badge;
	caller->call_windows = windows;
	lock_acquire(&e->lock);
	result = call(e, message->deadline);
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
static void tell_gone(struct endpoint *e, struct message *to) REQUIRES(e->lock)
{
	*to = (struct message){.label = MESSAGE_BADGE_GONE, .badge = end_badge(e)};
}

static int receive(struct endpoint *e, struct message *message) REQUIRES(e->lock)
{
	lock_assert_held(e->receivers.lock);
	lock_assert_held(e->served.lock);
	if (e->closed)
		return -EPIPE;
	if (!list_is_empty(&e->badges_gone)) {
		tell_gone(e, message);
		return 0;
	}
	/* Each waiting receiver has a slot kept for it, so that a call can be delivered without fail. */
	if (e->free_count <= e->waiting_receivers)
		TRY(add_slots(e));
	if (list_is_empty(&e->callers.runners) && is_over(message->deadline))
		return -ETIMEDOUT;
	if (list_is_empty(&e->callers.runners)) {
		e->waiting_receivers++;
		return runner_wait(&e->receivers, message->deadline);
	}

	struct runner *caller = list_first(&e->callers.runners, struct runner, waiting);

	deliver(e, caller, message);
	thread_of_runner(caller)->server = current_process();
	runner_wait_elsewhere(caller, &e->served);
	return 0;
}

int endpoint_receive(struct endpoint *endpoint, struct message *message)
{
	struct endpoint *e = endpoint->root;
	int result;

	lock_acquire(&e->lock);
	result = receive(e, message);
	lock_release(&e->lock);
	return result;
}

/* The caller that a token names; NULL when it waits no more. */
static struct runner *find_caller(struct endpoint *e, uint32_t token) REQUIRES(e->lock)
{
	const struct call_slot *slot = slot_at(e, token & ((1u << TOKEN_SLOT_BITS) - 1));

	if (!slot || !slot->caller || slot->generation != token >> TOKEN_SLOT_BITS)
		return NULL;
	return thread_of_runner(slot->caller)->call_over ? NULL : slot->caller;
}

/* The caller takes an answer: it comes to where its message was. */
static void take_answer(struct runner *caller, const struct message *message)
{
	struct thread *thread = thread_of_runner(caller);
	struct message *to = arch_frame_message(&caller->frame);

	if (thread->exception.pending) {
		exception_answer(thread, message);
		return;
	}
	*to = (struct message){.label = message->label};
	for (unsigned i = 0; i < MESSAGE_WORDS; i++)
		to->word[i] = message->word[i];
}

/* Whoever waited and has been claimed goes on: what has met an exception as it is, all others with this result. */
static void go_on_claimed(struct runner *runner, long result)
{
	struct thread *thread = thread_of_runner(runner);

	if (!thread->exception.pending || exception_is_over(thread, &result))
		runner_wake_claimed(runner, result);
}

static void go_on(struct runner *runner, long result) REQUIRES(*runner->queue->lock)
{
	runner_claim(runner);
	go_on_claimed(runner, result);
}

/* The same after an answer. */
static void answered(struct runner *caller) REQUIRES(*caller->queue->lock)
{
	struct thread *thread = thread_of_runner(caller);
	long result = 0;

	if (thread->exception.pending && thread->exception.refused)
		go_on(caller, 0);
	else if (!thread->exception.pending || exception_is_over(thread, &result))
		runner_hand_over(caller, result);
}

static int reply(struct endpoint *e, const struct message *message) REQUIRES(e->lock)
{
	struct runner *caller = find_caller(e, message->token);

	if (!caller)
		return -ESRCH;

	take_answer(caller, message);
	lock_assert_held(caller->queue->lock);
	if (end_call(e, caller, 0))
		answered(caller);
	return 0;
}

int endpoint_reply(struct endpoint *endpoint, const struct message *message)
{
	struct endpoint *e = endpoint->root;
	int result;

	lock_acquire(&e->lock);
	result = reply(e, message);
	lock_release(&e->lock);
	return result;
}

/* ---- what a call has lent and offered */

struct thread *endpoint_hold(struct endpoint *endpoint, uint32_t token, struct message *sent)
{
	struct endpoint *e = endpoint->root;
	struct thread *thread = NULL;
	struct runner *caller;

	lock_acquire(&e->lock);
	caller = find_caller(e, token);
	if (caller) {
		thread = thread_of_runner(caller);
		thread->call_holds++;
		if (sent)
			*sent = *sent_by(caller);
	}
	lock_release(&e->lock);
	return thread;
}

void endpoint_release(struct endpoint *endpoint, struct thread *caller)
{
	struct endpoint *e = endpoint->root;

	lock_acquire(&e->lock);
	if (!--caller->call_holds && caller->call_over) {
		caller->call_over = false;
		free_slot(e, caller->call_slot);
		go_on_claimed(&caller->runner, caller->call_result);
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
		lock_assert_held(runner->queue->lock);
		go_on(runner, error);
	}
}

void endpoint_receiver_added(struct endpoint *endpoint)
{
	__atomic_fetch_add(&endpoint->root->receiver_handles, 1, __ATOMIC_RELAXED);
}

/* Callers whose call `server`, or with NULL anybody, has received will not hear from it any more. */
static void fail_served_by(struct endpoint *e, const struct process *server) REQUIRES(e->lock)
{
	wait_queue_each(caller, &e->served)
	{
		if (server && thread_of_runner(caller)->server != server)
			continue;
		lock_assert_held(caller->queue->lock);
		if (end_call(e, caller, -EPIPE))
			go_on(caller, -EPIPE);
	}
}

void endpoint_receiver_removed(struct endpoint *endpoint, struct process *owner)
{
	struct endpoint *e = endpoint->root;

	lock_acquire(&e->lock);
	lock_assert_held(e->callers.lock);
	if (owner->finishing)
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

	e->waiting_receivers--;
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
	lock_assert_held(e->served.lock);
	lock_assert_held(e->receivers.lock);
	info->calling = count(&e->callers);
	info->served = count(&e->served);
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
