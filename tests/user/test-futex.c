/*
 * Futexes: a mutex made of them keeps threads of all harts apart and forgets nobody; processes that share memory
 * meet; what is no word, or is unmapped meanwhile, is no harm.
 */
#include "calls.h"

enum { THREADS = 4, HAMMER = 20000 };

static struct suite_thread threads[16];
static uint32_t word;

static long wake(volatile uint32_t *at, uint32_t count)
{
	return futex_wake((uintptr_t)at, count);
}

static long wait(volatile uint32_t *at, uint32_t expected)
{
	return futex_wait((uintptr_t)at, expected, now() + PATIENCE);
}

static void test_refusals(void)
{
	struct checks c = {0};
	uintptr_t scratch = (uintptr_t)subjects.scratch, end = scratch + subjects.scratch_size;
	static const uint64_t nowhere[] = {0, 4, 0xffc, USER_TOP - 4, USER_TOP, 0xffffffc080200000, ~3ul};
	struct pages exec = pages_map(PAGE_SIZE, PROT_EXEC);

	word = 1;
	check(&c, futex_wait((uintptr_t)&word, 2, DEADLINE_NEVER) == -EAGAIN, "another value");
	check(&c, futex_wait((uintptr_t)&word, 1, 0) == -ETIMEDOUT, "no time");
	for (unsigned i = 1; i < 4; i++) {
		check(&c, futex_wait(scratch + i, 0, 0) == -EINVAL, "waits at %u", i);
		check(&c, futex_wake(scratch + i, 1) == -EINVAL, "wakes at %u", i);
	}
	for (unsigned i = 0; i < COUNT(nowhere); i++) {
		check(&c, futex_wait(nowhere[i], 0, 0) == -EFAULT, "waits at %#lx",
			(unsigned long)nowhere[i]);
		check(&c, futex_wake(nowhere[i], 1) == -EFAULT, "wakes at %#lx", (unsigned long)nowhere[i]);
	}
	check(&c, futex_wait(end, 0, 0) == -EFAULT, "behind the end");
	check(&c, futex_wait((uintptr_t)exec.at, 0, 0) == -EFAULT, "what can't be read");
	check(&c, wake(&word, UINT32_MAX) == 0, "wakes nobody");
	pages_unmap(&exec);
	checks_report(&c, "what is refused");
}

static void test_deadlines(void)
{
	struct checks c = {0};

	word = 0;
	for (unsigned i = 0; i < 20; i++) {
		uint64_t deadline = now() + random_below(2 * MS);

		check(&c, futex_wait((uintptr_t)&word, 0, deadline) == -ETIMEDOUT && now() >= deadline,
			"timed out too soon");
	}
	check(&c, wake(&word, 1) == 0, "somebody is left");
	checks_report(&c, "deadlines");
}

/* The classic: 0 free, 1 held, 2 held and somebody may wait. */
static uint32_t mutex;
static volatile uint64_t guarded;
static uint64_t failed;

static void lock(void)
{
	uint32_t state = 0;

	if (__atomic_compare_exchange_n(&mutex, &state, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(&mutex, 2, __ATOMIC_ACQUIRE)) {
		long error = wait(&mutex, 2);

		if (error && error != -EAGAIN)
			__atomic_fetch_add(&failed, 1, __ATOMIC_RELAXED);
	}
}

static void unlock(void)
{
	if (__atomic_exchange_n(&mutex, 0, __ATOMIC_RELEASE) == 2)
		wake(&mutex, 1);
}

static void add_often(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < HAMMER; i++) {
		lock();
		guarded = guarded + 1;
		if (i % 64 == 0)
			thread_yield(); /* so that others come while it is held */
		unlock();
	}
}

static void test_mutex(void)
{
	struct checks c = {0};

	guarded = failed = 0;
	for (unsigned i = 0; i < THREADS; i++)
		suite_thread_start(&threads[i], add_often, NULL);
	for (unsigned i = 0; i < THREADS; i++)
		suite_thread_join(&threads[i]);
	check(&c, guarded == THREADS * HAMMER, "%lu of %d", (unsigned long)guarded, THREADS * HAMMER);
	check(&c, !failed, "%lu waits failed", (unsigned long)failed);
	check(&c, !mutex, "it is left as %u", (unsigned)mutex);
	checks_report(&c, "a mutex, hammered by four threads");
}

static volatile uint32_t through;

static void wait_at_word(void *argument)
{
	(void)argument;
	if (!wait(&word, 7))
		__atomic_fetch_add(&through, 1, __ATOMIC_RELAXED);
}

/* Wakes until so many have been woken, since they may not have come to wait yet. */
static long wake_exactly(volatile uint32_t *at, uint32_t count)
{
	uint64_t deadline = now() + PATIENCE;
	long woken = 0;

	while (woken < count && now() < deadline) {
		woken += wake(at, count - (uint32_t)woken);
		thread_yield();
	}
	return woken;
}

static void test_count(void)
{
	struct checks c = {0};

	through = 0;
	word = 7;
	for (unsigned i = 0; i < COUNT(threads); i++)
		suite_thread_start(&threads[i], wait_at_word, NULL);
	check(&c, wake(&word, 0) == 0, "wakes none");
	check(&c, wake_exactly(&word, 1) == 1, "wakes one");
	check(&c, wake_exactly(&word, 5) == 5, "wakes five");
	check(&c, wake(&word + 1, UINT32_MAX) == 0, "the word beside it");
	check(&c, wake_exactly(&word, COUNT(threads) - 6) == COUNT(threads) - 6, "wakes the rest");
	for (unsigned i = 0; i < COUNT(threads); i++)
		suite_thread_join(&threads[i]);
	check(&c, through == COUNT(threads), "%u came through", (unsigned)through);
	check(&c, wake(&word, UINT32_MAX) == 0, "somebody is left");
	checks_report(&c, "as many wake as are to");
}

/* ---- many: the kernel wakes them in several pieces */

enum { MANY = 200 };

static struct suite_thread crowd[MANY];
static volatile uint32_t crowd_over, crowd_woken, crowd_failed;

/* Waits again as soon as it is woken: who wakes it must not meet it a second time. */
static void wait_again(void *argument)
{
	(void)argument;
	while (!crowd_over) {
		long error = wait(&word, 9);

		if (!error)
			__atomic_fetch_add(&crowd_woken, 1, __ATOMIC_RELAXED);
		else if (error != -EAGAIN)
			__atomic_fetch_add(&crowd_failed, 1, __ATOMIC_RELAXED);
	}
}

/* How many of the crowd wait. */
static unsigned crowd_waits(void)
{
	struct thread_info info;
	unsigned count = 0;

	for (unsigned i = 0; i < MANY; i++)
		count += !thread_info(crowd[i].handle, &info) && info.waits_for == WAITS_FOR_FUTEX;
	return count;
}

static bool crowd_is_back(void)
{
	uint64_t deadline = now() + PATIENCE;

	while (crowd_waits() < MANY && now() < deadline)
		thread_sleep(now() + MS);
	return crowd_waits() == MANY;
}

static void run_another(struct checks *c)
{
	struct process_result r = again_run("/bin/true", NULL, NULL, 0);

	check(c, child_exited(&r, 0), "reason %d status %d", (int)r.reason, (int)r.status);
}

static void test_many(void)
{
	static const uint32_t counts[] = {UINT32_MAX, MANY, MANY - 1, 64, 17, 16, 15, UINT32_MAX};
	struct checks c = {0};

	word = 9;
	for (unsigned i = 0; i < MANY; i++) {
		suite_thread_start(&crowd[i], wait_again, NULL);
		check(&c, !thread_set_priority(crowd[i].handle, 17), "priority");
	}
	for (unsigned i = 0; i < COUNT(counts); i++) {
		uint32_t expected = counts[i] < MANY ? counts[i] : MANY;
		long woken;

		check(&c, crowd_is_back(), "%u wait", crowd_waits());
		crowd_woken = 0;
		woken = wake(&word, counts[i]);
		check(&c, woken == expected, "of %u at most it woke %ld", counts[i], woken);
		run_another(&c); /* debug kernels look at all queues then */
		check(&c, crowd_is_back() && crowd_woken == expected, "%u have been woken, not %u",
			(unsigned)crowd_woken, expected);
	}
	crowd_over = 1;
	word = 0;
	check(&c, wake(&word, UINT32_MAX) == MANY, "in the end");
	for (unsigned i = 0; i < MANY; i++)
		suite_thread_join(&crowd[i]);
	check(&c, !crowd_failed, "%u waits failed", (unsigned)crowd_failed);
	check(&c, wake(&word, UINT32_MAX) == 0, "somebody is left");
	checks_report(&c, "many are woken once each, and may wait again at once");
}

/* clang-format off */
CHILD_PROGRAM(child_waits,
	"	li	a0, " SUITE_TEXT(CHILD_DATA_TEXT) "\n"
	"	li	a1, 0\n"
	"	li	a2, -1\n"
	"	li	a7, " SUITE_TEXT(SYS_futex_wait) "\n"
	"	ecall\n"
	"	addi	a0, a0, 33\n"
	CHILD_EXIT);
/* clang-format on */

/* Another process has the same memory at another address. */
static void test_processes(void)
{
	struct checks c = {0};
	struct process_result r;

	for (unsigned i = 0; i < 8; i++) {
		struct child child;
		long at;

		check(&c, !child_make(&child, child_waits, (size_t)(child_waits_end - child_waits)), "child");
		at = vm_map(own_process(), 0, child.data, 0, CHILD_SIZE, PROT_READ | PROT_WRITE, 0);
		check(&c, at > 0 && !child_start(&child, 0), "start");
		check(&c, wake_exactly((volatile uint32_t *)at, 1) == 1, "the child does not come");
		check(&c, !process_wait(child.process, now() + PATIENCE, &r) && child_exited(&r, 33),
			"the child ended with %d", (int)r.status);
		vm_unmap(own_process(), (uint64_t)at, CHILD_SIZE);
		child_close(&child);
	}
	checks_report(&c, "processes that share memory");
}

static struct pages gone;
static volatile long result_of_gone;

static void wait_at_gone(void *argument)
{
	(void)argument;
	result_of_gone = futex_wait((uintptr_t)gone.at, 0, now() + 20 * MS);
}

/* The memory goes while somebody waits; new memory at the same address is something else. */
static void test_unmap(void)
{
	struct checks c = {0};

	for (unsigned i = 0; i < 10; i++) {
		gone = pages_map(PAGE_SIZE, PROT_READ | PROT_WRITE);
		suite_thread_start(&threads[0], wait_at_gone, NULL);
		thread_sleep(now() + random_below(2 * MS));

		uint8_t *at = gone.at;
		struct pages after;

		pages_unmap(&gone);
		pages_next = (uintptr_t)at;
		after = pages_map(PAGE_SIZE, PROT_READ | PROT_WRITE);
		long woken = wake((volatile uint32_t *)after.at, 1);
		/* One that comes only now waits for the new memory, and has its result when it has ended. */
		suite_thread_join(&threads[0]);
		check(&c, woken == 0 || result_of_gone == 0, "a waiter of other memory");
		check(&c, result_of_gone == -ETIMEDOUT || result_of_gone == -EFAULT || result_of_gone == 0,
			"gave %ld", result_of_gone);
		pages_unmap(&after);
	}
	checks_report(&c, "memory that is unmapped while somebody waits");
}

static void wait_for_ever(void *argument)
{
	(void)argument;
	futex_wait((uintptr_t)&word, 0, DEADLINE_NEVER);
}

static int end_while_waiting(void)
{
	word = 0;
	for (unsigned i = 0; i < COUNT(threads); i++)
		suite_thread_start(&threads[i], wait_for_ever, NULL);
	return ended_while_waiting();
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "end"))
		return end_while_waiting();
	ktap_plan(8);
	random_start(argc > 1 ? argv[1] : NULL);
	subjects_make();
	test_refusals();
	test_deadlines();
	test_mutex();
	test_count();
	test_many();
	test_processes();
	test_unmap();
	test_end_while_waiting("/bin/test-futex");
	return ktap_end();
}
