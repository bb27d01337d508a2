/*
 * What the suites about threads under control share: a thread that is stopped in whatever it does, calls that wait, and what
 * ends them.
 */
#pragma once

#include "suite.h"

static struct suite_thread worker;

/* ---- a thread that is known to wait, or not */

static inline struct registers registers_of(struct checks *c, thread_handle thread)
{
	struct registers registers = {0};
	long error = thread_read(thread, &registers);

	check(c, !error, "thread_read gave %ld", error);
	return registers;
}

/* Whether a stopped thread waits: then its registers can't be set, not even to what they are. */
static inline bool waits(struct checks *c, thread_handle thread)
{
	struct registers registers = registers_of(c, thread);
	long error = thread_write(thread, &registers);

	check(c, !error || error == -EBUSY, "thread_write gave %ld", error);
	return error == -EBUSY;
}

/* Lets others go on whatever hart they are on: a hart that spins may keep the machine below from running another. */
static inline void give_way(void)
{
	thread_sleep(now() + 20000);
}

static inline void stop(struct checks *c, thread_handle thread)
{
	long error = thread_suspend(thread);

	check(c, !error, "thread_suspend gave %ld", error);
}

static inline void go_on(struct checks *c, thread_handle thread)
{
	long error = thread_resume(thread);

	check(c, !error, "thread_resume gave %ld", error);
}

/* Stops a thread in a call that waits. */
static inline void stop_in_wait(struct checks *c, thread_handle thread)
{
	uint64_t end = now() + PATIENCE;

	for (stop(c, thread); !waits(c, thread) && now() < end; stop(c, thread)) {
		go_on(c, thread);
		give_way();
	}
	check(c, now() < end, "the thread never waits");
}

static inline void await_wait(struct checks *c, thread_handle thread)
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

static inline void in_sleep(void *unused)
{
	(void)unused;
	result = thread_sleep(DEADLINE_NEVER);
}

static inline void in_notification(void *unused)
{
	(void)unused;
	result = (long)notification_wait(notification, 1, DEADLINE_NEVER);
}

static inline void in_futex(void *unused)
{
	(void)unused;
	result = futex_wait((uintptr_t)&word, 0, DEADLINE_NEVER);
}

static inline void in_process_wait(void *unused)
{
	(void)unused;
	result = process_wait(idle, DEADLINE_NEVER, &ended);
}

static inline void in_call(void *unused)
{
	(void)unused;
	message = (struct message){.label = 1, .deadline = DEADLINE_NEVER};
	result = ipc_call(endpoint, &message);
}

static inline void in_short_call(void *unused)
{
	const struct windows windows = {.read_address = (uintptr_t)&word, .read_size = 4};

	(void)unused;
	message = (struct message){.label = 1, .deadline = DEADLINE_NEVER};
	result = ipc_call_short(endpoint, &message, &windows);
}

static inline void in_receive(void *unused)
{
	(void)unused;
	message = (struct message){.deadline = DEADLINE_NEVER};
	result = ipc_receive(endpoint, &message);
}

static inline void signal_it(void)
{
	notification_signal(notification, 1);
}

static inline void wake_it(void)
{
	futex_wake((uintptr_t)&word, 1);
}

static inline void end_it(void)
{
	process_kill(idle, 5);
}

static inline void answer_it(void)
{
	struct message m = {.deadline = now() + PATIENCE};

	if (!ipc_receive(endpoint, &m))
		ipc_reply(endpoint, &(struct message){.token = m.token, .label = 7});
}

static inline void call_it(void)
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

static inline void begin_wait(const struct waiting *w)
{
	endpoint = endpoint_create();
	notification = notification_create();
	idle = process_create((const uint8_t *)"idle", 4);
	word = 0;
	result = 1000;
	suite_thread_start(&worker, w->wait, NULL);
}

static inline void end_wait(void)
{
	suite_thread_join(&worker);
	handle_close(ANY(endpoint));
	handle_close(ANY(notification));
	handle_close(ANY(idle));
}

/* ---- what waits for nothing */

static volatile bool spin_over;
static volatile uint64_t spin_count;

static inline void spin(void *unused)
{
	(void)unused;
	while (!spin_over)
		spin_count++;
}
