/* The registers of other threads: of stopped ones, read and changed, and of those that are about to begin. */
#include "control.h"

enum { ROUNDS = 50 };

/* ---- registers */

static void test_running(void)
{
	struct checks c = {0};

	spin_over = false;
	suite_thread_start(&worker, spin, NULL);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t before = spin_count;

		while (spin_count == before)
			give_way();
		stop(&c, worker.handle);
		before = spin_count;
		stop(&c, worker.handle); /* twice is once */
		for (unsigned k = 0; k < 10; k++)
			give_way();
		check(&c, spin_count == before, "it runs while it is stopped");
		go_on(&c, worker.handle);
		if (i % 3 == 0)
			go_on(&c, worker.handle);
	}
	spin_over = true;
	suite_thread_join(&worker);
	checks_report(&c, "a thread that runs is stopped and resumed");
}

/*
 * Spins with all registers set from a0, until memory at sp is not 0; then stores all of them below. Its data: 0 the flag,
 * 8 the place of the code after it, 256 x, 512 f, 768 fcsr.
 */
void pattern_spin(void);
void pattern_store(void);
/* clang-format off */
__asm__("	.text\n"
	"pattern_spin:\n"
	"1:	ld	t0, (sp)\n"
	"	beqz	t0, 1b\n"
	"pattern_store:\n"
	"	.irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	sd	x\\n, 256 + \\n*8(sp)\n"
	"	.endr\n"
	"	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	fsd	f\\n, 512 + \\n*8(sp)\n"
	"	.endr\n"
	"	frcsr	t0\n"
	"	sd	t0, 768(sp)\n"
	"	li	t0, 2\n"
	"	fence	rw, w\n"
	"	sd	t0, (sp)\n"
	"1:	ld	t0, (sp)\n"
	"	addi	t1, t0, -2\n"
	"	beqz	t1, 1b\n"
	"	li	a7, " SUITE_TEXT(SYS_thread_exit) "\n"
	"	ecall\n");
/* clang-format on */

static struct {
	volatile uint64_t flag;
	uint64_t room[31];
	uint64_t x[32], f[32], fcsr;
} pattern __attribute__((aligned(16)));

_Static_assert(
	offsetof(__typeof__(pattern), x) == 256 && offsetof(__typeof__(pattern), f) == 512, "offsets above");

/* What was set is read back, and what the thread then finds; and what it has is read. */
static void set_and_look(struct checks *c, thread_handle thread)
{
	struct registers r, back;
	struct float_registers f, float_back;

	for (unsigned n = 0; n < 31; n++)
		r.x[n] = random_next();
	for (unsigned n = 0; n < 32; n++)
		f.f[n] = random_next();
	r.x[1] = (uintptr_t)&pattern;
	r.pc = (uintptr_t)pattern_store;
	f.fcsr = ~0xfful | random_below(5) << 5 | random_below(32);
	check(c, !thread_write(thread, &r) && !thread_write_float(thread, &f), "writing");
	check(c, !thread_read(thread, &back) && !memcmp(&r, &back, sizeof(r)), "reading back");
	f.fcsr &= 0xff;
	check(c, !thread_read_float(thread, &float_back) && !memcmp(&f, &float_back, sizeof(f)),
		"reading back floats");
	pattern.flag = 0;
	go_on(c, thread);
	while (pattern.flag != 2)
		give_way();
	for (unsigned n = 1; n < 32; n++)
		check(c, n == 2 || pattern.x[n] == r.x[n - 1], "x%u", n);
	check(c, !memcmp(pattern.f, f.f, sizeof(f.f)) && pattern.fcsr == f.fcsr, "floats");

	/* Now it has them in its registers, on whatever hart. */
	stop(c, thread);
	check(c, !thread_read(thread, &back) && !thread_read_float(thread, &float_back), "reading");
	for (unsigned n = 1; n < 32; n++)
		check(c, n == 5 || n == 6 || back.x[n - 1] == r.x[n - 1], "x%u, read", n);
	check(c, !memcmp(&f, &float_back, sizeof(f)), "floats, read");
}

static void test_registers(void)
{
	struct checks c = {0};
	thread_handle thread;

	pattern.flag = 0;
	thread = thread_create(own_process(), (uintptr_t)pattern_spin, (uintptr_t)&pattern, 0);
	check(&c, thread.value > 0, "thread");
	stop(&c, thread);
	for (unsigned i = 0; i < ROUNDS; i++)
		set_and_look(&c, thread);
	pattern.flag = 3;
	go_on(&c, thread);
	while (thread_suspend(thread) != -ESRCH)
		thread_resume(thread), give_way();
	handle_close(ANY(thread));
	checks_report(&c, "registers of a stopped thread are read and written");
}

/* Sent out of a call that it waited in. */
static volatile bool diverted;

static void divert(void)
{
	diverted = true;
	thread_exit();
}

static void test_diverted(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < COUNT(waitings); i++) {
		struct registers r;

		diverted = false;
		begin_wait(&waitings[i]);
		stop_in_wait(&c, worker.handle);
		thread_cancel(worker.handle);
		r = registers_of(&c, worker.handle);
		check(&c, (long)r.x[9] == -EINTR, "a0 is %ld", (long)r.x[9]);
		r.pc = (uintptr_t)divert;
		check(&c, !thread_write(worker.handle, &r), "write");
		go_on(&c, worker.handle);
		while (!diverted)
			give_way();
		check(&c, !worker.over && result == 1000, "it has returned");
		worker.over = true;
		end_wait();
	}
	checks_report(&c, "a thread is sent somewhere else out of a call");
}

/* A pc or stack that is none: the thread meets an exception. These run in a process of their own, in which they end. */
/* clang-format off */
CHILD_PROGRAM(spinner,
	"1:	addi	a1, a1, 1\n"
	"	j	1b\n");
/* clang-format on */

static void send_to(struct checks *c, uint64_t pc)
{
	struct registers r = {.pc = pc};
	struct process_result result_of_child = {.reason = (enum end_reason) - 1};
	struct child child;
	thread_handle thread;

	check(c, !child_make(&child, spinner, (size_t)(spinner_end - spinner)), "child");
	thread = thread_create(child.process, CHILD_CODE, CHILD_SP, 0);
	stop(c, thread);
	check(c, !thread_write(thread, &r), "write");
	go_on(c, thread);
	check(c, !process_wait(child.process, now() + PATIENCE, &result_of_child), "wait");
	check(c, result_of_child.reason == END_REASON_FAULTED && result_of_child.pc == pc,
		"reason %d pc %#lx, not %#lx", (int)result_of_child.reason, result_of_child.pc, pc);
	handle_close(ANY(thread));
	child_close(&child);
}

static void test_bad_pc(void)
{
	struct checks c = {0};
	const uint64_t addresses[] = {0, 0xffffffff80200000, 0xffffffc080000000, USER_TOP, UINT64_MAX - 1,
		CHILD_DATA, 0x8000000000};

	for (unsigned i = 0; i < COUNT(addresses); i++)
		send_to(&c, addresses[i]);
	checks_report(&c, "a thread is sent where it can't run");
}

/* Whatever stands in the registers that are written, none of them is one of the kernel's: the thread goes on in user mode. */
/* clang-format off */
CHILD_PROGRAM(status_reader,
	"	csrr	a0, sstatus\n"
	"1:	j	1b\n");
CHILD_PROGRAM(kernel_reader,
	"	li	t0, 0xffffffff80200000\n"
	"	ld	a0, 0(t0)\n"
	"1:	j	1b\n");
/* clang-format on */

enum { CAUSE_ILLEGAL = 2, CAUSE_LOAD = 13 };

static void stay_in_user_mode(struct checks *c, const void *code, size_t size, uint64_t byte, uint64_t cause)
{
	struct process_result r = {.reason = (enum end_reason) - 1};
	struct registers all = {0};
	struct child child;
	thread_handle thread;

	check(c, !child_make(&child, code, size), "child");
	thread = thread_create_with(child.process, CHILD_CODE, CHILD_SP, 0, 0, 0, 16, 1, START_STOPPED);
	memset(&all, (int)byte, sizeof(all));
	all.pc = CHILD_CODE;
	check(c, !thread_write(thread, &all), "write of %#lx", (unsigned long)byte);
	check(c, !thread_resume(thread), "resume");
	check(c, !process_wait(child.process, now() + PATIENCE, &r), "it goes on");
	check(c, r.reason == END_REASON_FAULTED && r.cause == cause, "with %#lx: reason %d, cause %lu",
		(unsigned long)byte, (int)r.reason, (unsigned long)r.cause);
	handle_close(ANY(thread));
	child_close(&child);
}

static void test_user_mode(void)
{
	struct checks c = {0};

	for (unsigned byte = 0; byte < 256; byte += 17) {
		stay_in_user_mode(
			&c, status_reader, (size_t)(status_reader_end - status_reader), byte, CAUSE_ILLEGAL);
		stay_in_user_mode(
			&c, kernel_reader, (size_t)(kernel_reader_end - kernel_reader), byte, CAUSE_LOAD);
	}
	checks_report(&c, "registers that are written give no rights");
}

/* ---- threads that begin as they are told */

static volatile uint64_t began[3];

/* A thread with nothing but its arguments and tp. */
void report_beginning(void);
__asm__("	.text\n"
	"report_beginning:\n"
	"	.option push\n"
	"	.option norelax\n"
	"	la	t0, began\n"
	"	.option pop\n"
	"	sd	a0, 0(t0)\n"
	"	sd	a1, 8(t0)\n"
	"	sd	tp, 16(t0)\n"
	"	li	a7, " SUITE_TEXT(SYS_thread_exit) "\n"
							  "	ecall\n");

static thread_handle begin(uint64_t entry, uint64_t stack, uint32_t priority, uint64_t harts, uint32_t how)
{
	return thread_create_with(own_process(), entry, stack, 1, 2, 3, priority, harts, (enum start)how);
}

static void begin_stopped(struct checks *c)
{
	thread_handle thread = begin((uintptr_t)report_beginning, 16, 7, 1, START_STOPPED);
	struct registers r = registers_of(c, thread);
	struct thread_info info = {.id = 0};

	thread_info(thread, &info);
	check(c, info.state == THREAD_STATE_STOPPED && info.priority == 7 && info.affinity == 1 && !info.hart,
		"state %d, priority %u, harts %#x", (int)info.state, info.priority, info.affinity);
	for (unsigned i = 1; i < 32; i++) {
		uint64_t wanted = i == 2 ? 16 : i == 4 ? 3 : i == 10 ? 1 : i == 11 ? 2 : 0;

		check(c, r.x[i - 1] == wanted, "x%u is %#lx", i, (unsigned long)r.x[i - 1]);
	}
	check(c, r.pc == (uintptr_t)report_beginning, "pc is %#lx", (unsigned long)r.pc);
	began[0] = 0;
	thread_sleep(now() + 100000);
	check(c, !began[0], "it runs");
	r.x[9] = 11;
	check(c, !thread_write(thread, &r), "write");
	go_on(c, thread);
	for (uint64_t end = now() + PATIENCE; thread_suspend(thread) != -ESRCH && now() < end;)
		thread_resume(thread), give_way();
	check(c, began[0] == 11 && began[1] == 2 && began[2] == 3, "it began with %lu, %lu, %lu",
		(unsigned long)began[0], (unsigned long)began[1], (unsigned long)began[2]);
	handle_close(ANY(thread));
}

static void test_begin(void)
{
	uint64_t entry = (uintptr_t)report_beginning;
	thread_handle thread;
	struct checks c = {0};

	for (unsigned i = 0; i < 20; i++)
		begin_stopped(&c);
	thread = begin(entry, 16, 16, UINT64_MAX, START_STOPPED);
	check(&c, !thread_kill(thread), "a stopped one is killed");
	handle_close(ANY(thread));
	thread = begin(entry, 16, 16, UINT64_MAX, 0);
	check(&c, thread.value > 0, "one that runs at once");
	while (thread_suspend(thread) != -ESRCH)
		thread_resume(thread), give_way();
	handle_close(ANY(thread));
	check(&c, begin(entry, 8, 16, 1, 0).value == -EINVAL, "stack");
	check(&c, begin(entry + 1, 16, 16, 1, 0).value == -EINVAL, "entry");
	check(&c, begin(entry, 16, 32, 1, 0).value == -EINVAL, "priority");
	check(&c, begin(entry, 16, 16, 0, 0).value == -EINVAL, "no hart");
	check(&c, begin(entry, 16, 16, 1ul << 40, 0).value == -EINVAL, "a hart that is none");
	check(&c, begin(entry, 16, 16, 1, 2).value == -EINVAL, "a flag that is none");
	checks_report(&c, "a thread begins as it is told, stopped or not");
}

/* Argument: the seed. */
int main(int argc, char **argv)
{
	ktap_plan(6);
	random_start(argc > 1 ? argv[1] : NULL);
	test_running();
	test_registers();
	test_diverted();
	test_bad_pc();
	test_user_mode();
	test_begin();
	return ktap_end();
}
