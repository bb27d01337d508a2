/*
 * Registers: a call changes a0 and nothing else; a new thread finds zeros; integer and floating-point registers of
 * threads that yield, sleep, fault and are preempted never mix.
 */
#include "calls.h"

/* What registers_call loads, and what it finds after the call. Index 0 is pc's place, unused. */
struct image {
	uint64_t in[32], out[32]; /* sp, in[2], is replaced by a pointer to this */
	uint64_t fin[32], fout[32];
	uint64_t fcsr_in, fcsr_out;
	uint64_t saved[32];
};

_Static_assert(offsetof(struct image, out) == 256 && offsetof(struct image, fin) == 512 &&
		       offsetof(struct image, fout) == 768 && offsetof(struct image, fcsr_in) == 1024 &&
		       offsetof(struct image, fcsr_out) == 1032 && offsetof(struct image, saved) == 1040,
	"the assembly below knows the offsets");

void registers_call(struct image *image);
__asm__("	.text\n"
	"	.globl	registers_call\n"
	"registers_call:\n"
	"	.irp n, 1,2,3,4,8,9,18,19,20,21,22,23,24,25,26,27\n"
	"	sd	x\\n, 1040 + \\n*8(a0)\n"
	"	.endr\n"
	"	mv	sp, a0\n"
	"	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	fld	f\\n, 512 + \\n*8(sp)\n"
	"	.endr\n"
	"	ld	t0, 1024(sp)\n"
	"	fscsr	t0\n"
	"	.irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	ld	x\\n, \\n*8(sp)\n"
	"	.endr\n"
	"	ecall\n"
	"	.irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	sd	x\\n, 256 + \\n*8(sp)\n"
	"	.endr\n"
	"	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	fsd	f\\n, 768 + \\n*8(sp)\n"
	"	.endr\n"
	"	frcsr	t0\n"
	"	sd	t0, 1032(sp)\n"
	"	.irp n, 1,3,4,8,9,18,19,20,21,22,23,24,25,26,27\n"
	"	ld	x\\n, 1040 + \\n*8(sp)\n"
	"	.endr\n"
	"	fscsr	zero\n"
	"	ld	sp, 1040 + 16(sp)\n"
	"	ret\n");

/* Integer registers of `changed`, bits by number, may be others. */
static void expect_kept_but(struct checks *c, const struct image *image, uint32_t changed, const char *what)
{
	for (unsigned n = 1; n < 32; n++)
		if (n != 2 && !(changed >> n & 1))
			check(c, image->out[n] == image->in[n], "%s: x%u was %#lx, is %#lx", what, n,
				(unsigned long)image->in[n], (unsigned long)image->out[n]);
	check(c, image->out[2] == (uintptr_t)image, "%s: sp", what);
	for (unsigned n = 0; n < 32; n++)
		check(c, image->fout[n] == image->fin[n], "%s: f%u was %#lx, is %#lx", what, n,
			(unsigned long)image->fin[n], (unsigned long)image->fout[n]);
	check(c, image->fcsr_out == image->fcsr_in, "%s: fcsr is %#lx", what, (unsigned long)image->fcsr_out);
}

static void expect_kept(struct checks *c, const struct image *image, const char *what)
{
	expect_kept_but(c, image, 1u << 10, what);
}

static void fill(struct image *image)
{
	for (unsigned n = 0; n < 32; n++) {
		image->in[n] = random_next();
		image->fin[n] = random_next();
	}
	image->fcsr_in = random_below(5) << 5 | random_below(32);
}

static long try_call(struct checks *c, uint64_t number, const uint64_t a[6], const char *what)
{
	static struct image image;

	fill(&image);
	memcpy(&image.in[10], a, 6 * sizeof(a[0]));
	image.in[17] = number;
	registers_call(&image);
	expect_kept(c, &image, what);
	return (long)image.out[10];
}

/* As call_make in calls.h, with every register set. */
static long try_arguments(struct checks *c, const struct call_info *call, const struct arguments *a)
{
	uint64_t registers[6] = {
		random_next(), random_next(), random_next(), random_next(), random_next(), random_next()};
	alignas(8) uint8_t packed[128];

	if (call->attributes & CALL_PACKED) {
		pack(call, a, packed);
		registers[0] = (uintptr_t)packed;
		registers[1] = call->packed_size;
	} else {
		for (unsigned i = 0; i < call->arity; i++)
			registers[call->args[i].position] = a->value[i];
	}
	return try_call(c, call->number, registers, call->name);
}

static void test_calls(void)
{
	struct checks c = {0};

	for (unsigned k = 0; k < CALLS; k++) {
		struct arguments a = good_arguments(&calls[k]);

		/* Calls with a message: test_messages. With these registers for a message they would wait for ever. */
		if (is_final(&calls[k]) || calls[k].attributes & CALL_MESSAGE)
			continue;
		if (calls[k].number == SYS_handle_close)
			a.value[0] = (uint64_t)handle_duplicate(ANY(subjects.memory), 0).value;
		if (calls[k].number == SYS_process_start || calls[k].number == SYS_thread_create ||
			calls[k].number == SYS_thread_create_like ||
			calls[k].number == SYS_thread_create_with)
			a.value[1] = 1; /* refused: what it would start is no program */
		if (calls[k].number == SYS_log_print)
			a.value[2] = 0; /* refused: who prints the log would have to go on with it */
		call_undo(&calls[k], try_arguments(&c, &calls[k], &a));
		for (unsigned i = 0; i < calls[k].arity; i++) { /* and when it is refused */
			struct arguments bad = good_arguments(&calls[k]);

			if (calls[k].args[i].kind != VALUE_HANDLE &&
				calls[k].args[i].direction == DIRECTION_VALUE)
				continue;
			bad.value[i] = 3;
			try_arguments(&c, &calls[k], &bad);
		}
	}
	checks_report(&c, "a call keeps every register but a0");
}

static void test_no_call(void)
{
	struct checks c = {0};
	uint64_t a[6] = {0};

	for (unsigned i = 0; i < 64; i++)
		check(&c,
			try_call(&c, i < 32 ? calls[CALLS - 1].number + 1 + i : random_next() | 1ul << 60, a,
				"no call") == -ENOSYS,
			"not refused");
	checks_report(&c, "a number without a call keeps every register");
}

/* Calls with a message, of which a1 to a6 come back changed: with t0 to t2 as windows, and without. */

enum { CALLED = 1u << 10, MESSAGE = 0x3fu << 11, LAST = 99, MESSAGE_ROUNDS = 100 };

static endpoint_handle called;
static uint64_t lent[2];

/* Answers with the message's words plus one, and works with what is lent: adds its first word to its second. */
static void serve(void *argument)
{
	struct message m = {.deadline = DEADLINE_NEVER};
	int error = ipc_receive(called, &m);
	bool last = false;

	(void)argument;
	while (!error && !last) {
		uint64_t word = 0;

		last = m.label == LAST;
		if (ipc_read(called, m.token, 0, (uint8_t *)&word, sizeof(word)) == sizeof(word))
			ipc_write(called, m.token, 0, (uint8_t *)&word, sizeof(word));
		for (unsigned i = 0; i < MESSAGE_WORDS; i++)
			m.word[i]++;
		m.label++;
		m.deadline = DEADLINE_NEVER;
		error = last ? ipc_reply(called, &m) : ipc_reply_receive(called, &m);
	}
}

/* Makes the call with every register set; `out` is what comes back in a1 to a6. */
static long try_message(struct checks *c, uint32_t number, const struct message *m,
	const struct windows *windows, uint32_t changed, struct message *out, const char *what)
{
	static struct image image;

	fill(&image);
	image.in[10] = (uint64_t)called.value;
	memcpy(&image.in[11], m, sizeof(*m));
	if (windows)
		memcpy(&image.in[5], windows, sizeof(*windows));
	image.in[17] = number;
	registers_call(&image);
	expect_kept_but(c, &image, changed, what);
	memcpy(out, &image.out[11], sizeof(*out));
	return (long)image.out[10];
}

static struct message any_message(uint32_t label, uint64_t deadline)
{
	struct message m = {.label = label, .deadline = deadline};

	for (unsigned i = 0; i < MESSAGE_WORDS; i++)
		m.word[i] = random_next();
	return m;
}

static void check_message(
	struct checks *c, const struct message *m, const struct message *sent, unsigned more)
{
	check(c, m->label == sent->label + more && !m->badge, "label %u, badge %lu", m->label,
		(unsigned long)m->badge);
	for (unsigned i = 0; i < MESSAGE_WORDS; i++)
		check(c, m->word[i] == sent->word[i] + more, "word %u", i);
}

static void call_with_registers(struct checks *c, uint32_t label)
{
	struct windows windows = {(uintptr_t)&lent[0], (uintptr_t)&lent[1], sizeof(lent[0]), sizeof(lent[1])};
	struct message m = any_message(label, DEADLINE_NEVER), out;

	check(c, !try_message(c, SYS_ipc_call, &m, NULL, CALLED | MESSAGE, &out, "ipc_call"), "ipc_call");
	check_message(c, &out, &m, 1);
	lent[0] = random_next();
	m.token = 0;
	check(c, !try_message(c, SYS_ipc_call_lend, &m, &windows, CALLED | MESSAGE, &out, "ipc_call_lend"),
		"ipc_call_lend");
	check_message(c, &out, &m, 1);
	check(c, lent[1] == lent[0], "what was lent");
	check(c, !try_message(c, SYS_ipc_call_short, &m, &windows, CALLED | MESSAGE, &out, "ipc_call_short"),
		"ipc_call_short");
	m.word[MESSAGE_WORDS - 1] = lent[0];
	check_message(c, &out, &m, 1);
	m.deadline = 1; /* over: nothing comes back */
	check(c, try_message(c, SYS_ipc_call_lend, &m, &windows, CALLED, &out, "late") == -ETIMEDOUT, "late");
}

static void test_messages(void)
{
	struct checks c = {0};
	static struct suite_thread server;
	struct message last = {.label = LAST, .deadline = DEADLINE_NEVER};

	called = endpoint_create();
	suite_thread_start(&server, serve, NULL);
	for (unsigned i = 0; i < MESSAGE_ROUNDS; i++)
		call_with_registers(&c, i % 16);
	check(&c, !ipc_call(called, &last), "the last");
	suite_thread_join(&server);
	handle_close(ANY(called));
	checks_report(&c, "calls with messages and windows keep what they don't give back");
}

/* The other side: what a receiver has in its registers. */
static struct message sent;

static void call_often(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < MESSAGE_ROUNDS; i++) {
		struct message m = sent;

		ipc_call(called, &m);
	}
}

static void test_receivers(void)
{
	struct checks c = {0};
	static struct suite_thread caller;
	struct message out;

	called = endpoint_create();
	sent = any_message(5, DEADLINE_NEVER);
	suite_thread_start(&caller, call_often, NULL);
	for (unsigned i = 0; i < MESSAGE_ROUNDS; i++) {
		struct message m = any_message(7, DEADLINE_NEVER);
		bool again = i && i % 2;

		if (i && !again) {
			m.token = out.token;
			check(&c, !try_message(&c, SYS_ipc_reply, &m, NULL, CALLED, &out, "ipc_reply"),
				"reply");
			check(&c, out.token == m.token && out.deadline == m.deadline,
				"a reply gives back nothing");
		}
		m.token = again ? out.token : (uint32_t)random_next();
		check(&c,
			!try_message(&c, again ? SYS_ipc_reply_receive : SYS_ipc_receive, &m, NULL,
				CALLED | MESSAGE, &out, "receive"),
			"receive %u", i);
		check_message(&c, &out, &sent, 0);
	}
	check(&c, !ipc_reply(called, &out), "the last reply");
	suite_thread_join(&caller);
	handle_close(ANY(called));
	checks_report(&c, "receivers keep what does not come with the message");
}

/* Calls that wait, with others running meanwhile: processes that have all registers in use. */

/* In a0 a seed. Sets every register it can from it, spins or yields, looks at them, often. Exits with 0, or where. */
#define EACH_X "5,6,9,13,14,15,16,18,19,20,21,22,23,24,25,26,27,28,29,30,31"
#define EACH_F "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31"
/* clang-format off */
CHILD_PROGRAM(holder,
	"	mv	s0, a0\n"
	"	li	gp, 0x1234567\n"
	"	add	gp, gp, s0\n"
	"	sub	tp, gp, s0\n"
	"	add	ra, gp, gp\n"
	"	.irp n, " EACH_X "\n"
	"	li	a2, \\n * 0x10001\n"
	"	add	x\\n, s0, a2\n"
	"	.endr\n"
	"	.irp n, " EACH_F "\n"
	"	li	a2, \\n * 0x20003\n"
	"	add	a2, a2, s0\n"
	"	fmv.d.x	f\\n, a2\n"
	"	.endr\n"
	"	andi	a2, s0, 31\n"
	"	fscsr	a2\n"
	"	li	a1, 300\n"
	"1:	li	a7, " SUITE_TEXT(SYS_thread_yield) "\n"
	"	andi	a2, a1, 7\n"
	"	bnez	a2, 2f\n"
	"	ecall\n"
	"	j	4f\n"
	"2:	li	a2, 100000\n"
	"3:	addi	a2, a2, -1\n"
	"	bnez	a2, 3b\n"
	"4:\n"
	"	.irp n, " EACH_X "\n"
	"	li	a2, \\n * 0x10001\n"
	"	add	a2, a2, s0\n"
	"	li	a0, \\n\n"
	"	bne	x\\n, a2, 9f\n"
	"	.endr\n"
	"	.irp n, " EACH_F "\n"
	"	li	a2, \\n * 0x20003\n"
	"	add	a2, a2, s0\n"
	"	fmv.x.d	a3, f\\n\n"
	"	li	a0, 100 + \\n\n"
	"	bne	a3, a2, 9f\n"
	"	li	a3, 13 * 0x10001\n"
	"	add	a3, a3, s0\n"
	"	.endr\n"
	"	frcsr	a2\n"
	"	andi	a0, s0, 31\n"
	"	sub	a2, a2, a0\n"
	"	li	a0, 200\n"
	"	bnez	a2, 9f\n"
	"	li	a0, 3\n"
	"	sub	a2, gp, s0\n"
	"	bne	a2, tp, 9f\n"
	"	li	a0, 1\n"
	"	add	a2, gp, gp\n"
	"	bne	a2, ra, 9f\n"
	"	li	a0, 2\n"
	"	li	a2, " SUITE_TEXT(CHILD_SP_TEXT) "\n"
	"	bne	a2, sp, 9f\n"
	"	addi	a1, a1, -1\n"
	"	bnez	a1, 1b\n"
	"	li	a0, 0\n"
	"9:\n"
	CHILD_EXIT);
/* clang-format on */

enum { HOLDERS = 5 };

static void test_holders(void)
{
	struct checks c = {0};
	struct child child[HOLDERS];
	struct process_result result;
	uint64_t start = now();

	for (unsigned i = 0; i < HOLDERS; i++) {
		check(&c, !child_make(&child[i], holder, (size_t)(holder_end - holder)), "child %u", i);
		check(&c, !child_start(&child[i], random_next() >> 8), "start %u", i);
		if (i % 2) { /* two threads in one process */
			thread_handle second =
				thread_create(child[i].process, CHILD_CODE, CHILD_SP, random_next() >> 8);

			check(&c, second.value > 0, "a second thread");
		}
	}
	for (unsigned rounds = 0; rounds < 200; rounds++) { /* meanwhile, our own */
		uint64_t a[6] = {now() + MS / 4};

		try_call(&c, SYS_thread_yield, a, "thread_yield");
		if (rounds % 16 == 0)
			try_call(&c, SYS_thread_sleep, a, "thread_sleep");
	}
	for (unsigned i = 0; i < HOLDERS; i++) {
		uint64_t a[6] = {(uint64_t)child[i].process.value, DEADLINE_NEVER, (uintptr_t)&result};

		check(&c, try_call(&c, SYS_process_wait, a, "process_wait") == 0, "waiting");
		check(&c, child_exited(&result, 0),
			"child %u found register %d changed (1-31: x, 100-131: f, 200: fcsr)", i,
			(int)result.status);
		child_close(&child[i]);
	}
	checks_report(&c, "registers of processes and threads that take turns");
	ktap_diagnose("they ran for %lu ms", (unsigned long)((now() - start) / MS));
}

/* A process that finds something else than zero in a register at its start exits with the register's number. */
/* clang-format off */
CHILD_PROGRAM(newborn,
	"	.irp n, 1,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	beqz	x\\n, 1f\n"
	"	li	a0, \\n\n"
	"	j	9f\n"
	"1:\n"
	"	.endr\n"
	"	li	t0, 0x1234\n"
	"	bne	t0, a0, 2f\n"
	"	li	t0, " SUITE_TEXT(CHILD_SP_TEXT) "\n"
	"	bne	t0, sp, 2f\n"
	"	j	3f\n"
	"2:	li	a0, 2\n"
	"	j	9f\n"
	"3:\n"
	"	.irp n, " EACH_F "\n"
	"	fmv.x.d	t0, f\\n\n"
	"	beqz	t0, 1f\n"
	"	li	a0, 100 + \\n\n"
	"	j	9f\n"
	"1:\n"
	"	.endr\n"
	"	frcsr	t0\n"
	"	li	a0, 200\n"
	"	bnez	t0, 9f\n"
	"	li	a0, 77\n"
	"9:\n"
	CHILD_EXIT);
/* clang-format on */

static void test_newborn(void)
{
	struct checks c = {0};
	uint64_t a[6] = {0};

	for (unsigned i = 0; i < 20; i++) {
		struct process_result result;

		try_call(&c, SYS_process_id, a, "process_id"); /* leaves every f register full */
		result = child_run(newborn, (size_t)(newborn_end - newborn), 0x1234);
		check(&c, child_exited(&result, 77), "reason %d, register %d", (int)result.reason,
			(int)result.status);
	}
	checks_report(&c, "a new thread finds zeros, its argument and its stack");
}

/* Threads that come and go use the memory of those before them: nothing of their registers may stay. */
static void test_reuse(void)
{
	struct checks c = {0};
	struct process_result result;

	for (unsigned i = 0; i < 20; i++) {
		struct child child;

		check(&c, !child_make(&child, holder, (size_t)(holder_end - holder)), "child");
		child_start(&child, random_next() >> 8);
		process_wait(child.process, DEADLINE_NEVER, &result);
		child_close(&child);
		result = child_run(newborn, (size_t)(newborn_end - newborn), 0x1234);
		check(&c, child_exited(&result, 77), "reason %d, register %d", (int)result.reason,
			(int)result.status);
	}
	checks_report(&c, "a new thread finds nothing of one that has ended");
}

/* Page faults are no calls: a0 is kept, too. Every access below touches a page for the first time. */
static void test_faults(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < 16; i++) {
		struct pages pages = pages_map(4 * PAGE_SIZE, PROT_READ | PROT_WRITE);
		struct image *image = (struct image *)(pages.at + PAGE_SIZE - 1024 +
						       i * 64); /* out lies in the second page */

		for (unsigned n = 0; n < 32; n++)
			image->in[n] = random_next(), image->fin[n] = random_next();
		image->in[17] = SYS_thread_yield;
		image->fcsr_in = i;
		registers_call(image);
		expect_kept(&c, image, "page fault");
		pages_unmap(&pages);
	}
	checks_report(&c, "page faults keep every register");
}

int main(int argc, char **argv)
{
	ktap_plan(8);
	random_start(argc > 1 ? argv[1] : NULL);
	subjects_make();
	test_calls();
	test_no_call();
	test_messages();
	test_receivers();
	test_holders();
	test_newborn();
	test_reuse();
	test_faults();
	return ktap_end();
}
