/*
 * Calls through endpoints. A message is never stored: it stands in the caller's trapframe until a receiver comes, and goes
 * from frame to frame. Whoever takes a runner out of a queue is the one to wake it.
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
#include "abi/abi.h"
#include "abi/syscall_numbers.h"
#include "lib/list.h"
#include "object/endpoint_parts.h"
#include "object/process.h"
#include "panic.h"

STATIC_ASSERT(ENDPOINT_PAGE_SLOTS * sizeof(struct call_slot) == PAGE_SIZE);
STATIC_ASSERT(ENDPOINT_PAGE_SLOTS *ENDPOINT_PAGES == 1 << TOKEN_SLOT_BITS);
STATIC_ASSERT(sizeof(struct message) == 6 * sizeof(uint64_t)); /* registers a1 to a6 */

static RARE int add_slots(struct port *port) REQUIRES(port->lock)
{
	unsigned number = 0;
	paddr_t frame;

	while (number < ENDPOINT_PAGES && port->page[number])
		number++;
	if (number == ENDPOINT_PAGES)
		return -ENOMEM;
	TRY(account_frame_alloc_zeroed(port->endpoint.object.account, &frame));
	port->page[number] = direct(frame);
	for (uint32_t i = ENDPOINT_PAGE_SLOTS; i--;) {
		struct call_slot *slot = &port->page[number][i];

		slot->name = NAME_GENERATION | (uint64_t)(number * ENDPOINT_PAGE_SLOTS + i) << TOKEN_SHIFT;
		slot->next = port->free;
		port->free = slot;
	}
	return 0;
}

/* One for a call, of which nobody knows the token yet; there is a free one. */
static struct call_slot *take_slot(struct port *port) REQUIRES(port->lock)
{
	struct call_slot *slot = port->free;

	port->free = slot->next;
	return slot;
}

/* The current thread waits for a call. The first one that does is at hand for it, others are in the list. */
static ALWAYS_INLINE int wait_for_call(struct port *port, uint64_t deadline, struct runner *next)
	REQUIRES(port->lock)
{
	lock_assert_held(port->receivers.lock);
	if (port->ready) {
		port->receivers_listed++;
		return runner_wait_handing(&port->receivers, deadline, next);
	}
	port->ready = current_thread();
	return runner_wait_apart(&port->receivers, deadline, next);
}

/* ---- calling and receiving */

/* An exception is no call: its message is not in the thread's registers. */
static const struct message *sent_by(struct thread *caller)
{
	return caller->exception.pending ? &caller->exception.sent
					 : arch_frame_message(&caller->runner.frame);
}

/* The call goes into the receiver's slot. */
static inline void accept(struct port *port, struct thread *caller, const struct thread *receiver,
	struct call_slot *slot) REQUIRES(port->lock)
{
	slot->caller = caller;
	port->last = slot;
	caller->call_slot = slot;
	caller->server = receiver->process;
}

/* The same, and the message goes from the caller's frame to the receiver's. */
static void deliver(struct port *port, struct thread *caller, struct thread *receiver, struct call_slot *slot)
	REQUIRES(port->lock)
{
	const struct message *from = sent_by(caller);
	struct message *to = arch_frame_message(&receiver->runner.frame);

	accept(port, caller, receiver, slot);
	to->label = from->label;
	to->token = (uint32_t)(slot->name >> TOKEN_SHIFT);
	for (unsigned i = 0; i < MESSAGE_WORDS; i++)
		to->word[i] = from->word[i];
	to->badge = caller->call_badge;
}

static int call(struct port *port, struct thread *caller, uint64_t deadline) REQUIRES(port->lock)
{
	struct thread *receiver = next_receiver(port);

	if (port->closed)
		return -EPIPE;
	lock_assert_held(port->callers.lock);
	lock_assert_held(port->served.lock);
	if (deadline_is_over(deadline))
		return -ETIMEDOUT;
	if (!receiver) {
		port->ready = &endpoint_busy;
		port->callers_listed++;
		return runner_wait(&port->callers, deadline);
	}
	take_receiver(port, receiver);
	runner_claim(&receiver->runner);
	deliver(port, caller, receiver, receiver->call_slot);
	runner_set_result(&receiver->runner, 0);
	return runner_wait_apart(&port->served, deadline, &receiver->runner);
}

/* What a call returns whose frame is whole: if its thread waits, its registers need not be stored once more. */
static inline long whole_result(long result)
{
	if (result == WAITING)
		this_hart()->loaded = NULL;
	return result;
}

static RARE long call_otherwise(struct port *port, uint64_t badge, uint64_t deadline) RELEASES(port->lock)
{
	struct thread *caller = current_thread();
	long result;

	caller->call_badge = badge;
	result = call(port, caller, deadline);
	lock_release(&port->lock);
	return whole_result(result);
}

/* What a message begins with, as a register has it. */
static inline uint64_t first_of(const struct message *message, uint64_t name)
{
	return name | message->label;
}

long endpoint_call(struct endpoint *endpoint, struct message *message)
{
	struct port *port = endpoint->port;
	struct thread *caller = current_thread(), *receiver;
	const uint64_t badge = endpoint->badge;
	struct call_slot *slot;

	lock_acquire(&port->lock);
	receiver = port->ready;
	if (!receiver || !runner_is_at_hand(&receiver->runner) || !is_never(message->deadline))
		return call_otherwise(port, badge, message->deadline);

	slot = receiver->call_slot;
	port->ready = NULL;
	accept(port, caller, receiver, slot);
	runner_claim_apart(&receiver->runner);
	lock_assert_held(port->served.lock);
	runner_wait_and_run(&caller->runner, &port->served, &receiver->runner);

	const uint64_t first = first_of(message, slot->name);
	const uint64_t word0 = message->word[0], word1 = message->word[1], word2 = message->word[2],
		       word3 = message->word[3];

	lock_release(&port->lock);
	return arch_hand_over(&receiver->runner.frame, first, word0, word1, word2, word3, badge);
}

/* The first of those who have called, and a free slot. */
static RARE void receive_first(struct port *port, struct thread *receiver) REQUIRES(port->lock)
{
	struct thread *caller = list_first(&port->callers.runners, struct thread, runner.waiting);

	lock_assert_held(port->served.lock);
	deliver(port, caller, receiver, take_slot(port));
	runner_wait_apart_in(&caller->runner, &port->served);
	port->callers_listed--;
}

/* Something has been received, or is not there any more: if nothing is left, the next one who receives need not look. */
static inline void look_again(struct port *port) REQUIRES(port->lock)
{
	if (port->ready == &endpoint_busy && list_is_empty(&port->badges_gone) &&
		list_is_empty(&port->callers.runners))
		port->ready = NULL;
}

/* `next` is a claimed runner to go on when this one waits, or NULL; it is not touched when there is an error. */
static ALWAYS_INLINE int receive(struct port *port, struct message *message, struct runner *next)
	REQUIRES(port->lock)
{
	struct thread *receiver = current_thread();

	if (port->closed)
		return -EPIPE;
	if (!list_is_empty(&port->badges_gone)) {
		endpoint_tell_gone(port, message);
		look_again(port);
		return 0;
	}
	if (!port->free)
		TRY(add_slots(port));
	lock_assert_held(port->callers.lock);
	lock_assert_held(port->receivers.lock);
	if (!list_is_empty(&port->callers.runners)) {
		receive_first(port, receiver);
		look_again(port);
		return 0;
	}
	look_again(port); /* callers may have given up */
	if (deadline_is_over(message->deadline))
		return -ETIMEDOUT;
	receiver->call_slot = take_slot(port);
	return wait_for_call(port, message->deadline, next);
}

static RARE long receive_otherwise(struct port *port, struct message *message) RELEASES(port->lock)
{
	int result = receive(port, message, NULL);

	lock_release(&port->lock);
	return whole_result(result);
}

long endpoint_receive(struct endpoint *endpoint, struct message *message)
{
	struct port *port = endpoint->port;
	struct thread *receiver = current_thread();
	struct runner *next;
	bool runs;

	lock_acquire(&port->lock);
	if (port->ready || !port->free || !is_never(message->deadline) ||
		!runner_has_successor(&receiver->runner, &next))
		return receive_otherwise(port, message);

	receiver->call_slot = take_slot(port);
	port->ready = receiver;
	lock_assert_held(port->receivers.lock);
	runs = runner_wait_and_run_ready(&receiver->runner, &port->receivers, next);
	lock_release(&port->lock);
	return runs ? arch_go_on(&next->frame) : whole_result(WAITING);
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

	to->label = message->label;
	to->token = 0;
	for (unsigned i = 0; i < MESSAGE_WORDS; i++)
		to->word[i] = message->word[i];
	to->badge = 0;
}

/* Answers a call. Its caller is claimed, and goes to *answered if it can go on: else that is NULL. */
static inline int reply(struct port *port, const struct message *message, struct runner **answered)
	REQUIRES(port->lock)
{
	struct call_slot *slot = endpoint_find_call(port, message->token);

	if (!slot)
		return -ESRCH;

	struct thread *caller = slot->caller;

	if (caller->exception.pending)
		exception_answer(caller, message);
	else
		take_answer(caller, message);
	*answered = end_call(port, slot, 0) && finish_wait(caller, 0) ? &caller->runner : NULL;
	return 0;
}

static RARE long reply_otherwise(struct port *port, const struct message *message) RELEASES(port->lock)
{
	struct runner *caller;
	int error = reply(port, message, &caller);

	if (!error && caller)
		sched_make_ready(caller);
	lock_release(&port->lock);
	return error;
}

/* The call that is mostly answered so was not the last, but has been set aside: its caller is at home here, and nobody holds it. */
long endpoint_reply(struct endpoint *endpoint, const struct message *message)
{
	struct port *port = endpoint->port;
	struct call_slot *slot;
	struct thread *caller;

	lock_acquire(&port->lock);
	slot = slot_of(port, message->token);
	if (!slot || slot->name != (uint64_t)message->token << TOKEN_SHIFT)
		return reply_otherwise(port, message);
	caller = slot->caller;
	if (!caller || !runner_is_home(&caller->runner) || caller->exception.pending)
		return reply_otherwise(port, message);

	runner_claim_apart(&caller->runner);
	free_slot(port, slot);
	take_answer(caller, message);
	runner_wake_here(&caller->runner, 0);
	lock_release(&port->lock);
	return 0;
}

static RARE long reply_receive_otherwise(struct port *port, struct message *message) RELEASES(port->lock)
{
	struct runner *caller;
	int result = reply(port, message, &caller);

	if (!result) {
		result = receive(port, message, caller);
		if (result != WAITING && caller)
			sched_make_ready(caller);
	}
	lock_release(&port->lock);
	return whole_result(result);
}

long endpoint_reply_receive(struct endpoint *endpoint, struct message *message)
{
	struct port *port = endpoint->port;
	struct thread *receiver = current_thread(), *caller;
	/* The same message, by a register that is needed anyway. */
	const struct message *answer = arch_frame_message(&receiver->runner.frame);
	struct call_slot *slot;
	bool excepted;

	lock_acquire(&port->lock);
	slot = port->last;
	caller = slot->caller;
	if (slot->name != (uint64_t)answer->token << TOKEN_SHIFT || !caller ||
		!runner_is_at_hand(&caller->runner) || port->ready || !is_never(answer->deadline))
		return reply_receive_otherwise(port, message);
	excepted = caller->exception.pending;
	if (excepted && !exception_goes_on(answer))
		return reply_receive_otherwise(port, message);

	end_token(slot);
	receiver->call_slot = slot;
	port->ready = receiver;
	runner_claim_apart(&caller->runner);
	lock_assert_held(port->receivers.lock);
	runner_wait_and_run(&receiver->runner, &port->receivers, &caller->runner);
	if (excepted) {
		exception_end(caller, answer);
		lock_release(&port->lock);
		return arch_go_on(&caller->runner.frame);
	}

	const uint64_t first = first_of(answer, 0), word0 = answer->word[0], word1 = answer->word[1],
		       word2 = answer->word[2], word3 = answer->word[3];

	lock_release(&port->lock);
	return arch_hand_over(&caller->runner.frame, first, word0, word1, word2, word3, 0);
}

/* ---- what a call has lent and offered */

struct thread *endpoint_hold(struct endpoint *endpoint, uint32_t token, struct message *sent)
{
	struct port *port = endpoint->port;
	struct thread *caller = NULL;
	struct call_slot *slot;

	lock_acquire(&port->lock);
	slot = endpoint_find_call(port, token);
	if (slot) {
		caller = slot->caller;
		slot->name++;
		if (sent)
			*sent = *sent_by(caller);
	}
	lock_release(&port->lock);
	return caller;
}

void endpoint_release(struct endpoint *endpoint, struct thread *caller)
{
	struct port *port = endpoint->port;
	struct call_slot *slot = caller->call_slot;

	lock_acquire(&port->lock);
	slot->name--;
	if (!is_held(slot) && !slot->caller) {
		port->slots_held--;
		free_slot(port, slot);
		go_on(caller, slot->result);
	}
	lock_release(&port->lock);
}
