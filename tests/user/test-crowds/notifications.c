/* Notifications: many wait for the same bits or for others, and are woken by calls and timers, or leave. */
#include "crowds.h"

void test_notification(void)
{
	struct checks c = {0};
	notification_handle n = notification_create(), others = notification_create();
	struct notification_info info = {0};

	for (unsigned i = 0; i < CROWD; i++) {
		/* Whoever is to be the first, or the last, is so on other harts, too. */
		if (i == 1 || i == CROWD / 2 + 1 || i == CROWD - 1)
			check(&c, all_wait(WAITS_FOR_NOTIFICATION, i), "%u do not wait", i);
		start_at_notification(i, n, i == CROWD - 1 ? 6 : i == CROWD / 2 ? 4 : 1);
	}
	check(&c, all_wait(WAITS_FOR_NOTIFICATION, CROWD), "%u wait",
		threads_waiting(WAITS_FOR_NOTIFICATION));
	check(&c, !notification_info(n, &info) && info.waiting == CROWD && info.wanted == 7,
		"%u wait for %#lx", info.waiting, (unsigned long)info.wanted);
	check(&c, !notification_signal(n, 8) && !notification_info(n, &info) && info.bits == 8,
		"what nobody wants");
	check(&c, !notification_signal(n, 4) && come_back(CROWD / 2, 1, 4), "the first that wants it");
	check(&c, !notification_signal(n, 4) && come_back(CROWD - 1, 1, 4), "the last");
	check(&c, !notification_signal(n, 1) && come_back(0, 1, 1), "the first");
	check(&c, !notification_signal(n, 4) && notification_wait(n, 15, 0) == 12, "nobody is left for it");
	handle_close(ANY(n));
	handle_close(ANY(others));
	check(&c, come_back(1, CROWD / 2 - 1, -EBADF) && come_back(CROWD / 2 + 1, CROWD / 2 - 2, -EBADF),
		"the rest");
	checks_report(&c, "many wait for a notification");
}

/*
 * Many wait for some of eight bits, in teams that want the same, one team behind the other. Of each signal it is known who gets what
 * of it: that depends on the order of the teams only, not on who is first in one.
 */
enum { TEAMS = 30, TEAM = CROWD / TEAMS, TEAM_BITS = 255 };

static struct team {
	uint64_t mask;
	unsigned left; /* who wait still */
	uint64_t due; /* bits that one of them gets from the present signal */
} teams[TEAMS];
static bool is_back[CROWD];

static void start_teams(struct checks *c, notification_handle n)
{
	memset(is_back, 0, sizeof(is_back));
	for (unsigned t = 0; t < TEAMS; t++) {
		teams[t] =
			(struct team){.mask = t % 3 ? 1ul << random_below(8) : 1 + random_below(TEAM_BITS)};
		for (unsigned i = 0; i < TEAM; i++)
			start_at_notification(t * TEAM + i, n, teams[t].mask);
		teams[t].left = TEAM;
		check(c, all_wait(WAITS_FOR_NOTIFICATION, (t + 1) * TEAM), "%u wait",
			threads_waiting(WAITS_FOR_NOTIFICATION));
	}
}

/* What `bits` bring to whom; returns those that nobody wants. */
static uint64_t share_out(uint64_t bits)
{
	for (struct team *team = teams; team < teams + TEAMS; team++) {
		team->due = team->left ? bits & team->mask : 0;
		team->left -= team->due != 0;
		bits &= ~team->due;
	}
	return bits;
}

/* Somebody of the team has come back, and what he brings; 0 when it takes too long. */
static uint64_t brought_back(unsigned t)
{
	for (uint64_t until = now() + PATIENCE; now() < until; thread_yield())
		for (unsigned i = t * TEAM; i < (t + 1) * TEAM; i++)
			if (crowd[i].over && !is_back[i]) {
				is_back[i] = true;
				return crowd[i].result;
			}
	return 0;
}

static unsigned anybody_back(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < CROWD; i++)
		count += crowd[i].over && !is_back[i];
	return count;
}

static uint64_t wanted_by_teams(void)
{
	uint64_t wanted = 0;

	for (unsigned t = 0; t < TEAMS; t++)
		wanted |= teams[t].left ? teams[t].mask : 0;
	return wanted;
}

static void signal_teams(struct checks *c, notification_handle n, uint64_t bits)
{
	uint64_t rest = share_out(bits);
	struct notification_info info = {0};

	check(c, !notification_signal(n, bits), "a signal of %#lx", (unsigned long)bits);
	for (unsigned t = 0; t < TEAMS; t++) {
		uint64_t brought = teams[t].due ? brought_back(t) : 0;

		check(c, brought == teams[t].due, "of %#lx team %u gets %#lx, not %#lx", (unsigned long)bits,
			t, (unsigned long)brought, (unsigned long)teams[t].due);
	}
	check(c, !notification_info(n, &info) && info.bits == rest && info.wanted == wanted_by_teams(),
		"%#lx set, %#lx wanted", (unsigned long)info.bits, (unsigned long)info.wanted);
	check(c, !rest || (uint64_t)notification_wait(n, rest, 0) == rest, "the rest");
}

void test_masks(void)
{
	struct checks c = {0};
	notification_handle n = notification_create();

	start_teams(&c, n);
	for (unsigned i = 0; i < 300; i++)
		signal_teams(&c, n, random_below(3) ? 1ul << random_below(8) : 1 + random_below(TEAM_BITS));
	check(&c, !anybody_back(), "%u have come back for nothing", anybody_back());
	while (wanted_by_teams())
		signal_teams(&c, n, wanted_by_teams());
	check(&c, !anybody_back(), "%u have come back for nothing", anybody_back());
	handle_close(ANY(n));
	checks_report(&c, "many wait for one or the other bit, first come, first served");
}

/* Some stop waiting by themselves, or are cancelled, from the midst of the crowd; bits go to those who are left. */
void test_leaving(void)
{
	enum {
		EACH = 300,
		KINDS = 3
	}; /* those who stay, those whose time is over, those who are cancelled */
	static thread_handle cancelled[EACH];
	struct checks c = {0};
	struct notification_info info = {0};
	notification_handle n = notification_create();
	uint64_t deadline = now() + 400 * MS, wanted = 0;

	for (unsigned i = 0; i < EACH * KINDS; i++) {
		struct waiting *w = &crowd[i];
		uint64_t mask = i % KINDS ? 1 + random_below(1023) : 1ul << i / KINDS % 10;
		thread_handle thread;

		*w = (struct waiting){
			.a = {(uint64_t)n.value, mask,
				i % KINDS == 1 ? deadline + random_below(20 * MS) : DEADLINE_NEVER},
			.number = SYS_notification_wait,
			.turn = &turns};
		thread = thread_create(own_process(), (uintptr_t)crowd_entry, 0, (uintptr_t)w);
		if (i % KINDS == 2)
			cancelled[i / KINDS] = thread;
		else
			handle_close(ANY(thread));
	}
	for (unsigned i = 1; i < EACH * KINDS; i += KINDS)
		check(&c, come_back(i, 1, -ETIMEDOUT), "%u gives %ld", i, (long)crowd[i].result);
	check(&c, all_wait(WAITS_FOR_NOTIFICATION, 2 * EACH), "%u wait",
		threads_waiting(WAITS_FOR_NOTIFICATION));
	for (unsigned i = EACH; i--;)
		check(&c, !thread_cancel(cancelled[i]) && come_back(i * KINDS + 2, 1, -EINTR), "%u gives %ld",
			i, (long)crowd[i * KINDS + 2].result);
	for (unsigned left = EACH; left; left -= 10) {
		check(&c, !notification_info(n, &info) && info.waiting == left && info.wanted == 1023,
			"%u wait for %#lx", info.waiting, (unsigned long)info.wanted);
		check(&c, !notification_signal(n, 1023), "a signal");
		check(&c, all_wait(WAITS_FOR_NOTIFICATION, left - 10), "%u wait",
			threads_waiting(WAITS_FOR_NOTIFICATION));
	}
	for (unsigned i = 0; i < EACH; i++) {
		check(&c, come_back(i * KINDS, 1, 1l << (i % 10)), "%u gives %#lx", i,
			(unsigned long)crowd[i * KINDS].result);
		handle_close(ANY(cancelled[i]));
		wanted |= crowd[i * KINDS].result;
	}
	check(&c, wanted == 1023 && !notification_info(n, &info) && !info.waiting && !info.wanted, "the end");
	handle_close(ANY(n));
	checks_report(&c, "some of those who wait for a notification leave");
}

/* Waits until so many of the whole crowd have come back. */
static bool as_many_come_back(unsigned count)
{
	uint64_t until = now() + PATIENCE;

	for (;;) {
		unsigned back = 0;

		for (unsigned i = 0; i < CROWD; i++)
			back += crowd[i].over;
		if (back >= count || now() >= until)
			return back == count;
		thread_sleep(now() + MS);
	}
}

/* As many as there are bits, each for another one, scattered among a crowd that waits for the last: one signal wakes them. */
void test_all_bits(void)
{
	enum { BITS = 62, EACH = CROWD / (BITS + 1) };
	struct checks c = {0};
	notification_handle n = notification_create();
	uint64_t all = (1ul << BITS) - 1;
	uint64_t deadlines[2] = {DEADLINE_NEVER, now() + 3600ul * 1000 * MS};

	for (unsigned i = 0; i < CROWD; i++)
		crowd_start(&crowd[i], SYS_notification_wait, (uint64_t)n.value,
			1ul << (i % EACH || i / EACH >= BITS ? BITS : i / EACH), deadlines[i % 2], 0);
	check(&c, all_wait(WAITS_FOR_NOTIFICATION, CROWD), "%u wait",
		threads_waiting(WAITS_FOR_NOTIFICATION));
	check(&c, !notification_signal(n, all), "a signal");
	for (unsigned i = 0; i < BITS; i++)
		check(&c, come_back(i * EACH, 1, 1l << i), "bit %u", i);
	check(&c, threads_waiting(WAITS_FOR_NOTIFICATION) == CROWD - BITS, "others come back");
	check(&c, !handle_close(ANY(n)) && as_many_come_back(CROWD), "the rest");
	checks_report(&c, "each for another bit, and one signal for all");
}

/* Timers signal, too: many at once for one bit each, then some for all bits. Each time somebody gets each bit. */
void test_timers(void)
{
	enum { BITS = 60, FOR_ALL = 3, TIMERS = BITS + FOR_ALL };
	struct checks c = {0};
	notification_handle n = notification_create();
	const uint64_t all = (1ul << BITS) - 1;
	timer_handle timers[TIMERS];
	unsigned came[BITS] = {0};

	for (unsigned i = 0; i < CROWD; i++)
		start_at_notification(i, n, 1ul << i % BITS);
	check(&c, all_wait(WAITS_FOR_NOTIFICATION, CROWD), "%u wait",
		threads_waiting(WAITS_FOR_NOTIFICATION));
	for (unsigned i = 0; i < TIMERS; i++)
		timers[i] = timer_create(n, i < BITS ? 1ul << i : all);
	for (unsigned i = 0, until = 0; i < 2; i++) {
		uint64_t then = now() + 5 * MS;

		for (; until < (i ? TIMERS : BITS); until++)
			check(&c, !timer_set(timers[until], then, 0), "timer %u", until);
		check(&c, as_many_come_back((i ? 1 + FOR_ALL : 1) * BITS), "not as many as there are bits");
		check(&c, threads_waiting(WAITS_FOR_NOTIFICATION) == CROWD - (i ? 1 + FOR_ALL : 1) * BITS,
			"%u wait", threads_waiting(WAITS_FOR_NOTIFICATION));
	}
	for (unsigned i = 0; i < CROWD; i++)
		if (crowd[i].over && check(&c, crowd[i].result == 1ul << i % BITS, "%u", i))
			came[i % BITS]++;
	for (unsigned i = 0; i < BITS; i++)
		check(&c, came[i] == 1 + FOR_ALL, "bit %u has come to %u", i, came[i]);
	for (unsigned i = 0; i < TIMERS; i++)
		handle_close(ANY(timers[i]));
	check(&c, !handle_close(ANY(n)) && as_many_come_back(CROWD), "the rest");
	checks_report(&c, "many timers for those who wait");
}
