/* A debugger's means: memory of another process, read and written, and breakpoints in code that runs. */
#include "exceptions.h"

enum { ROUNDS = 50 };

/* ---- memory of another process */

/* What is more than a page may come in parts: an interrupt comes first. */
static long read_whole(uint64_t at, uint8_t *to, size_t size)
{
	size_t done = 0;
	long count = 1;

	while (done < size && count > 0) {
		count = process_read(child.process, at + done, to + done, size - done);
		done += count > 0 ? (size_t)count : 0;
	}
	return done > 0 || count == 0 ? (long)done : count;
}

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
		long count = read_whole(FAR + from, copy, want);
		check(&c, count == (long)got, "from %lu, %lu: %ld", from, want, count);
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

/* Argument: the seed. */
int main(int argc, char **argv)
{
	ktap_plan(4);
	random_start(argc > 1 ? argv[1] : NULL);
	test_process_read();
	test_process_write();
	test_debugger();
	test_running_code();
	return ktap_end();
}
