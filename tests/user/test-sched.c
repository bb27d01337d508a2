/*
 * Who runs, and where: priorities and their limit, turns within one, harts that a thread may run on, moves from one to
 * another while it runs, waits or is stopped, with all its registers.
 */
#include "suite.h"

enum { ROUNDS = 40, SPINNERS = 3, HOLDERS = 4, LEFT = 1500, LOW = 10, NORMAL = 16, HIGH = 20 };

static struct suite_thread workers[SPINNERS], high, low, third;
static unsigned hart_total;
static thread_handle self;

static struct thread_info info_of(thread_handle thread)
{
	struct thread_info info = {0};

	thread_info(thread, &info);
	return info;
}

static void pin(struct checks *c, thread_handle thread, unsigned hart)
{
	long error = thread_set_affinity(thread, 1ul << hart);

	check(c, !error, "thread_set_affinity gave %ld", error);
}

static void raise_to(struct checks *c, thread_handle thread, uint32_t priority)
{
	long error = thread_set_priority(thread, priority);

	check(c, !error, "thread_set_priority gave %ld", error);
	check(c, info_of(thread).priority == priority, "its priority is %u", info_of(thread).priority);
}

static void pass(uint64_t ns)
{
	for (uint64_t end = now() + ns; now() < end;)
		;
}

/* ---- what is refused */

static void run_nothing(void *unused)
{
	(void)unused;
}

static void test_refused(void)
{
	struct checks c = {0};
	process_handle p = process_create((const uint8_t *)"idle", 4);

	check(&c, thread_set_priority(self, 32) == -EINVAL, "priority 32");
	check(&c, thread_set_priority(self, UINT32_MAX) == -EINVAL, "priority all ones");
	check(&c, thread_set_affinity(self, 0) == -EINVAL, "no hart");
	check(&c, thread_set_affinity(self, 1ul << hart_total) == -EINVAL, "a hart that is not there");
	check(&c, thread_set_affinity(self, 1ul << 63) == -EINVAL, "hart 63");
	check(&c, !thread_set_affinity(self, UINT64_MAX), "every hart");
	check(&c, !process_limit_priority(p, 12), "a limit");
	check(&c, process_limit_priority(p, 13) == -EINVAL, "a higher one");
	check(&c, !process_limit_priority(p, 12), "the same");
	check(&c, process_limit_priority(p, 32) == -EINVAL, "32");
	handle_close(ANY(p));
	suite_thread_start(&low, run_nothing, NULL);
	while (thread_set_priority(low.handle, NORMAL) != -ESRCH)
		thread_yield();
	check(&c, thread_set_affinity(low.handle, 1) == -ESRCH, "one that has ended");
	suite_thread_join(&low);
	checks_report(&c, "what is no priority and no hart");
}

/* ---- priorities. Everybody on one hart. */

static notification_handle wake;
static volatile uint64_t taken, low_ran;
static volatile bool over;

static void take_often(void *unused)
{
	(void)unused;
	while ((long)notification_wait(wake, 1, DEADLINE_NEVER) > 0 && !over)
		taken++;
}

static void run_low(void *unused)
{
	(void)unused;
	while (!over)
		low_ran++;
}

/* A higher one runs at once, a lower one not at all. */
static void test_preemption(void)
{
	struct checks c = {0};

	over = false;
	taken = low_ran = 0;
	wake = notification_create();
	pin(&c, self, 0);
	suite_thread_start(&high, take_often, NULL);
	suite_thread_start(&low, run_low, NULL);
	check(&c, info_of(high.handle).affinity == 1, "it inherits the hart");
	raise_to(&c, low.handle, LOW);
	raise_to(&c, high.handle, HIGH);
	while (!low_ran || info_of(high.handle).state != THREAD_STATE_WAITING)
		thread_sleep(now() + MS);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t before = low_ran;

		notification_signal(wake, 1);
		check(&c, taken == i + 1, "round %u: %lu times", i, taken);
		pass(MS);
		thread_yield();
		check(&c, low_ran == before, "the low one ran");
	}
	over = true;
	thread_set_priority(low.handle, NORMAL + 1); /* it ends at once */
	notification_signal(wake, 1);
	suite_thread_join(&high);
	suite_thread_join(&low);
	handle_close(ANY(wake));
	checks_report(&c, "the highest priority runs at once, a lower one not at all");
}

static volatile uint64_t turns[SPINNERS];

static void spin_counting(void *argument)
{
	while (!over)
		turns[(uintptr_t)argument]++;
}

static bool moves_on(const volatile uint64_t *count, uint64_t before)
{
	uint64_t end = now() + PATIENCE;

	while (*count == before && now() < end)
		thread_sleep(now() + 10 * MS);
	return *count != before;
}

/* Each of one priority has its turn, though they never give it up. */
static void test_turns(void)
{
	struct checks c = {0};
	uint64_t before[SPINNERS];

	over = false;
	raise_to(&c, self, HIGH);
	for (uintptr_t i = 0; i < SPINNERS; i++)
		suite_thread_start(&workers[i], spin_counting, (void *)i);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < SPINNERS; i++)
			before[i] = turns[i];
		for (unsigned i = 0; i < SPINNERS; i++)
			check(&c, moves_on(&turns[i], before[i]), "thread %u had no turn", i);
	}
	over = true;
	raise_to(&c, self, NORMAL);
	for (unsigned i = 0; i < SPINNERS; i++)
		suite_thread_join(&workers[i]);
	checks_report(&c, "threads of one priority take turns");
}

static endpoint_handle endpoint;

static void serve(void *unused)
{
	struct message m = {.deadline = DEADLINE_NEVER};

	(void)unused;
	if (ipc_receive(endpoint, &m))
		return;
	do
		m.deadline = DEADLINE_NEVER;
	while (!ipc_reply_receive(endpoint, &m));
}

static void call_for_ever(void *unused)
{
	(void)unused;
	while (!over) {
		struct message m = {.deadline = DEADLINE_NEVER};

		if (ipc_call(endpoint, &m))
			return;
		turns[0]++;
	}
}

/* Two that call each other hand the hart to and fro, but neither keep out a third one nor one of a higher priority. */
static void test_pair(void)
{
	struct checks c = {0};
	uint64_t latest = 0;

	over = false;
	endpoint = endpoint_create();
	raise_to(&c, self, HIGH);
	suite_thread_start(&workers[0], serve, NULL);
	suite_thread_start(&workers[1], call_for_ever, NULL);
	suite_thread_start(&third, spin_counting, (void *)2);
	for (unsigned i = 0; i < ROUNDS; i++) { /* woken by time */
		uint64_t at = now() + MS;

		thread_sleep(at);
		latest = now() - at > latest ? now() - at : latest;
	}
	check(&c, moves_on(&turns[2], turns[2]), "the third one had no turn");
	check(&c, moves_on(&turns[0], turns[0]), "the pair had none");
	over = true;
	handle_close(ANY(endpoint));
	raise_to(&c, self, NORMAL);
	suite_thread_join(&workers[0]);
	suite_thread_join(&workers[1]);
	suite_thread_join(&third);
	checks_report(&c, "two that call each other keep nobody out");
	ktap_diagnose("woken %lu us late at most", latest / 1000);
}

/* A server of higher priority than its caller, signalled by it meanwhile: both wake-ups of one moment. */
static void serve_and_signal(void *unused)
{
	struct message m = {.deadline = DEADLINE_NEVER};

	(void)unused;
	if (ipc_receive(endpoint, &m))
		return;
	do {
		notification_signal(wake, 1);
		m.word[0] = taken; /* by whom it woke, if that one is higher */
		m.deadline = DEADLINE_NEVER;
	} while (!ipc_reply_receive(endpoint, &m));
}

static void test_hand_over(void)
{
	struct checks c = {0};

	over = false;
	taken = 0;
	endpoint = endpoint_create();
	wake = notification_create();
	suite_thread_start(&workers[0], serve_and_signal, NULL);
	suite_thread_start(&high, take_often, NULL);
	raise_to(&c, workers[0].handle, NORMAL + 1);
	raise_to(&c, high.handle, HIGH);
	while (info_of(high.handle).state != THREAD_STATE_WAITING)
		thread_yield();
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct message m = {.deadline = DEADLINE_NEVER};

		check(&c, !ipc_call(endpoint, &m), "call");
		check(&c, m.word[0] == i + 1 && taken == i + 1,
			"the highest one did not run at once: %lu, %lu", m.word[0], taken);
	}
	over = true;
	handle_close(ANY(endpoint));
	notification_signal(wake, 1);
	suite_thread_join(&high);
	suite_thread_join(&workers[0]);
	handle_close(ANY(wake));
	checks_report(&c, "a hand-over does not go before a higher priority");
}

/* ---- limits */

/* clang-format off */
CHILD_PROGRAM(spinner,
	"1:	j	1b\n");
/* clang-format on */

static thread_handle start_in(struct checks *c, struct child *child)
{
	check(c, !child_make(child, spinner, (size_t)(spinner_end - spinner)), "child");
	return thread_create(child->process, CHILD_CODE, CHILD_SP, 0);
}

static void test_limit(void)
{
	struct checks c = {0};
	struct child child;
	thread_handle thread = start_in(&c, &child), another;

	raise_to(&c, thread, NORMAL - 1); /* lower than ours, for the rest to be quick */
	check(&c, !process_limit_priority(child.process, 5), "limit");
	while (info_of(thread).priority != 5) /* its home may not have heard of it */
		thread_yield();
	check(&c, thread_set_priority(thread, 6) == -EINVAL, "above the limit");
	raise_to(&c, thread, 5);
	raise_to(&c, thread, 0);
	another = thread_create(child.process, CHILD_CODE, CHILD_SP, 0);
	check(&c, another.value > 0 && info_of(another).priority == 5, "a new one has %u",
		info_of(another).priority);
	handle_close(ANY(another));
	handle_close(ANY(thread));
	process_kill(child.process, 0);
	child_close(&child);
	checks_report(&c, "the limit of a process");
}

/* In a process of its own: it lowers its limit, and what it makes has that one. */
static int be_limited(void)
{
	struct checks c = {0};
	struct child child;
	thread_handle thread;

	check(&c, !process_limit_priority(own_process(), 7), "limit");
	thread = start_in(&c, &child);
	check(&c, info_of(thread).priority == 7, "it has %u", info_of(thread).priority);
	check(&c, thread_set_priority(thread, 8) == -EINVAL, "above");
	check(&c, process_limit_priority(child.process, 8) == -EINVAL, "a higher limit");
	process_kill(child.process, 0);
	return c.failed ? 1 : 0;
}

static void test_inherited_limit(const char *program)
{
	struct checks c = {0};
	struct process_result r = again_run(program, "limited", NULL, 0);

	check(&c, child_exited(&r, 0), "reason %d status %d", (int)r.reason, (int)r.status);
	checks_report(&c, "the limit is inherited");
}

/* ---- harts */

static void test_moves(void)
{
	struct checks c = {0};

	over = false;
	check(&c, !thread_set_affinity(self, UINT64_MAX), "every hart");
	suite_thread_start(&low, run_low, NULL);
	raise_to(&c, low.handle, LOW);
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned hart = (unsigned)random_below(hart_total);
		struct thread_info info;

		if (i % 4 == 0) {
			thread_suspend(low.handle);
			pin(&c, low.handle, hart);
			thread_resume(low.handle);
		} else {
			pin(&c, low.handle, hart);
		}
		while (info_of(low.handle).hart != hart) /* on its way */
			thread_yield();
		info = info_of(low.handle);
		check(&c, info.hart == hart && info.affinity == 1u << hart, "on hart %u, allowed %#x, not %u",
			info.hart, info.affinity, hart);
	}
	over = true;
	thread_set_priority(low.handle, NORMAL + 1);
	suite_thread_join(&low);
	checks_report(&c, "a thread moves from hart to hart");
}

static void test_waiting_moves(void)
{
	struct checks c = {0};

	over = false;
	taken = 0;
	wake = notification_create();
	suite_thread_start(&high, take_often, NULL);
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned hart = (unsigned)random_below(hart_total);

		while (info_of(high.handle).state != THREAD_STATE_WAITING)
			thread_yield();
		pin(&c, high.handle, hart);
		notification_signal(wake, 1);
		while (taken == i)
			thread_yield();
		check(&c, info_of(high.handle).hart == hart, "on hart %u, not %u", info_of(high.handle).hart,
			hart);
	}
	over = true;
	notification_signal(wake, 1);
	suite_thread_join(&high);
	handle_close(ANY(wake));
	checks_report(&c, "a thread that waits moves when it is woken");
}

/* A thread that has been pinned runs nowhere else; that it has a new home is seen a moment later. */
static void arrive(thread_handle t, unsigned hart)
{
	uint64_t patience = now() + PATIENCE;

	while (info_of(t).hart != hart && now() < patience)
		thread_yield();
}

/* Pinned to one hart, however much is to do there and nothing elsewhere. */
static void test_stays(void)
{
	struct checks c = {0};

	over = false;
	for (uintptr_t i = 0; i < SPINNERS; i++) {
		suite_thread_start(&workers[i], spin_counting, (void *)i);
		pin(&c, workers[i].handle, hart_total - 1);
		arrive(workers[i].handle, hart_total - 1);
	}
	for (unsigned i = 0; i < ROUNDS; i++) {
		thread_sleep(now() + 2 * MS);
		for (unsigned k = 0; k < SPINNERS; k++)
			check(&c, info_of(workers[k].handle).hart == hart_total - 1, "on hart %u",
				info_of(workers[k].handle).hart);
	}
	over = true;
	for (unsigned i = 0; i < SPINNERS; i++)
		suite_thread_join(&workers[i]);
	checks_report(&c, "threads stay where they may run");
}

/* Sets every register it can from a0, spins, looks at them, often. Exits with 0, or which one has changed. */
#define EACH_X "3,4,5,6,7,9,11,12,13,14,16,18,19,20,21,22,23,24,25,26,27,28,29,30,31"
#define EACH_F "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31"
/* clang-format off */
CHILD_PROGRAM(holder,
	"	mv	s0, a0\n"
	"	.irp n, " EACH_X "\n"
	"	addi	x\\n, s0, \\n\n"
	"	.endr\n"
	"	.irp n, " EACH_F "\n"
	"	addi	a5, s0, 100 + \\n\n"
	"	fmv.d.x	f\\n, a5\n"
	"	.endr\n"
	"	andi	a5, s0, 31\n"
	"	fscsr	a5\n"
	"	li	ra, 2000\n"
	"1:	li	a5, 2000\n"
	"2:	addi	a5, a5, -1\n"
	"	bnez	a5, 2b\n"
	"	.irp n, " EACH_X "\n"
	"	addi	a5, s0, \\n\n"
	"	li	a0, \\n\n"
	"	bne	x\\n, a5, 9f\n"
	"	.endr\n"
	"	li	a0, 200\n"
	"	.irp n, " EACH_F "\n"
	"	addi	a5, s0, 100 + \\n\n"
	"	fmv.x.d	a7, f\\n\n"
	"	bne	a5, a7, 9f\n"
	"	.endr\n"
	"	frcsr	a5\n"
	"	andi	a7, s0, 31\n"
	"	bne	a5, a7, 9f\n"
	"	addi	ra, ra, -1\n"
	"	bnez	ra, 1b\n"
	"	li	a0, 0\n"
	"9:\n"
	CHILD_EXIT);
/* clang-format on */

static void test_registers(void)
{
	struct checks c = {0};
	struct child child[HOLDERS];
	thread_handle thread[HOLDERS];
	struct process_result r;
	unsigned long moves = 0;

	for (unsigned i = 0; i < HOLDERS; i++) {
		check(&c, !child_make(&child[i], holder, (size_t)(holder_end - holder)), "child");
		thread[i] = thread_create(child[i].process, CHILD_CODE, CHILD_SP, random_next() >> 4);
		check(&c, thread[i].value > 0, "thread");
	}
	raise_to(&c, self, HIGH);
	for (bool any = true; any; moves++) {
		any = false;
		for (unsigned i = 0; i < HOLDERS; i++)
			any |= !thread_set_affinity(thread[i], 1ul << random_below(hart_total));
		thread_sleep(now() + 20000);
	}
	raise_to(&c, self, NORMAL);
	for (unsigned i = 0; i < HOLDERS; i++) {
		check(&c, !process_wait(child[i].process, now() + PATIENCE, &r) && child_exited(&r, 0),
			"child %u: reason %d, register %d", i, (int)r.reason, (int)r.status);
		handle_close(ANY(thread[i]));
		child_close(&child[i]);
	}
	checks_report(&c, "moves keep all registers");
	ktap_diagnose("%lu times each", moves);
}

/* ---- a reservation is not carried from one thread to another */

static volatile alignas(8) uint64_t counter;
static volatile bool reserved_wrong;

/* Adds one, with a call between LR and SC, in which others do the same. */
static bool add_slowly(void)
{
	uint64_t value, failed;

	__asm__ volatile("	lr.d	%0, (%2)\n"
			 "	addi	%0, %0, 1\n"
			 "	li	a7, " SUITE_TEXT(SYS_thread_yield) "\n"
									   "	ecall\n"
									   "	sc.d	%1, %0, (%2)\n"
			 : "=&r"(value), "=&r"(failed)
			 : "r"(&counter)
			 : "a0", "a7", "memory");
	return !failed;
}

static void add_often(void *count)
{
	for (unsigned i = 0; i < 1000; i++)
		if (add_slowly())
			++*(volatile uint64_t *)count;
}

static void test_reservation(void)
{
	struct checks c = {0};
	static volatile uint64_t added[SPINNERS];
	uint64_t sum = 0;

	counter = 0;
	for (unsigned i = 0; i < SPINNERS; i++)
		suite_thread_start(&workers[i], add_often, (void *)(uintptr_t)&added[i]);
	for (unsigned i = 0; i < SPINNERS; i++) {
		suite_thread_join(&workers[i]);
		sum += added[i];
	}
	check(&c, counter == sum, "%lu was added, %lu is there", sum, counter);
	checks_report(&c, "a reservation does not outlast a switch");
}

/* ---- many at once */

static void test_at_random(void)
{
	struct checks c = {0};
	uint64_t end = now() + 500 * MS;
	unsigned long changes = 0;

	over = false;
	endpoint = endpoint_create();
	suite_thread_start(&workers[0], serve, NULL);
	suite_thread_start(&workers[1], call_for_ever, NULL);
	suite_thread_start(&workers[2], call_for_ever, NULL);
	raise_to(&c, self, HIGH);
	while (now() < end) {
		thread_handle victim = workers[random_below(SPINNERS)].handle;
		long error = 0;

		switch (random_below(4)) {
		case 0:
			error = thread_set_priority(victim, (uint32_t)random_below(HIGH));
			break;
		case 1:
		case 2:
			error = thread_set_affinity(victim, 1 + random_below((1ul << hart_total) - 1));
			break;
		case 3:
			error = thread_suspend(victim);
			thread_set_affinity(victim, 1 + random_below((1ul << hart_total) - 1));
			thread_resume(victim);
			break;
		}
		check(&c, !error, "%ld", error);
		if (++changes % 16 == 0)
			thread_sleep(now() + 50000);
	}
	over = true;
	handle_close(ANY(endpoint));
	for (unsigned i = 0; i < SPINNERS; i++)
		thread_set_priority(workers[i].handle, HIGH);
	raise_to(&c, self, NORMAL);
	for (unsigned i = 0; i < SPINNERS; i++)
		suite_thread_join(&workers[i]);
	checks_report(&c, "priorities and harts change at random under calls");
	ktap_diagnose("%lu times", changes);
}

/* Arguments: the seed; or what this program does as a child. */
int main(int argc, char **argv)
{
	struct system_info info = {0};

	if (argc > 1 && !strcmp(argv[1], "limited"))
		return be_limited();
	ktap_plan(13);
	random_start(argc > 1 ? argv[1] : NULL);
	system_info(own_system(), &info);
	hart_total = info.harts;
	self = process_thread(own_process(), 0);
	test_refused();
	test_preemption();
	test_turns();
	test_pair();
	test_hand_over();
	test_limit();
	test_inherited_limit("/bin/test-sched");
	test_moves();
	test_waiting_moves();
	test_stays();
	test_registers();
	test_reservation();
	test_at_random();
	return ktap_end();
}
