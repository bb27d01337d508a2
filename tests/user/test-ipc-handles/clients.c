/* Clients in other processes that offer a handle, and what comes back of it; a process that offers itself. */
#include "moving.h"

void start_client(struct checks *c, struct child *client, const char *code, size_t size, any_handle offered)
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

void end_client(struct checks *c, struct child *client, uint32_t token, uint64_t word)
{
	struct message m = {.token = token, .word = {word}};
	struct process_result result;

	check(c, !ipc_reply(endpoint, &m), "reply");
	check(c,
		!process_wait(client->process, now() + PATIENCE, &result) && child_exited(&result, (int)word),
		"client: %d", (int)result.status);
	child_close(client);
}

/* To another process and back: the object is the same, and its owner can't use it meanwhile. */
void test_other_process(void)
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
void test_self(void)
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
