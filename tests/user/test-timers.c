/*
 * Timers: past, near, far and again and again; set anew, stopped and closed while armed; floods that must leave time
 * for the rest; all of it from every hart.
 */
#include "calls.h"

enum { TIMERS = 60 };

static notification_handle notification;
static timer_handle timers[TIMERS];

static long take(uint64_t mask)
{
	return (long)notification_wait(notification, mask, now() + PATIENCE);
}

static bool is_silent(uint64_t mask, uint64_t time)
{
	return (long)notification_wait(notification, mask, now() + time) == -ETIMEDOUT;
}

static void make_timers(void)
{
	notification = notification_create();
	for (unsigned i = 0; i < TIMERS; i++)
		timers[i] = timer_create(notification, 1ul << i);
}

static void close_timers(void)
{
	for (unsigned i = 0; i < TIMERS; i++)
		handle_close(ANY(timers[i]));
	handle_close(ANY(notification));
}

static void test_once(void)
{
	struct checks c = {0};
	uint64_t past[] = {0, 1, now() - 1, now()}, deadline;

	make_timers();
	for (unsigned i = 0; i < COUNT(past); i++) {
		check(&c, !timer_set(timers[0], past[i], 0), "set");
		check(&c, take(1) == 1, "%lu does not come", (unsigned long)past[i]);
	}
	for (unsigned i = 0; i < 30; i++) {
		deadline = now() + random_below(2 * MS);
		timer_set(timers[0], deadline, 0);
		check(&c, take(1) == 1 && now() >= deadline, "too soon");
	}
	check(&c, is_silent(1, 2 * MS), "it comes again");
	check(&c, timer_create(notification, 0).value == -EINVAL, "a timer without bits");
	check(&c, timer_create(notification, 1ul << 63).value == -EINVAL, "a timer with bit 63");
	close_timers();
	checks_report(&c, "past and near");
}

static void test_far(void)
{
	static const uint64_t far[] = {UINT64_MAX, UINT64_MAX - 1, UINT64_MAX / 2, 1ul << 63, (1ul << 63) - 1,
		18446744073ul * SECOND, UINT64_MAX / 100, 1ul << 62};
	struct checks c = {0};

	make_timers();
	for (unsigned i = 0; i < COUNT(far); i++) {
		timer_set(timers[i], far[i], i);
		timer_set(timers[20 + i], now() + far[i], far[i]); /* some of these are past */
	}
	check(&c, is_silent((1ul << COUNT(far)) - 1, 5 * MS), "one has come");
	timer_set(timers[TIMERS - 1], now() + MS, 0);
	check(&c, take(1ul << (TIMERS - 1)) > 0, "one in front of them");
	for (unsigned i = 0; i < COUNT(far); i++) {
		timer_set(timers[i], now(), far[i]);
		check(&c, take(1ul << i) == 1l << i, "one that was far");
		check(&c, is_silent(1ul << i, 1000), "its far period");
	}
	close_timers();
	checks_report(&c, "far away");
}

static void test_periodic(void)
{
	struct checks c = {0};
	uint64_t start;

	make_timers();
	start = now() + MS;
	timer_set(timers[0], start, MS);
	for (unsigned i = 0; i < 20; i++)
		check(&c, take(1) == 1 && now() >= start + i * MS, "too soon in round %u", i);
	timer_set(timers[0], DEADLINE_NEVER, 0);
	(void)notification_wait(notification, 1, 0);
	check(&c, is_silent(1, 5 * MS), "it goes on");
	/* one that began long ago does not make up for what it missed */
	timer_set(timers[1], 1, 100 * SECOND);
	check(&c, take(2) == 2, "one from long ago");
	check(&c, is_silent(2, 5 * MS), "one from long ago, twice");
	close_timers();
	checks_report(&c, "periods");
}

/* Before, at and after its time. */
static void test_cancel(void)
{
	struct checks c = {0};

	make_timers();
	for (unsigned i = 0; i < 100; i++) {
		timer_set(timers[0], now() + random_below(MS), i % 2 ? 100000 : 0);
		thread_sleep(now() + random_below(MS));
		timer_set(timers[0], DEADLINE_NEVER, 1);
		(void)notification_wait(notification, 1, 0);
		check(&c, is_silent(1, 200000), "it comes after it was stopped");
	}
	for (unsigned i = 0; i < 100; i++) {
		timer_handle t = timer_create(notification, 2);

		timer_set(t, now() + random_below(MS), i % 2 ? 100000 : 0);
		thread_sleep(now() + random_below(MS));
		check(&c, !handle_close(ANY(t)), "close");
	}
	thread_sleep(now() + 5 * MS);
	(void)notification_wait(notification, 2, 0);
	check(&c, is_silent(2, 5 * MS), "one comes after it was closed");
	close_timers();
	checks_report(&c, "stopped and closed while armed");
}

/* The timer keeps the notification, whatever becomes of its handles. */
static void test_notification_closed(void)
{
	struct checks c = {0};
	timer_handle t;

	for (unsigned i = 0; i < 20; i++) {
		notification_handle n = notification_create();

		t = timer_create(n, 1);
		timer_set(t, now(), 50000);
		check(&c, !handle_close(ANY(n)), "close");
		thread_sleep(now() + MS);
		check(&c, !handle_close(ANY(t)), "close");
	}
	checks_report(&c, "a notification that nobody else has");
}

/* Each has the shortest period there is. The rest of the system gets on, and so do all of them. */
static void test_flood(void)
{
	struct checks c = {0};
	uint64_t wanted = (1ul << TIMERS) - 1, seen = 0, deadline = now() + PATIENCE;

	make_timers();
	for (unsigned i = 0; i < TIMERS; i++)
		timer_set(timers[i], 1, 1 + i % 3);
	for (unsigned i = 0; i < 50; i++)
		thread_sleep(now() + MS / 10);
	while (seen != wanted && now() < deadline)
		seen |= (uint64_t)take(wanted);
	check(&c, seen == wanted, "only %#lx come", (unsigned long)seen);
	close_timers();
	checks_report(&c, "a flood leaves time for others");
}

static struct suite_thread threads[4];

static void set_often(void *argument)
{
	uint64_t state = (uintptr_t)argument;

	for (unsigned i = 0; i < 3000; i++) {
		state = state * 6364136223846793005 + 1442695040888963407;
		timer_set(timers[state >> 33 & 3], now() + (state >> 40 & 0xffff), state >> 60);
	}
}

/* Four threads set the same timers, which belong to one hart. */
static void test_hammer(void)
{
	struct checks c = {0};

	make_timers();
	for (unsigned i = 0; i < 4; i++)
		suite_thread_start(&threads[i], set_often, (void *)(uintptr_t)(i + 1));
	for (unsigned i = 0; i < 4; i++)
		suite_thread_join(&threads[i]);
	for (unsigned i = 0; i < 4; i++) {
		timer_set(timers[i], now(), 0);
		(void)notification_wait(notification, 1ul << i, now() + MS);
		timer_set(timers[i], now(), 0);
		check(&c, take(1ul << i) == 1l << i, "timer %u is lost", i);
	}
	close_timers();
	checks_report(&c, "set from all harts at once");
}

static void test_frames(void)
{
	struct checks c = {0};
	static timer_handle many[1000];
	long before = 0, after;

	notification = notification_create();
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < COUNT(many); i++) {
			check(&c, (many[i] = timer_create(notification, 1)).value > 0, "number %u", i);
			timer_set(many[i], now() + i * 1000, i * 1000);
		}
		check(&c, take(1) == 1, "none fires");
		for (unsigned i = 0; i < COUNT(many); i++)
			handle_close(ANY(many[i]));
		if (!round) /* the handle table has grown now */
			before = frames_settled();
	}
	after = frames_again(before, 1 + frames_elsewhere());
	check(&c, after >= before - 1 - frames_elsewhere(), "%ld pages are gone", before - after);
	handle_close(ANY(notification));
	checks_report(&c, "a thousand, and all memory comes back");
}

int main(int argc, char **argv)
{
	ktap_plan(8);
	random_start(argc > 1 ? argv[1] : NULL);
	test_once();
	test_far();
	test_periodic();
	test_cancel();
	test_notification_closed();
	test_flood();
	test_hammer();
	test_frames();
	return ktap_end();
}
