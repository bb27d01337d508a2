/*
 * Exceptions for user mode: what a server hears of them, what it can do with the thread, and what happens when it, or the
 * thread, or the endpoint ends meanwhile. And another system's calls, which take the same way.
 */
#include "suite.h"

enum { ROUNDS = 50, THREADS = 4, LEFT = 1500, BADGE = 0xbad9e };
enum {
	CAUSE_ILLEGAL = 2,
	CAUSE_BREAKPOINT = 3,
	CAUSE_FETCH_PAGE = 12,
	CAUSE_LOAD_PAGE = 13,
	CAUSE_STORE_PAGE = 15
};

#define FAR      0x40000000ul /* nothing is mapped there */
#define FAR_TEXT 0x40000000

/* clang-format off */

/* a0 is its status, if it gets so far. */
CHILD_PROGRAM(breaks,
	"	li	a0, 1\n"
	"	.option push\n"
	"	.option norvc\n"
	"	ebreak\n"
	"	.option pop\n"
	CHILD_EXIT);

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

/* Calls with a7 = a0, and exits by another call with what it got; all other registers as above. */
CHILD_PROGRAM(calls_foreign,
	"	mv	a7, a0\n"
	"	mv	ra, a0\n"
	"	.irp n, 3,4,5,6,7,8,9,11,12,13,14,15,16,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	addi	x\\n, ra, \\n\n"
	"	.endr\n"
	"	ecall\n"
	"	sub	s0, s0, s0\n"
	"	mv	s1, a0\n"
	"	.irp n, 3,4,5,6,7,11,12,13,14,15,16,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	addi	a0, ra, \\n\n"
	"	beq	a0, x\\n, 1f\n"
	"	li	s0, \\n\n"
	"1:\n"
	"	.endr\n"
	"	mv	a0, s0\n"
	"	mv	a1, s1\n"
	"	li	a7, 94\n"
	"	ecall\n"
	"	unimp\n");
/* clang-format on */

#define CODE(name) name, (size_t)(name##_end - name)

static endpoint_handle endpoint, badge;
static struct child child;

static void make(struct checks *c, const char *code, size_t size)
{
	endpoint = endpoint_create();
	badge = endpoint_badge(endpoint, BADGE);
	check(c, !child_make(&child, code, size), "child");
	check(c, !process_set_exceptions(child.process, badge), "process_set_exceptions");
}

static void start(struct checks *c, uint64_t argument)
{
	check(c, !child_start(&child, argument), "start");
}

static void make_and_start(struct checks *c, const char *code, size_t size, uint64_t argument)
{
	make(c, code, size);
	start(c, argument);
}

static void finish(void)
{
	child_close(&child);
	handle_close(ANY(badge));
	handle_close(ANY(endpoint));
}

static struct process_result result_of_child(struct checks *c)
{
	struct process_result result = {.reason = (enum end_reason) - 1};

	check(c, !process_wait(child.process, now() + PATIENCE, &result), "the child does not end");
	return result;
}

static void expect_exit(struct checks *c, int status)
{
	struct process_result result = result_of_child(c);

	check(c, child_exited(&result, status), "reason %d, status %d, not %d", (int)result.reason,
		(int)result.status, status);
	finish();
}

static void expect_fault(struct checks *c, uint64_t cause)
{
	struct process_result result = result_of_child(c);

	check(c, result.reason == END_REASON_FAULTED && result.cause == cause, "reason %d, cause %lu",
		(int)result.reason, result.cause);
	finish();
}

static struct message receive(struct checks *c)
{
	struct message message = {.deadline = now() + PATIENCE};
	int error = ipc_receive(endpoint, &message);

	check(c, !error, "ipc_receive gave %d", error);
	return message;
}

static struct message receive_exception(struct checks *c, uint64_t cause)
{
	struct message m = receive(c);

	check(c, m.label == MESSAGE_EXCEPTION && m.word[0] == cause && m.badge == BADGE && m.token,
		"label %#x, cause %lu, badge %#lx", m.label, m.word[0], m.badge);
	return m;
}

static void answer(struct checks *c, uint32_t token, uint32_t label, uint64_t value)
{
	struct message m = {.label = label, .token = token, .word = {value}};
	int error = ipc_reply(endpoint, &m);

	check(c, !error, "ipc_reply gave %d", error);
}

static bool is_stale(uint32_t token)
{
	struct registers r;
	struct message m = {.token = token};

	return exception_read(endpoint, token, &r) == -ESRCH && ipc_reply(endpoint, &m) == -ESRCH;
}

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

/* ---- another system's calls */

static struct message receive_foreign(struct checks *c, uint64_t number)
{
	struct message m = receive(c);

	check(c, m.label == MESSAGE_FOREIGN && m.word[0] == number && m.badge == BADGE,
		"label %#x, number %#lx", m.label, m.word[0]);
	return m;
}

/* Every number, of 64 bits. The thread goes on with all registers as they were but a0. */
static void test_foreign_numbers(void)
{
	static const uint64_t numbers[] = {0, 1, 2, 63, 94, 127, 128, 129, SYSCALL_SLOTS, 1ul << 31,
		1ul << 32, (1ul << 32) + 1, 1ul << 63, UINT64_MAX - 31};
	struct checks c = {0};

	for (unsigned i = 0; i < COUNT(numbers); i++) {
		uint64_t number = numbers[i], value = random_next();
		struct registers r;
		struct message m;

		make(&c, CODE(calls_foreign));
		check(&c, !process_set_table(child.process, ABI_FOREIGN), "process_set_table");
		start(&c, number);
		m = receive_foreign(&c, number);
		check(&c, m.word[1] == number && m.word[2] == number + 11 && m.word[3] == number + 12,
			"arguments %#lx %#lx %#lx", m.word[1], m.word[2], m.word[3]);
		check(&c, !exception_read(endpoint, m.token, &r), "exception_read");
		for (unsigned n = 3; n < 32; n++)
			check(&c, n == 10 || n == 17 || r.x[n - 1] == number + n, "x%u is %#lx", n,
				r.x[n - 1]);
		if (i % 2) { /* the call is made again when nothing has changed */
			answer(&c, m.token, EXCEPTION_GO_ON, 0);
			m = receive_foreign(&c, number);
		}
		answer(&c, m.token, EXCEPTION_RETURN, value);
		m = receive_foreign(&c, 94);
		check(&c, m.word[1] == 0, "x%lu has changed", m.word[1]);
		check(&c, m.word[2] == value, "a0 was %#lx", m.word[2]);
		check(&c, !process_kill(child.process, 0), "process_kill");
		result_of_child(&c);
		finish();
	}
	checks_report(&c, "every number comes through the foreign table");
}

static void test_foreign_nobody(void)
{
	struct checks c = {0};
	struct message m;

	make(&c, CODE(calls_foreign));
	check(&c, !process_set_table(child.process, ABI_FOREIGN), "process_set_table");
	check(&c, !process_clear_exceptions(child.process), "process_clear_exceptions");
	start(&c, 5);
	expect_fault(&c, 8);

	make(&c, CODE(calls_foreign));
	check(&c, !process_set_table(child.process, ABI_FOREIGN), "process_set_table");
	start(&c, 5);
	m = receive_foreign(&c, 5);
	answer(&c, m.token, EXCEPTION_REFUSE, 0);
	expect_fault(&c, 8);
	checks_report(&c, "a foreign call that nobody takes");
}

/* ---- a program of another system */

static char printed[256];
static size_t printed_count;

/* Linux's calls, as far as the program needs them. */
static void be_linux(struct checks *c, uint64_t pid)
{
	for (bool over = false; !over;) {
		struct message m = receive(c);
		uint64_t value = (uint64_t)-38; /* its ENOSYS */

		if (m.label == MESSAGE_FOREIGN && m.word[0] == 64) {
			value = (uint64_t)process_read(
				child.process, m.word[2], (uint8_t *)printed + printed_count, m.word[3] % 64);
			printed_count += value;
		} else if (m.label == MESSAGE_FOREIGN && m.word[0] == 172) {
			value = pid;
		} else if (m.label != MESSAGE_FOREIGN || m.word[0] == 93 || m.word[0] == 94) {
			process_kill(child.process, (int32_t)m.word[1]);
			over = true;
		}
		m = (struct message){.label = EXCEPTION_RETURN, .token = m.token, .word = {value}};
		ipc_reply(endpoint, &m);
	}
}

/* The stack as Linux leaves it: argc, argv, envp, auxiliary vector. */
static uint64_t linux_stack(struct checks *c, process_handle process)
{
	const uint64_t top = 0x30000000, base = top - 4 * PAGE_SIZE, at = base + 3 * PAGE_SIZE;
	struct {
		uint64_t argc, argv[3], envp, auxiliary[2];
		char text[32];
	} stack = {.argc = 2, .text = "linux\0works"};
	memory_handle memory = memory_create(4 * PAGE_SIZE);

	stack.argv[0] = at + offsetof(__typeof__(stack), text);
	stack.argv[1] = stack.argv[0] + 6;
	memory_write(memory, at - base, (const uint8_t *)&stack, sizeof(stack));
	check(c, vm_map(process, base, memory, 0, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_FIXED) > 0,
		"stack");
	handle_close(ANY(memory));
	return at;
}

static void test_linux(void)
{
	struct checks c = {0};
	struct process_result result;
	uint64_t size;
	memory_handle image = file_object("/bin/foreign-linux", &size);
	thread_handle thread;
	long entry;

	endpoint = endpoint_create();
	badge = endpoint_badge(endpoint, BADGE);
	child.process = process_create((const uint8_t *)"linux", 5);
	child.data = memory_create(PAGE_SIZE);
	entry = process_load(child.process, image, 0, size);
	check(&c, entry > 0, "process_load gave %ld", entry);
	check(&c, !process_set_exceptions(child.process, badge), "process_set_exceptions");
	check(&c, !process_set_table(child.process, ABI_FOREIGN), "process_set_table");
	thread = thread_create(child.process, (uintptr_t)entry, linux_stack(&c, child.process), 0);
	check(&c, thread.value > 0, "thread");
	be_linux(&c, 123);
	result = result_of_child(&c);
	check(&c, result.status == 123, "status %d", (int)result.status);
	check(&c, printed_count == 19 && !memcmp(printed, "called linux works\n", 19), "it printed %.*s",
		(int)printed_count, printed);
	handle_close(ANY(thread));
	handle_close(ANY(image));
	finish();
	checks_report(&c, "a program for Linux runs");
}

/* ---- memory of another process */

static void test_process_read(void)
{
	static uint8_t copy[8 * PAGE_SIZE];
	struct checks c = {0};
	memory_handle memory = memory_create(2 * PAGE_SIZE);
	struct pages unreadable = pages_map(PAGE_SIZE, PROT_EXEC);

	make(&c, CODE(breaks));
	for (unsigned i = 0; i < 2 * PAGE_SIZE; i += 4)
		memory_write(memory, i, (const uint8_t *)&i, 4);
	check(&c, vm_map(child.process, FAR, memory, 0, 2 * PAGE_SIZE, PROT_READ, MAP_FIXED) > 0, "mapping");
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t from = random_below(2 * PAGE_SIZE), want = 1 + random_below(sizeof(copy) - 1);
		uint64_t got = 2 * PAGE_SIZE - from < want ? 2 * PAGE_SIZE - from : want;
		bool right = true;

		memset(copy, 0xaa, sizeof(copy));
		check(&c, process_read(child.process, FAR + from, copy, want) == (long)got, "from %lu, %lu",
			from, want);
		for (uint64_t k = 0; k < got; k++)
			right &= copy[k] == (uint8_t)((((from + k) & ~3ul) >> ((from + k) & 3) * 8));
		check(&c, right && copy[got] == 0xaa, "other bytes");
	}
	check(&c, process_read(child.process, CHILD_CODE, copy, 16) == 16 && !memcmp(copy, breaks, 8),
		"its code");
	check(&c, process_read(child.process, FAR - 1, copy, 16) == -EBADMSG, "where nothing is");
	check(&c, process_read(child.process, 0, copy, 16) == -EBADMSG, "at null");
	check(&c, process_read(child.process, USER_TOP - 1, copy, 16) == -EBADMSG, "past the end");
	check(&c, process_read(child.process, UINT64_MAX - 7, copy, 16) == -EBADMSG, "the last");
	check(&c, process_read(child.process, FAR, unreadable.at, 16) == -EFAULT,
		"into what can't be written");
	check(&c, process_read(child.process, FAR, copy, 0) == 0, "nothing");
	check(&c, process_read(own_process(), (uintptr_t)breaks, copy, 16) == 16 && !memcmp(copy, breaks, 16),
		"our own");
	handle_close(ANY(memory));
	pages_unmap(&unreadable);
	finish();
	checks_report(&c, "memory of another process is read");
}

/* What the process may write, it shares; what it may not, it gets for itself. */
static void test_process_write(void)
{
	struct checks c = {0};
	memory_handle memory = memory_create(3 * PAGE_SIZE);
	uint64_t value = 7, back = 0;

	make(&c, CODE(breaks));
	for (uint64_t page = 0; page < 3; page++)
		memory_write(memory, page * PAGE_SIZE, (const uint8_t *)&value, 8);
	check(&c, vm_map(child.process, FAR, memory, 0, 3 * PAGE_SIZE, PROT_READ, MAP_FIXED) > 0, "mapping");
	check(&c, vm_map(child.process, 2 * FAR, memory, 0, 3 * PAGE_SIZE, PROT_WRITE, MAP_FIXED) > 0,
		"mapping");
	value = 8;
	check(&c, process_write(child.process, FAR + PAGE_SIZE, (const uint8_t *)&value, 8) == 8,
		"read-only");
	check(&c, process_read(child.process, FAR + PAGE_SIZE, (uint8_t *)&back, 8) == 8 && back == 8,
		"changed");
	for (uint64_t page = 0; page < 3; page++)
		check(&c, memory_read(memory, page * PAGE_SIZE, (uint8_t *)&back, 8) == 8 && back == 7,
			"page %lu of the object has changed", page);
	value = 9;
	check(&c, process_write(child.process, FAR + PAGE_SIZE, (const uint8_t *)&value, 8) == 8, "again");
	check(&c, process_read(child.process, FAR + PAGE_SIZE, (uint8_t *)&back, 8) == 8 && back == 9,
		"again");
	check(&c, process_read(child.process, FAR + 2 * PAGE_SIZE, (uint8_t *)&back, 8) == 8 && back == 7,
		"next");
	check(&c, process_write(child.process, 2 * FAR, (const uint8_t *)&value, 8) == 8, "writable");
	check(&c, memory_read(memory, 0, (uint8_t *)&back, 8) == 8 && back == 9,
		"the object has not changed");
	check(&c, process_read(child.process, FAR, (uint8_t *)&back, 8) == 8 && back == 9,
		"where it is read-only");

	check(&c, process_write(child.process, FAR + 3 * PAGE_SIZE - 4, (const uint8_t *)&value, 8) == 4,
		"the end");
	check(&c, process_write(child.process, FAR - 1, (const uint8_t *)&value, 8) == -EBADMSG, "nowhere");
	check(&c, process_write(child.process, UINT64_MAX - 3, (const uint8_t *)&value, 8) == -EBADMSG,
		"the last");
	check(&c, process_write(child.process, FAR, (const uint8_t *)8, 8) == -EFAULT, "from nowhere");
	check(&c, !vm_unmap(child.process, FAR, 3 * PAGE_SIZE), "unmapping");
	handle_close(ANY(memory));
	finish();
	checks_report(&c, "memory of another process is written");
}

/* clang-format off */
/* Adds up to a0, in a loop; exits with the sum. */
CHILD_PROGRAM(adds,
	"	.option push\n"
	"	.option norvc\n"
	"	li	a1, 0\n"
	"1:	add	a1, a1, a0\n"
	"	addi	a0, a0, -1\n"
	"	bnez	a0, 1b\n"
	"	mv	a0, a1\n"
	CHILD_EXIT
	"	.option pop\n");
/* clang-format on */

static void put_instruction(struct checks *c, uint64_t at, uint32_t instruction)
{
	check(c, process_write(child.process, at, (const uint8_t *)&instruction, 4) == 4, "process_write");
}

/* A debugger: stops at each round of the loop, steps over the breakpoint with another one behind it. */
static void test_debugger(void)
{
	static const uint32_t ebreak = 0x00100073;
	struct checks c = {0};
	const uint64_t at = CHILD_CODE + 4, next = at + 4;
	uint32_t first, second;
	struct registers r;
	struct message m;
	uint64_t sum = 0;

	make(&c, CODE(adds));
	check(&c, process_read(child.process, at, (uint8_t *)&first, 4) == 4, "process_read");
	check(&c, process_read(child.process, next, (uint8_t *)&second, 4) == 4, "process_read");
	put_instruction(&c, at, ebreak);
	start(&c, 5);
	for (uint64_t round = 5; round; round--) {
		m = receive_exception(&c, CAUSE_BREAKPOINT);
		check(&c,
			!exception_read(endpoint, m.token, &r) && r.pc == at && r.x[9] == round &&
				r.x[10] == sum,
			"round %lu: pc %#lx a0 %lu a1 %lu", round, r.pc, r.x[9], r.x[10]);
		if (round == 2) { /* it miscounts, when it is told to */
			r.x[10] += 100;
			sum += 100;
			check(&c, !exception_write(endpoint, m.token, &r), "exception_write");
		}
		put_instruction(&c, at, first);
		put_instruction(&c, next, ebreak);
		answer(&c, m.token, EXCEPTION_GO_ON, 0);
		sum += round;
		m = receive_exception(&c, CAUSE_BREAKPOINT);
		check(&c, !exception_read(endpoint, m.token, &r) && r.pc == next && r.x[10] == sum,
			"step: pc %#lx a1 %lu", r.pc, r.x[10]);
		put_instruction(&c, next, second);
		put_instruction(&c, at, ebreak);
		answer(&c, m.token, EXCEPTION_GO_ON, 0);
	}
	expect_exit(&c, 115);
	checks_report(&c, "a debugger sets breakpoints and steps");
}

/* clang-format off */
CHILD_PROGRAM(loops,
	"	.option push\n"
	"	.option norvc\n"
	"1:	addi	a0, a0, 1\n"
	"	j	1b\n"
	"	.option pop\n");
/* clang-format on */

/*
 * Puts a breakpoint into code that runs meanwhile, and waits until it is met. QEMU before 8.1 can translate the former
 * instruction at the moment in which it is replaced, and keeps that whatever the hart does, until there is another store to
 * the place ("accel/tcg: Always lock pages before translation"): so after a second it is put there once more.
 */
static struct message put_breakpoint(struct checks *c, uint64_t at)
{
	static const uint32_t ebreak = 0x00100073;
	struct message m;
	int error;

	for (unsigned tries = 0; tries < 5; tries++) {
		put_instruction(c, at, ebreak);
		m = (struct message){.deadline = now() + (tries < 4 ? SECOND : PATIENCE)};
		error = ipc_receive(endpoint, &m);
		if (error != -ETIMEDOUT)
			break;
	}
	check(c, !error && m.label == MESSAGE_EXCEPTION && m.word[0] == CAUSE_BREAKPOINT,
		"ipc_receive gave %d, cause %lu", error, (unsigned long)m.word[0]);
	return m;
}

/* Code of a thread that runs meanwhile, on another hart if there is one. */
static void test_running_code(void)
{
	static const uint32_t add = 0x00150513;
	struct checks c = {0};

	make_and_start(&c, CODE(loops), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct message m = put_breakpoint(&c, CHILD_CODE);

		put_instruction(&c, CHILD_CODE, add);
		answer(&c, m.token, EXCEPTION_GO_ON, 0);
	}
	check(&c, !process_kill(child.process, 0), "process_kill");
	result_of_child(&c);
	finish();
	checks_report(&c, "a breakpoint in code that runs");
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
	ktap_plan(19);
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
	test_foreign_numbers();
	test_foreign_nobody();
	test_linux();
	test_process_read();
	test_process_write();
	test_debugger();
	test_running_code();
	test_nothing_is_lost(use_everything, LEFT, "exceptions leave nothing behind");
	return ktap_end();
}
