/*
 * The runtime of servers: a loop that receives calls on one endpoint, finds the object that each is for, and has the
 * protocol's generated code check it and call the handler, all in one thread. <tabula/serve/NAME.h>, which
 * scripts/tablegen makes from the table of a protocol, declares the handlers.
 *
 * Clients are not trusted. What they lend is copied once and may fail at any moment; a badge that the server doesn't
 * know is -EBADF before any handler runs; a reply that nobody waits for is forgotten.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <abi/abi.h>
#include <tabula/protocol.h>
#include <tabula/syscalls.h>

struct server;

/* What a handler returns when it will answer later, with answer_METHOD and the request's token. */
#define DEFERRED (-1l - PROTOCOL_ERROR_MOST)

/*
 * An object that clients call through handles of its own, which carry its badge. A server embeds it in the struct
 * that it keeps about the object.
 */
struct client {
	uint64_t badge; /* 0: it has no handles */
	uint32_t opened; /* how many have been made of those that are not gone */
};

/* A call that a handler works on. Of a deferred one the token is kept. */
struct request {
	struct server *server;
	struct client *client; /* the object that is called */
	uint32_t token;
};

/* Memory of the caller to copy from, and to copy to, until the call has been answered. Can be kept, for a call that is deferred. */
enum { LENT_WORDS = MESSAGE_SHORT / sizeof(uint64_t) };

struct lent_in {
	struct server *server;
	uint32_t token;
	uint32_t size;
	bool is_short; /* not lent: the bytes have come with the message, and stand at the end of these words */
	uint64_t word[LENT_WORDS];
};

struct lent_out {
	struct server *server;
	uint32_t token;
	uint32_t size;
	bool is_short; /* not lent: the bytes go with the answer, and are gathered here */
	uint64_t word[LENT_WORDS];
};

/*
 * A handle that moves to the caller with the answer, with these of its rights; when that fails, it is closed. Or one that is made
 * then, for an object (see client_give).
 */
struct gift {
	any_handle handle;
	uint32_t rights;
	struct client *client; /* NULL: `handle` */
};

/* Checks a message, calls the handler, puts what comes back into the message's words. 0, -errno or DEFERRED. */
typedef long protocol_thunk(struct request *request, struct message *message);

struct protocol {
	const char *name;
	uint32_t number;
	uint32_t slots;
	protocol_thunk *const *table; /* by method number, every slot written out */
};

/* A notification that is waited for beside the calls. */
struct listener {
	struct client client;
	struct server *server;
	notification_handle notification;
	uint64_t bits;
	void (*notified)(struct listener *listener, uint64_t bits);
	endpoint_handle through;
	char *stack;
	struct listener *next;
};

struct client_slot;

struct server {
	endpoint_handle endpoint; /* the right to receive */
	const struct protocol *const *protocols; /* closed by NULL */

	/*
	 * Hooks, set before server_run. `gone`: nobody has a handle to the object any more, and it has no badge; may be
	 * NULL. `adopt`: somebody calls through a badge that client_open has not made, below CLIENT_BADGES; returns the
	 * object, or NULL, which is -EBADF; may be NULL. `stranger`: somebody calls with this label through a badge that
	 * no object has, or that `adopt` did not want, and that may be of a server before this one; the same. With
	 * MESSAGE_BADGE_GONE, a handle of such a badge is gone: what it returns has lost it. `timeout`: `deadline` has passed;
	 * it sets the next.
	 */
	void (*gone)(struct server *server, struct client *client);
	struct client *(*adopt)(struct server *server, uint64_t badge);
	struct client *(*stranger)(struct server *server, uint64_t badge, uint32_t label);
	void (*timeout)(struct server *server);
	uint64_t deadline;

	/* Of server.c alone. */
	struct client_slot *slots;
	size_t slot_count;
	uint32_t free_slot;
	uint64_t serial;
	struct listener *listeners;
	struct message message;
	bool reply; /* `message` is one */
};

/* Badges below it are for the server to give as it likes: they mean the same to a server that takes its place. */
#define CLIENT_BADGES (1ul << 20)

/*
 * Makes a server of a struct that is zero. `endpoint` is for it alone; a value of 0 makes one. 0, -ENOMEM, -EMFILE. From then
 * on malloc of this program gives only memory that is there, so that a store to it can't end the server.
 */
int server_init(struct server *server, endpoint_handle endpoint, const struct protocol *const protocols[]);

/* Serves for ever. */
_Noreturn void server_run(struct server *server);

/* Sends the reply that is due, and deals with the next message or the end of the deadline. */
void server_turn(struct server *server);

/*
 * Gives an object a badge, if it has none, and returns a handle with it, to put into a gift. When it is gone, with all
 * that were made of it, and any others that this has returned for the object, `gone` is called. -ENOMEM, -EMFILE.
 */
endpoint_handle client_open(struct server *server, struct client *client);

/*
 * The same for the caller: the handle is made as the gift is given, with these rights. If that comes to nothing, `gone` is called
 * when the handler has returned. -ENOMEM.
 */
int client_give(struct server *server, struct client *client, uint32_t rights, struct gift *gift);

/*
 * An object of a server that was here before, with its badge and its number of handles: no other gets that badge. Before any other
 * is given one. -ENOMEM, -EINVAL for a badge that can't be.
 */
int client_reserve(struct server *server, const struct client *client);

/* Calls through that badge are for the object again. */
void client_resume(struct server *server, struct client *client);

/* The object is none any more; calls through its handles are -EBADF from now on, and `gone` will not be called. */
void client_forget(struct server *server, struct client *client);

/*
 * Has `notified` called, in the server's loop, when bits of the notification are set. For as long as the process
 * lives. -ENOMEM, -EMFILE.
 */
int server_listen(struct server *server, struct listener *listener, notification_handle notification,
	uint64_t bits, void (*notified)(struct listener *listener, uint64_t bits));

/* Makes a gift with all rights of the handle. */
static inline struct gift gift_of(endpoint_handle handle)
{
	struct gift gift = {{handle.value}, RIGHTS_SAME, NULL};

	return gift;
}

/*
 * Copy exactly `size` bytes at `offset`. -EFAULT when the caller has lent less or its memory can't be reached, -ESRCH
 * when it waits no more.
 */
int lent_read(const struct lent_in *from, size_t offset, void *to, size_t size);
static inline int lent_write(struct lent_out *to, size_t offset, const void *from, size_t size);

/* The bytes, when they have come with the message; NULL: they are lent. */
static inline const void *lent_bytes(const struct lent_in *from)
{
	return from->is_short ? (const char *)from->word + sizeof from->word - protocol_short(from->size)
			      : NULL;
}

/* For a deferred call: false when its caller has given up, and what it has sent is not to be used. Copies of what is lent fail. */
bool lent_waits(const struct lent_in *from);

/* Says whether the caller of a deferred call still waits. */
bool request_waits(struct server *server, uint32_t token);

/* ---- for generated code */

/*
 * Buffers, with the length that stands in the message. Short ones come with that, and go with the answer; of others nobody
 * looks at the words.
 */
static inline void lent_in_set(
	struct lent_in *from, const struct request *request, uint32_t length, const struct message *message)
{
	from->server = request->server;
	from->token = request->token;
	from->size = length & ~PROTOCOL_SHORT;
	from->is_short = (length & PROTOCOL_SHORT) != 0;
	if (!from->is_short)
		return;
	for (int i = 0; i < LENT_WORDS; i++)
		from->word[i] = message->word[MESSAGE_WORDS - LENT_WORDS + i];
}

static inline void lent_out_set(struct lent_out *to, const struct request *request, uint32_t length)
{
	to->server = request->server;
	to->token = request->token;
	to->size = length & ~PROTOCOL_SHORT;
	to->is_short = (length & PROTOCOL_SHORT) != 0;
	if (!to->is_short)
		return;
	for (int i = 0; i < LENT_WORDS; i++)
		to->word[i] = 0;
}

static inline void lent_give_short(const struct lent_out *to, struct message *message)
{
	for (int i = 0; i < LENT_WORDS; i++)
		message->word[MESSAGE_WORDS - LENT_WORDS + i] = to->word[i];
}

/* What is left of lent_write after a copy of `count` bytes, or after one that has failed; or all, when nothing is lent. */
int lent_write_rest(struct lent_out *to, size_t offset, const void *from, size_t size, long count);

/* Here, so that a handler need not save registers for it: nearly always one call copies all. */
static inline int lent_write(struct lent_out *to, size_t offset, const void *from, size_t size)
{
	long count = 0;

	if (!size)
		return 0;
	if (!to->is_short) {
		count = ipc_write(to->server->endpoint, to->token, offset, from, size);
		if (__builtin_expect(count == (long)size, 1))
			return 0;
	}
	return lent_write_rest(to, offset, from, size, count);
}

/* The same for all bytes of a short buffer, which go into one that is as long at least: if that is short, too, word by word. */
static inline int lent_pass(struct lent_out *to, const struct lent_in *from)
{
	const char *at = (const char *)lent_bytes(from), *end = (const char *)(from->word + LENT_WORDS);
	char *out = (char *)(to->word + LENT_WORDS) - protocol_short(to->size);

	if (!to->is_short)
		return lent_write(to, 0, at, from->size);
	for (; at < end; at += sizeof(uint64_t), out += sizeof(uint64_t))
		*(uint64_t *)(void *)out = *(const uint64_t *)(const void *)at;
	return 0;
}

/* Fetches what goes in with a method. A text has no NUL in it and gets one at its end. 0 or -errno. */
int request_text(const struct request *request, size_t offset, char *to, size_t length);
int request_struct(const struct request *request, size_t offset, void *to, size_t size);

/* Takes the handle that the caller offers in a word; `rights` are those it must have. 0 or -errno. */
int request_take(const struct request *request, uint32_t word, enum object_type type, uint32_t rights,
	any_handle *taken);

/* The same with a handle like that one, which the caller keeps. */
int request_copy(const struct request *request, uint32_t word, enum object_type type, uint32_t rights,
	any_handle *copied);

/* The object of this server that the handle in a word names; NULL, and *error set, when there is none. */
struct client *request_shown(const struct request *request, uint32_t word, int *error);

/* Moves a gift to the caller; `*word` is for the reply. 0 or -errno, with the gift closed. */
int gift_give(struct server *server, uint32_t token, struct gift *gift, uint64_t *word);

/* Ends a gift that came to nothing. One of no handle is none. */
void gift_drop(struct server *server, const struct gift *gift);

/* Makes a message the reply to a call that has come to 0 or -errno. */
static inline void server_set_result(struct message *message, long result)
{
	message->label = (uint32_t)-result;
}

/* Answers a deferred call: with an error when `result` is one. 0, or -ESRCH when nobody waits for it. */
static inline int server_answer(struct server *server, uint32_t token, long result, struct message *message)
{
	server_set_result(message, result);
	message->token = token;
	return ipc_reply(server->endpoint, message);
}

/* Stands in every empty slot; returns -ENOSYS. */
protocol_thunk protocol_no_method;
