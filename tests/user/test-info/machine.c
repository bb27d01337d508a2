/* What belongs to nobody's process alone: timers and interrupts, the machine, all threads, the log. */
#include "info.h"

void test_timers_and_interrupts(void)
{
	struct checks c = {0};
	notification_handle n = notification_create();
	timer_handle t = timer_create(n, 4);
	interrupt_handle i = interrupt_create(own_system(), 1, n, 8);
	struct notification_info notification;
	struct timer_info timer;
	struct interrupt_info interrupt;
	uint64_t start;
	long fired;

	notification_info(n, &notification);
	check(&c,
		!timer_info(t, &timer) && timer.deadline == DEADLINE_NEVER && !timer.period &&
			timer.bits == 4,
		"a new timer");
	check(&c, timer.notification == notification.object && timer.object != notification.object,
		"its objects");
	timer_set(t, 1ul << 60, 77);
	check(&c, !timer_info(t, &timer) && timer.deadline == 1ul << 60 && timer.period == 77,
		"a timer that is set");
	start = now();
	check(&c, timer_fired(t) == 0, "it has not fired yet");
	timer_set(t, start + MS, 0);
	check(&c, notification_wait(n, 4, start + PATIENCE) == 4, "it fires");
	fired = timer_fired(t);
	check(&c, fired >= (long)(start + MS) && fired <= (long)now(), "it fired at %ld", fired);
	timer_set(t, DEADLINE_NEVER, 0);
	check(&c, !timer_info(t, &timer) && timer.deadline == DEADLINE_NEVER, "and not any more");
	check(&c,
		!interrupt_info(i, &interrupt) && interrupt.number == 1 && interrupt.bits == 8 &&
			!interrupt.reserved,
		"an interrupt");
	check(&c, interrupt.notification == notification.object, "its notification");
	handle_close(ANY(i));
	handle_close(ANY(t));
	handle_close(ANY(n));
	checks_report(&c, "timers and interrupts");
}

void test_system(void)
{
	struct checks c = {0};
	struct system_info info, later;
	uint64_t before = now(), idle;
	unsigned tries = 0;

	memset(&info, 0xff, sizeof(info));
	check(&c, !system_info(own_system(), &info), "system_info");
	check(&c, info.uptime >= before && info.uptime <= now(), "uptime");
	check(&c, info.timebase >= 1000, "%lu ticks a second", (unsigned long)info.timebase);
	check(&c, info.harts >= 1 && info.harts <= 8, "%u harts", info.harts);
	check(&c, info.memory_free < info.memory_total && info.memory_free > 0, "%lu of %lu bytes are free",
		(unsigned long)info.memory_free, (unsigned long)info.memory_total);
	check(&c, info.memory_charged <= info.memory_total - info.memory_free + (1 << 20),
		"%lu bytes are charged", (unsigned long)info.memory_charged);
	check(&c, info.version[0] && !info.version[15] && !info.reserved, "version and padding");
	later = info;
	/* The machine below may take the hart away until it is time to wake: then it has another try. */
	do {
		idle = later.idle_time;
		thread_sleep(now() + 20 * MS);
		system_info(own_system(), &later);
	} while (later.idle_time < idle + 5 * MS && ++tries < 10);
	check(&c, later.idle_time >= idle + 5 * MS, "idle for %lu ns",
		(unsigned long)(later.idle_time - idle));
	checks_report(&c, "the machine");
	ktap_diagnose("kernel %s, %u harts, %lu KiB free", (const char *)info.version, info.harts,
		(unsigned long)info.memory_free >> 10);
}

static endpoint_handle asked;

static void ask(void *argument)
{
	struct message message = {.deadline = DEADLINE_NEVER};

	(void)argument;
	ipc_call(asked, &message);
}

/* What system_thread tells of a thread; reserved is 1 when it is not found. */
static struct thread_wait wait_of(struct checks *c, uint32_t id)
{
	struct thread_wait wait = {0}, found = {.reserved = 1};
	uint64_t last = 0;
	int error;

	while (!(error = system_thread(own_system(), wait.process, wait.thread, &wait))) {
		uint64_t place = (uint64_t)wait.process << 32 | wait.thread;

		check(c, place > last && !wait.reserved && !wait.name[31], "process %u, thread %u",
			wait.process, wait.thread);
		last = place;
		if (wait.thread == id)
			found = wait;
	}
	check(c, error == -ESRCH, "the end is %d", error);
	return found;
}

void test_all_threads(void)
{
	struct checks c = {0};
	static struct suite_thread caller;
	struct message message = {.deadline = DEADLINE_NEVER};
	struct thread_wait wait;
	struct thread_info info;

	asked = endpoint_create();
	suite_thread_start(&caller, ask, NULL);
	check(&c, !ipc_receive(asked, &message) && !thread_info(caller.handle, &info), "a call");
	wait = wait_of(&c, info.id);
	check(&c, wait.state == THREAD_STATE_WAITING && wait.waits_for == WAITS_FOR_REPLY,
		"it does %u for %u", wait.state, wait.waits_for);
	check(&c, wait.process == process_id() && wait.server == process_id() && wait.object == info.object,
		"process %u waits for %u", wait.process, wait.server);
	check(&c, !strcmp((const char *)wait.name, "test-info"), "it is called %s", (const char *)wait.name);
	ipc_reply(asked, &message);
	suite_thread_join(&caller);
	check(&c, wait_of(&c, info.id).reserved == 1, "it is over");
	check(&c, system_thread(own_system(), UINT32_MAX, UINT32_MAX, &wait) == -ESRCH, "behind all");
	wait = wait_of(&c, (uint32_t)thread_id(process_thread(own_process(), 0)));
	check(&c, wait.state == THREAD_STATE_RUNNING && !wait.waits_for && !wait.server && !wait.object,
		"this one does %u", wait.state);
	handle_close(ANY(asked));
	checks_report(&c, "what all threads wait for");
}

/* Reads the whole log. */
static size_t log_copy(struct checks *c, char *to, size_t size)
{
	struct system_info info;
	uint64_t position;
	size_t done = 0;
	long n = 1;

	system_info(own_system(), &info);
	for (position = info.log_start; n > 0 && done < size - 1; position += (uint64_t)n, done += (size_t)n)
		n = log_read(own_system(), position, (uint8_t *)to + done, size - 1 - done);
	to[done] = 0;
	check(c, n == 0 && position >= info.log_end, "reading ended with %ld at %lu of %lu", n,
		(unsigned long)position, (unsigned long)info.log_end);
	return done;
}

void test_log(void)
{
	static char text[40000];
	static const uint8_t nothing[4] = {0};
	struct checks c = {0};
	struct system_info info;
	struct process_result r;
	uint8_t byte;

	log_copy(&c, text, sizeof(text));
	check(&c, strstr(text, "Tabula: "), "the first line: %.60s", text);
	r = child_run(nothing, sizeof(nothing), 0);
	check(&c, r.reason == END_REASON_FAULTED, "a child that faults");
	log_copy(&c, text, sizeof(text));
	check(&c, strstr(text, "(child) ended: illegal instruction"), "the report of its fault");
	check(&c, !strchr(text, 1), "no marks");
	system_info(own_system(), &info);
	check(&c, log_read(own_system(), info.log_end, &byte, 1) == 0, "at the end");
	check(&c, log_read(own_system(), info.log_end + 1, &byte, 1) == -EINVAL, "past the end");
	check(&c, log_read(own_system(), UINT64_MAX, &byte, 1) == -EINVAL, "far past the end");
	check(&c, log_read(own_system(), info.log_start, &byte, 0) == 0, "nothing");
	checks_report(&c, "the kernel's log");
}
