/*
 * What only the kernel may do, done by programs of one instruction: that process dies, with the right report, and
 * nothing else happens.
 */
#include "suite.h"

enum { CAUSE_ILLEGAL = 2, CAUSE_BREAKPOINT = 3, CAUSE_FETCH = 12, CAUSE_LOAD = 13, CAUSE_STORE = 15 };
enum { STATUS_ALIVE = 55 };

/* One instruction, then a clean exit that shows that it did not fault. */
static struct process_result run_word(uint32_t word, uint64_t argument)
{
	const uint32_t code[] = {
		word, 0x03700513, /* li a0, 55 */
		0x00000893 | SYS_process_exit << 20, /* li a7, SYS_process_exit */
		0x00000073, /* ecall */
	};

	return child_run(code, sizeof(code), argument);
}

static bool died(const struct process_result *r, uint64_t cause)
{
	return r->reason == END_REASON_FAULTED && r->cause == cause && r->pc == CHILD_CODE;
}

static bool alive(const struct process_result *r)
{
	return child_exited(r, STATUS_ALIVE);
}

static uint32_t csr_word(uint32_t csr, uint32_t operation, uint32_t source)
{
	return csr << 20 | source << 15 | operation << 12 | 10 << 7 | 0x73; /* into a0 */
}

enum { CSRRW = 1, CSRRS = 2 };

/* Of the registers that user mode may read: fflags, frm, fcsr; cycle, time, instret. */
static bool is_user_csr(uint32_t csr)
{
	return (csr >= 1 && csr <= 3) || (csr >= 0xc00 && csr <= 0xc02);
}

static void try_csr(struct checks *c, uint32_t csr)
{
	struct process_result r = run_word(csr_word(csr, CSRRS, 0), 0);

	check(c, is_user_csr(csr) ? alive(&r) : died(&r, CAUSE_ILLEGAL),
		"reading CSR %#x: reason %d, cause %lu", (unsigned)csr, (int)r.reason,
		(unsigned long)r.cause);
	r = run_word(csr_word(csr, CSRRW, 10), UINT64_MAX);
	check(c, csr >= 1 && csr <= 3 ? alive(&r) : died(&r, CAUSE_ILLEGAL),
		"writing CSR %#x: reason %d, cause %lu", (unsigned)csr, (int)r.reason,
		(unsigned long)r.cause);
}

static void test_csrs(void)
{
	static const struct {
		uint16_t first, last;
	} ranges[] = {
		{0x000, 0x008},
		{0x100, 0x107},
		{0x10a, 0x10a},
		{0x120, 0x120},
		{0x140, 0x144},
		{0x14d, 0x14d},
		{0x150, 0x151},
		{0x180, 0x180},
		{0x200, 0x200},
		{0x280, 0x280},
		{0x300, 0x306},
		{0x320, 0x323},
		{0x340, 0x344},
		{0x3a0, 0x3a0},
		{0x3b0, 0x3b0},
		{0x5a8, 0x5a8},
		{0x600, 0x600},
		{0x680, 0x680},
		{0x7a0, 0x7a1},
		{0x7b0, 0x7b1},
		{0xb00, 0xb03},
		{0xc00, 0xc04},
		{0xda0, 0xda0},
		{0xdb0, 0xdb0},
		{0xf11, 0xf15},
		{0xfff, 0xfff},
	};
	struct checks c = {0};

	for (unsigned i = 0; i < COUNT(ranges); i++)
		for (uint32_t csr = ranges[i].first; csr <= ranges[i].last; csr++)
			try_csr(&c, csr);
	checks_report(&c, "control and status registers");
}

static void test_instructions(void)
{
	static const struct {
		uint32_t word;
		uint8_t cause;
		const char *name;
	} tries[] = {
		{0x10200073, CAUSE_ILLEGAL, "sret"},
		{0x30200073, CAUSE_ILLEGAL, "mret"},
		{0x00200073, CAUSE_ILLEGAL, "uret"},
		{0x10500073, CAUSE_ILLEGAL, "wfi"},
		{0x12000073, CAUSE_ILLEGAL, "sfence.vma"},
		{0x12a50073, CAUSE_ILLEGAL, "sfence.vma a0, a0"},
		{0x16000073, CAUSE_ILLEGAL, "sinval.vma"},
		{0x22000073, CAUSE_ILLEGAL, "hfence.vvma"},
		{0x62000073, CAUSE_ILLEGAL, "hfence.gvma"},
		{0x7b200073, CAUSE_ILLEGAL, "dret"},
		{0x00100073, CAUSE_BREAKPOINT, "ebreak"},
		{0x00000000, CAUSE_ILLEGAL, "all zeros"},
		{0xffffffff, CAUSE_ILLEGAL, "all ones"},
		{0x0000007f, CAUSE_ILLEGAL, "an unused encoding"},
	};
	struct checks c = {0};

	for (unsigned i = 0; i < COUNT(tries); i++) {
		struct process_result r = run_word(tries[i].word, 0);

		check(&c, died(&r, tries[i].cause), "%s: reason %d, cause %lu", tries[i].name, (int)r.reason,
			(unsigned long)r.cause);
	}
	struct process_result r = run_word(0x0000100f, 0); /* fence.i is for everyone */

	check(&c, alive(&r), "fence.i: reason %d, cause %lu", (int)r.reason, (unsigned long)r.cause);
	checks_report(&c, "instructions for the kernel alone");
}

static const uint64_t forbidden[] = {
	0,
	8,
	USER_BASE - 8,
	0x10000,
	0x3000000000,
	USER_TOP - 8,
	USER_TOP,
	0x8000000000,
	0x8000000000000000,
	0xffffffc000000000,
	0xffffffc080200000,
	0xffffffe00000fff0,
	0xffffffe040000000,
	0xffffffff80200000,
	0xffffffff80220000,
	0xfffffffffffffff8,
	0x80200000,
	0x80000000,
	0x10000000,
	0x100000 + CHILD_SIZE,
};

static void try_address(struct checks *c, uint64_t address)
{
	static const struct {
		uint32_t word;
		uint8_t cause;
		const char *name;
	} ways[] = {
		{0x00053503, CAUSE_LOAD, "ld"},
		{0x00a53023, CAUSE_STORE, "sd"},
		{0x00050503, CAUSE_LOAD, "lb"},
		{0x1005352f, CAUSE_LOAD, "lr.d"},
		{0x00053507, CAUSE_LOAD, "fld"},
	};

	for (unsigned i = 0; i < COUNT(ways); i++) {
		struct process_result r = run_word(ways[i].word, address);

		check(c, died(&r, ways[i].cause) && r.address == address, "%s at %#lx: reason %d, cause %lu",
			ways[i].name, (unsigned long)address, (int)r.reason, (unsigned long)r.cause);
	}

	/* An atomic operation is a store fault by the specification; an emulator with one hart loads first. */
	struct process_result r = run_word(0x00a5352f, address);

	check(c, (died(&r, CAUSE_STORE) || died(&r, CAUSE_LOAD)) && r.address == address,
		"amoadd.d at %#lx: reason %d, cause %lu", (unsigned long)address, (int)r.reason,
		(unsigned long)r.cause);
	r = run_word(0x00050067, address); /* jr a0 */

	check(c, r.reason == END_REASON_FAULTED && r.cause == CAUSE_FETCH && r.pc == address,
		"jump to %#lx: reason %d, cause %lu", (unsigned long)address, (int)r.reason,
		(unsigned long)r.cause);
}

static void test_addresses(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < COUNT(forbidden); i++)
		try_address(&c, forbidden[i]);

	struct process_result r = run_word(0x00a53023, CHILD_CODE);

	check(&c, died(&r, CAUSE_STORE), "a store to its own code: reason %d", (int)r.reason);
	r = run_word(0x00050067, CHILD_DATA);
	check(&c, r.reason == END_REASON_FAULTED && r.cause == CAUSE_FETCH,
		"a jump to its own data: reason %d", (int)r.reason);
	checks_report(&c, "loads, stores, jumps where a program has nothing to seek");
}

/* The kernel touches no user register on its way in: neither calls nor interrupts mind what sp, gp and tp hold. */
/* clang-format off */
CHILD_PROGRAM(odd_stack,
	"	mv	sp, a0\n"
	"	mv	gp, a0\n"
	"	mv	tp, a0\n"
	"	mv	s0, a0\n"
	"	li	a7, " SUITE_TEXT(SYS_thread_yield) "\n"
	"	ecall\n"
	"	li	a1, 3000000\n" /* a few interrupts long, with the one beside it */
	"1:	addi	a1, a1, -1\n"
	"	bnez	a1, 1b\n"
	"	li	a7, " SUITE_TEXT(SYS_clock_now) "\n"
	"	ecall\n"
	"	li	a0, 1\n"
	"	bne	sp, s0, 9f\n"
	"	bne	tp, s0, 9f\n"
	"	bne	gp, s0, 9f\n"
	"	li	a0, 0\n"
	"9:\n"
	CHILD_EXIT);
/* clang-format on */

static void test_stacks(void)
{
	static const uint64_t stacks[] = {0, 1, 7, UINT64_MAX, 0xffffffe000010000, 0xffffffc080200000,
		0xffffffff80220000, 0x8000000000, USER_TOP, CHILD_CODE};
	struct child child[COUNT(stacks)];
	struct process_result r;
	struct checks c = {0};

	for (unsigned i = 0; i < COUNT(stacks); i++) {
		check(&c, !child_make(&child[i], odd_stack, (size_t)(odd_stack_end - odd_stack)), "child");
		check(&c, !child_start(&child[i], stacks[i]), "start");
	}
	for (unsigned i = 0; i < COUNT(stacks); i++) {
		process_wait(child[i].process, now() + PATIENCE, &r);
		check(&c, child_exited(&r, 0), "sp = %#lx: reason %d, status %d", (unsigned long)stacks[i],
			(int)r.reason, (int)r.status);
		child_close(&child[i]);
	}
	checks_report(&c, "any value in sp, gp and tp, in calls and interrupts");
}

/* A stack pointer that can't be used kills who uses it. */
static void test_stack_use(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < COUNT(forbidden); i++) {
		static const uint32_t store = 0xfea13c23; /* sd a0, -8(sp) */
		struct process_result r = {0};
		struct child child;
		uint64_t stack = forbidden[i] & ~15ul;

		check(&c, !child_make(&child, &store, sizeof(store)), "child");
		thread_handle t = thread_create(child.process, CHILD_CODE, stack, 0);

		if (stack > USER_TOP)
			check(&c, t.value == -EINVAL, "a thread with sp %#lx: %d", (unsigned long)stack,
				t.value);
		else if (stack != 0x100000 + CHILD_SIZE)
			check(&c,
				t.value > 0 && !process_wait(child.process, now() + PATIENCE, &r) &&
					died(&r, CAUSE_STORE),
				"sp %#lx: %d, reason %d", (unsigned long)stack, t.value, (int)r.reason);
		if (t.value > 0)
			handle_close(ANY(t));
		child_close(&child);
	}
	checks_report(&c, "a stack where none is");
}

static void test_entries(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < COUNT(forbidden); i++)
		for (unsigned odd = 0; odd < 2; odd++) {
			struct process_result r = {0};
			struct child child;
			uint64_t entry = forbidden[i] + odd;

			check(&c, !child_make(&child, &r, 4), "child");
			thread_handle t = thread_create(child.process, entry, CHILD_SP, 0);

			if (odd || entry < USER_BASE || entry >= USER_TOP)
				check(&c, t.value == -EINVAL, "entry %#lx: %d", (unsigned long)entry,
					t.value);
			else
				check(&c,
					t.value > 0 && !process_wait(child.process, now() + PATIENCE, &r) &&
						r.cause == CAUSE_FETCH,
					"entry %#lx: %d, cause %lu", (unsigned long)entry, t.value,
					(unsigned long)r.cause);
			if (t.value > 0)
				handle_close(ANY(t));
			child_close(&child);
		}
	checks_report(&c, "threads that begin where no program is");
}

int main(void)
{
	ktap_plan(7);
	test_csrs();
	test_instructions();
	test_addresses();
	test_stacks();
	test_stack_use();
	test_entries();
	ktap_ok(process_id() > 0, "the kernel goes on");
	return ktap_end();
}
