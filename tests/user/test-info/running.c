/* thread_info of a thread that runs, and of one that is looked at from another hart while it changes. */
#include "info.h"

enum { ROUNDS = 300 };

static struct suite_thread other;

static volatile bool may_stop;

static void spin(void *unused)
{
	(void)unused;
	while (!may_stop)
		continue;
}

void test_running(void)
{
	struct checks c = {0};
	struct thread_info info;
	uint64_t last = 0, start = now(), patience = start + PATIENCE;

	may_stop = false;
	suite_thread_start(&other, spin, NULL);
	do {
		check(&c, !thread_info(other.handle, &info), "thread_info");
		check(&c, info.state == THREAD_STATE_READY || info.state == THREAD_STATE_RUNNING, "state %d",
			(int)info.state);
		check(&c, info.waits_for == WAITS_FOR_NOTHING && !info.object, "waits for %d",
			(int)info.waits_for);
		check(&c, info.cpu_time >= last && info.cpu_time <= now() - start,
			"its time goes from %lu to %lu", (unsigned long)last, (unsigned long)info.cpu_time);
		check(&c, info.affinity & 1u << info.hart, "on hart %u", info.hart);
		last = info.cpu_time;
		thread_yield();
	} while (last < 20 * MS && now() < patience);
	check(&c, last >= 20 * MS, "it has run %lu ns", (unsigned long)last);
	may_stop = true;
	while (info.state != THREAD_STATE_ENDED && now() < patience) {
		thread_yield();
		check(&c, !thread_info(other.handle, &info), "thread_info");
	}
	check(&c, info.state == THREAD_STATE_ENDED && info.cpu_time >= last, "state %d", (int)info.state);
	suite_thread_join(&other);
	checks_report(&c, "a thread that runs, and its end");
}

static volatile uint64_t wait_time;

/* Looks at a thread that goes from wait to wait, while the objects it waits for come and go. */
static void come_and_go(void *unused)
{
	(void)unused;
	while (!may_stop) {
		notification_handle n = notification_create();
		endpoint_handle e = endpoint_create();
		struct message m = {.deadline = now() + wait_time};

		notification_wait(n, 1, now() + wait_time);
		handle_close(ANY(n));
		ipc_receive(e, &m);
		handle_close(ANY(e));
	}
}

void test_changing(void)
{
	struct checks c = {0};
	uint64_t until = now() + PATIENCE;
	unsigned seen = 0;

	may_stop = false;
	wait_time = 20000;
	suite_thread_start(&other, come_and_go, NULL);
	for (unsigned i = 0; i < ROUNDS || (seen <= ROUNDS / 20 && now() < until); i++) {
		struct thread_info info;

		/* Where a call alone takes as long, the waits are over before they begin. */
		if (i % ROUNDS == ROUNDS - 1)
			wait_time *= 2;

		check(&c, !thread_info(other.handle, &info), "thread_info");
		check(&c, (info.waits_for == WAITS_FOR_NOTHING) == (info.state != THREAD_STATE_WAITING),
			"state %d, waits for %d", (int)info.state, (int)info.waits_for);
		check(&c,
			info.waits_for == WAITS_FOR_NOTHING || info.waits_for == WAITS_FOR_NOTIFICATION ||
				info.waits_for == WAITS_FOR_CALL,
			"waits for %d", (int)info.waits_for);
		check(&c, (info.object != 0) == (info.waits_for != WAITS_FOR_NOTHING), "object %lu",
			(unsigned long)info.object);
		seen += info.object != 0;
		thread_sleep(now() + random_below(50000));
	}
	may_stop = true;
	suite_thread_join(&other);
	check(&c, seen > ROUNDS / 20, "it was seen to wait %u times", seen);
	checks_report(&c, "a thread that goes from wait to wait");
}
