/* Calls through endpoints: order, tokens, badges, deadlines, and the end of either side at every stage. */
#include "calls.h"

enum { CALLERS = 1000, HAMMERS = 8, ROUNDS = 400 };

static struct suite_thread threads[CALLERS];
static endpoint_handle endpoint;

/* What a thread calls with, and what came back. */
static struct request {
	endpoint_handle through;
	struct message message;
	int result;
} requests[CALLERS];

static void call_once(void *argument)
{
	struct request *request = argument;

	request->result = ipc_call(request->through, &request->message);
}

static void start_caller(unsigned i, endpoint_handle through, uint64_t deadline)
{
	requests[i] = (struct request){.through = through,
		.message = {.label = i, .word = {i, i * 2, i * 3, i * 4}, .deadline = deadline}};
	suite_thread_start(&threads[i], call_once, &requests[i]);
}

/* Receives, with patience. */
static int receive(struct message *message)
{
	*message = (struct message){.deadline = now() + PATIENCE};
	return ipc_receive(endpoint, message);
}

static int answer(uint32_t token, uint32_t label)
{
	struct message message = {.label = label, .token = token, .word = {label, 1, 2, 3}};

	return ipc_reply(endpoint, &message);
}

static bool is_answered(const struct request *request, uint32_t label)
{
	const struct message *m = &request->message;

	return !request->result && m->label == label && !m->token && !m->badge && m->word[0] == label &&
	       m->word[1] == 1 && m->word[2] == 2 && m->word[3] == 3;
}

static void open_endpoint(void)
{
	endpoint = endpoint_create();
	if (endpoint.value < 0)
		ktap_bail_out("no endpoint: %d", endpoint.value);
}

static void close_endpoint(void)
{
	handle_close(ANY(endpoint));
}

/* Calls are received with their words, and answered in the opposite order. */
static void test_order(void)
{
	struct checks c = {0};
	uint32_t token[8];

	open_endpoint();
	for (unsigned i = 0; i < COUNT(token); i++) {
		start_caller(i, endpoint, DEADLINE_NEVER);
		thread_yield();
	}
	for (unsigned i = 0; i < COUNT(token); i++) {
		struct message m;

		check(&c, !receive(&m), "receive");
		check(&c, m.label < COUNT(token) && m.badge == 0, "label %u badge %#lx", m.label, m.badge);
		for (unsigned w = 0; w < 4; w++)
			check(&c, m.word[w] == (uint64_t)m.label * (w + 1), "word %u of %u", w, m.label);
		token[m.label % COUNT(token)] = m.token;
	}
	for (unsigned i = COUNT(token); i--;)
		check(&c, !answer(token[i], 100 + i), "answer %u", i);
	for (unsigned i = 0; i < COUNT(token); i++) {
		suite_thread_join(&threads[i]);
		check(&c, is_answered(&requests[i], 100 + i), "caller %u got %u (%d)", i,
			requests[i].message.label, requests[i].result);
		check(&c, answer(token[i], 0) == -ESRCH, "a token is good once");
	}
	close_endpoint();
	checks_report(&c, "calls are received and answered, out of order too");
}

static void test_tokens(void)
{
	struct checks c = {0};
	struct message m;

	open_endpoint();
	start_caller(0, endpoint, DEADLINE_NEVER);
	check(&c, !receive(&m), "receive");
	for (unsigned bit = 0; bit < 32; bit++)
		check(&c, answer(m.token ^ 1u << bit, 0) == -ESRCH, "token with bit %u wrong", bit);
	check(&c, answer(0, 0) == -ESRCH, "token 0");
	check(&c, !answer(m.token, 9), "the right one");
	suite_thread_join(&threads[0]);
	check(&c, is_answered(&requests[0], 9), "answer");
	close_endpoint();
	checks_report(&c, "only the token of a waiting call is good");
}

static void test_deadlines(void)
{
	struct checks c = {0};
	struct message m = {.deadline = now() + 2 * MS};
	uint64_t start = now();

	open_endpoint();
	check(&c, ipc_receive(endpoint, &m) == -ETIMEDOUT && now() >= start + 2 * MS, "receive");
	m = (struct message){.deadline = 0};
	check(&c, ipc_call(endpoint, &m) == -ETIMEDOUT, "call, past");
	m = (struct message){.deadline = now() + 2 * MS};
	check(&c, ipc_call(endpoint, &m) == -ETIMEDOUT, "call that nobody receives");
	m = (struct message){.deadline = 0};
	check(&c, ipc_receive(endpoint, &m) == -ETIMEDOUT, "it is not in the queue any more");

	start_caller(0, endpoint, now() + SECOND);
	check(&c, !receive(&m), "receive");
	suite_thread_join(&threads[0]);
	check(&c, requests[0].result == -ETIMEDOUT, "a call that is not answered gave %d",
		requests[0].result);
	check(&c, answer(m.token, 0) == -ESRCH, "its token");
	close_endpoint();
	checks_report(&c, "deadlines of callers and receivers");
}

static void test_badges(void)
{
	struct checks c = {0};
	endpoint_handle badge, copy;
	struct message m;

	open_endpoint();
	badge = endpoint_badge(endpoint, 0xfeedbeefcafe);
	copy = (endpoint_handle){handle_duplicate(ANY(badge), RIGHTS_SAME).value};
	check(&c, badge.value > 0 && copy.value > 0, "handles %d %d", badge.value, copy.value);
	check(&c, endpoint_badge(endpoint, 0).value == -EINVAL, "badge 0");
	check(&c, endpoint_badge(badge, 1).value == -EACCES, "badge of a badge");
	m = (struct message){.deadline = 0};
	check(&c, ipc_receive(badge, &m) == -EACCES, "receive through a badge");
	start_caller(0, copy, DEADLINE_NEVER);
	check(&c, !receive(&m) && m.badge == 0xfeedbeefcafe && m.token, "badge %#lx", m.badge);
	check(&c, !answer(m.token, 1), "answer");
	suite_thread_join(&threads[0]);

	handle_close(ANY(copy));
	m = (struct message){.deadline = 0};
	check(&c, ipc_receive(endpoint, &m) == -ETIMEDOUT, "one handle is left");
	handle_close(ANY(badge));
	check(&c, !receive(&m) && m.label == MESSAGE_BADGE_GONE && m.badge == 0xfeedbeefcafe && !m.token,
		"label %#x badge %#lx", m.label, m.badge);
	m = (struct message){.deadline = 0};
	check(&c, ipc_receive(endpoint, &m) == -ETIMEDOUT, "told once");
	close_endpoint();
	checks_report(&c, "badges, and the word of their end");
}

static void receive_once(void *argument)
{
	struct request *request = argument;

	request->result = ipc_receive(request->through, &request->message);
}

static void answer_and_receive(void *argument)
{
	struct request *request = argument;

	request->result = ipc_reply_receive(request->through, &request->message);
}

/* Until a thread waits for that, however long it takes to come so far. */
static void await_wait(thread_handle thread, enum waits_for what)
{
	struct thread_info info = {0};
	uint64_t until = now() + PATIENCE;

	while (now() < until && !(!thread_info(thread, &info) && info.waits_for == what))
		thread_yield();
}

/* The last handle that can receive goes while callers wait, one received, one not, and a receiver waits elsewhere. */
static void test_closing(void)
{
	struct checks c = {0};
	endpoint_handle send;
	struct message m = {.deadline = DEADLINE_NEVER};

	open_endpoint();
	send = (endpoint_handle){handle_duplicate(ANY(endpoint), RIGHT_ENDPOINT_SEND).value};
	start_caller(0, send, DEADLINE_NEVER);
	check(&c, !receive(&m), "receive");
	start_caller(1, send, DEADLINE_NEVER);
	await_wait(threads[1].handle, WAITS_FOR_RECEIVER);
	close_endpoint();
	suite_thread_join(&threads[0]);
	suite_thread_join(&threads[1]);
	check(&c, requests[0].result == -EPIPE, "received: %d", requests[0].result);
	check(&c, requests[1].result == -EPIPE, "not received: %d", requests[1].result);
	m = (struct message){.deadline = DEADLINE_NEVER};
	check(&c, ipc_call(send, &m) == -EPIPE, "afterwards");
	handle_close(ANY(send));

	open_endpoint();
	requests[0] = (struct request){.through = endpoint, .message = {.deadline = DEADLINE_NEVER}};
	suite_thread_start(&threads[0], receive_once, &requests[0]);
	await_wait(threads[0].handle, WAITS_FOR_CALL);
	close_endpoint();
	suite_thread_join(&threads[0]);
	check(&c, requests[0].result == -EPIPE, "receiver: %d", requests[0].result);

	open_endpoint();
	start_caller(1, endpoint, DEADLINE_NEVER);
	check(&c, !receive(&m), "receive");
	requests[0] = (struct request){
		.through = endpoint, .message = {.token = m.token, .deadline = DEADLINE_NEVER}};
	suite_thread_start(&threads[0], answer_and_receive, &requests[0]);
	suite_thread_join(&threads[1]);
	check(&c, requests[1].result == 0, "answered: %d", requests[1].result);
	await_wait(threads[0].handle, WAITS_FOR_CALL);
	close_endpoint();
	suite_thread_join(&threads[0]);
	check(&c, requests[0].result == -EPIPE, "who has answered and receives: %d", requests[0].result);
	checks_report(&c, "an endpoint that nobody can receive from any more");
}

/* A server that receives one call (a0: the endpoint) and ends without an answer. */
/* clang-format off */
CHILD_PROGRAM(careless_server,
	"	li	a7, " SUITE_TEXT(SYS_ipc_receive) "\n"
	"	li	a6, -1\n"
	"	ecall\n"
	"	li	a0, 0\n"
	CHILD_EXIT);

/* A client that calls and waits for ever. */
CHILD_PROGRAM(patient_client,
	"	li	a7, " SUITE_TEXT(SYS_ipc_call) "\n"
	"	li	a1, 5\n"
	"	li	a6, -1\n"
	"	ecall\n"
	"	li	a0, 3\n"
	CHILD_EXIT);

/* One that gives up after its deadline in CHILD_DATA, and ends. */
CHILD_PROGRAM(client_that_ends,
	"	li	t0, " SUITE_TEXT(CHILD_DATA_TEXT) "\n"
	"	ld	a6, (t0)\n"
	"	li	a7, " SUITE_TEXT(SYS_ipc_call) "\n"
	"	li	a1, 6\n"
	"	ecall\n"
	"	li	a0, 4\n"
	CHILD_EXIT);
/* clang-format on */

static void start_child(struct child *child, const char *code, const char *end, uint32_t rights)
{
	long handle;

	if (child_make(child, code, (size_t)(end - code)))
		ktap_bail_out("no child");
	handle = process_give(child->process, ANY(endpoint), rights);
	if (handle < 0 || child_start(child, (uint64_t)handle))
		ktap_bail_out("the child does not start");
}

/* The server's process ends with a call unanswered, though others could still receive. */
static void test_server_ends(void)
{
	struct checks c = {0};
	struct process_result result;
	struct child server;

	open_endpoint();
	start_child(&server, careless_server, careless_server_end, RIGHT_ENDPOINT_RECEIVE);
	start_caller(0, endpoint, DEADLINE_NEVER);
	check(&c, !process_wait(server.process, now() + PATIENCE, &result) && child_exited(&result, 0),
		"server");
	suite_thread_join(&threads[0]);
	check(&c, requests[0].result == -EPIPE, "its caller got %d", requests[0].result);
	start_caller(1, endpoint, now() + 5 * MS);
	suite_thread_join(&threads[1]);
	check(&c, requests[1].result == -ETIMEDOUT, "the next one waits: %d", requests[1].result);
	child_close(&server);
	close_endpoint();
	checks_report(&c, "a server that ends with a call unanswered");
}

/* Its call has a deadline. When that has passed before the client has come to call, it gets more time. */
static bool receive_from_one_that_ends(struct child *client, struct message *m)
{
	for (uint64_t time = 5 * MS; time < PATIENCE; time *= 2) {
		uint64_t deadline = now() + time;

		if (child_make(client, client_that_ends, (size_t)(client_that_ends_end - client_that_ends)))
			ktap_bail_out("no child");
		memory_write(client->data, 0, &deadline, sizeof(deadline));

		long handle = process_give(client->process, ANY(endpoint), RIGHT_ENDPOINT_SEND);

		if (handle < 0 || child_start(client, (uint64_t)handle))
			ktap_bail_out("the child does not start");
		*m = (struct message){.deadline = deadline};
		if (!ipc_receive(endpoint, m))
			return true;
		child_close(client);
	}
	return false;
}

static void test_client_ends(void)
{
	struct checks c = {0};
	struct process_result result;
	struct child client;
	struct message m;

	open_endpoint();
	start_child(&client, patient_client, patient_client_end, RIGHT_ENDPOINT_SEND);
	check(&c, !receive(&m) && m.label == 5, "label %u", m.label);
	check(&c, !answer(m.token, 1), "answer to another process");
	check(&c, !process_wait(client.process, now() + PATIENCE, &result) && child_exited(&result, 3),
		"client");
	child_close(&client);

	check(&c, receive_from_one_that_ends(&client, &m) && m.label == 6, "label %u", m.label);
	check(&c, !process_wait(client.process, now() + PATIENCE, &result) && child_exited(&result, 4),
		"client");
	check(&c, answer(m.token, 1) == -ESRCH, "a client that is gone");
	child_close(&client);
	close_endpoint();
	checks_report(&c, "clients of other processes, and one that ends");
}

/* A thousand callers: more calls received and not answered than fit some pages of slots. */
static void test_many_pending(void)
{
	struct checks c = {0};
	static uint32_t token[CALLERS];

	open_endpoint();
	for (unsigned i = 0; i < CALLERS; i++)
		start_caller(i, endpoint, DEADLINE_NEVER);
	for (unsigned i = 0; i < CALLERS; i++) {
		struct message m;

		check(&c, !receive(&m) && m.label < CALLERS, "receive %u", i);
		token[m.label % CALLERS] = m.token;
	}
	for (unsigned i = 0; i < CALLERS; i++)
		check(&c, !answer(token[i * 7 % CALLERS], i * 7 % CALLERS), "answer");
	for (unsigned i = 0; i < CALLERS; i++) {
		suite_thread_join(&threads[i]);
		check(&c, is_answered(&requests[i], i), "caller %u", i);
	}
	close_endpoint();
	checks_report(&c, "a thousand calls received and not answered");
}

/* Serves one call of `circle`, by a call to whoever receives from `endpoint`, and answers with what that came to. */
static endpoint_handle circle;
static uint64_t circle_deadline;

static void call_back(void *argument)
{
	struct message m = {.deadline = now() + PATIENCE};

	(void)argument;
	if (ipc_receive(circle, &m))
		return;

	struct message back = {.deadline = circle_deadline};
	int result = ipc_call(endpoint, &back);
	struct message reply = {.label = (uint32_t)-result, .token = m.token};

	(void)ipc_reply(circle, &reply);
}

static void cancel_first(void *argument)
{
	(void)argument;
	await_wait(threads[0].handle, WAITS_FOR_RECEIVER);
	(void)thread_cancel(threads[0].handle);
}

/* The caller is who should receive: each waits for the other until a deadline, or until somebody cancels one of them. */
static void test_circles(void)
{
	struct checks c = {0};

	open_endpoint();
	circle = endpoint_create();
	struct message m = {.deadline = now() + 5 * MS};
	check(&c, ipc_call(endpoint, &m) == -ETIMEDOUT, "a call to oneself");

	circle_deadline = now() + 20 * MS;
	suite_thread_start(&threads[0], call_back, NULL);
	m = (struct message){.deadline = DEADLINE_NEVER};
	check(&c, !ipc_call(circle, &m) && m.label == ETIMEDOUT, "the deadline of one: %u", m.label);
	suite_thread_join(&threads[0]);

	circle_deadline = DEADLINE_NEVER;
	suite_thread_start(&threads[0], call_back, NULL);
	suite_thread_start(&threads[1], cancel_first, NULL);
	m = (struct message){.deadline = DEADLINE_NEVER};
	check(&c, !ipc_call(circle, &m) && m.label == EINTR, "one is cancelled: %u", m.label);
	suite_thread_join(&threads[0]);
	suite_thread_join(&threads[1]);
	handle_close(ANY(circle));
	close_endpoint();
	checks_report(&c, "calls in a circle");
}

static volatile bool stop;

static void serve(void *argument)
{
	struct message m = {.deadline = now() + SECOND};

	(void)argument;
	while (ipc_receive(endpoint, &m) && !stop)
		m.deadline = now() + SECOND;
	while (!stop) {
		m.word[0] += m.badge + 1;
		m.deadline = now() + SECOND;
		while (ipc_reply_receive(endpoint, &m) && !stop) {
			m.deadline = now() + SECOND;
			while (ipc_receive(endpoint, &m) && !stop)
				m.deadline = now() + SECOND;
			m.word[0] += m.badge + 1;
			m.deadline = now() + SECOND;
		}
	}
}

static unsigned long wrong[HAMMERS];

static void hammer(void *argument)
{
	uintptr_t self = (uintptr_t)argument;

	for (uint64_t i = 0; i < ROUNDS; i++) {
		struct message m = {.word = {i, self, ~i, 7}, .deadline = DEADLINE_NEVER};

		if (ipc_call(endpoint, &m) || m.word[0] != i + 1 || m.word[1] != self || m.word[2] != ~i)
			wrong[self]++;
	}
}

/* Two servers and many callers at the same time, on however many harts there are. */
static void test_hammer(void)
{
	struct checks c = {0};

	open_endpoint();
	stop = false;
	suite_thread_start(&threads[HAMMERS], serve, NULL);
	suite_thread_start(&threads[HAMMERS + 1], serve, NULL);
	for (uintptr_t i = 0; i < HAMMERS; i++)
		suite_thread_start(&threads[i], hammer, (void *)i);
	for (unsigned i = 0; i < HAMMERS; i++) {
		suite_thread_join(&threads[i]);
		check(&c, !wrong[i], "caller %u got %lu wrong answers", i, wrong[i]);
	}
	stop = true;
	suite_thread_join(&threads[HAMMERS]);
	suite_thread_join(&threads[HAMMERS + 1]);
	close_endpoint();
	checks_report(&c, "many callers and two servers at once");
}

static void make_and_close(void)
{
	for (unsigned i = 0; i < 200; i++) {
		open_endpoint();
		endpoint_handle badge = endpoint_badge(endpoint, i + 1);

		start_caller(0, badge, now() + MS);
		suite_thread_join(&threads[0]);
		if (i % 2) { /* in both orders */
			handle_close(ANY(badge));
			close_endpoint();
		} else {
			close_endpoint();
			handle_close(ANY(badge));
		}
	}
}

/* On several harts, what others have set aside is not counted. */
static void test_balance(long tolerance)
{
	struct checks c = {0};
	long before, after;

	make_and_close();
	before = frames_settled();
	make_and_close();
	after = frames_again(before, tolerance);
	check(&c, labs(before - after) <= tolerance, "%ld pages were free, %ld are now", before, after);
	checks_report(&c, "endpoints and badges leave nothing behind");
}

/* Argument: the seed. */
int main(int argc, char **argv)
{
	ktap_plan(11);
	random_start(argc > 1 ? argv[1] : NULL);
	test_order();
	test_tokens();
	test_deadlines();
	test_badges();
	test_closing();
	test_server_ends();
	test_client_ends();
	test_many_pending();
	test_circles();
	test_hammer();
	test_balance(frames_elsewhere());
	return ktap_end();
}
