/*
 * Notifications: bits stay until they are taken, each is taken once, nobody who waits is forgotten, whatever hart
 * the others are on; the end of the object or of a waiting process is no harm.
 */
#include "calls.h"

#define ALL_BITS (UINT64_MAX >> 1)

enum { WAITERS = 16, HAMMER = 4000 };

static struct suite_thread threads[WAITERS];
static notification_handle shared, back;

/* A mistaken test may wait for ever; this way it fails. */
static long take(notification_handle n, uint64_t mask)
{
	return (long)notification_wait(n, mask, now() + PATIENCE);
}

static void test_bits(void)
{
	struct checks c = {0};
	notification_handle n = notification_create();
	long result;

	for (unsigned bit = 0; bit < 63; bit++) {
		check(&c, !notification_signal(n, 1ul << bit), "bit %u", bit);
		check(&c, !notification_signal(n, 1ul << bit), "bit %u again", bit);
	}
	for (unsigned bit = 0; bit < 63; bit += 2) {
		result = (long)notification_wait(n, 1ul << bit, 0);
		check(&c, result == 1l << bit, "bit %u gave %#lx", bit, result);
		result = (long)notification_wait(n, 1ul << bit, 0);
		check(&c, result == -ETIMEDOUT, "bit %u twice: %#lx", bit, result);
	}
	result = (long)notification_wait(n, ALL_BITS, 0);
	check(&c, result == 0x2aaaaaaaaaaaaaaa, "the rest is %#lx", result);
	check(&c, notification_signal(n, 0) == -EINVAL, "no bit");
	check(&c, notification_signal(n, 1ul << 63) == -EINVAL, "bit 63");
	check(&c, (long)notification_wait(n, 0, 0) == -EINVAL, "a mask of nothing");
	check(&c, (long)notification_wait(n, UINT64_MAX, 0) == -EINVAL, "a mask with bit 63");
	handle_close(ANY(n));
	checks_report(&c, "bits stay until they are taken, once");
}

static void test_deadlines(void)
{
	struct checks c = {0};
	notification_handle n = notification_create();

	for (unsigned i = 0; i < 20; i++) {
		uint64_t deadline = now() + random_below(2 * MS);

		check(&c, (long)notification_wait(n, 1, deadline) == -ETIMEDOUT && now() >= deadline,
			"timed out too soon");
	}
	notification_signal(n, 1);
	check(&c, (long)notification_wait(n, ALL_BITS, 0) == 1, "a bit was lost when time ran out");
	handle_close(ANY(n));
	checks_report(&c, "deadlines");
}

static long results[WAITERS];

static void wait_for_own_bit(void *argument)
{
	unsigned i = (unsigned)(uintptr_t)argument;

	results[i] = take(shared, 1ul << i);
}

static void start_waiters(void)
{
	shared = notification_create();
	for (unsigned i = 0; i < WAITERS; i++)
		suite_thread_start(&threads[i], wait_for_own_bit, (void *)(uintptr_t)i);
}

static void join_waiters(void)
{
	for (unsigned i = 0; i < WAITERS; i++)
		suite_thread_join(&threads[i]);
}

/* Signals before, while and after they come to wait: all at once, and one by one. */
static void test_waiters(void)
{
	struct checks c = {0};

	for (unsigned round = 0; round < 8; round++) {
		start_waiters();
		for (unsigned i = 0; i < round; i++)
			thread_yield();
		if (round % 2)
			notification_signal(shared, (1ul << WAITERS) - 1);
		else
			for (unsigned i = 0; i < WAITERS; i++)
				notification_signal(shared, 1ul << (WAITERS - 1 - i));
		join_waiters();
		for (unsigned i = 0; i < WAITERS; i++)
			check(&c, results[i] == 1l << i, "waiter %u got %#lx", i, results[i]);
		check(&c, (long)notification_wait(shared, ALL_BITS, 0) == -ETIMEDOUT, "bits are left");
		handle_close(ANY(shared));
	}
	checks_report(&c, "many who wait, each for its own bit");
}

static volatile uint64_t takers;

static void take_any(void *argument)
{
	(void)argument;
	if (take(shared, 1) == 1)
		__atomic_fetch_add(&takers, 1, __ATOMIC_RELAXED);
}

/* One signal wakes one of those who wait for the same bit. */
static void test_one_taker(void)
{
	struct checks c = {0};
	uint64_t deadline = now() + PATIENCE;

	takers = 0;
	shared = notification_create();
	for (unsigned i = 0; i < WAITERS; i++)
		suite_thread_start(&threads[i], take_any, NULL);
	for (unsigned i = 0; i < WAITERS; i++) {
		check(&c, takers == i, "%lu have taken %u signals", (unsigned long)takers, i);
		notification_signal(shared, 1);
		while (takers == i && now() < deadline)
			thread_yield();
	}
	join_waiters();
	check(&c, takers == WAITERS, "%lu have taken %d signals", (unsigned long)takers, WAITERS);
	handle_close(ANY(shared));
	checks_report(&c, "a bit goes to one taker");
}

static unsigned turns[WAITERS];
static unsigned turn;

/* The first of each round gives up before there is a signal. */
static void take_turn(void *argument)
{
	unsigned i = (unsigned)(uintptr_t)argument;

	results[i] = (long)notification_wait(shared, 1, now() + (i ? PATIENCE : 5 * MS));
	turns[__atomic_fetch_add(&turn, 1, __ATOMIC_RELAXED)] = i;
}

static void await_turn(unsigned count)
{
	for (uint64_t deadline = now() + PATIENCE;
		__atomic_load_n(&turn, __ATOMIC_RELAXED) != count && now() < deadline;)
		thread_yield();
}

static unsigned waiting(void)
{
	struct notification_info info;

	return notification_info(shared, &info) ? UINT32_MAX : info.waiting;
}

/* So many have begun to wait; on a busy machine the first may have given up by then. */
static void await_begun(unsigned count)
{
	for (uint64_t deadline = now() + PATIENCE;
		waiting() + __atomic_load_n(&turn, __ATOMIC_RELAXED) != count && now() < deadline;)
		thread_yield();
}

/* First come, first served; also when the first has gone, and when some have been served and others come. */
static void test_turns(void)
{
	enum { AT_ONCE = 4 };
	struct checks c = {0};

	turn = 0;
	shared = notification_create();
	for (unsigned i = 0; i < AT_ONCE; i++) {
		suite_thread_start(&threads[i], take_turn, (void *)(uintptr_t)i);
		await_begun(i + 1);
	}
	await_turn(1);
	for (unsigned i = AT_ONCE; i < WAITERS; i++) {
		notification_signal(shared, 1);
		await_turn(i - AT_ONCE + 2);
		suite_thread_start(&threads[i], take_turn, (void *)(uintptr_t)i);
		await_begun(i + 1);
	}
	for (unsigned i = WAITERS - AT_ONCE + 1; i < WAITERS; i++) {
		notification_signal(shared, 1);
		await_turn(i + 1);
	}
	join_waiters();
	for (unsigned i = 0; i < WAITERS; i++) {
		check(&c, results[i] == (i ? 1 : -ETIMEDOUT), "waiter %u got %ld", i, results[i]);
		check(&c, turns[i] == i, "turn %u was that of waiter %u", i, turns[i]);
	}
	handle_close(ANY(shared));
	checks_report(&c, "a bit goes to who has waited longest");
}

static void answer(void *argument)
{
	uint64_t *wrong = argument;

	for (unsigned i = 0; i < HAMMER; i++) {
		*wrong += take(shared, 1) != 1;
		notification_signal(back, 2);
	}
}

/* Neither may miss the other, or both wait for ever. */
static void test_ping_pong(void)
{
	struct checks c = {0};
	static uint64_t wrong;

	wrong = 0;
	shared = notification_create();
	back = notification_create();
	suite_thread_start(&threads[0], answer, &wrong);
	for (unsigned i = 0; i < HAMMER; i++) {
		notification_signal(shared, 1);
		if (!check(&c, take(back, ALL_BITS) == 2, "round %u", i))
			break;
	}
	suite_thread_join(&threads[0]);
	check(&c, !wrong, "the other failed %lu times", (unsigned long)wrong);
	handle_close(ANY(shared));
	handle_close(ANY(back));
	checks_report(&c, "back and forth");
}

static uint64_t given[4], got[4];

static void give_bits(void *argument)
{
	unsigned i = (unsigned)(uintptr_t)argument;

	for (unsigned k = 0; k < HAMMER; k++) {
		/* its bit is free again when it is told so, so none is set twice */
		notification_signal(shared, 1ul << i);
		given[i]++;
		if (take(back, 1ul << i) != 1l << i)
			return;
	}
}

static void take_bits(void *argument)
{
	unsigned i = (unsigned)(uintptr_t)argument;
	long bits;

	/* short deadlines: running out of time races with being woken */
	while ((bits = (long)notification_wait(shared, ALL_BITS, now() + 20000 + i)) >= 0 ||
		bits == -ETIMEDOUT) {
		if (bits < 0)
			continue;
		for (long rest = bits & 15; rest; rest &= rest - 1)
			got[i]++;
		notification_signal(back, (uint64_t)bits);
		if (bits & 16)
			return;
	}
}

static void test_hammer(void)
{
	struct checks c = {0};
	uint64_t all = 0;

	shared = notification_create();
	back = notification_create();
	for (unsigned i = 0; i < 4; i++) {
		given[i] = got[i] = 0;
		suite_thread_start(&threads[i], give_bits, (void *)(uintptr_t)i);
		suite_thread_start(&threads[4 + i], take_bits, (void *)(uintptr_t)i);
	}
	for (unsigned i = 0; i < 4; i++)
		suite_thread_join(&threads[i]);
	for (unsigned i = 0; i < 4; i++) {
		notification_signal(shared, 16);
		check(&c, take(back, 16) == 16, "a taker does not end");
	}
	for (unsigned i = 0; i < 4; i++) {
		suite_thread_join(&threads[4 + i]);
		check(&c, given[i] == HAMMER, "giver %u stopped after %lu", i, (unsigned long)given[i]);
		all += got[i];
	}
	check(&c, all == 4 * HAMMER, "%lu bits were taken", (unsigned long)all);
	handle_close(ANY(shared));
	handle_close(ANY(back));
	checks_report(&c, "four give and four take, with deadlines about to pass");
}

/* The last handle goes while they wait. */
static void test_close(void)
{
	struct checks c = {0};

	for (unsigned round = 0; round < 8; round++) {
		start_waiters();
		for (unsigned i = 0; i < round * 4; i++)
			thread_yield();
		handle_close(ANY(shared));
		join_waiters();
		for (unsigned i = 0; i < WAITERS; i++)
			check(&c, results[i] == -EBADF, "waiter %u got %#lx", i, results[i]);
	}
	checks_report(&c, "a notification that ends while they wait");
}

static void close_soon(void *argument)
{
	(void)argument;
	thread_sleep(now() + random_below(MS));
	handle_close(ANY(shared));
}

/* The end of the object, and the deadline, at about the same time. */
static void test_close_at_deadline(void)
{
	struct checks c = {0};

	for (unsigned round = 0; round < 100; round++) {
		shared = notification_create();
		suite_thread_start(&threads[0], close_soon, NULL);

		long result = (long)notification_wait(shared, 1, now() + random_below(MS));

		check(&c, result == -EBADF || result == -ETIMEDOUT, "gave %ld", result);
		suite_thread_join(&threads[0]);
	}
	checks_report(&c, "the end and the deadline at once");
}

/* clang-format off */
CHILD_PROGRAM(child_waits, /* a0 is the handle */
	"	li	a1, 1\n"
	"	li	a2, -1\n"
	"	li	a7, " SUITE_TEXT(SYS_notification_wait) "\n"
	"	ecall\n"
	CHILD_EXIT);
/* clang-format on */

static void test_processes(void)
{
	struct checks c = {0};
	struct process_result r;
	notification_handle n = notification_create();

	for (unsigned i = 0; i < 16; i++) {
		struct child child;
		long handle;

		check(&c, !child_make(&child, child_waits, (size_t)(child_waits_end - child_waits)), "child");
		handle = process_give(child.process, ANY(n), RIGHTS_SAME);
		check(&c, handle > 0 && !child_start(&child, (uint64_t)handle), "start");
		if (i % 2)
			thread_yield();
		notification_signal(n, 1);
		check(&c, !process_wait(child.process, now() + PATIENCE, &r) && child_exited(&r, 1),
			"the child got %d", (int)r.status);
		child_close(&child);
	}
	handle_close(ANY(n));
	checks_report(&c, "other processes wait");
}

static void wait_for_ever(void *argument)
{
	(void)argument;
	notification_wait(shared, 1, DEADLINE_NEVER);
}

/* As a process of its own: ends while threads of it wait, on whatever hart. */
static int end_while_waiting(void)
{
	shared = notification_create();
	for (unsigned i = 0; i < WAITERS; i++)
		suite_thread_start(&threads[i], wait_for_ever, NULL);
	return ended_while_waiting();
}

static void test_frames(void)
{
	struct checks c = {0};
	static notification_handle many[1000];
	long before = 0, after;

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < COUNT(many); i++)
			check(&c, (many[i] = notification_create()).value > 0, "number %u", i);
		for (unsigned i = 0; i < COUNT(many); i++)
			handle_close(ANY(many[i]));
		if (!round) /* the handle table has grown now */
			before = frames_settled();
	}
	after = frames_again(before, 1 + frames_elsewhere());
	check(&c, after >= before - 1 - frames_elsewhere(), "%ld pages are gone", before - after);
	checks_report(&c, "all memory comes back");
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "end"))
		return end_while_waiting();
	ktap_plan(12);
	random_start(argc > 1 ? argv[1] : NULL);
	test_bits();
	test_deadlines();
	test_waiters();
	test_one_taker();
	test_turns();
	test_ping_pong();
	test_hammer();
	test_close();
	test_close_at_deadline();
	test_processes();
	test_end_while_waiting("/bin/test-notify");
	test_frames();
	return ktap_end();
}
