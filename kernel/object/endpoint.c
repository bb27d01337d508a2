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

#include "abi/syscall_numbers.h"
#include "lib/list.h"
#include "object/process.h"
#include "object/thread.h"
#include "panic.h"

/* The next generation of a slot's name. */
#define NAME_GENERATION (1ul << (TOKEN_SHIFT + TOKEN_SLOT_BITS))

STATIC_ASSERT(ENDPOINT_PAGE_SLOTS * sizeof(struct call_slot) == PAGE_SIZE);
STATIC_ASSERT(ENDPOINT_PAGE_SLOTS *ENDPOINT_PAGES == 1 << TOKEN_SLOT_BITS);
STATIC_ASSERT(sizeof(struct message) == 6 * sizeof(uint64_t)); /* registers a1 to a6 */

static struct object_pool endpoints = OBJECT_POOL_INIT(endpoints, struct endpoint, OBJECT_ENDPOINT);

static bool caller_left(struct runner *runner, int why);
static bool receiver_left(struct runner *runner, int why);

/* No call has been received yet: a token is not 0. */
static struct call_slot no_slot;

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

		slot->name = NAME_GENERATION | (uint64_t)(number * ENDPOINT_PAGE_SLOTS + i) << TOKEN_SHIFT;
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

static bool is_held(const struct call_slot *slot)
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

static void free_slot(struct endpoint *e, struct call_slot *slot) REQUIRES(e->lock)
{
	end_token(slot);
	put_slot(e, slot);
}

/*
 * A served call is over, and its token stale. True when its caller, which is claimed, can be woken now; else it is held,
 * and endpoint_release will do it.
 */
static bool end_call(struct endpoint *e, struct call_slot *slot, long result) REQUIRES(e->lock)
{
	runner_claim_apart(&slot->caller->runner);
	if (is_held(slot)) {
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

/* A receiver does not wait any more: its slot need not be kept. */
static void forget_receiver(struct endpoint *e, struct thread *receiver) REQUIRES(e->lock)
{
	if (e->ready == receiver)
		e->ready = NULL;
	put_slot(e, receiver->call_slot);
}

/* The same as for a caller. */
static bool receiver_left(struct runner *runner, int why) NO_LOCK_ANALYSIS
{
	(void)why;
	forget_receiver(container_of(runner->queue, struct endpoint, receivers), thread_of_runner(runner));
	return true;
}

/* The receiver that is to get the next call, NULL when none waits. */
static struct thread *next_receiver(const struct endpoint *e) REQUIRES(e->lock)
{
	if (e->ready)
		return e->ready;
	if (list_is_empty(&e->receivers.runners))
		return NULL;
	return list_first(&e->receivers.runners, struct thread, runner.waiting);
}

/* The current thread waits for a call. The first one that does is at hand for it, others are in the list. */
static inline int wait_for_call(struct endpoint *e, uint64_t deadline, struct runner *next) REQUIRES(e->lock)
{
	struct thread *receiver = current_thread();
	struct runner *successor;

	lock_assert_held(e->receivers.lock);
	if (e->ready)
		return runner_wait_handing(&e->receivers, deadline, next);
	e->ready = receiver;
	if (!next && is_never(deadline) && runner_has_successor(&receiver->runner, &successor))
		return runner_wait_apart_and_stop(&receiver->runner, &e->receivers, successor);
	return runner_wait_apart(&e->receivers, deadline, next);
}

/* ---- calling and receiving */

/* An exception is no call: its message is not in the thread's registers. */
static const struct message *sent_by(struct thread *caller)
{
	return caller->exception.pending ? &caller->exception.sent
					 : arch_frame_message(&caller->runner.frame);
}

/* The call goes into the receiver's slot. */
static inline void accept(struct endpoint *e, struct thread *caller, const struct thread *receiver,
	struct call_slot *slot) REQUIRES(e->lock)
{
	slot->caller = caller;
	e->last = slot;
	caller->call_slot = slot;
	caller->server = receiver->process;
}

/* The same, and the message goes from the caller's frame to the receiver's. */
static void deliver(struct endpoint *e, struct thread *caller, struct thread *receiver,
	struct call_slot *slot) REQUIRES(e->lock)
{
	const struct message *from = sent_by(caller);
	struct message *to = arch_frame_message(&receiver->runner.frame);

	accept(e, caller, receiver, slot);
	to->label = from->label;
	to->token = (uint32_t)(slot->name >> TOKEN_SHIFT);
	for (unsigned i = 0; i < MESSAGE_WORDS; i++)
		to->word[i] = from->word[i];
	to->badge = caller->call_badge;
}

static int call(struct endpoint *e, struct thread *caller, uint64_t deadline) REQUIRES(e->lock)
{
	struct thread *receiver = next_receiver(e);

	if (e->closed)
		return -EPIPE;
	lock_assert_held(e->callers.lock);
	lock_assert_held(e->served.lock);
	if (deadline_is_over(deadline))
		return -ETIMEDOUT;
	if (!receiver) {
		e->is_busy = true;
		return runner_wait(&e->callers, deadline);
	}
	if (receiver == e->ready)
		e->ready = NULL;
	runner_claim(&receiver->runner);
	deliver(e, caller, receiver, receiver->call_slot);
	runner_set_result(&receiver->runner, 0);
	return runner_wait_apart(&e->served, deadline, &receiver->runner);
}

/* What a call returns whose frame is whole: if its thread waits, its registers need not be stored once more. */
static inline long whole_result(long result)
{
	if (result == WAITING)
		this_hart()->loaded = NULL;
	return result;
}

static RARE long call_otherwise(struct endpoint *e, uint64_t badge, uint64_t deadline) RELEASES(e->lock)
{
	struct thread *caller = current_thread();
	long result;

	caller->call_badge = badge;
	result = call(e, caller, deadline);
	lock_release(&e->lock);
	return whole_result(result);
}

/* What a message begins with, as a register has it. */
static inline uint64_t first_of(const struct message *message, uint64_t name)
{
	return name | message->label;
}

long endpoint_call(struct endpoint *endpoint, struct message *message)
{
	struct endpoint *e = endpoint->root;
	struct thread *caller = current_thread(), *receiver;
	struct call_slot *slot;

	lock_acquire(&e->lock);
	receiver = e->ready;
	if (!receiver || !runner_is_at_hand(&receiver->runner) || !is_never(message->deadline))
		return call_otherwise(e, endpoint->badge, message->deadline);

	slot = receiver->call_slot;
	e->ready = NULL;
	accept(e, caller, receiver, slot);
	runner_claim_apart(&receiver->runner);
	lock_assert_held(e->served.lock);
	runner_wait_and_run(&caller->runner, &e->served, &receiver->runner);

	uint64_t first = first_of(message, slot->name), last = endpoint->badge;
	const uint64_t word0 = message->word[0], word1 = message->word[1], word2 = message->word[2],
		       word3 = message->word[3];

	lock_release(&e->lock);
	return arch_hand_over(&receiver->runner.frame, first, word0, word1, word2, word3, last);
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
	deliver(e, caller, receiver, take_slot(e));
	runner_wait_apart_in(&caller->runner, &e->served);
}

/* `next` is a claimed runner to go on when this one waits, or NULL; it is not touched when there is an error. */
static inline int receive(struct endpoint *e, struct message *message, struct runner *next) REQUIRES(e->lock)
{
	struct thread *receiver = current_thread();

	if (e->closed)
		return -EPIPE;
	e->is_busy = !list_is_empty(&e->badges_gone) || !list_is_empty(&e->callers.runners);
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
	return wait_for_call(e, message->deadline, next);
}

long endpoint_receive(struct endpoint *endpoint, struct message *message)
{
	struct endpoint *e = endpoint->root;
	int result;

	lock_acquire(&e->lock);
	result = receive(e, message, NULL);
	lock_release(&e->lock);
	return whole_result(result);
}

/* The slot of the call that a token names; NULL when its caller waits no more. */
static inline struct call_slot *find_call(const struct endpoint *e, uint32_t token) REQUIRES(e->lock)
{
	uint32_t number = token & ((1u << TOKEN_SLOT_BITS) - 1);
	struct call_slot *slot = e->last;

	if (slot->name >> TOKEN_SHIFT != token) {
		slot = e->page[number / ENDPOINT_PAGE_SLOTS];
		if (!slot)
			return NULL;
		slot += number % ENDPOINT_PAGE_SLOTS;
	}
	return slot->name >> TOKEN_SHIFT == token && slot->caller ? slot : NULL;
}

/* Whether a thread that has met an exception goes on with this answer. */
static inline bool exception_goes_on(const struct message *answer)
{
	return answer->label == EXCEPTION_GO_ON || answer->label == EXCEPTION_RETURN;
}

/* It does. */
static inline void exception_end(struct thread *caller, const struct message *answer)
{
	caller->exception.pending = false;
	if (answer->label == EXCEPTION_RETURN)
		arch_frame_finish_call(&caller->runner.frame, (long)answer->word[0]);
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

static RARE long reply_receive_otherwise(struct endpoint *e, struct message *message) RELEASES(e->lock)
{
	struct runner *caller;
	int result = reply(e, message, &caller);

	if (!result) {
		result = receive(e, message, caller);
		if (result != WAITING && caller)
			sched_make_ready(caller);
	}
	lock_release(&e->lock);
	return whole_result(result);
}

long endpoint_reply_receive(struct endpoint *endpoint, struct message *message)
{
	struct endpoint *e = endpoint->root;
	struct thread *receiver = current_thread(), *caller;
	struct call_slot *slot;
	bool excepted;

	lock_acquire(&e->lock);
	slot = e->last;
	caller = slot->caller;
	if (slot->name != (uint64_t)message->token << TOKEN_SHIFT || !caller ||
		!runner_is_at_hand(&caller->runner) || e->is_busy || e->ready || !is_never(message->deadline))
		return reply_receive_otherwise(e, message);
	excepted = caller->exception.pending;
	if (excepted && !exception_goes_on(message))
		return reply_receive_otherwise(e, message);

	end_token(slot);
	receiver->call_slot = slot;
	e->ready = receiver;
	runner_claim_apart(&caller->runner);
	lock_assert_held(e->receivers.lock);
	runner_wait_and_run(&receiver->runner, &e->receivers, &caller->runner);
	if (excepted) {
		exception_end(caller, message);
		lock_release(&e->lock);
		return arch_go_on(&caller->runner.frame);
	}

	const uint64_t first = first_of(message, 0), word0 = message->word[0], word1 = message->word[1],
		       word2 = message->word[2], word3 = message->word[3];

	lock_release(&e->lock);
	return arch_hand_over(&caller->runner.frame, first, word0, word1, word2, word3, 0);
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
		slot->name++;
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
	slot->name--;
	if (!is_held(slot) && !slot->caller) {
		free_slot(e, slot);
		go_on(caller, slot->result);
	}
	lock_release(&e->lock);
}

/* ---- the end of one side */

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
	tell_gone(e, arch_frame_message(&receiver->runner.frame));
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
