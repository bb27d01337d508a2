/* Clients of another address space that lend their data. */
#include "windows.h"

/* Calls through a0 and lends CHILD_DATA, both ways; exits with the reply's label. */
/* clang-format off */
CHILD_PROGRAM(lending_client,
	"	li	t0, " SUITE_TEXT(CHILD_DATA_TEXT) "\n"
	"	li	t1, " SUITE_TEXT(CHILD_DATA_TEXT) "\n"
	"	li	t2, " SUITE_TEXT(CHILD_SIZE_TEXT) "\n"
	"	slli	t3, t2, 32\n"
	"	or	t2, t2, t3\n"
	"	li	a1, 7\n"
	"	li	a6, -1\n"
	"	li	a7, " SUITE_TEXT(SYS_ipc_call_lend) "\n"
	"	ecall\n"
	"	mv	a0, a1\n"
	CHILD_EXIT);
/* clang-format on */

void start_client(struct child *child, struct checks *c)
{
	check(c, !child_make(child, lending_client, (size_t)(lending_client_end - lending_client)), "child");
	long handle = process_give(child->process, ANY(endpoint), RIGHT_ENDPOINT_SEND);

	check(c, handle > 0 && !child_start(child, (uint64_t)handle), "start");
}

/* A client of another address space, whose pages nobody has touched, or somebody has. */
void test_other_process(void)
{
	struct checks c = {0};
	struct process_result result;
	struct child client;
	struct message m;
	uint64_t word = 0x1122334455667788, back = 0;

	own = pages_map(WINDOW, PROT_READ | PROT_WRITE);
	open_endpoint();
	start_client(&client, &c);
	memory_write(client.data, PAGE_SIZE + 8, &word, sizeof(word));
	check(&c, !receive(&m) && m.label == 7, "receive");
	check(&c, ipc_read(endpoint, m.token, PAGE_SIZE + 8, own.at, 8) == 8 && !memcmp(own.at, &word, 8),
		"what it has");
	check(&c, ipc_read(endpoint, m.token, 2 * PAGE_SIZE, own.at, 64) == 64 && is_all(own.at, 64, 0),
		"a page that it has not touched is zero");
	word = ~word;
	check(&c, ipc_write(endpoint, m.token, 3 * PAGE_SIZE - 4, &word, 8) == 8, "write across pages");
	memory_read(client.data, 3 * PAGE_SIZE - 4, &back, 8);
	check(&c, back == word, "it has %#lx", (unsigned long)back);
	for (size_t at = 0; at < CHILD_SIZE; at += PAGE_SIZE)
		check(&c, ipc_read(endpoint, m.token, at, own.at + at, PAGE_SIZE) == PAGE_SIZE, "all of it");
	check(&c, ipc_read(endpoint, m.token, CHILD_SIZE, own.at, 1) == 0, "and no more");
	check(&c, !answer(m.token, 33), "answer");
	check(&c, !process_wait(client.process, now() + PATIENCE, &result) && child_exited(&result, 33),
		"end");
	check(&c, ipc_read(endpoint, m.token, 0, own.at, 8) == -ESRCH, "a client that is gone");
	child_close(&client);
	close_endpoint();
	pages_unmap(&own);
	checks_report(&c, "windows of another process");
}
