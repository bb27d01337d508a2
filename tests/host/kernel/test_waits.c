/*
 * Waiting on four harts: a lock made of futexes, notifications with many givers and takers, timers that are set, closed
 * and fire, interrupts that a device raises and a driver acknowledges; with deadlines about to pass, and processes that
 * are killed while they wait. Whoever was promised something gets it, and nothing is lost.
 *
 *	waits [SEED]
 */
#include <stdlib.h>

#include "abi/abi.h"
#include "abi/errors.h"
#include "abi/syscall_numbers.h"
#include "hosted.h"
#include "kernel/syscalls.h"
#include "lib/string.h"
#include "object/interrupt.h"
#include "object/memory.h"
#include "object/notification.h"
#include "object/process.h"
#include "object/timer.h"
#include "tabula/ktap.h"

enum {
	INIT,
	LOCKER,
	GIVER,
	TAKER,
	SLEEPER,
	DEVICE,
	DRIVER,
	KILLER,
	SIDES = 2,
	THREADS = 4, /* in each process */
	TURNS = 60,
	ROUNDS = 24,
	INTERRUPT = 2,
};

/* Bits of the notification of a round: those of givers, and the one that says that all is over. */
#define GIVEN 0xfful
#define OVER  (1ul << 40)

static uint64_t seed = 1;
static struct process *sides[SIDES];
static struct notification *notification; /* of the round */
static struct memory *shared; /* of the round */
static uint32_t wrong, done; /* atomic */
static uint32_t killed; /* atomic: the first process has been, so its threads may owe others something */
static uint32_t given, taken; /* atomic: bits that were not set when they were given, and bits that came */
static uint32_t
	unwanted; /* bits that are still set in the end: when they were given, all takers waited for others */
static uint32_t raised; /* atomic */

static void add(uint32_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static void expect(bool condition)
{
	if (!condition)
		add(&wrong);
}

static uint64_t below(struct trapframe *frame, uint64_t limit)
{
	return hosted_random(&frame->state[0]) % limit;
}

/* The first time a program is called it has no random numbers yet. Its argument: a handle, and a seed above it. */
static bool begin(struct trapframe *frame)
{
	if (frame->state[0])
		return false;
	frame->state[0] = frame->argument >> 32 | 1;
	return true;
}

static bool is_killed(void)
{
	return __atomic_load_n(&killed, __ATOMIC_RELAXED);
}

static uint64_t soon(struct trapframe *frame)
{
	return arch_time_now() + below(frame, 20000);
}

static void leave(struct trapframe *frame)
{
	add(&done);
	hosted_call(frame, SYS_thread_exit, 0, 0, 0, 0);
}

static void init(struct trapframe *frame)
{
	hosted_call(frame, SYS_thread_sleep, UINT64_MAX, 0, 0, 0);
}

/* ---- a lock: word 0 is 0 free, 1 taken, 2 taken and waited for; word 1 is guarded by it, and not atomic by itself */

enum { LOCK, COUNT };

/* Takes the lock if it is free, or says in the frame that it waits for it. */
static bool lock_taken(struct trapframe *frame)
{
	uint32_t *word = hosted_word(LOCK), was = 0;
	bool waited = frame->state[2];

	if (__atomic_compare_exchange_n(
		    word, &was, waited ? 2 : 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return true;
	if (was == 2 || __atomic_exchange_n(word, 2, __ATOMIC_ACQUIRE)) {
		frame->state[2] = 1;
		hosted_call(frame, SYS_futex_wait, HOSTED_SHARED, 2,
			below(frame, 4) ? DEADLINE_NEVER : soon(frame), 0);
		return false;
	}
	return true;
}

/* Its turns: take the lock, yield while holding it at times, count, release, wake one. */
static void locker(struct trapframe *frame)
{
	uint32_t *count = hosted_word(COUNT);

	begin(frame);
	if (frame->number == SYS_futex_wait)
		expect(!frame->result || frame->result == -EAGAIN || frame->result == -ETIMEDOUT);
	if (!frame->state[3]) { /* does not hold it */
		if (frame->state[1] == TURNS || is_killed()) {
			leave(frame);
			return;
		}
		if (!lock_taken(frame))
			return;
		frame->state[3] = 1;
		frame->state[2] = 0;
		frame->state[4] = __atomic_load_n(count, __ATOMIC_RELAXED);
		if (below(frame, 2)) {
			hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
			return;
		}
	}
	__atomic_store_n(count, (uint32_t)frame->state[4] + 1, __ATOMIC_RELAXED);
	frame->state[1]++;
	frame->state[3] = 0;
	if (__atomic_exchange_n(hosted_word(LOCK), 0, __ATOMIC_RELEASE) == 2)
		hosted_call(frame, SYS_futex_wake, HOSTED_SHARED, 1, 0, 0);
	else
		hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
}

/* ---- notifications: a bit is given again only when it has been taken, so each must come */

static uint32_t waiting_bits; /* atomic: given and not taken yet */

/* Some that nobody else has given meanwhile; 0 when all of them are still to be taken. */
static uint32_t some_bits(struct trapframe *frame)
{
	uint32_t wanted = (uint32_t)(below(frame, 2) ? 1u << below(frame, 8) : below(frame, GIVEN) + 1);

	return wanted & ~__atomic_fetch_or(&waiting_bits, wanted, __ATOMIC_ACQ_REL);
}

static void giver(struct trapframe *frame)
{
	uint32_t bits;

	begin(frame);
	if (frame->state[1]++ == TURNS) {
		leave(frame);
		return;
	}
	bits = some_bits(frame);
	if (!bits) {
		hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
		return;
	}
	__atomic_fetch_add(&given, (uint32_t)__builtin_popcount(bits), __ATOMIC_RELAXED);
	hosted_call(frame, SYS_notification_signal, (uint32_t)frame->argument, bits, 0, 0);
}

static void take_bits(struct trapframe *frame)
{
	uint32_t bits = (uint32_t)(frame->result & (long)GIVEN);

	expect(!((uint64_t)frame->result & ~frame->state[2]));
	expect((__atomic_fetch_and(&waiting_bits, ~bits, __ATOMIC_ACQ_REL) & bits) == bits);
	__atomic_fetch_add(&taken, (uint32_t)__builtin_popcount(bits), __ATOMIC_RELAXED);
}

/* Waits for some of the bits, and for the end; when that has come, it passes it on to the next taker. */
static void taker(struct trapframe *frame)
{
	if (!begin(frame) && frame->number == SYS_notification_wait) {
		if (frame->result > 0)
			take_bits(frame);
		else
			expect(frame->result == -ETIMEDOUT && frame->state[3]);
		if (frame->result > 0 && (uint64_t)frame->result & OVER) {
			hosted_call(frame, SYS_notification_signal, (uint32_t)frame->argument, OVER, 0, 0);
			return;
		}
	} else if (frame->number == SYS_notification_signal) {
		leave(frame);
		return;
	}
	frame->state[2] = (below(frame, 2) ? GIVEN : below(frame, 255) + 1) | OVER;
	frame->state[3] = below(frame, 2);
	hosted_call(frame, SYS_notification_wait, (uint32_t)frame->argument, frame->state[2],
		frame->state[3] ? soon(frame) : DEADLINE_NEVER, 0);
}

/* ---- timers: each thread has one of its own, with a notification of its own, set anew before or after it fires */

static void sleeper(struct trapframe *frame)
{
	uint64_t *stage = &frame->state[1], *alarm = &frame->state[2], *timer = &frame->state[3];

	begin(frame);
	switch ((*stage)++) {
	case 0:
		hosted_call(frame, SYS_notification_create, 0, 0, 0, 0);
		return;
	case 1:
		frame->state[5] = (uint64_t)frame->result;
		hosted_call(frame, SYS_timer_create, frame->state[5], 1, 0, 0);
		return;
	case 2:
		*timer = (uint64_t)frame->result;
		break;
	case 3: /* the timer is set, perhaps to a time that has passed */
		expect(!frame->result);
		hosted_call(frame, SYS_notification_wait, frame->state[5], 1,
			*alarm == UINT64_MAX ? soon(frame) : DEADLINE_NEVER, 0);
		return;
	case 4:
		expect(frame->result == (*alarm == UINT64_MAX ? -ETIMEDOUT : 1));
		expect(arch_time_now() >= *alarm || *alarm == UINT64_MAX);
		break;
	case 5:
		leave(frame);
		return;
	}
	if (frame->state[4]++ == TURNS) { /* closed while it is about to fire */
		*stage = 5;
		hosted_call(frame, SYS_handle_close, *timer, 0, 0, 0);
		return;
	}
	*stage = 3;
	*alarm = below(frame, 4) ? soon(frame) : below(frame, 2) ? 0 : UINT64_MAX;
	hosted_call(frame, SYS_timer_set, *timer, *alarm, 0, 0);
}

/* ---- interrupts: the driver hears of every one that was raised after it had acknowledged the one before */

static uint32_t handled; /* atomic: interrupts up to this have been seen by the driver */

static void device(struct trapframe *frame)
{
	begin(frame);
	if (frame->state[1] == TURNS || is_killed()) {
		leave(frame);
		return;
	}
	if (below(frame, 3)) { /* the next only when this one was seen: so none may be lost */
		uint32_t count = __atomic_load_n(&raised, __ATOMIC_ACQUIRE);

		if (__atomic_load_n(&handled, __ATOMIC_ACQUIRE) == count) {
			frame->state[1]++;
			__atomic_store_n(&raised, count + 1, __ATOMIC_RELEASE);
			hosted_interrupt(INTERRUPT);
		}
	}
	hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
}

/* Its argument is a notification; the interrupt's handle is behind that in the table. */
static void driver(struct trapframe *frame)
{
	begin(frame);
	if (frame->number == SYS_notification_wait) {
		expect(frame->result > 0);
		if ((uint64_t)frame->result & OVER) {
			leave(frame);
			return;
		}
		__atomic_store_n(&handled, __atomic_load_n(&raised, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
		hosted_call(frame, SYS_interrupt_acknowledge, (uint32_t)(frame->argument + 1), 0, 0, 0);
		return;
	}
	if (__atomic_load_n(&handled, __ATOMIC_RELAXED) == TURNS)
		leave(frame);
	else
		hosted_call(
			frame, SYS_notification_wait, (uint32_t)frame->argument, 1 | OVER, DEADLINE_NEVER, 0);
}

/* ---- who ends others: a process of waiters, then the takers */

static void killer(struct trapframe *frame)
{
	if (begin(frame))
		frame->state[1] = below(frame, 100);
	if (frame->state[1]--) {
		hosted_call(frame, SYS_thread_yield, 0, 0, 0, 0);
		return;
	}
	hosted_kill(sides[0]);
	add(&killed);
	hosted_call(frame, SYS_process_exit, 0, 0, 0, 0);
}

/* ---- rounds */

static uint64_t with_seed(uint32_t handle)
{
	return handle | hosted_random(&seed) << 32;
}

static void make_sides(void)
{
	shared = memory_create(PAGE_SIZE);
	notification = notification_create();
	HOSTED_REQUIRE(notification && shared);
	for (unsigned i = 0; i < SIDES; i++) {
		sides[i] = hosted_new_process();
		hosted_share(sides[i], shared);
	}
}

static uint32_t give_notification(struct process *process)
{
	return hosted_give(process, &notification->object, RIGHTS_NOTIFICATION_ALL);
}

static unsigned lockers; /* those that have come before their process ended with those before them */

static void start_lock(void)
{
	lockers = 0;
	for (unsigned i = 0; i < SIDES * THREADS; i++)
		lockers += hosted_start(sides[i % SIDES], LOCKER, with_seed(0));
}

static void start_notify(void)
{
	waiting_bits = 0;
	for (unsigned i = 0; i < SIDES; i++) {
		uint32_t handle = give_notification(sides[i]);

		for (unsigned n = 0; n < THREADS; n++)
			hosted_start(sides[i], i ? TAKER : GIVER, with_seed(handle));
	}
}

/* So that some of either kind are killed. */
static void start_mixed(void)
{
	waiting_bits = 0;
	for (unsigned i = 0; i < SIDES; i++) {
		uint32_t handle = give_notification(sides[i]);

		for (unsigned n = 0; n < 2 * THREADS; n++)
			hosted_start(sides[i], n % 4 ? TAKER : GIVER, with_seed(handle));
	}
}

static void start_timers(void)
{
	for (unsigned i = 0; i < SIDES * THREADS; i++)
		hosted_start(sides[i % SIDES], SLEEPER, with_seed(0));
}

static void start_driver(void)
{
	struct interrupt *interrupt;
	uint32_t handle = give_notification(sides[0]);

	handled = raised = 0;
	HOSTED_REQUIRE(!interrupt_create(INTERRUPT, notification, 1, &interrupt));
	HOSTED_REQUIRE(hosted_give(sides[0], &interrupt->object, RIGHTS_INTERRUPT_ALL) == handle + 1);
	object_put(&interrupt->object);
	hosted_start(sides[0], DRIVER, with_seed(handle));
	hosted_start(sides[1], DEVICE, with_seed(0));
}

static struct round {
	void (*start)(void);
	bool with_killer;
} current;

static void start(void *unused)
{
	(void)unused;
	make_sides();
	current.start();
	if (current.with_killer) {
		struct process *others = hosted_new_process();

		hosted_start(others, KILLER, with_seed(0));
		object_put(&others->object);
	}
}

/* The takers wait until they are told that it is over. */
static void end_notify(void *unused)
{
	(void)unused;
	notification_signal(notification, OVER);
}

static bool all_ended;
static uint32_t counted;

static void finish(void *unused)
{
	paddr_t frame;

	(void)unused;
	HOSTED_REQUIRE(!memory_frame(shared, 0, &frame));
	counted = ((uint32_t *)direct(frame))[COUNT];
	unwanted = (uint32_t)__builtin_popcountl(notification->bits & GIVEN);
	all_ended = true;
	for (unsigned i = 0; i < SIDES; i++) {
		all_ended &= sides[i]->ended;
		hosted_kill(sides[i]);
		object_put(&sides[i]->object);
	}
	object_put(&shared->object);
	object_put(&notification->object);
}

/* Without a killer everybody comes to the end, and everything to its number. */
static bool is_complete(struct round round)
{
	uint32_t turns = round.start == start_lock ? lockers * TURNS : 0;

	return round.with_killer || (all_ended && given == taken + unwanted && counted == turns);
}

static bool run_round(struct round round, size_t free)
{
	bool good;

	current = round;
	wrong = done = given = taken = killed = 0;
	hosted_do((unsigned)(hosted_random(&seed) % 4), start, NULL);
	hosted_check();
	if (round.start == start_notify || round.start == start_mixed || round.start == start_driver)
		hosted_do(0, end_notify, NULL);
	hosted_do(0, finish, NULL);
	hosted_check();
	good = !wrong && is_complete(round) && hosted_free_frames() == free;
	if (!good)
		ktap_diagnose(
			"%u wrong, %u done, %u given, %u taken, %u unwanted, %u counted, all ended %d, frames %zu of %zu",
			wrong, done, given, taken, unwanted, counted, all_ended, hosted_free_frames(), free);
	return good;
}

static void test(const char *name, struct round round, size_t free)
{
	unsigned n = 0;

	while (n < ROUNDS && run_round(round, free))
		n++;
	ktap_ok(n == ROUNDS, "%s", name);
}

int main(int count, char **arguments)
{
	static hosted_program *const programs[] = {
		init, locker, giver, taker, sleeper, device, driver, killer, NULL};
	size_t free;

	seed = count > 1 ? strtoul(arguments[1], NULL, 0) : 1;
	ktap_plan(10);
	hosted_boot(&(struct hosted_machine){4, 4 << 20, "log=error", programs});
	free = hosted_free_frames();
	test("a lock made of futexes", (struct round){start_lock, false}, free);
	test("bits are given and taken, each once", (struct round){start_notify, false}, free);
	test("a crowd of takers", (struct round){start_mixed, false}, free);
	test("timers", (struct round){start_timers, false}, free);
	test("no interrupt is lost", (struct round){start_driver, false}, free);
	test("lockers that are killed", (struct round){start_lock, true}, free);
	test("givers that are killed", (struct round){start_notify, true}, free);
	test("takers that are killed, of a crowd", (struct round){start_mixed, true}, free);
	test("sleepers that are killed", (struct round){start_timers, true}, free);
	test("a driver that is killed", (struct round){start_driver, true}, free);
	return ktap_end();
}
