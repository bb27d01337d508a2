/*
 * Exceptions for user mode: what a server hears of them, what it can do with the thread, and what happens when it, or the
 * thread, or the endpoint ends meanwhile.
 */
#include "exceptions.h"

enum { ROUNDS = 50, THREADS = 4, LEFT = 1500 };

/* clang-format off */
/* Stores what it loads from FAR next to it, jumps behind that, comes back, and exits with the sum. */
CHILD_PROGRAM(touches,
	"	li	t0, " SUITE_TEXT(FAR_TEXT) "\n"
	"	ld	a0, (t0)\n"
	"	li	t1, 0x2000\n"
	"	add	t2, t0, t1\n"
	"	sd	a0, 8(t2)\n"
	"	ld	a1, 8(t2)\n"
	"	add	a0, a0, a1\n"
	"	add	t2, t2, t1\n"
	"	jalr	t2\n"
	CHILD_EXIT);

/* Sets all registers but a0 from it, then meets an exception; exits with the number of one that is not as it was. */
#define EACH_X "3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30"
CHILD_PROGRAM(keeps,
	"	mv	ra, a0\n"
	"	.irp n, " EACH_X "\n"
	"	addi	x\\n, ra, \\n\n"
	"	.endr\n"
	"	.word	0\n"
	"	.word	0\n"
	"	mv	t6, a0\n"
	"	.irp n, " EACH_X "\n"
	"	addi	t6, ra, \\n\n"
	"	li	a0, \\n\n"
	"	bne	t6, x\\n, 1f\n"
	"	.endr\n"
	"	li	a0, 0\n"
	"1:\n"
	CHILD_EXIT);
/* clang-format on */

/* What a server hears, and its three answers. */
static void test_answers(void)
{
	struct checks c = {0};

	for (unsigned k = 0; k < 4; k++) {
		make_and_start(&c, CODE(breaks), 0);

		struct message m = receive_exception(&c, CAUSE_BREAKPOINT);
		struct registers r;
		thread_handle thread = process_thread(child.process, 0);

		check(&c, m.word[2] > CHILD_CODE && m.word[2] < CHILD_CODE + 16, "pc %#lx", m.word[2]);
		check(&c, (uint32_t)m.word[3] == (uint32_t)thread_id(thread), "thread %u, not %ld",
			(uint32_t)m.word[3], (long)thread_id(thread));
		handle_close(ANY(thread));
		check(&c,
			!exception_read(endpoint, m.token, &r) && r.pc == m.word[2] && r.x[9] == 1 &&
				r.x[1] == CHILD_SP,
			"pc %#lx, a0 %#lx, sp %#lx", r.pc, r.x[9], r.x[1]);
		r.pc |= 1;
		check(&c, exception_write(endpoint, m.token, &r) == -EINVAL, "an odd pc");
		r.pc = m.word[2] + 4;
		r.x[9] = 44;
		switch (k) {
		case 0: /* goes on as it is told */
			check(&c, !exception_write(endpoint, m.token, &r), "exception_write");
			answer(&c, m.token, EXCEPTION_GO_ON, 0);
			check(&c, is_stale(m.token), "the token is still good");
			expect_exit(&c, 44);
			break;
		case 1: /* as a call that returns */
			answer(&c, m.token, EXCEPTION_RETURN, 55);
			expect_exit(&c, 55);
			break;
		case 2:
			answer(&c, m.token, EXCEPTION_REFUSE, 0);
			expect_fault(&c, CAUSE_BREAKPOINT);
			break;
		case 3: /* what is no answer */
			answer(&c, m.token, 77, 0);
			expect_fault(&c, CAUSE_BREAKPOINT);
			break;
		}
	}
	checks_report(&c, "what a server hears of an exception, and its answers");
}

/* Going on without a change, the thread meets the same again. */
static void test_again(void)
{
	struct checks c = {0};
	struct message m;

	make_and_start(&c, CODE(breaks), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		m = receive_exception(&c, CAUSE_BREAKPOINT);
		answer(&c, m.token, EXCEPTION_GO_ON, 0);
	}
	m = receive_exception(&c, CAUSE_BREAKPOINT);
	check(&c, !process_clear_exceptions(child.process), "process_clear_exceptions");
	answer(&c, m.token, EXCEPTION_GO_ON, 0);
	expect_fault(&c, CAUSE_BREAKPOINT);
	checks_report(&c, "an exception that is not dealt with comes again");
}

/* A pager: it maps what the thread lacks. */
static void map_what_lacks(struct checks *c, memory_handle memory, const struct message *m)
{
	uint64_t page = m->word[1] & ~(uint64_t)(PAGE_SIZE - 1);
	uint32_t prot = m->word[0] == CAUSE_FETCH_PAGE ? PROT_READ | PROT_EXEC : PROT_READ | PROT_WRITE;
	long at = vm_map(child.process, page, memory, page - FAR, PAGE_SIZE, prot, MAP_FIXED);

	check(c, at == (long)page, "vm_map gave %ld", at);
}

static void test_pager(void)
{
	static const uint32_t returns = 0x00008067; /* ret */
	struct checks c = {0};

	for (unsigned i = 0; i < ROUNDS; i++) {
		memory_handle memory = memory_create(8 * PAGE_SIZE);
		uint64_t value = 20 + i;
		struct message m;

		memory_write(memory, 0, (const uint8_t *)&value, sizeof(value));
		memory_write(memory, 4 * PAGE_SIZE, (const uint8_t *)&returns, sizeof(returns));
		make_and_start(&c, CODE(touches), 0);
		m = receive_exception(&c, CAUSE_LOAD_PAGE);
		check(&c, m.word[1] == FAR, "address %#lx", m.word[1]);
		map_what_lacks(&c, memory, &m);
		answer(&c, m.token, EXCEPTION_GO_ON, 0);
		m = receive_exception(&c, CAUSE_STORE_PAGE);
		check(&c, m.word[1] == FAR + 2 * PAGE_SIZE + 8, "address %#lx", m.word[1]);
		map_what_lacks(&c, memory, &m);
		answer(&c, m.token, EXCEPTION_GO_ON, 0);
		m = receive_exception(&c, CAUSE_FETCH_PAGE);
		check(&c, m.word[1] == FAR + 4 * PAGE_SIZE && m.word[2] == m.word[1], "address %#lx",
			m.word[1]);
		map_what_lacks(&c, memory, &m);
		answer(&c, m.token, EXCEPTION_GO_ON, 0);
		expect_exit(&c, (int)value * 2);
		handle_close(ANY(memory));
	}
	checks_report(&c, "a pager maps pages");
}

/* All registers are as they were, or as the server has set them. */
static void test_registers(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t base = random_next() >> 2;
		struct registers r;
		struct message m;

		make_and_start(&c, CODE(keeps), base);
		m = receive_exception(&c, CAUSE_ILLEGAL);
		check(&c, !exception_read(endpoint, m.token, &r), "exception_read");
		for (unsigned n = 3; n < 31; n++)
			check(&c, n == 10 || r.x[n - 1] == base + n, "x%u is %#lx", n, r.x[n - 1]);
		if (i % 2) { /* another base for all of them */
			base = random_next() >> 2;
			for (unsigned n = 1; n < 32; n++)
				r.x[n - 1] = base + n;
			r.x[0] = base;
		}
		r.pc += 8;
		check(&c, !exception_write(endpoint, m.token, &r), "exception_write");
		answer(&c, m.token, EXCEPTION_GO_ON, 0);
		expect_exit(&c, 0);
	}
	checks_report(&c, "an exception keeps every register");
}

/* Threads of one process, each with an exception, answered in the opposite order. */
static void test_threads(void)
{
	struct checks c = {0};
	struct message m[THREADS];
	uint32_t last = 0;

	make(&c, CODE(breaks));
	for (unsigned i = 0; i < THREADS; i++)
		start(&c, 0);
	for (unsigned i = 0; i < THREADS; i++)
		m[i] = receive_exception(&c, CAUSE_BREAKPOINT);
	for (unsigned i = 0; i < THREADS; i++) { /* all are found, in order */
		thread_handle thread = process_thread(child.process, last);
		unsigned of = 0;

		check(&c, thread.value > 0, "process_thread gave %d", thread.value);
		check(&c, (uint32_t)thread_id(thread) > last, "not a higher number");
		last = (uint32_t)thread_id(thread);
		while (of < THREADS && (uint32_t)m[of].word[3] != last)
			of++;
		check(&c, of < THREADS, "thread %u has no exception", last);
		handle_close(ANY(thread));
	}
	check(&c, process_thread(child.process, last).value == -ESRCH, "one more thread");
	for (unsigned i = THREADS; i--;) {
		struct message again;

		answer(&c, m[i].token, EXCEPTION_GO_ON, 0);
		again = receive_exception(&c, CAUSE_BREAKPOINT);
		check(&c, again.word[3] == m[i].word[3], "of another thread");
		m[i] = again;
	}
	answer(&c, m[1].token, EXCEPTION_REFUSE, 0);
	expect_fault(&c, CAUSE_BREAKPOINT);
	checks_report(&c, "several threads of one process");
}

/* Nobody receives: never, any more, or after having received. */
static void test_nobody(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < 3; i++) {
		make(&c, CODE(breaks));
		if (i == 0)
			handle_close(ANY(endpoint));
		start(&c, 0);
		if (i == 1)
			thread_yield();
		if (i == 2)
			receive_exception(&c, CAUSE_BREAKPOINT);
		if (i > 0)
			handle_close(ANY(endpoint));
		expect_fault(&c, CAUSE_BREAKPOINT);
	}
	checks_report(&c, "an endpoint that nobody receives from");
}

/* clang-format off */
/* A server that receives one message and ends without an answer. */
CHILD_PROGRAM(careless,
	"	li	a7, " SUITE_TEXT(SYS_ipc_receive) "\n"
	"	li	a6, -1\n"
	"	ecall\n"
	"	li	a0, 0\n"
	CHILD_EXIT);
/* clang-format on */

/* A server ends with an exception unanswered, and another one takes its place. */
static void test_server_ends(void)
{
	struct checks c = {0};
	struct process_result result;

	for (unsigned i = 0; i < ROUNDS / 5; i++) {
		struct child server;
		struct message m;

		make(&c, CODE(breaks));
		check(&c, !child_make(&server, CODE(careless)), "server");
		long handle = process_give(server.process, ANY(endpoint), RIGHT_ENDPOINT_RECEIVE);

		check(&c, handle > 0 && !child_start(&server, (uint64_t)handle), "server");
		start(&c, 0);
		check(&c, !process_wait(server.process, now() + PATIENCE, &result), "server");
		m = receive_exception(&c, CAUSE_BREAKPOINT);
		answer(&c, m.token, EXCEPTION_RETURN, 3);
		child_close(&server);
		expect_exit(&c, 3);
	}
	checks_report(&c, "a server that ends with an exception unanswered");
}

/* The thread is ended, alone or with its process, before and after its exception has been received. */
static void test_killed(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < ROUNDS; i++) {
		bool received = i % 2, whole = i / 2 % 2;
		thread_handle thread;
		struct process_result result;
		struct message m = {0};

		make_and_start(&c, CODE(breaks), 0);
		thread = process_thread(child.process, 0);
		if (received)
			m = receive_exception(&c, CAUSE_BREAKPOINT);
		if (whole)
			check(&c, !process_kill(child.process, 6), "process_kill");
		else
			check(&c, !thread_kill(thread), "thread_kill");
		result = result_of_child(&c);
		check(&c, result.reason == (whole ? END_REASON_KILLED : END_REASON_EXITED), "reason %d",
			(int)result.reason);
		if (received)
			check(&c, is_stale(m.token), "its token is still good");
		check(&c, process_set_exceptions(child.process, badge) == -EBUSY,
			"an endpoint after the end");
		check(&c, process_clear_exceptions(child.process) == -EBUSY, "no endpoint after the end");
		check(&c, process_set_table(child.process, ABI_FOREIGN) == -EBUSY, "a table after the end");
		check(&c, process_set_table(child.process, (enum abi)7) == -EINVAL, "no table");
		handle_close(ANY(thread));
		finish();
	}
	checks_report(&c, "a thread is ended with an exception unanswered");
}

/* Cancelled, it comes again, with another token; stopped, it goes on only when it is resumed. */
static void test_controlled(void)
{
	struct checks c = {0};
	struct message m, again;
	struct process_result result;
	struct registers r;
	thread_handle thread;

	make_and_start(&c, CODE(breaks), 0);
	m = receive_exception(&c, CAUSE_BREAKPOINT);
	thread = process_thread(child.process, 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		check(&c, !thread_cancel(thread), "thread_cancel");
		check(&c, is_stale(m.token), "its token is still good");
		again = receive_exception(&c, CAUSE_BREAKPOINT);
		check(&c, again.word[2] == m.word[2], "another pc");
		m = again;
	}
	check(&c, !thread_suspend(thread), "thread_suspend");
	check(&c, !thread_read(thread, &r) && r.pc == m.word[2] && r.x[9] == 1, "thread_read");
	check(&c, thread_write(thread, &r) == -EBUSY, "thread_write");
	answer(&c, m.token, EXCEPTION_RETURN, 9);
	for (unsigned i = 0; i < 20; i++)
		thread_yield();
	check(&c, process_wait(child.process, 0, &result) == -ETIMEDOUT, "it ran while it was stopped");
	do
		check(&c, !thread_read(thread, &r), "thread_read");
	while (thread_write(thread, &r) == -EBUSY); /* its home has not heard of the answer yet */
	check(&c, r.pc == m.word[2] + 4 && r.x[9] == 9, "pc %#lx a0 %lu", r.pc, r.x[9]);
	check(&c, !thread_resume(thread), "thread_resume");
	handle_close(ANY(thread));
	expect_exit(&c, 9);

	make_and_start(&c, CODE(breaks), 0); /* refused while it is stopped */
	m = receive_exception(&c, CAUSE_BREAKPOINT);
	thread = process_thread(child.process, 0);
	check(&c, !thread_suspend(thread), "thread_suspend");
	answer(&c, m.token, EXCEPTION_REFUSE, 0);
	handle_close(ANY(thread));
	expect_fault(&c, CAUSE_BREAKPOINT);
	checks_report(&c, "a thread is cancelled and stopped with an exception unanswered");
}

static struct suite_thread caller;

static void call_once(void *argument)
{
	struct message m = {.label = MESSAGE_EXCEPTION, .deadline = DEADLINE_NEVER};

	(void)argument;
	ipc_call(endpoint, &m);
}

static void test_ordinary_call(void)
{
	struct checks c = {0};
	struct registers r = {0};
	struct message m;

	endpoint = endpoint_create();
	suite_thread_start(&caller, call_once, NULL);
	m = receive(&c);
	check(&c, exception_read(endpoint, m.token, &r) == -EINVAL, "exception_read");
	check(&c, exception_write(endpoint, m.token, &r) == -EINVAL, "exception_write");
	check(&c, exception_read(endpoint, m.token + 1, &r) == -ESRCH, "a wrong token");
	check(&c, exception_write(endpoint, m.token + 1, &r) == -ESRCH, "a wrong token");
	answer(&c, m.token, 0, 0);
	suite_thread_join(&caller);
	handle_close(ANY(endpoint));
	checks_report(&c, "the token of an ordinary call");
}

/* ---- races: the end of the thread, of its process, of the endpoint, against the server's answer */

static struct suite_thread server_thread;
static volatile uint64_t served;

static void serve(void *argument)
{
	(void)argument;
	for (;;) {
		struct message m = {.deadline = DEADLINE_NEVER};
		struct registers r;

		if (ipc_receive(endpoint, &m))
			return;
		if (m.label != MESSAGE_EXCEPTION)
			continue;
		served++;
		if (!exception_read(endpoint, m.token, &r))
			exception_write(endpoint, m.token, &r);
		m.label = EXCEPTION_GO_ON; /* so it comes again */
		ipc_reply(endpoint, &m);
	}
}

static void test_races(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < ROUNDS / 2; i++) {
		uint64_t before = served;
		uint64_t end = now() + PATIENCE;
		thread_handle thread;

		make(&c, CODE(breaks));
		suite_thread_start(&server_thread, serve, NULL);
		for (unsigned k = 0; k <= i % 3; k++)
			start(&c, 0);
		while (served < before + random_below(20) && now() < end)
			thread_yield();
		thread = process_thread(child.process, 0);
		switch (i % 4) {
		case 0:
			check(&c, !process_kill(child.process, 0), "process_kill");
			break;
		case 1:
			thread_kill(thread);
			process_kill(child.process, 0);
			break;
		case 2:
			process_clear_exceptions(child.process);
			break;
		case 3:
			thread_suspend(thread);
			thread_cancel(thread);
			thread_resume(thread);
			process_clear_exceptions(child.process);
			break;
		}
		handle_close(ANY(thread));
		result_of_child(&c);
		child_close(&child);
		handle_close(ANY(badge));
		handle_close(ANY(endpoint));
		suite_thread_join(&server_thread);
	}
	checks_report(&c, "ends of all kinds while exceptions are answered");
}

/* ---- */

static void use_everything(struct checks *c)
{
	for (unsigned i = 0; i < 20; i++) {
		struct message m;

		make_and_start(c, CODE(breaks), 0);
		m = receive_exception(c, CAUSE_BREAKPOINT);
		if (i % 3 == 0)
			answer(c, m.token, EXCEPTION_REFUSE, 0);
		else if (i % 3 == 1)
			answer(c, m.token, EXCEPTION_RETURN, 0);
		else
			process_kill(child.process, 0);
		result_of_child(c);
		finish();
		make_and_start(c, CODE(breaks), 0);
		handle_close(ANY(endpoint));
		result_of_child(c);
		finish();
	}
}

/* Argument: the seed. */
int main(int argc, char **argv)
{
	ktap_plan(12);
	random_start(argc > 1 ? argv[1] : NULL);
	test_answers();
	test_again();
	test_pager();
	test_registers();
	test_threads();
	test_nobody();
	test_server_ends();
	test_killed();
	test_controlled();
	test_ordinary_call();
	test_races();
	test_nothing_is_lost(use_everything, LEFT, "exceptions leave nothing behind");
	return ktap_end();
}
