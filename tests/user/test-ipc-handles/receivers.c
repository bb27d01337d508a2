/* The right to receive, which moves, and servers that end or quit: their callers hear of it. */
#include "moving.h"

/* The right to receive moves: the endpoint is closed when the last one has gone, and not before. */
void test_receivers(void)
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

/* Receives one call, takes what is offered in word 0, and ends without an answer. */
/* clang-format off */
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

/* A server that takes a handle and ends: the handle goes with it, and the caller hears that it is gone. */
void test_server_ends(void)
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
void test_server_quits(bool has_another)
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

static endpoint_handle given_up;
static int result_of_receiver;

static void receive_long(void *unused)
{
	struct message m = {.deadline = now() + PATIENCE};

	(void)unused;
	result_of_receiver = ipc_receive(given_up, &m);
}

/* What waits for a call when its process can't answer any more waits no longer: it would keep the next caller for good. */
void test_receiver_quits(void)
{
	struct checks c = {0};
	struct suite_thread receiver;
	struct endpoint_info info = {0};
	endpoint_handle send;
	struct child other;

	given_up = endpoint_create();
	send = (endpoint_handle){handle_duplicate(ANY(given_up), RIGHT_ENDPOINT_SEND).value};
	check(&c, !child_make(&other, quitting_server, SIZE_OF(quitting_server)), "child");
	check(&c, process_give(other.process, ANY(given_up), RIGHT_ENDPOINT_RECEIVE) > 0,
		"somebody else can receive");
	suite_thread_start(&receiver, receive_long, NULL);
	while (!endpoint_info(given_up, &info) && !info.receiving)
		thread_yield();
	check(&c, !handle_close(ANY(given_up)), "close");
	suite_thread_join(&receiver);
	check(&c, result_of_receiver == -EBADF, "the receiver got %d", result_of_receiver);
	process_kill(other.process, 0);
	child_close(&other);
	handle_close(ANY(send));
	checks_report(&c, "a thread that receives by a handle that is closed");
}
