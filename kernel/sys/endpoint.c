/* Calls about endpoints. */
#include "object/endpoint.h"

#include "abi/abi.h"
#include "kernel/syscalls.h"
#include "object/process.h"
#include "object/thread.h"
#include "object/window.h"

/* A handle to a new object, which goes when there is none. */
static handle_result handle_to(struct endpoint *endpoint, uint32_t rights)
{
	handle_result result = handle_add(current_process(), &endpoint->object, rights);

	object_put(&endpoint->object);
	return result;
}

/* What a handle that carries a badge can be used for. */
enum { RIGHTS_BADGE_ALL = RIGHTS_ENDPOINT_ALL & ~RIGHT_ENDPOINT_RECEIVE };

/* A first handle to a badge, in a process's table; without one nobody hears of the badge. */
static handle_result badge_to(struct process *process, struct endpoint *made, uint32_t rights)
{
	handle_result result = handle_add(process, &made->object, rights);

	if (result.value < 0)
		endpoint_withdraw_badge(made);
	object_put(&made->object);
	return result;
}

handle_result sys_endpoint_create(void)
{
	struct endpoint *endpoint = endpoint_create();

	return endpoint ? handle_to(endpoint, RIGHTS_ENDPOINT_ALL) : (handle_result){-ENOMEM};
}

handle_result sys_endpoint_badge(struct endpoint *e, uint64_t badge)
{
	if (!badge)
		return (handle_result){-EINVAL};

	struct endpoint *made = endpoint_create_badge(e, badge);

	return made ? badge_to(current_process(), made, RIGHTS_BADGE_ALL) : (handle_result){-ENOMEM};
}

long sys_ipc_call(struct endpoint *e, struct message *message)
{
	return endpoint_call(e, message);
}

long sys_ipc_call_lend(struct endpoint *e, struct message *message, const struct windows *windows)
{
	(void)windows; /* in the frame, where they stay */
	return endpoint_call(e, message);
}

/* The bytes that go in stand in the last words, the first of them at the beginning of one. */
static int put_short(struct message *message, const struct windows *windows)
{
	size_t size = windows->read_size, in_words = (size + sizeof(uint64_t) - 1) & -sizeof(uint64_t);

	if (!size)
		return 0;
	message->word[MESSAGE_WORDS - 1] = 0;
	return user_copy_in((char *)&message->word[MESSAGE_WORDS] - in_words,
		(struct user_in){{windows->read_address}}, 0, size);
}

static uint64_t last_written(const struct windows *windows)
{
	return windows->write_address + windows->write_size - 1;
}

/* The pages that the caller is going to write to are there. */
static int prepare_short(const struct windows *windows)
{
	uint64_t first = windows->write_address, last = last_written(windows);

	TRY(aspace_prepare(&current_process()->aspace, first));
	return (first ^ last) & -PAGE_SIZE ? aspace_prepare(&current_process()->aspace, last) : 0;
}

/* The same at one look: whether it is one page, and there. */
static ALWAYS_INLINE bool is_prepared(const struct windows *windows)
{
	uint64_t first = windows->write_address;

	return (first ^ last_written(windows)) < PAGE_SIZE &&
	       aspace_is_prepared(&current_process()->aspace, first);
}

/* What calls others is apart, so that a call that does not need it saves no registers for it. */
static __attribute__((noinline)) long call_with_bytes(
	struct endpoint *e, struct message *message, const struct windows *windows)
{
	TRY(put_short(message, windows));

	return endpoint_call(e, message);
}

static RARE long call_unprepared(struct endpoint *e, struct message *message, const struct windows *windows)
{
	int error = prepare_short(windows);

	if (error)
		return error == PAGE_STOP ? thread_restart_call() : error;
	return call_with_bytes(e, message, windows);
}

long sys_ipc_call_short(struct endpoint *e, struct message *message, const struct windows *windows)
{
	if (windows->read_size > MESSAGE_SHORT || windows->write_size > MESSAGE_SHORT)
		return -EINVAL;
	if (windows->write_size && !is_prepared(windows))
		return call_unprepared(e, message, windows);
	if (windows->read_size)
		return call_with_bytes(e, message, windows);

	return endpoint_call(e, message);
}

long sys_ipc_receive(struct endpoint *e, struct message *message)
{
	return endpoint_receive(e, message);
}

long sys_ipc_reply(struct endpoint *e, struct message *message)
{
	return endpoint_reply(e, message);
}

long sys_ipc_reply_receive(struct endpoint *e, struct message *message)
{
	return endpoint_reply_receive(e, message);
}

/* ---- what a waiting caller has lent and offered */

long sys_ipc_read(struct endpoint *e, uint32_t token, uint64_t offset, struct user_out buf, size_t len)
{
	return window_read(e, token, offset, buf.address, len);
}

long sys_ipc_write(struct endpoint *e, uint32_t token, uint64_t offset, struct user_in buf, size_t len)
{
	return window_write(e, token, offset, buf.address, len);
}

/* A handle of the caller's comes to the current process. What is wrong with it is the caller's fault: -EBADMSG. */
static long take(struct process *from, uint32_t value)
{
	struct handle_ref h;
	long result = -EBADMSG;

	if (handle_borrow(from, value, &h))
		return -EBADMSG;
	if (h.rights & RIGHT_TRANSFER)
		result = handle_move(from, &h, current_process(), h.rights).value;
	object_put(h.object);
	return result == -EBADF ? -EBADMSG : result;
}

static bool is_offered(struct thread *caller, const struct message *sent, uint32_t word)
{
	return word < MESSAGE_WORDS && window_lent_by(caller) && sent->token & 1u << word;
}

handle_result sys_ipc_take(struct endpoint *e, uint32_t token, uint32_t word)
{
	struct message sent;
	struct thread *caller = endpoint_hold(e, token, &sent);
	long result = -EINVAL;

	if (!caller)
		return (handle_result){-ESRCH};
	if (is_offered(caller, &sent, word))
		result = take(caller->process, (uint32_t)sent.word[word]);
	endpoint_release(e, caller);
	return (handle_result){result};
}

static int check_copied(const struct handle_ref *h, uint32_t type, uint32_t rights)
{
	const uint32_t needed = RIGHT_DUPLICATE | RIGHT_TRANSFER;

	if (needed & ~h->rights)
		return -EBADMSG;
	if (type != OBJECT_ANY && type != (uint32_t)h->object->type)
		return -EFTYPE;
	return rights & ~h->rights ? -EACCES : 0;
}

/* A handle like one of the caller's for the current process, which has a thread: so nothing is kept for ever by it. */
static long copy(struct process *from, uint32_t value, uint32_t type, uint32_t rights)
{
	struct handle_ref h;
	long result;

	if (handle_borrow(from, value, &h))
		return -EBADMSG;
	result = check_copied(&h, type, rights);
	if (!result)
		result = handle_add(current_process(), h.object, h.rights).value;
	object_put(h.object);
	return result;
}

handle_result sys_ipc_copy(struct endpoint *e, uint32_t token, uint32_t word, uint32_t type, uint32_t rights)
{
	struct message sent;
	struct thread *caller = endpoint_hold(e, token, &sent);
	long result = -EINVAL;

	if (!caller)
		return (handle_result){-ESRCH};
	if (is_offered(caller, &sent, word))
		result = copy(caller->process, (uint32_t)sent.word[word], type, rights);
	endpoint_release(e, caller);
	return (handle_result){result};
}

/* The badge of `e` that a handle of the caller's is. */
static long badge_of(const struct endpoint *e, struct process *from, uint32_t value)
{
	const struct endpoint *shown;
	struct handle_ref h;
	long badge = -ENOENT;

	if (handle_borrow(from, value, &h))
		return -EBADMSG;
	if (h.object->type == OBJECT_ENDPOINT) {
		shown = endpoint_of(h.object);
		if (shown->port == e->port && shown->badge <= INT64_MAX)
			badge = (long)shown->badge;
	}
	object_put(h.object);
	return badge;
}

long sys_ipc_badge(struct endpoint *e, uint32_t token, uint32_t word)
{
	struct message sent;
	struct thread *caller = endpoint_hold(e, token, &sent);
	long result = -EINVAL;

	if (!caller)
		return -ESRCH;
	if (is_offered(caller, &sent, word))
		result = badge_of(e, caller->process, (uint32_t)sent.word[word]);
	endpoint_release(e, caller);
	return result;
}

long sys_ipc_give(struct endpoint *e, uint32_t token, struct handle_ref h, uint32_t rights)
{
	struct thread *caller;
	long result;

	if (rights == RIGHTS_SAME)
		rights = h.rights;
	if (rights & ~h.rights)
		return -EACCES;
	caller = endpoint_hold(e, token, NULL);
	if (!caller)
		return -ESRCH;

	result = handle_move(current_process(), &h, caller->process, rights).value;
	endpoint_release(e, caller);
	return result == -EBUSY ? -ESRCH : result; /* its process is ending */
}

long sys_ipc_give_badge(struct endpoint *e, uint32_t token, uint64_t badge, uint32_t rights)
{
	struct endpoint *made;
	struct thread *caller;
	long result = -ENOMEM;

	if (!badge)
		return -EINVAL;
	if (rights == RIGHTS_SAME)
		rights = RIGHTS_BADGE_ALL;
	if (rights & ~(uint32_t)RIGHTS_BADGE_ALL)
		return -EACCES;
	caller = endpoint_hold(e, token, NULL);
	if (!caller)
		return -ESRCH;

	made = endpoint_create_badge(e, badge);
	if (made)
		result = badge_to(caller->process, made, rights).value;
	endpoint_release(e, caller);
	return result == -EBUSY ? -ESRCH : result; /* its process is ending */
}
