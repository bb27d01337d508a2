/*
 * Threads under control: stopped, resumed, cancelled and ended in whatever they do, by others and by themselves; their
 * registers read and changed meanwhile.
 */
#include "suite.h"

enum { ROUNDS = 50, WORKERS = 6, SERVER = 3 /* of them */, LEFT = 1500, WORK = 1000, NO_MORE = 99999 };

static struct suite_thread worker, second;

/* ---- a thread that is known to wait, or not */

static struct registers registers_of(struct checks *c, thread_handle thread)
{
	struct registers registers = {0};
	long error = thread_read(thread, &registers);

	check(c, !error, "thread_read gave %ld", error);
	return registers;
}

/* Whether a stopped thread waits: then its registers can't be set, not even to what they are. */
static bool waits(struct checks *c, thread_handle thread)
{
	struct registers registers = registers_of(c, thread);
	long error = thread_write(thread, &registers);

	check(c, !error || error == -EBUSY, "thread_write gave %ld", error);
	return error == -EBUSY;
}

/* Lets others go on whatever hart they are on: a hart that spins may keep the machine below from running another. */
static void give_way(void)
{
	thread_sleep(now() + 20000);
}

static void stop(struct checks *c, thread_handle thread)
{
	long error = thread_suspend(thread);

	check(c, !error, "thread_suspend gave %ld", error);
}

static void go_on(struct checks *c, thread_handle thread)
{
	long error = thread_resume(thread);

	check(c, !error, "thread_resume gave %ld", error);
}

/* Stops a thread in a call that waits. */
static void stop_in_wait(struct checks *c, thread_handle thread)
{
	uint64_t end = now() + PATIENCE;

	for (stop(c, thread); !waits(c, thread) && now() < end; stop(c, thread)) {
		go_on(c, thread);
		give_way();
	}
	check(c, now() < end, "the thread never waits");
}

static void await_wait(struct checks *c, thread_handle thread)
{
	stop_in_wait(c, thread);
	go_on(c, thread);
}

/* ---- calls that wait */

static endpoint_handle endpoint;
static notification_handle notification;
static process_handle idle;
static alignas(4) volatile uint32_t word;
static volatile long result;
static struct message message;
static struct process_result ended;

static void in_sleep(void *unused)
{
	(void)unused;
	result = thread_sleep(DEADLINE_NEVER);
}

static void in_notification(void *unused)
{
	(void)unused;
	result = (long)notification_wait(notification, 1, DEADLINE_NEVER);
}

static void in_futex(void *unused)
{
	(void)unused;
	result = futex_wait((uintptr_t)&word, 0, DEADLINE_NEVER);
}

static void in_process_wait(void *unused)
{
	(void)unused;
	result = process_wait(idle, DEADLINE_NEVER, &ended);
}

static void in_call(void *unused)
{
	(void)unused;
	message = (struct message){.label = 1, .deadline = DEADLINE_NEVER};
	result = ipc_call(endpoint, &message);
}

static void in_short_call(void *unused)
{
	const struct windows windows = {.read_address = (uintptr_t)&word, .read_size = 4};

	(void)unused;
	message = (struct message){.label = 1, .deadline = DEADLINE_NEVER};
	result = ipc_call_short(endpoint, &message, &windows);
}

static void in_receive(void *unused)
{
	(void)unused;
	message = (struct message){.deadline = DEADLINE_NEVER};
	result = ipc_receive(endpoint, &message);
}

static void in_suspend(void *other)
{
	result = thread_suspend(*(thread_handle *)other);
}

static void signal_it(void)
{
	notification_signal(notification, 1);
}

static void wake_it(void)
{
	futex_wake((uintptr_t)&word, 1);
}

static void end_it(void)
{
	process_kill(idle, 5);
}

static void answer_it(void)
{
	struct message m = {.deadline = now() + PATIENCE};

	if (!ipc_receive(endpoint, &m))
		ipc_reply(endpoint, &(struct message){.token = m.token, .label = 7});
}

static void call_it(void)
{
	struct message m = {.label = 3, .deadline = now() + 5 * MS};

	ipc_call(endpoint, &m);
}

static const struct waiting {
	const char *name;
	void (*wait)(void *);
	void (*end)(void); /* what it waits for; NULL: it is never over */
	long result;
} waitings[] = {
	{"sleep", in_sleep, NULL, 0},
	{"notification", in_notification, signal_it, 1},
	{"futex", in_futex, wake_it, 0},
	{"process", in_process_wait, end_it, 0},
	{"call", in_call, answer_it, 0},
	{"call with a short buffer", in_short_call, answer_it, 0},
	{"receive", in_receive, NULL, 0},
};

static void begin_wait(const struct waiting *w)
{
	endpoint = endpoint_create();
	notification = notification_create();
	idle = process_create((const uint8_t *)"idle", 4);
	word = 0;
	result = 1000;
	suite_thread_start(&worker, w->wait, NULL);
}

static void end_wait(void)
{
	suite_thread_join(&worker);
	handle_close(ANY(endpoint));
	handle_close(ANY(notification));
	handle_close(ANY(idle));
}

/* What a stopped thread waits for comes; it takes it when it is resumed, and not before. */
static void test_wait_ends(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < COUNT(waitings); i++) {
		const struct waiting *w = &waitings[i];

		if (!w->end)
			continue;
		begin_wait(w);
		stop_in_wait(&c, worker.handle);
		w->end();
		for (unsigned k = 0; k < 20; k++)
			give_way();
		check(&c, result == 1000 && !worker.over, "%s: it ran while it was stopped", w->name);
		go_on(&c, worker.handle);
		end_wait();
		check(&c, result == w->result, "%s: gave %ld", w->name, result);
	}
	checks_report(&c, "what a stopped thread waits for comes");
}

/* Stopped and resumed, it waits on. */
static void test_wait_goes_on(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < COUNT(waitings); i++) {
		const struct waiting *w = &waitings[i];

		if (!w->end)
			continue;
		begin_wait(w);
		for (unsigned k = 0; k < 10; k++)
			await_wait(&c, worker.handle);
		check(&c, result == 1000, "%s: is over", w->name);
		w->end();
		end_wait();
		check(&c, result == w->result, "%s: gave %ld", w->name, result);
	}
	checks_report(&c, "a thread waits on after it was stopped");
}

/* Cancelled while it waits, stopped or not, then killed or not. */
static void cancel_one(struct checks *c, const struct waiting *w, bool stopped)
{
	begin_wait(w);
	stop_in_wait(c, worker.handle);
	if (!stopped)
		go_on(c, worker.handle);
	check(c, !thread_cancel(worker.handle), "%s: cancel", w->name);
	if (stopped) {
		check(c, result == 1000, "%s: it ran", w->name);
		check(c, !waits(c, worker.handle), "%s: it still waits", w->name);
		go_on(c, worker.handle);
	}
	end_wait();
	check(c, result == -EINTR, "%s gave %ld", w->name, result);
}

static void test_cancel(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < COUNT(waitings); i++) {
		cancel_one(&c, &waitings[i], false);
		cancel_one(&c, &waitings[i], true);
	}
	checks_report(&c, "a call that waits is cancelled");
}

/* A call that has been received is cancelled: its token is stale. */
static void test_cancel_served(void)
{
	struct checks c = {0};
	struct message m = {.deadline = now() + PATIENCE};

	begin_wait(&(struct waiting){.wait = in_call});
	check(&c, !ipc_receive(endpoint, &m), "receive");
	check(&c, !thread_cancel(worker.handle), "cancel");
	m.label = 1;
	check(&c, ipc_reply(endpoint, &m) == -ESRCH, "the token");
	end_wait();
	check(&c, result == -EINTR, "the call gave %ld", result);

	/* The rest of a call that replies and receives: the reply has gone out. */
	begin_wait(&(struct waiting){.wait = in_receive});
	await_wait(&c, worker.handle);
	call_it();
	end_wait();
	check(&c, result == 0 && message.label == 3, "receive gave %ld", result);
	checks_report(&c, "a call that has been received is cancelled");
}

static void reply_and_receive(void *unused)
{
	(void)unused;
	message = (struct message){.deadline = DEADLINE_NEVER};
	if (ipc_receive(endpoint, &message))
		return;
	message.deadline = DEADLINE_NEVER;
	result = ipc_reply_receive(endpoint, &message);
}

static void test_cancel_reply_receive(void)
{
	struct checks c = {0};
	struct message m = {.label = 4, .deadline = DEADLINE_NEVER};

	begin_wait(&(struct waiting){.wait = reply_and_receive});
	check(&c, !ipc_call(endpoint, &m) && m.label == 4, "call");
	stop_in_wait(&c, worker.handle);
	check(&c, !thread_cancel(worker.handle), "cancel");
	go_on(&c, worker.handle);
	end_wait();
	check(&c, result == -EINTR, "it gave %ld", result);
	checks_report(&c, "the second half of ipc_reply_receive is cancelled");
}

/* console_read: only where a program may. */
static uint8_t typed;

static void in_console_read(void *unused)
{
	(void)unused;
	result = console_read(own_system(), &typed, 1, DEADLINE_NEVER);
}

static void test_cancel_console(void)
{
	struct checks c = {0};
	struct handle_info info = {0};

	handle_info(ANY(own_system()), &info);
	check(&c, info.type == OBJECT_SYSTEM, "own system");
	if (info.rights & RIGHT_SYSTEM_CONSOLE_READ)
		cancel_one(&c, &(struct waiting){"console", in_console_read, NULL, 0}, true);
	checks_report(&c, "console_read is cancelled");
}

static void test_ended(void)
{
	struct checks c = {0};
	struct registers r = {0};
	struct float_registers f = {0};

	suite_thread_start(&worker, in_sleep, NULL);
	check(&c, thread_read(worker.handle, &r) == -EBUSY, "thread_read of one that is not stopped");
	check(&c, thread_write(worker.handle, &r) == -EBUSY, "thread_write");
	check(&c, thread_read_float(worker.handle, &f) == -EBUSY, "thread_read_float");
	check(&c, thread_write_float(worker.handle, &f) == -EBUSY, "thread_write_float");
	r.pc = 1;
	check(&c, thread_write(worker.handle, &r) == -EINVAL, "an odd pc");
	r.pc = 0;
	await_wait(&c, worker.handle);
	check(&c, !thread_kill(worker.handle), "kill");
	check(&c, !worker.over, "it has gone on");
	check(&c, !thread_kill(worker.handle), "kill again");
	check(&c, thread_suspend(worker.handle) == -ESRCH, "suspend");
	check(&c, thread_resume(worker.handle) == -ESRCH, "resume");
	check(&c, thread_cancel(worker.handle) == -ESRCH, "cancel");
	check(&c, thread_read(worker.handle, &r) == -ESRCH, "read");
	check(&c, thread_write(worker.handle, &r) == -ESRCH, "write");
	check(&c, thread_read_float(worker.handle, &f) == -ESRCH, "read_float");
	check(&c, thread_write_float(worker.handle, &f) == -ESRCH, "write_float");
	handle_close(ANY(worker.handle));
	checks_report(&c, "threads that have ended, and that are not stopped");
}

/* ---- registers */

static volatile bool spin_over;
static volatile uint64_t spin_count;

static void spin(void *unused)
{
	(void)unused;
	while (!spin_over)
		spin_count++;
}

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

/* ---- who stops whom */

static thread_handle handle_of_second;

static void stop_itself(void *unused)
{
	(void)unused;
	while (!worker.handle.value)
		give_way();
	result = thread_suspend(worker.handle);
}

static void test_itself(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t end = now() + PATIENCE;
		struct registers r;

		worker.handle.value = 0;
		result = 1000;
		suite_thread_start(&worker, stop_itself, NULL);
		while (thread_read(worker.handle, &r) == -EBUSY && now() < end)
			give_way();
		check(&c, result == 1000, "it went on");
		check(&c, !waits(&c, worker.handle), "it waits");
		go_on(&c, worker.handle);
		suite_thread_join(&worker);
		check(&c, result == 0, "it got %ld", result);
	}
	checks_report(&c, "a thread stops itself");
}

static volatile bool both_ready;
static volatile long results[2];

static void stop_other(void *other)
{
	bool first = other == &second.handle;

	while (!both_ready)
		;
	results[first] = thread_suspend(*(thread_handle *)other);
}

static bool is_stopped(thread_handle thread)
{
	struct registers r;

	return !thread_read(thread, &r);
}

/* Two stop each other: at least one is stopped, and each that is resumed returns from its call with success. */
static void test_each_other(void)
{
	struct checks c = {0};
	unsigned both = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t end = now() + PATIENCE;

		both_ready = false;
		results[0] = results[1] = 1000;
		suite_thread_start(&worker, stop_other, &second.handle);
		suite_thread_start(&second, stop_other, &worker.handle);
		both_ready = true;
		while (!is_stopped(worker.handle) && !is_stopped(second.handle) && now() < end)
			give_way();
		both += is_stopped(worker.handle) && is_stopped(second.handle);
		while (!(worker.over && second.over) && now() < end) {
			thread_resume(worker.handle);
			thread_resume(second.handle);
			give_way();
		}
		check(&c, worker.over && second.over, "they hang");
		for (unsigned k = 0; k < 2; k++)
			check(&c, results[k] == 0 || results[k] == -ESRCH, "it got %ld", results[k]);
		suite_thread_join(&worker);
		suite_thread_join(&second);
	}
	checks_report(&c, "two threads stop each other");
	ktap_diagnose("both were stopped in %u of %u rounds", both, (unsigned)ROUNDS);
}

/* ---- ending */

static void kill_one(struct checks *c, void (*run)(void *), bool stopped)
{
	begin_wait(&(struct waiting){.wait = run});
	if (stopped)
		stop(c, worker.handle);
	else
		give_way();
	check(c, !thread_kill(worker.handle), "kill");
	worker.over = true;
	end_wait();
}

static void test_kill(void)
{
	struct checks c = {0};

	spin_over = false;
	for (unsigned k = 0; k < ROUNDS / 10; k++) {
		for (unsigned i = 0; i < COUNT(waitings); i++)
			kill_one(&c, waitings[i].wait, k % 2);
		kill_one(&c, spin, k % 2);
	}
	checks_report(&c, "a thread is ended");
}

static void kill_itself(void *unused)
{
	(void)unused;
	while (!worker.handle.value)
		give_way();
	thread_kill(worker.handle);
	result = 1;
}

static void test_kill_itself(void)
{
	struct checks c = {0};

	worker.handle.value = 0;
	result = 1000;
	suite_thread_start(&worker, kill_itself, NULL);
	while (thread_suspend(worker.handle) != -ESRCH)
		thread_resume(worker.handle), give_way();
	check(&c, result == 1000 && !worker.over, "it went on");
	handle_close(ANY(worker.handle));
	checks_report(&c, "a thread ends itself");
}

/* A thread waits for one to stop, and that one ends instead; it can't be cancelled, since it does not wait for long. */
static void test_watcher(void)
{
	struct checks c = {0};

	spin_over = false;
	for (unsigned i = 0; i < ROUNDS; i++) {
		suite_thread_start(&second, spin, NULL);
		handle_of_second = second.handle;
		result = 1000;
		suite_thread_start(&worker, in_suspend, &handle_of_second);
		if (i % 2) {
			check(&c, !thread_kill(second.handle), "kill");
		} else {
			thread_cancel(worker.handle);
			thread_kill(second.handle);
		}
		suite_thread_join(&worker);
		check(&c, result == 0 || result == -ESRCH, "it got %ld", result);
		handle_close(ANY(second.handle));
	}
	checks_report(&c, "who waits for a thread to stop, when that one ends");
}

/* ---- processes */

static void kill_child(struct checks *c, const void *code, size_t size, unsigned threads)
{
	struct process_result r = {0};
	struct child child;

	check(c, !child_make(&child, code, size), "child");
	for (unsigned i = 0; i < threads; i++)
		check(c, !child_start(&child, UINT64_MAX), "start");
	if (random_below(2))
		give_way();
	check(c, !process_kill(child.process, 42), "kill");
	check(c, !process_wait(child.process, now() + PATIENCE, &r), "wait");
	check(c, r.reason == END_REASON_KILLED && r.status == 42, "reason %d status %d", (int)r.reason,
		(int)r.status);
	check(c, !process_kill(child.process, 43), "kill again");
	check(c, !process_wait(child.process, now() + PATIENCE, &r) && r.status == 42, "another status");
	child_close(&child);
}

/* clang-format off */
CHILD_PROGRAM(sleeper,
	"	li	a7, " SUITE_TEXT(SYS_thread_sleep) "\n"
	"	ecall\n"
	"	unimp\n");
CHILD_PROGRAM(killer,
	"	li	a7, " SUITE_TEXT(SYS_process_kill) "\n"
	"	li	a1, 11\n"
	"	ecall\n"
	"	li	a0, 1\n"
	CHILD_EXIT);
/* clang-format on */

static void test_kill_process(void)
{
	struct checks c = {0};
	struct process_result r = {0};
	struct child child;
	long self;

	for (unsigned i = 0; i < ROUNDS / 10; i++) {
		kill_child(&c, spinner, (size_t)(spinner_end - spinner), i % 4);
		kill_child(&c, sleeper, (size_t)(sleeper_end - sleeper), i % 4);
	}
	check(&c, !child_make(&child, killer, (size_t)(killer_end - killer)), "child");
	self = process_give(child.process, ANY(child.process), RIGHTS_SAME);
	check(&c, self > 0 && !child_start(&child, (uint64_t)self), "start");
	check(&c, !process_wait(child.process, now() + PATIENCE, &r), "wait");
	check(&c, r.reason == END_REASON_KILLED && r.status == 11, "reason %d status %d", (int)r.reason,
		(int)r.status);
	child_close(&child);
	checks_report(&c, "processes are ended: never started, running, waiting, by themselves");
}

/* ---- at random */

static struct suite_thread workers[WORKERS];
static volatile uint64_t sent, got;

/* Signals and takes, yields, calls: whatever is cancelled is made again, and nothing is lost. */
static void signal_often(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < WORK; i++) {
		notification_signal(notification, 1);
		sent++;
		while ((long)notification_wait(notification, 2, DEADLINE_NEVER) < 0)
			;
	}
}

static void take_often(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < WORK; i++) {
		while ((long)notification_wait(notification, 1, DEADLINE_NEVER) < 0)
			;
		got++;
		notification_signal(notification, 2);
	}
}

static void call_often(void *argument)
{
	for (unsigned i = 0; i < WORK; i++) {
		struct message m;

		do
			m = (struct message){
				.label = i, .word = {(uintptr_t)argument}, .deadline = DEADLINE_NEVER};
		while (ipc_call(endpoint, &m) == -EINTR);
	}
}

static void serve_often(void *argument)
{
	(void)argument;
	for (;;) {
		struct message m = {.deadline = DEADLINE_NEVER};

		while (ipc_receive(endpoint, &m) == -EINTR)
			m.deadline = DEADLINE_NEVER;
		if (m.label == NO_MORE)
			break;
		ipc_reply(endpoint, &m);
	}
}

static void sleep_often(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < ROUNDS; i++)
		thread_sleep((uint64_t)clock_now() + 20000);
}

static void disturb(struct checks *c)
{
	thread_handle victim = workers[random_below(WORKERS)].handle;
	long error = 0;

	switch (random_below(4)) {
	case 0:
	case 1:
		error = thread_suspend(victim);
		if (random_below(2))
			give_way();
		thread_resume(victim);
		break;
	case 2:
		error = thread_cancel(victim);
		break;
	case 3:
		error = thread_suspend(victim);
		if (random_below(2))
			thread_cancel(victim);
		thread_resume(victim);
		break;
	}
	check(c, !error || error == -ESRCH, "%ld", error);
}

static bool all_over(void)
{
	for (unsigned i = 0; i < WORKERS; i++)
		if (!workers[i].over && workers[i].run != serve_often)
			return false;
	return true;
}

/* ---- whoever has stopped a thread goes */

/* clang-format off */
CHILD_PROGRAM(counter,
	"	li	t0, " SUITE_TEXT(CHILD_DATA_TEXT) "\n"
	"1:	ld	t1, (t0)\n"
	"	addi	t1, t1, 1\n"
	"	sd	t1, (t0)\n"
	"	j	1b\n");
/* clang-format on */

static uint64_t count_of(const struct child *child)
{
	uint64_t count = 0;

	memory_read(child->data, 0, (uint8_t *)&count, sizeof(count));
	return count;
}

static bool counts_on(const struct child *child, uint64_t patience)
{
	uint64_t before = count_of(child), end = now() + patience;

	while (count_of(child) == before && now() < end)
		give_way();
	return count_of(child) != before;
}

/* A child with one thread, stopped. */
static thread_handle stopped_counter(struct checks *c, struct child *child)
{
	thread_handle thread;

	check(c, !child_make(child, counter, (size_t)(counter_end - counter)), "child");
	thread = thread_create(child->process, CHILD_CODE, CHILD_SP, 0);
	check(c, thread.value > 0 && counts_on(child, PATIENCE), "it does not count");
	stop(c, thread);
	check(c, !counts_on(child, MS), "it counts though it is stopped");
	return thread;
}

static void end_counter(struct checks *c, struct child *child)
{
	struct process_result r;

	check(c, !process_kill(child->process, 0) && !process_wait(child->process, now() + PATIENCE, &r),
		"its end");
	child_close(child);
}

static void test_forgotten(void)
{
	struct checks c = {0};
	struct child child;
	thread_handle thread = stopped_counter(&c, &child), other;
	process_handle holder;

	/* The last handle that allows it counts, in whatever table it is; one that does not allow it is none. */
	other = (thread_handle){handle_duplicate(ANY(thread), RIGHTS_SAME).value};
	holder = process_create((const uint8_t *)"holder", 6);
	check(&c, process_give(holder, ANY(other), RIGHTS_SAME) > 0, "giving it");
	handle_close(ANY(thread));
	handle_close(ANY(other));
	check(&c, !counts_on(&child, MS), "it counts though somebody has a handle");
	handle_close(ANY(holder));
	check(&c, counts_on(&child, PATIENCE), "it does not go on when its holder ends");

	thread = process_thread(child.process, 0);
	stop(&c, thread);
	other = (thread_handle){handle_duplicate(ANY(thread), RIGHT_DUPLICATE).value};
	check(&c, !counts_on(&child, MS), "it counts though it is stopped again");
	handle_close(ANY(thread));
	check(&c, counts_on(&child, PATIENCE), "it does not go on with the last handle that could resume it");
	handle_close(ANY(other));
	end_counter(&c, &child);
	checks_report(&c, "a stopped thread that nobody can resume any more goes on");
}

/* The last handle is closed while another thread stops through it: stopped it must not stay. */
static volatile int32_t closing;

static void close_soon(void *argument)
{
	(void)argument;
	handle_close((any_handle){closing});
}

static void test_forgotten_meanwhile(void)
{
	struct checks c = {0};
	struct child child;
	thread_handle thread = stopped_counter(&c, &child);

	go_on(&c, thread);
	for (unsigned i = 0; i < ROUNDS; i++) {
		closing = thread.value;
		suite_thread_start(&worker, close_soon, NULL);
		long error = thread_suspend(thread);

		check(&c, !error || error == -EBADF, "thread_suspend gave %ld", error);
		suite_thread_join(&worker);
		check(&c, counts_on(&child, PATIENCE), "it stays stopped");
		thread = process_thread(child.process, 0);
	}
	handle_close(ANY(thread));
	end_counter(&c, &child);
	checks_report(&c, "the last handle goes while a thread is stopped through it");
}

static void test_at_random(void)
{
	static void (*const runs[WORKERS])(void *) = {
		signal_often, take_often, call_often, [SERVER] = serve_often, sleep_often, call_often};
	struct checks c = {0};
	uint64_t end = now() + PATIENCE;
	unsigned long disturbed = 0;

	endpoint = endpoint_create();
	notification = notification_create();
	sent = got = 0;
	for (unsigned i = 0; i < WORKERS; i++)
		suite_thread_start(&workers[i], runs[i], NULL);
	for (; !all_over() && now() < end; disturbed++)
		disturb(&c);
	check(&c, all_over(), "they hang: %lu sent, %lu got", sent, got);
	/* Nobody answers this; and it is said again, if its deadline has passed before the server could hear it. */
	while (!workers[SERVER].over) {
		struct message m = {.label = NO_MORE, .deadline = now() + MS};

		ipc_call(endpoint, &m);
	}
	for (unsigned i = 0; i < WORKERS; i++)
		suite_thread_join(&workers[i]);
	check(&c, sent == got && sent == WORK, "%lu sent, %lu got", sent, got);
	handle_close(ANY(endpoint));
	handle_close(ANY(notification));
	checks_report(&c, "threads that work while they are stopped and cancelled at random");
	ktap_diagnose("%lu times", disturbed);
}

/* ---- */

/* Once for what stays for good, and once more. On several harts, what others have set aside is not counted. */
static void use_everything(struct checks *c)
{
	for (unsigned i = 0; i < COUNT(waitings); i++) {
		cancel_one(c, &waitings[i], i % 2);
		for (unsigned k = 0; k < 5; k++)
			kill_one(c, waitings[i].wait, k % 2);
	}
	for (unsigned i = 0; i < 10; i++) {
		kill_child(c, spinner, (size_t)(spinner_end - spinner), i % 4);
		kill_child(c, sleeper, (size_t)(sleeper_end - sleeper), i % 4);
	}
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
	ktap_plan(23);
	random_start(argc > 1 ? argv[1] : NULL);
	test_cancel_console();
	test_wait_ends();
	test_wait_goes_on();
	test_cancel();
	test_cancel_served();
	test_cancel_reply_receive();
	test_ended();
	test_running();
	test_registers();
	test_diverted();
	test_bad_pc();
	test_user_mode();
	test_itself();
	test_each_other();
	test_kill();
	test_kill_itself();
	test_watcher();
	test_kill_process();
	test_forgotten();
	test_forgotten_meanwhile();
	test_at_random();
	test_begin();
	test_nothing_is_lost(
		use_everything, LEFT, "threads and processes that were ended leave nothing behind");
	return ktap_end();
}
