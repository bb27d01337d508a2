/* thread_info of threads that wait, each in its way, and of the objects that they wait for. */
#include "info.h"

static struct suite_thread other;

static struct waiting {
	endpoint_handle endpoint;
	notification_handle notification;
	process_handle process;
	alignas(4) volatile uint32_t word;
	memory_handle memory; /* of the word */
	volatile uint32_t *mapped;
	struct message message;
} waiting;

static void wait_time(void *unused)
{
	(void)unused;
	thread_sleep(DEADLINE_NEVER);
}

static void wait_call(void *unused)
{
	(void)unused;
	waiting.message.deadline = DEADLINE_NEVER;
	ipc_call(waiting.endpoint, &waiting.message);
}

static void wait_receive(void *unused)
{
	(void)unused;
	waiting.message.deadline = DEADLINE_NEVER;
	ipc_receive(waiting.endpoint, &waiting.message);
}

static void wait_notification(void *unused)
{
	(void)unused;
	notification_wait(waiting.notification, 6, DEADLINE_NEVER);
}

static void wait_futex(void *unused)
{
	(void)unused;
	futex_wait((uintptr_t)waiting.mapped, 0, DEADLINE_NEVER);
}

static void wait_end(void *unused)
{
	struct process_result result;

	(void)unused;
	process_wait(waiting.process, DEADLINE_NEVER, &result);
}

/* Looks until the other thread waits for this. */
static struct thread_info look_until(struct checks *c, enum waits_for what)
{
	uint64_t patience = now() + PATIENCE;
	struct thread_info info;

	do {
		thread_yield();
		memset(&info, 0xff, sizeof(info));
		check(c, !thread_info(other.handle, &info) && !info.reserved, "thread_info");
	} while ((info.state != THREAD_STATE_WAITING || info.waits_for != what) && now() < patience);
	check(c, info.state == THREAD_STATE_WAITING && info.waits_for == what,
		"state %d, waits for %d, not %d", (int)info.state, (int)info.waits_for, (int)what);
	check(c, info.process == (uint32_t)process_id(), "of process %u", info.process);
	return info;
}

static void check_object(struct checks *c, const struct thread_info *info, uint64_t id)
{
	check(c, info->object == id, "waits for %d of object %lu, not %lu", (int)info->waits_for,
		(unsigned long)info->object, (unsigned long)id);
}

static void look_at_calls(struct checks *c)
{
	struct endpoint_info e;
	struct message m = {.deadline = 0}, received;
	struct thread_info info;

	waiting.endpoint = endpoint_create();
	suite_thread_start(&other, wait_call, NULL);
	info = look_until(c, WAITS_FOR_RECEIVER);
	check(c,
		!endpoint_info(waiting.endpoint, &e) && e.calling == 1 && !e.served && !e.receiving &&
			!e.closed,
		"one calls");
	check_object(c, &info, e.object);
	received = m;
	check(c, !ipc_receive(waiting.endpoint, &received), "receiving");
	info = look_until(c, WAITS_FOR_REPLY);
	check(c, !endpoint_info(waiting.endpoint, &e) && !e.calling && e.served == 1, "one is served");
	check_object(c, &info, e.object);
	m.token = received.token;
	check(c, !ipc_reply(waiting.endpoint, &m), "the reply");
	suite_thread_join(&other);
	suite_thread_start(&other, wait_receive, NULL);
	info = look_until(c, WAITS_FOR_CALL);
	check(c, !endpoint_info(waiting.endpoint, &e) && e.receiving == 1, "one receives");
	check_object(c, &info, e.object);
	m.deadline = now() + SECOND / 10;
	check(c, ipc_call(waiting.endpoint, &m) == -ETIMEDOUT, "a call that nobody answers");
	suite_thread_join(&other);
	handle_close(ANY(waiting.endpoint));
}

static void look_at_notifications(struct checks *c)
{
	struct notification_info n;
	struct thread_info info;

	waiting.notification = notification_create();
	suite_thread_start(&other, wait_notification, NULL);
	info = look_until(c, WAITS_FOR_NOTIFICATION);
	notification_signal(waiting.notification, 9);
	check(c,
		!notification_info(waiting.notification, &n) && n.bits == 9 && n.wanted == 6 &&
			n.waiting == 1 && !n.reserved,
		"bits %lu, wanted %lu by %u", (unsigned long)n.bits, (unsigned long)n.wanted, n.waiting);
	check_object(c, &info, n.object);
	notification_signal(waiting.notification, 2);
	suite_thread_join(&other);
	check(c, !notification_info(waiting.notification, &n) && n.bits == 9 && !n.waiting && !n.wanted,
		"nobody waits");
	handle_close(ANY(waiting.notification));
}

static void look_at_futexes(struct checks *c)
{
	struct memory_info m;
	struct thread_info info;

	waiting.memory = memory_create(PAGE_SIZE);
	waiting.mapped = (volatile uint32_t *)vm_map(
		own_process(), 0, waiting.memory, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, 0);
	*waiting.mapped = 0;
	suite_thread_start(&other, wait_futex, NULL);
	info = look_until(c, WAITS_FOR_FUTEX);
	check(c, !memory_info(waiting.memory, &m), "memory_info");
	check_object(c, &info, m.object);
	futex_wake((uintptr_t)waiting.mapped, 1);
	suite_thread_join(&other);
	vm_unmap(own_process(), (uintptr_t)waiting.mapped, PAGE_SIZE);
	handle_close(ANY(waiting.memory));
}

static void look_at_ends(struct checks *c)
{
	struct thread_info info;
	struct child child;
	uint64_t one = 1;

	check(c, !spinner_make(&child), "a child");
	waiting.process = child.process;
	suite_thread_start(&other, wait_end, NULL);
	info = look_until(c, WAITS_FOR_END);
	check_object(c, &info, process_look(c, child.process).object);
	memory_write(child.data, 0, (const uint8_t *)&one, sizeof(one));
	check(c, !child_start(&child, 0), "its start");
	suite_thread_join(&other);
	child_close(&child);
}

void test_waits(void)
{
	struct checks c = {0};
	struct thread_info info;

	suite_thread_start(&other, wait_time, NULL);
	info = look_until(&c, WAITS_FOR_TIME);
	check_object(&c, &info, 0);
	check(&c, info.cpu_time < now(), "it has run %lu ns", (unsigned long)info.cpu_time);
	check(&c, !thread_cancel(other.handle), "thread_cancel");
	suite_thread_join(&other);
	look_at_calls(&c);
	look_at_notifications(&c);
	look_at_futexes(&c);
	look_at_ends(&c);
	checks_report(&c, "what a thread waits for");
}
