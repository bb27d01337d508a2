/*
 * The runtime of servers: one loop, in one thread. A badge is the place of an object in a table, with a serial number
 * that no other badge has, not even of a server that was here before: so an old handle never names a new object.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tabula/handles.h>
#include <tabula/server.h>

#include "heap.h"

enum {
	SLOT_BITS = 20,
	SLOTS_MOST = 1 << SLOT_BITS,
	SLOTS_FIRST = 64,
	LISTENER_STACK = 4096,
	SERIAL_SHIFT = 10, /* from nanoseconds to what a server can't open as many objects in */
	MEMORY_WAIT = 10000000, /* nanoseconds until memory is asked for again */
};

#define NO_SLOT UINT32_MAX

_Static_assert(CLIENT_BADGES == SLOTS_MOST, "badges of client_open have a serial number above the slot");

struct client_slot {
	struct client *client; /* NULL: free */
	uint32_t next; /* of a free slot */
};

extern char __executable_start[], __constants_end[], __stack_end[], _end[];

enum { STACK_HELD = 4 * PAGE_SIZE };

static void pages_hold(const char *start, const char *end)
{
	for (uintptr_t page = (uintptr_t)start & -PAGE_SIZE; page < (uintptr_t)end; page += PAGE_SIZE)
		(void)process_read(own_process(), page, (uint8_t[1]){0}, 1);
}

/*
 * Has the pages of the program and of its stack now. A server is not to end because there is no memory when it first needs
 * one of them, and what it gets later can be refused.
 */
static void memory_hold(void)
{
	volatile char stack[STACK_HELD];

	for (size_t i = 0; i < sizeof(stack); i += PAGE_SIZE)
		stack[i] = 0;
	pages_hold(__executable_start, __constants_end);
	pages_hold(__stack_end, _end);
	heap_hold();
}

int server_init(struct server *server, endpoint_handle endpoint, const struct protocol *const protocols[])
{
	server->endpoint = endpoint.value ? endpoint : endpoint_create();
	server->protocols = protocols;
	server->deadline = DEADLINE_NEVER;
	server->free_slot = NO_SLOT;
	server->serial = (uint64_t)clock_now() >> SERIAL_SHIFT;
	memory_hold();
	return server->endpoint.value < 0 ? server->endpoint.value : 0;
}

/* ---- badges */

static int slots_grow(struct server *server)
{
	size_t count = server->slot_count ? server->slot_count * 2 : SLOTS_FIRST;

	if (count > SLOTS_MOST)
		return -ENOMEM;

	struct client_slot *slots = realloc(server->slots, count * sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = count; i-- > server->slot_count;) {
		slots[i] = (struct client_slot){NULL, server->free_slot};
		server->free_slot = (uint32_t)i;
	}
	server->slots = slots;
	server->slot_count = count;
	return 0;
}

static struct client *slot_client(const struct server *server, uint64_t badge)
{
	size_t slot = badge & (SLOTS_MOST - 1);
	struct client *client = slot < server->slot_count ? server->slots[slot].client : NULL;

	return client && client->badge == badge ? client : NULL;
}

static void slot_free(struct server *server, struct client *client)
{
	uint32_t slot = client->badge & (SLOTS_MOST - 1);

	server->slots[slot] = (struct client_slot){NULL, server->free_slot};
	server->free_slot = slot;
	client->badge = 0;
}

/* Gives an object a badge, if it has none, for one more handle. 0 or -ENOMEM. */
static int slot_use(struct server *server, struct client *client)
{
	if (!client->badge) {
		if (server->free_slot == NO_SLOT && slots_grow(server))
			return -ENOMEM;

		uint32_t slot = server->free_slot;

		server->free_slot = server->slots[slot].next;
		server->slots[slot].client = client;
		client->badge = ++server->serial << SLOT_BITS | slot;
		client->opened = 0;
	}
	client->opened++;
	return 0;
}

/* There is one handle less, or none was made; true: it was the last. */
static bool slot_leave(struct server *server, struct client *client)
{
	if (--client->opened)
		return false;
	slot_free(server, client);
	return true;
}

endpoint_handle client_open(struct server *server, struct client *client)
{
	if (slot_use(server, client))
		return (endpoint_handle){-ENOMEM};

	/* One of several badges of the same value, each of which the kernel tells the end of. */
	endpoint_handle handle = endpoint_badge(server->endpoint, client->badge);

	if (handle.value < 0)
		(void)slot_leave(server, client);
	return handle;
}

int client_give(struct server *server, struct client *client, uint32_t rights, struct gift *gift)
{
	int error = slot_use(server, client);

	if (!error)
		*gift = (struct gift){{0}, rights, client};
	return error;
}

void client_forget(struct server *server, struct client *client)
{
	if (slot_client(server, client->badge) == client)
		slot_free(server, client);
}

int client_reserve(struct server *server, const struct client *client)
{
	uint32_t slot = client->badge & (SLOTS_MOST - 1), *at = &server->free_slot;

	if (client->badge >> SLOT_BITS == 0 || client->badge >> SLOT_BITS > server->serial)
		return -EINVAL;
	while (slot >= server->slot_count)
		if (slots_grow(server))
			return -ENOMEM;
	while (*at != NO_SLOT && *at != slot)
		at = &server->slots[*at].next;
	if (*at == NO_SLOT)
		return -EINVAL;
	*at = server->slots[slot].next;
	return 0;
}

void client_resume(struct server *server, struct client *client)
{
	server->slots[client->badge & (SLOTS_MOST - 1)].client = client;
}

static struct client *find_client(struct server *server, uint64_t badge)
{
	if (badge >= CLIENT_BADGES)
		return slot_client(server, badge);
	return server->adopt ? server->adopt(server, badge) : NULL;
}

static void handle_gone(struct server *server, struct client *client)
{
	if (slot_leave(server, client) && server->gone)
		server->gone(server, client);
}

/* Whom a message is for that has a badge of a server before this one. Apart: it seldom comes. */
__attribute__((noinline, cold)) static struct client *stranger(
	struct server *server, const struct message *message)
{
	return server->stranger ? server->stranger(server, message->badge, message->label) : NULL;
}

/* An adopted badge is the server's own business: others may have it again. */
static void badge_gone(struct server *server, const struct message *message)
{
	struct client *client = slot_client(server, message->badge);

	if (!client)
		client = stranger(server, message);
	if (client)
		handle_gone(server, client);
}

/* ---- the loop */

long protocol_no_method(struct request *request, struct message *message)
{
	(void)request;
	(void)message;
	return -ENOSYS;
}

static protocol_thunk *find_method(const struct server *server, uint32_t label)
{
	for (const struct protocol *const *at = server->protocols; *at; at++) {
		uint32_t method =
			label - ((*at)->number << 16); /* of another protocol it is 0x10000 at least */

		if (method < (*at)->slots)
			return (*at)->table[method];
	}
	return protocol_no_method;
}

static bool is_listener(const struct server *server, const struct client *client)
{
	for (const struct listener *listener = server->listeners; listener; listener = listener->next)
		if (client == &listener->client)
			return true;
	return false;
}

static long hear(struct listener *listener, struct message *message)
{
	uint64_t bits = message->word[0];

	message->word[0] = 0;
	listener->notified(listener, bits);
	return 0;
}

static inline long dispatch(struct server *server, struct message *message)
{
	struct client *client = find_client(server, message->badge);
	struct request request = {server, client, message->token};

	if (!client)
		request.client = client = stranger(server, message);
	if (!client)
		return -EBADF;
	if (is_listener(server, client))
		return hear((struct listener *)client, message);
	return find_method(server, message->label)(&request, message);
}

/* Deals with what was received; says whether the message is a reply now, with the token that it came with. */
static inline bool serve(struct server *server, struct message *message)
{
	if (!message->token) {
		if (message->label == MESSAGE_BADGE_GONE)
			badge_gone(server, message);
		return false;
	}

	long result = dispatch(server, message);

	if (result == DEFERRED)
		return false;
	server_set_result(message, result);
	return true;
}

static inline int receive(struct server *server, bool reply)
{
	server->message.deadline = server->deadline;
	return reply ? ipc_reply_receive(server->endpoint, &server->message)
		     : ipc_receive(server->endpoint, &server->message);
}

/* What comes of it when nothing was received. */
__attribute__((noinline, cold)) static void receive_failed(struct server *server, int error)
{
	if (error == -ETIMEDOUT && server->timeout)
		server->timeout(server);
	else if (error == -ENOMEM)
		(void)thread_sleep((uint64_t)clock_now() + MEMORY_WAIT);
	else if (error != -EINTR && error != -ESRCH) /* no signal's handler, and no caller that has gone */
		abort(); /* the endpoint is none to receive from, so nothing can be served */
}

/* One message, after a reply if there is one. Says whether there is one again. */
static inline bool turn(struct server *server, bool reply)
{
	int error = receive(server, reply);

	if (!error)
		return serve(server, &server->message);
	receive_failed(server, error);
	return false;
}

void server_turn(struct server *server)
{
	server->reply = turn(server, server->reply);
}

_Noreturn void server_run(struct server *server)
{
	bool reply = server->reply;

	for (;;)
		reply = turn(server, reply);
}

/* ---- what handlers and thunks use */

static int lent_error(long result)
{
	return result == -EBADMSG || result == -EINVAL ? -EFAULT : (int)result;
}

static bool is_within(size_t whole, size_t offset, size_t size)
{
	return offset <= whole && size <= whole - offset;
}

int lent_read(const struct lent_in *from, size_t offset, void *to, size_t size)
{
	uint8_t *at = to;

	if (from->is_short) {
		if (!is_within(from->size, offset, size))
			return -EFAULT;
		memcpy(to, (const char *)lent_bytes(from) + offset, size);
		return 0;
	}
	while (size) {
		long count = ipc_read(from->server->endpoint, from->token, offset, at, size);

		if (count <= 0)
			return count ? lent_error(count) : -EFAULT;
		at += count;
		offset += (size_t)count;
		size -= (size_t)count;
	}
	return 0;
}

static int lent_gather(struct lent_out *to, size_t offset, const void *from, size_t size)
{
	if (!is_within(to->size, offset, size))
		return -EFAULT;
	memcpy((char *)to->word + sizeof to->word - protocol_short(to->size) + offset, from, size);
	return 0;
}

int lent_write_rest(struct lent_out *to, size_t offset, const void *from, size_t size, long count)
{
	const uint8_t *at = from;

	if (to->is_short)
		return lent_gather(to, offset, from, size);
	while (count > 0 && (size -= (size_t)count) > 0) {
		at += count;
		offset += (size_t)count;
		count = ipc_write(to->server->endpoint, to->token, offset, at, size);
	}
	if (count <= 0)
		return count ? lent_error(count) : -EFAULT;
	return 0;
}

bool request_waits(struct server *server, uint32_t token)
{
	return ipc_read(server->endpoint, token, 0, NULL, 0) != -ESRCH;
}

bool lent_waits(const struct lent_in *from)
{
	return !from->is_short || request_waits(from->server, from->token);
}

int request_struct(const struct request *request, size_t offset, void *to, size_t size)
{
	const struct lent_in from = {request->server, request->token, (uint32_t)(offset + size), false, {0}};

	return lent_read(&from, offset, to, size);
}

int request_text(const struct request *request, size_t offset, char *to, size_t length)
{
	int error = request_struct(request, offset, to, length);

	if (error)
		return error;
	to[length] = '\0';
	return memchr(to, '\0', length) ? -EINVAL : 0;
}

static int handle_fits(any_handle handle, enum object_type type, uint32_t rights)
{
	struct handle_info info;
	int error = handle_info(handle, &info);

	if (error)
		return error;
	if (type != OBJECT_ANY && info.type != type)
		return -EFTYPE;
	return rights & ~info.rights ? -EACCES : 0;
}

/* Of a handle that could not be had, as the caller is told. */
static int refusal_of(int error)
{
	if (error == -EBADMSG || error == -EINVAL)
		return -EBADF;
	return error == -EMFILE || error == -ENOMEM ? -ENFILE : error;
}

int request_take(const struct request *request, uint32_t word, enum object_type type, uint32_t rights,
	any_handle *taken)
{
	any_handle handle = ipc_take(request->server->endpoint, request->token, word);
	int error;

	if (handle.value < 0)
		return refusal_of(handle.value);
	error = handle_fits(handle, type, rights);
	if (error)
		(void)handle_close(handle);
	*taken = handle;
	return error;
}

int request_copy(const struct request *request, uint32_t word, enum object_type type, uint32_t rights,
	any_handle *copied)
{
	*copied = ipc_copy(request->server->endpoint, request->token, word, type, rights);
	return copied->value < 0 ? refusal_of(copied->value) : 0;
}

struct client *request_shown(const struct request *request, uint32_t word, int *error)
{
	struct server *server = request->server;
	long badge = ipc_badge(server->endpoint, request->token, word);
	struct client *client = badge >= 0 ? find_client(server, (uint64_t)badge) : NULL;

	if (badge == -ENOENT)
		*error = -EXDEV;
	else if (badge == -ESRCH)
		*error = -ESRCH;
	else
		*error = -EBADF;
	return client;
}

/* The value of the handle in the caller's table. */
static long give(struct server *server, uint32_t token, const struct gift *gift)
{
	if (gift->client)
		return ipc_give_badge(server->endpoint, token, gift->client->badge, gift->rights);
	return ipc_give(server->endpoint, token, gift->handle, gift->rights);
}

int gift_give(struct server *server, uint32_t token, struct gift *gift, uint64_t *word)
{
	long value = give(server, token, gift);

	if (value < 0) {
		gift_drop(server, gift);
		return value == -ENOMEM ? -EMFILE : (int)value;
	}
	*word = (uint64_t)value;
	return 0;
}

void gift_drop(struct server *server, const struct gift *gift)
{
	if (gift->client)
		handle_gone(server, gift->client);
	else if (gift->handle.value > 0)
		(void)handle_close(gift->handle);
}

/* ---- notifications. A thread waits for each and calls the server, which so hears of it between two other calls. */

void listener_entry(void);
__asm__("	.text\n"
	"listener_entry:\n"
	"	.option push\n"
	"	.option norelax\n"
	"	la	gp, __global_pointer$\n"
	"	.option pop\n"
	"	tail	listener_run\n");

/* Has no thread-local data, so it calls nothing of the C library. */
void listener_run(struct listener *listener);
__attribute__((used)) void listener_run(struct listener *listener)
{
	for (;;) {
		long bits = notification_wait(listener->notification, listener->bits, DEADLINE_NEVER);
		struct message message = {.word = {(uint64_t)bits}, .deadline = DEADLINE_NEVER};

		if (bits < 0 || ipc_call(listener->through, &message))
			thread_exit();
	}
}

int server_listen(struct server *server, struct listener *listener, notification_handle notification,
	uint64_t bits, void (*notified)(struct listener *listener, uint64_t bits))
{
	*listener = (struct listener){.server = server,
		.notification = notification,
		.bits = bits,
		.notified = notified,
		.stack = aligned_alloc(16, LISTENER_STACK)};
	if (!listener->stack)
		return -ENOMEM;
	listener->through = client_open(server, &listener->client);
	if (listener->through.value < 0) {
		free(listener->stack);
		return listener->through.value;
	}

	thread_handle thread = thread_create(own_process(), (uintptr_t)listener_entry,
		(uintptr_t)listener->stack + LISTENER_STACK, (uintptr_t)listener);

	if (thread.value < 0) {
		client_forget(server, &listener->client);
		(void)handle_close(ANY(listener->through));
		free(listener->stack);
		return thread.value;
	}
	(void)handle_close(ANY(thread));
	listener->next = server->listeners;
	server->listeners = listener;
	return 0;
}
