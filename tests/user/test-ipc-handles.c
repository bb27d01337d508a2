/* Handles that move with calls: offered and taken, given with a reply; tables that are full, and others that close. */
#include "ipc.h"

enum { ROUNDS = 300, TABLE_SIZE = 1 << 14, OFFER_ALL = 0xf };

static struct lender lender;

/* A caller that offers these handles; returns its token. */
static uint32_t start_offering(struct checks *c, const int32_t value[MESSAGE_WORDS], uint32_t offered)
{
	struct message m;

	lender = (struct lender){.message = {.token = offered}};
	for (unsigned i = 0; i < MESSAGE_WORDS; i++)
		lender.message.word[i] = (uint32_t)value[i];
	lender_start(&lender, NULL, 0, NULL, 0, DEADLINE_NEVER);
	check(c, !receive(&m) && m.word[0] == (uint32_t)value[0], "receive");
	return m.token;
}

static void end_offering(struct checks *c, uint32_t token)
{
	check(c, !answer(token, 1), "answer");
	suite_thread_join(&lender.thread);
	check(c, !lender.result, "the caller got %d", lender.result);
}

static bool names(int32_t value, uint32_t type, uint32_t rights)
{
	struct handle_info info;

	return !handle_info((any_handle){value}, &info) && info.type == type && info.rights == rights;
}

static bool is_gone(int32_t value)
{
	struct handle_info info;

	return handle_info((any_handle){value}, &info) == -EBADF;
}

static void close(int32_t value)
{
	handle_close((any_handle){value});
}

static int32_t memory_with(uint32_t rights)
{
	memory_handle memory = memory_create(PAGE_SIZE);
	int32_t value = handle_duplicate(ANY(memory), rights).value;

	handle_close(ANY(memory));
	return value;
}

/* What is offered can be taken, once, with its rights; nothing else can. */
static void test_take(void)
{
	struct checks c = {0};
	int32_t offered[MESSAGE_WORDS] = {memory_with(RIGHT_TRANSFER | RIGHT_MEMORY_READ),
		memory_with(RIGHT_MEMORY_READ), memory_with(RIGHTS_MEMORY_ALL), memory_with(RIGHT_TRANSFER)};
	int32_t taken;
	uint32_t token;

	open_endpoint();
	token = start_offering(&c, offered, 0x7);
	check(&c, ipc_take(endpoint, token, 3).value == -EINVAL, "not offered");
	for (uint32_t word = 4; word; word <<= 1)
		check(&c, ipc_take(endpoint, token, word).value == -EINVAL, "word %u", (unsigned)word);
	check(&c, ipc_take(endpoint, token, UINT32_MAX).value == -EINVAL, "word of all ones");
	check(&c, ipc_take(endpoint, token ^ 1, 0).value == -ESRCH, "another token");
	check(&c, ipc_take(endpoint, token, 1).value == -EBADMSG, "without the right to transfer");
	check(&c, names(offered[1], OBJECT_MEMORY, RIGHT_MEMORY_READ), "that one stays");
	taken = ipc_take(endpoint, token, 0).value;
	check(&c, taken > 0 && names(taken, OBJECT_MEMORY, RIGHT_TRANSFER | RIGHT_MEMORY_READ), "taken: %d",
		taken);
	check(&c, is_gone(offered[0]), "it has moved");
	check(&c, ipc_take(endpoint, token, 0).value == -EBADMSG, "twice");
	close(taken);
	end_offering(&c, token);
	check(&c, ipc_take(endpoint, token, 2).value == -ESRCH, "after the reply");
	check(&c, names(offered[2], OBJECT_MEMORY, RIGHTS_MEMORY_ALL), "not taken: stays");
	for (unsigned i = 1; i < MESSAGE_WORDS; i++)
		close(offered[i]);

	for (unsigned i = 0; i < MESSAGE_WORDS; i++)
		offered[i] = (int32_t[]){0, -1, (1 << 14) - 1, lender.thread.handle.value}[i];
	token = start_offering(&c, offered, UINT32_MAX);
	for (unsigned i = 0; i < MESSAGE_WORDS - 1; i++)
		check(&c, ipc_take(endpoint, token, i).value == -EBADMSG, "no handle: %d", offered[i]);
	check(&c, ipc_take(endpoint, token, MESSAGE_WORDS).value == -EINVAL, "there is no word 4");
	end_offering(&c, token);
	close_endpoint();
	checks_report(&c, "handles that are offered, taken or not");
}

static void call_plainly(void *argument)
{
	struct lender *l = argument;

	l->result = ipc_call(l->through, &l->message);
}

static void test_plain_call(void)
{
	struct checks c = {0};
	struct message m;

	open_endpoint();
	lender = (struct lender){.through = endpoint,
		.message = {
			.token = OFFER_ALL, .word = {(uint64_t)endpoint.value}, .deadline = DEADLINE_NEVER}};
	suite_thread_start(&lender.thread, call_plainly, &lender);
	check(&c, !receive(&m), "receive");
	check(&c, ipc_take(endpoint, m.token, 0).value == -EINVAL, "take");
	end_offering(&c, m.token);
	close_endpoint();
	checks_report(&c, "a plain call offers nothing");
}

static void test_give(void)
{
	static const int32_t none[MESSAGE_WORDS];
	struct checks c = {0};
	int32_t h = memory_with(RIGHT_TRANSFER | RIGHT_MEMORY_READ), stuck = memory_with(RIGHT_MEMORY_READ);
	uint32_t token;
	long given;

	open_endpoint();
	token = start_offering(&c, none, 0);
	check(&c, ipc_give(endpoint, token, (any_handle){stuck}, RIGHTS_SAME) == -EACCES, "no transfer");
	check(&c, ipc_give(endpoint, token, (any_handle){h}, RIGHT_MEMORY_WRITE) == -EACCES, "more rights");
	check(&c, ipc_give(endpoint, token, (any_handle){0}, RIGHTS_SAME) == -EBADF, "no handle");
	check(&c, ipc_give(endpoint, token ^ 1, (any_handle){h}, RIGHTS_SAME) == -ESRCH, "no caller");
	check(&c, names(h, OBJECT_MEMORY, RIGHT_TRANSFER | RIGHT_MEMORY_READ), "nothing has moved");
	given = ipc_give(endpoint, token, (any_handle){h}, RIGHT_MEMORY_READ);
	check(&c, given > 0 && names((int32_t)given, OBJECT_MEMORY, RIGHT_MEMORY_READ), "given: %ld", given);
	check(&c, is_gone(h), "it has moved");
	end_offering(&c, token);
	check(&c, names((int32_t)given, OBJECT_MEMORY, RIGHT_MEMORY_READ), "it stays after the call");
	close((int32_t)given);
	check(&c, ipc_give(endpoint, token, (any_handle){stuck}, RIGHTS_SAME) == -EACCES,
		"rights come first");
	close(stuck);
	close_endpoint();
	checks_report(&c, "handles that are given");
}

static bool badge_is_told(endpoint_handle of, uint64_t badge, uint64_t within)
{
	struct message m = {.deadline = within ? now() + within : 0};

	return !ipc_receive(of, &m) && m.label == MESSAGE_BADGE_GONE && m.badge == badge;
}

/* Badges that are made in the table of who calls, here of this process. */
static void test_give_badge(void)
{
	static const int32_t none[MESSAGE_WORDS];
	const uint32_t all = RIGHTS_ENDPOINT_ALL & ~RIGHT_ENDPOINT_RECEIVE;
	struct checks c = {0};
	uint32_t token;
	long given;

	open_endpoint();
	token = start_offering(&c, none, 0);
	check(&c, ipc_give_badge(endpoint, token, 0, RIGHTS_SAME) == -EINVAL, "badge 0");
	check(&c, ipc_give_badge(endpoint, token, 7, RIGHTS_ENDPOINT_ALL) == -EACCES, "to receive");
	for (uint32_t right = 1; right; right <<= 1)
		if (right & ~all)
			check(&c, ipc_give_badge(endpoint, token, 7, right) == -EACCES, "right %#x", right);
	check(&c, ipc_give_badge(endpoint, token ^ 1, 7, RIGHTS_SAME) == -ESRCH, "no caller");
	check(&c, !badge_is_told(endpoint, 7, 0), "what was not made is not told of");
	given = ipc_give_badge(endpoint, token, 7, RIGHTS_SAME);
	check(&c, given > 0 && names((int32_t)given, OBJECT_ENDPOINT, all), "given: %ld", given);
	close((int32_t)given);
	check(&c, badge_is_told(endpoint, 7, PATIENCE), "its end is told");
	given = ipc_give_badge(endpoint, token, 1ul << 63, RIGHT_ENDPOINT_SEND);
	check(&c, given > 0 && names((int32_t)given, OBJECT_ENDPOINT, RIGHT_ENDPOINT_SEND), "given: %ld",
		given);
	end_offering(&c, token);
	check(&c, names((int32_t)given, OBJECT_ENDPOINT, RIGHT_ENDPOINT_SEND), "it stays after the call");
	check(&c, ipc_give_badge(endpoint, token, 7, RIGHTS_SAME) == -ESRCH, "after the reply");
	close((int32_t)given);
	check(&c, badge_is_told(endpoint, 1ul << 63, PATIENCE), "told once more");
	close_endpoint();
	checks_report(&c, "badges that are given");
}

static int32_t copies[TABLE_SIZE];

/* Fills the table of this process with copies of a handle; returns how many. */
static unsigned fill_table(int32_t value)
{
	unsigned n = 0;

	while ((copies[n] = handle_duplicate((any_handle){value}, 0).value) > 0)
		n++;
	return n;
}

/* The server's table is full: what is offered stays with its owner. */
static void test_full_server(void)
{
	struct checks c = {0};
	int32_t offered[MESSAGE_WORDS] = {memory_with(RIGHTS_MEMORY_ALL)};
	uint32_t token;
	unsigned n;

	open_endpoint();
	token = start_offering(&c, offered, 1);
	n = fill_table(endpoint.value);
	check(&c, n > TABLE_SIZE / 2, "%u copies", n);
	check(&c, ipc_take(endpoint, token, 0).value == -EMFILE, "take");
	check(&c, ipc_give(endpoint, token, (any_handle){offered[0]}, 0) == -EMFILE,
		"give, to another thread of the same");
	check(&c, names(offered[0], OBJECT_MEMORY, RIGHTS_MEMORY_ALL), "nothing has moved");
	close(copies[--n]);
	offered[1] = ipc_take(endpoint, token, 0).value;
	check(&c, offered[1] > 0 && is_gone(offered[0]), "with one free slot: %d", offered[1]);
	close(offered[1]);
	while (n--)
		close(copies[n]);
	end_offering(&c, token);
	close_endpoint();
	checks_report(&c, "a full table on the server's side");
}

/* ---- other processes: a client or a server has the endpoint in a0 */

/* Calls with the words of CHILD_DATA, the first of which is offered, and then exits with what the reply's word 0 is. */
#define CALL_AND_EXIT \
	"	li	t0, 0\n" \
	"	li	t1, 0\n" \
	"	li	t2, 0\n" \
	"	li	a1, 1\n" \
	"	slli	a1, a1, 32\n" \
	"	li	a2, " SUITE_TEXT( \
		CHILD_DATA_TEXT) "\n" \
				 "	ld	a2, (a2)\n" \
				 "	li	a6, -1\n" \
				 "	li	a7, " SUITE_TEXT( \
					 SYS_ipc_call_lend) "\n" \
							    "	ecall\n" \
							    "	mv	a0, a2\n" CHILD_EXIT

/* clang-format off */
CHILD_PROGRAM(offering_client, CALL_AND_EXIT);

/* The same, but with a table that is full of copies of the handle at CHILD_DATA + 8. */
CHILD_PROGRAM(full_client,
	"	mv	s0, a0\n"
	"	li	s1, " SUITE_TEXT(CHILD_DATA_TEXT) "\n"
	"1:	ld	a0, 8(s1)\n"
	"	li	a1, 0\n"
	"	li	a7, " SUITE_TEXT(SYS_handle_duplicate) "\n"
	"	ecall\n"
	"	bgtz	a0, 1b\n"
	"	mv	a0, s0\n"
	CALL_AND_EXIT);

/* Receives one call, takes what is offered in word 0, and ends without an answer. */
CHILD_PROGRAM(taking_server,
	"	mv	s0, a0\n"
	"	li	a6, -1\n"
	"	li	a7, " SUITE_TEXT(SYS_ipc_receive) "\n"
	"	ecall\n"
	"	mv	a0, s0\n"
	"	srli	a1, a1, 32\n"
	"	li	a2, 0\n"
	"	li	a7, " SUITE_TEXT(SYS_ipc_take) "\n"
	"	ecall\n"
	"	sgtz	a0, a0\n"
	CHILD_EXIT);
/* clang-format on */

#define SIZE_OF(program) ((size_t)(program##_end - program))

/* A client with the endpoint, and what it offers: a handle of its own table. */
static void start_client(
	struct checks *c, struct child *client, const char *code, size_t size, any_handle offered)
{
	uint64_t words[2] = {0};

	check(c, !child_make(client, code, size), "child");
	long handle = process_give(client->process, ANY(endpoint), RIGHT_ENDPOINT_SEND);

	if (offered.value)
		words[0] = (uint64_t)process_give(client->process, offered, RIGHTS_SAME);
	words[1] = (uint64_t)process_give(client->process, ANY(endpoint), RIGHT_DUPLICATE);
	memory_write(client->data, 0, words, sizeof(words));
	check(c, handle > 0 && (long)words[0] >= 0 && !child_start(client, (uint64_t)handle), "start");
}

static void end_client(struct checks *c, struct child *client, uint32_t token, uint64_t word)
{
	struct message m = {.token = token, .word = {word}};
	struct process_result result;

	check(c, !ipc_reply(endpoint, &m), "reply");
	check(c,
		!process_wait(client->process, now() + PATIENCE, &result) && child_exited(&result, (int)word),
		"client: %d", (int)result.status);
	child_close(client);
}

/* The client's table is full: what is given stays with the server. */
static void test_full_client(void)
{
	struct checks c = {0};
	int32_t h = memory_with(RIGHTS_MEMORY_ALL);
	struct child client;
	struct message m;

	open_endpoint();
	start_client(&c, &client, full_client, SIZE_OF(full_client), (any_handle){0});
	check(&c, !receive(&m), "receive");
	check(&c, ipc_give(endpoint, m.token, (any_handle){h}, RIGHTS_SAME) == -EMFILE, "give");
	check(&c, names(h, OBJECT_MEMORY, RIGHTS_MEMORY_ALL), "nothing has moved");
	check(&c, ipc_give_badge(endpoint, m.token, 7, RIGHTS_SAME) == -EMFILE, "a badge");
	check(&c, !badge_is_told(endpoint, 7, 0), "which is not told of");
	end_client(&c, &client, m.token, 3);
	close(h);
	close_endpoint();
	checks_report(&c, "a full table on the client's side");
}

/* To another process and back: the object is the same, and its owner can't use it meanwhile. */
static void test_other_process(void)
{
	struct checks c = {0};
	memory_handle h = memory_create(3 * PAGE_SIZE);
	struct child client;
	struct message m;
	any_handle taken;
	long given;

	open_endpoint();
	start_client(&c, &client, offering_client, SIZE_OF(offering_client), ANY(h));
	handle_close(ANY(h));
	check(&c, !receive(&m), "receive");
	taken = ipc_take(endpoint, m.token, 0);
	check(&c, taken.value > 0 && memory_size((memory_handle){taken.value}) == 3 * PAGE_SIZE, "taken: %d",
		taken.value);
	check(&c, ipc_take(endpoint, m.token, 0).value == -EBADMSG, "the client has it no more");
	given = ipc_give(endpoint, m.token, taken, RIGHTS_SAME);
	check(&c, given > 0 && is_gone(taken.value), "given back: %ld", given);
	end_client(&c, &client, m.token, 4);
	check(&c, ipc_give(endpoint, m.token, ANY(endpoint), 0) == -ESRCH, "a client that is gone");
	close_endpoint();
	checks_report(&c, "handles of another process");
}

/* A process offers a handle to itself: it ends as it would have. */
static void test_self(void)
{
	struct checks c = {0};
	struct process_result result;
	struct child client;
	struct message m;
	any_handle self;
	uint64_t words[2] = {0};

	open_endpoint();
	check(&c, !child_make(&client, offering_client, SIZE_OF(offering_client)), "child");
	words[0] = (uint64_t)process_give(client.process, ANY(client.process), RIGHTS_SAME);
	memory_write(client.data, 0, words, sizeof(words));
	long handle = process_give(client.process, ANY(endpoint), RIGHT_ENDPOINT_SEND);

	check(&c, !child_start(&client, (uint64_t)handle), "start");
	child_close(&client); /* the only handle is its own now */
	check(&c, !receive(&m), "receive");
	self = ipc_take(endpoint, m.token, 0);
	check(&c, self.value > 0 && names(self.value, OBJECT_PROCESS, RIGHTS_PROCESS_ALL), "self: %d",
		self.value);
	check(&c, !answer(m.token, 0), "answer");
	check(&c,
		!process_wait((process_handle){self.value}, now() + PATIENCE, &result) &&
			child_exited(&result, 0),
		"its end: %d", (int)result.status);
	handle_close(self);
	close_endpoint();
	checks_report(&c, "a process that offers itself");
}

/* A badge moves to and fro without its end being told; closed in the other table, it is told once. */
static void test_badge(void)
{
	struct checks c = {0};
	endpoint_handle told = endpoint_create();
	endpoint_handle badge = endpoint_badge(told, 77);
	struct child client;
	struct message m, quick;
	any_handle taken;

	open_endpoint();
	start_client(&c, &client, offering_client, SIZE_OF(offering_client), ANY(badge));
	handle_close(ANY(badge));
	check(&c, !receive(&m), "receive");
	taken = ipc_take(endpoint, m.token, 0);
	check(&c, taken.value > 0, "taken: %d", taken.value);
	quick = (struct message){.deadline = 0};
	check(&c, ipc_receive(told, &quick) == -ETIMEDOUT, "told when it was taken");
	check(&c, ipc_give(endpoint, m.token, taken, RIGHTS_SAME) > 0, "given");
	quick = (struct message){.deadline = 0};
	check(&c, ipc_receive(told, &quick) == -ETIMEDOUT, "told when it was given");
	end_client(&c, &client, m.token, 5);
	quick = (struct message){.deadline = now() + PATIENCE};
	check(&c, !ipc_receive(told, &quick) && quick.label == MESSAGE_BADGE_GONE && quick.badge == 77,
		"with the client it is gone");
	quick = (struct message){.deadline = 0};
	check(&c, ipc_receive(told, &quick) == -ETIMEDOUT, "told once");
	close_endpoint();
	handle_close(ANY(told));
	checks_report(&c, "badges that move");
}

/* A badge that another process has been given goes with it. */
static void test_badge_of_client(void)
{
	struct checks c = {0};
	struct child client;
	struct message m;

	open_endpoint();
	start_client(&c, &client, offering_client, SIZE_OF(offering_client), (any_handle){0});
	check(&c, !receive(&m), "receive");
	check(&c, ipc_give_badge(endpoint, m.token, 88, RIGHT_ENDPOINT_SEND) > 0, "given");
	check(&c, !badge_is_told(endpoint, 88, 0), "the client has it");
	end_client(&c, &client, m.token, 5);
	check(&c, badge_is_told(endpoint, 88, PATIENCE), "with the client it is gone");
	check(&c, !badge_is_told(endpoint, 88, 0), "told once");
	check(&c, ipc_give_badge(endpoint, m.token, 88, RIGHT_ENDPOINT_SEND) == -ESRCH,
		"a client that is gone");
	close_endpoint();
	checks_report(&c, "badges that are given to a client");
}

/* The right to receive moves: the endpoint is closed when the last one has gone, and not before. */
static void test_receivers(void)
{
	struct checks c = {0};
	endpoint_handle moved = endpoint_create(), send;
	struct process_result result;
	struct child client;
	struct message m, quick;
	long given;

	send = (endpoint_handle){handle_duplicate(ANY(moved), RIGHT_ENDPOINT_SEND).value};
	open_endpoint();
	start_client(&c, &client, offering_client, SIZE_OF(offering_client), (any_handle){0});
	check(&c, !receive(&m), "receive");
	given = ipc_give(endpoint, m.token, ANY(moved), RIGHTS_SAME);
	check(&c, given > 0, "given: %ld", given);
	quick = (struct message){.deadline = 0};
	check(&c, ipc_call(send, &quick) == -ETIMEDOUT, "the client can receive");
	quick = (struct message){.token = m.token, .word = {6}};
	check(&c, !ipc_reply(endpoint, &quick), "reply");
	check(&c, !process_wait(client.process, now() + PATIENCE, &result) && child_exited(&result, 6),
		"end");
	quick = (struct message){.deadline = DEADLINE_NEVER};
	check(&c, ipc_call(send, &quick) == -EPIPE, "nobody can receive");
	child_close(&client);
	handle_close(ANY(send));

	moved = endpoint_create();
	send = (endpoint_handle){handle_duplicate(ANY(moved), RIGHT_ENDPOINT_SEND).value};
	start_client(&c, &client, offering_client, SIZE_OF(offering_client), ANY(moved));
	handle_close(ANY(moved));
	check(&c, !receive(&m), "receive");
	moved = (endpoint_handle){ipc_take(endpoint, m.token, 0).value};
	check(&c, moved.value > 0, "taken: %d", moved.value);
	end_client(&c, &client, m.token, 7);
	quick = (struct message){.deadline = 0};
	check(&c, ipc_call(send, &quick) == -ETIMEDOUT, "it is with the server");
	handle_close(ANY(moved));
	quick = (struct message){.deadline = DEADLINE_NEVER};
	check(&c, ipc_call(send, &quick) == -EPIPE, "closed");
	handle_close(ANY(send));
	close_endpoint();
	checks_report(&c, "the right to receive moves");
}

/* A server that takes a handle and ends: the handle goes with it, and the caller hears that it is gone. */
static void test_server_ends(void)
{
	struct checks c = {0};
	endpoint_handle told = endpoint_create();
	int32_t offered[MESSAGE_WORDS] = {endpoint_badge(told, 99).value};
	struct process_result result;
	struct child server;
	struct message m;
	long handle;

	open_endpoint();
	check(&c, !child_make(&server, taking_server, SIZE_OF(taking_server)), "child");
	handle = process_give(server.process, ANY(endpoint), RIGHT_ENDPOINT_RECEIVE);
	check(&c, handle > 0 && !child_start(&server, (uint64_t)handle), "start");
	lender = (struct lender){.message = {.token = 1, .word = {(uint32_t)offered[0]}}};
	lender_start(&lender, NULL, 0, NULL, 0, DEADLINE_NEVER);
	check(&c, !process_wait(server.process, now() + PATIENCE, &result) && child_exited(&result, 1),
		"server");
	suite_thread_join(&lender.thread);
	check(&c, lender.result == -EPIPE, "the caller got %d", lender.result);
	check(&c, is_gone(offered[0]), "the handle has gone");
	m = (struct message){.deadline = now() + PATIENCE};
	check(&c, !ipc_receive(told, &m) && m.label == MESSAGE_BADGE_GONE && m.badge == 99, "and its badge");
	child_close(&server);
	close_endpoint();
	handle_close(ANY(told));
	checks_report(&c, "a server that takes a handle and ends");
}

/* Receives a call, closes the handle that it was given for that (or, with another one at CHILD_DATA, that), and waits. */
/* clang-format off */
CHILD_PROGRAM(quitting_server,
	"	mv	s0, a0\n"
	"	li	a6, -1\n"
	"	li	a7, " SUITE_TEXT(SYS_ipc_receive) "\n"
	"	ecall\n"
	"	li	t0, " SUITE_TEXT(CHILD_DATA_TEXT) "\n"
	"	ld	a0, (t0)\n"
	"	bnez	a0, 1f\n"
	"	mv	a0, s0\n"
	"1:	li	a7, " SUITE_TEXT(SYS_handle_close) "\n"
	"	ecall\n"
	"	li	a0, -1\n"
	"	li	a7, " SUITE_TEXT(SYS_thread_sleep) "\n"
	"	ecall\n");
/* clang-format on */

/* A server that can't answer any more, but lives: with its last handle to receive its calls are over. */
static void test_server_quits(bool has_another)
{
	struct checks c = {0};
	struct process_result result;
	struct child server;
	uint64_t another = 0;
	long handle;

	open_endpoint();
	check(&c, !child_make(&server, quitting_server, SIZE_OF(quitting_server)), "child");
	handle = process_give(server.process, ANY(endpoint), RIGHT_ENDPOINT_RECEIVE);
	if (has_another)
		another = (uint64_t)process_give(server.process, ANY(endpoint), RIGHT_ENDPOINT_RECEIVE);
	memory_write(server.data, 0, &another, sizeof(another));
	check(&c, handle > 0 && !child_start(&server, (uint64_t)handle), "start");
	thread_sleep(now() + 2 * MS); /* so that it waits before the other receivers of this test */
	lender = (struct lender){0};
	lender_start(&lender, NULL, 0, NULL, 0, has_another ? now() + 20 * MS : DEADLINE_NEVER);
	suite_thread_join(&lender.thread);
	check(&c, lender.result == (has_another ? -ETIMEDOUT : -EPIPE), "the caller got %d", lender.result);
	check(&c,
		!process_kill(server.process, 0) && !process_wait(server.process, now() + PATIENCE, &result),
		"its end");
	child_close(&server);
	close_endpoint();
	checks_report(
		&c, has_another ? "a server that keeps a handle to receive" : "a server that can't answer");
}

/* ---- races */

static volatile int32_t hot;
static volatile bool stop;

static void close_hot(void *argument)
{
	(void)argument;
	while (!stop) {
		int32_t value = hot;

		if (value) {
			handle_close((any_handle){value});
			hot = 0;
		}
	}
}

/* The owner closes a handle while it is taken or given: one of them has it, and it is gone after both. */
static void test_close_meanwhile(void)
{
	struct checks c = {0};
	endpoint_handle told = endpoint_create();
	struct suite_thread closer;
	unsigned moved = 0;

	open_endpoint();
	stop = false;
	suite_thread_start(&closer, close_hot, NULL);
	for (unsigned i = 1; i <= ROUNDS; i++) {
		int32_t offered[MESSAGE_WORDS] = {endpoint_badge(told, i).value};
		uint32_t token = start_offering(&c, offered, 1);
		struct message m = {.deadline = now() + PATIENCE};
		long result;

		hot = offered[0];
		for (uint64_t k = random_below(8); k--;)
			thread_yield();
		result = i % 2 ? ipc_take(endpoint, token, 0).value
			       : ipc_give(endpoint, token, (any_handle){offered[0]}, RIGHTS_SAME);
		check(&c, result > 0 || result == (i % 2 ? -EBADMSG : -EBADF), "round %u: %ld", i, result);
		while (hot)
			thread_yield();
		if (result > 0) {
			moved++;
			check(&c, !handle_close((any_handle){(int32_t)result}), "it was moved");
		}
		check(&c, is_gone(offered[0]), "the old one is gone");
		check(&c, !ipc_receive(told, &m) && m.badge == i, "round %u: told of %lu", i, m.badge);
		end_offering(&c, token);
	}
	stop = true;
	suite_thread_join(&closer);
	close_endpoint();
	handle_close(ANY(told));
	ktap_diagnose("%u of %d moved", moved, ROUNDS);
	checks_report(&c, "closed while it moves");
}

static void round_of_all(void)
{
	test_other_process();
	test_self();
	test_badge();
	test_badge_of_client();
	test_receivers();
	test_server_ends();
	test_server_quits(false);
	test_server_quits(true);
}

/* On several harts, what others have set aside is not counted. */
static void test_balance(long tolerance)
{
	struct checks c = {0};
	long before, after;

	for (unsigned i = 0; i < 2; i++)
		round_of_all();
	before = frames_settled();
	for (unsigned i = 0; i < 4; i++)
		round_of_all();
	after = frames_again(before, tolerance);
	check(&c, labs(before - after) <= tolerance, "%ld pages were free, %ld are now", before, after);
	checks_report(&c, "handles that moved leave nothing behind");
}

/* Argument: the seed. */
int main(int argc, char **argv)
{
	ktap_plan(56);
	random_start(argc > 1 ? argv[1] : NULL);
	test_take();
	test_plain_call();
	test_give();
	test_give_badge();
	test_full_server();
	test_full_client();
	test_close_meanwhile();
	test_balance(frames_elsewhere());
	return ktap_end();
}
