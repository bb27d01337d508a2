/*
 * What the calls that tell about objects say: of each type, in each state that it can be brought into, against what is
 * known of it otherwise. Some of it is looked at from another hart while it changes.
 */
#include "suite.h"

enum { ROUNDS = 300 };

static struct suite_thread other;

/* ---- processes */

/* clang-format off */
CHILD_PROGRAM(spinner,
	"	li	s0, " SUITE_TEXT(CHILD_DATA_TEXT) "\n"
	"1:	ld	a0, 0(s0)\n"
	"	beqz	a0, 1b\n"
	"	li	a0, 5\n"
	CHILD_EXIT);
/* clang-format on */

static struct process_info process_look(struct checks *c, process_handle p)
{
	struct process_info info;

	memset(&info, 0xff, sizeof(info));
	check(c, process_info(p, &info) == 0, "process_info");
	check(c, info.reserved == 0 && info.name[31] == 0, "padding");
	return info;
}

static void test_own_process(void)
{
	struct checks c = {0};
	process_handle own = {handle_duplicate(ANY(own_process()), RIGHTS_SAME).value};
	process_handle p = process_create((const uint8_t *)"a\nchild of this", 15);
	struct process_info info = process_look(&c, p);

	check(&c, own.value > 0 && process_look(&c, own).id == (uint32_t)process_id(), "the own handle");
	handle_close(ANY(own));
	check(&c, info.parent == (uint32_t)process_id(), "parent %u", info.parent);
	check(&c, info.id > info.parent, "id %u", info.id);
	check(&c, info.state == PROCESS_STATE_NEW, "state %d", (int)info.state);
	check(&c, info.threads == 0 && info.handles == 0, "%u threads, %u handles", info.threads,
		info.handles);
	check(&c, !strcmp((const char *)info.name, "a?child?of?this"), "name %s", (const char *)info.name);
	check(&c, info.memory_limit == 1ul << 62, "limit %#lx", (unsigned long)info.memory_limit);
	check(&c, info.cpu_time == 0, "cpu time");
	check(&c, process_give(p, ANY(p), RIGHTS_SAME) > 0, "a handle");
	check(&c, process_look(&c, p).handles == 1, "one handle");
	check(&c, process_limit(p, 1 << 20) == 0, "a limit");
	check(&c, process_look(&c, p).memory_limit == 1 << 20, "the limit");
	handle_close(ANY(p));
	checks_report(&c, "a process that has not begun");
}

static void test_life_of_process(void)
{
	struct checks c = {0};
	struct process_result result;
	struct process_info before, later;
	struct child child;
	uint64_t one = 1, start;
	long used;

	check(&c, !child_make(&child, spinner, (size_t)(spinner_end - spinner)), "a child");
	before = process_look(&c, child.process);
	start = now();
	check(&c, !child_start(&child, 0), "its start");
	do {
		thread_yield();
		later = process_look(&c, child.process);
	} while ((later.cpu_time < 5 * MS || later.memory_used == before.memory_used) &&
		 now() < start + PATIENCE);
	check(&c, later.state == PROCESS_STATE_LIVE && later.threads == 1, "state %d, %u threads",
		(int)later.state, later.threads);
	check(&c, later.cpu_time >= 5 * MS && later.cpu_time <= now() - start, "it ran %lu ns of %lu",
		(unsigned long)later.cpu_time, (unsigned long)(now() - start));
	check(&c, later.memory_used > before.memory_used, "%lu bytes before, %lu after touching pages",
		(unsigned long)before.memory_used, (unsigned long)later.memory_used);
	used = (long)later.memory_used;
	check(&c, process_memory_peak(child.process) >= used, "%ld bytes at most, of %ld",
		process_memory_peak(child.process), used);
	memory_write(child.data, 0, (const uint8_t *)&one, sizeof(one));
	check(&c, !process_wait(child.process, DEADLINE_NEVER, &result), "its end");
	later = process_look(&c, child.process);
	check(&c, later.state == PROCESS_STATE_ENDED && later.threads == 0 && later.handles == 0, "state %d",
		(int)later.state);
	check(&c, later.reason == END_REASON_EXITED && later.status == 5, "status %d", (int)later.status);
	check(&c, later.cpu_time >= 5 * MS, "its time stays");
	check(&c, later.memory_used < before.memory_used, "%lu bytes are left",
		(unsigned long)later.memory_used);
	check(&c, process_memory_peak(child.process) >= used, "%ld bytes at most, of %ld",
		process_memory_peak(child.process), used);
	child_close(&child);
	checks_report(&c, "a process from its start to its end");
}

/* Makes a process have so many bytes more for a while: what it has had at most afterwards, and what it had then. */
static long peak_after(struct checks *c, process_handle p, size_t size, long *then)
{
	memory_handle m = memory_create(size);
	long at = vm_map(p, 0, m, 0, size, PROT_READ | PROT_WRITE, 0);

	check(c, at > 0, "map %ld", at);
	for (size_t i = 0; i < size; i += PAGE_SIZE)
		check(c, process_write(p, (uint64_t)at + i, (const uint8_t *)"x", 1) == 1, "touch %zu", i);
	*then = (long)process_look(c, p).memory_used;
	check(c, !vm_unmap(p, (uint64_t)at, size), "unmap");
	handle_close(ANY(m));
	return process_memory_peak(p);
}

/*
 * The objects are this process's own, what maps them is the other's: page tables, which are few. What it has given up before may
 * come back to its account only now, when the other harts have left the kernel: so it may have less in the end than is added up.
 */
static void test_peak(void)
{
	enum { LARGE = 64 * PAGE_SIZE };
	struct checks c = {0};
	process_handle own = own_process(), p = process_create((const uint8_t *)"peak", 4);
	struct process_info info = process_look(&c, own);
	long before = process_memory_peak(own), after, then;
	size_t size = LARGE + (((size_t)before - info.memory_used + PAGE_SIZE) & -(size_t)PAGE_SIZE);

	check(&c, before >= (long)info.memory_used, "%ld bytes at most, %lu now", before,
		(unsigned long)info.memory_used);
	after = peak_after(&c, own, size, &then);
	check(&c, then > before && after >= then && after < before + 2 * LARGE, "%ld bytes, then %ld of %ld",
		before, after, then);
	check(&c, process_memory_peak(own) == after, "it stays");
	check(&c, (long)process_look(&c, own).memory_used < after - LARGE / 2, "what is used does not");
	check(&c, !process_limit(p, 1 << 20), "a limit");
	before = process_memory_peak(p);
	after = peak_after(&c, p, LARGE, &then);
	check(&c, after >= before && after >= then && after <= 1 << 20,
		"below a limit %ld bytes, then %ld of %ld", before, after, then);
	handle_close(ANY(p));
	checks_report(&c, "the most that a process has had");
}

/* How many bytes less are free, and how many more are charged, when pages of a new object have been touched. */
static void count_pages(struct checks *c, unsigned pages, long *less, long *more)
{
	struct system_info before, after;
	memory_handle m = memory_create(512 * PAGE_SIZE);
	struct memory_info info;

	page_fill(m, 0); /* with these two all nodes of the object are there that the others need */
	page_fill(m, pages + 1);
	system_info(own_system(), &before);
	for (unsigned i = 1; i <= pages; i++)
		page_fill(m, i);
	system_info(own_system(), &after);
	*less = (long)(before.memory_free - after.memory_free);
	*more = (long)(after.memory_charged - before.memory_charged);
	check(c, !memory_info(m, &info) && info.resident == (pages + 2) * PAGE_SIZE, "%lu are there",
		(unsigned long)info.resident);
	check(c, info.size == 512 * PAGE_SIZE && info.source == MEMORY_SOURCE_ZERO && !info.reserved,
		"an object");
	handle_close(ANY(m));
}

/*
 * A page costs a page. The figures are the whole machine's: what the tests before have let go, such as the four pages of a
 * child, comes back when all harts have left the kernel. A count that this falls into is made again.
 */
static void test_charges(void)
{
	enum { PAGES = 99 };
	struct checks c = {0};
	struct memory_info info;
	uint64_t until = now() + PATIENCE;
	long less, more;

	do
		count_pages(&c, PAGES, &less, &more);
	while ((less != PAGES * PAGE_SIZE || more != PAGES * PAGE_SIZE) && now() < until &&
		!thread_sleep(now() + MS));
	check(&c, less == PAGES * PAGE_SIZE, "%ld bytes less are free", less);
	check(&c, more == PAGES * PAGE_SIZE, "%ld bytes more are charged", more);
	check(&c,
		!memory_info(own_archive(), &info) && info.source == MEMORY_SOURCE_MACHINE &&
			info.resident == info.size,
		"the archive");
	checks_report(&c, "pages of memory");
}

/* ---- threads that wait, each in its way */

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
	thread_sleep(now() + SECOND / 2);
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

	check(c, !child_make(&child, spinner, (size_t)(spinner_end - spinner)), "a child");
	waiting.process = child.process;
	suite_thread_start(&other, wait_end, NULL);
	info = look_until(c, WAITS_FOR_END);
	check_object(c, &info, process_look(c, child.process).object);
	memory_write(child.data, 0, (const uint8_t *)&one, sizeof(one));
	check(c, !child_start(&child, 0), "its start");
	suite_thread_join(&other);
	child_close(&child);
}

static void test_waits(void)
{
	struct checks c = {0};
	struct thread_info info;

	suite_thread_start(&other, wait_time, NULL);
	info = look_until(&c, WAITS_FOR_TIME);
	check_object(&c, &info, 0);
	check(&c, info.cpu_time < now(), "it has run %lu ns", (unsigned long)info.cpu_time);
	suite_thread_join(&other);
	look_at_calls(&c);
	look_at_notifications(&c);
	look_at_futexes(&c);
	look_at_ends(&c);
	checks_report(&c, "what a thread waits for");
}

static volatile bool may_stop;

static void spin(void *unused)
{
	(void)unused;
	while (!may_stop)
		continue;
}

static void test_running(void)
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

/* Looks at a thread that goes from wait to wait, while the objects it waits for come and go. */
static void come_and_go(void *unused)
{
	(void)unused;
	while (!may_stop) {
		notification_handle n = notification_create();
		endpoint_handle e = endpoint_create();
		struct message m = {.deadline = now() + 20000};

		notification_wait(n, 1, now() + 20000);
		handle_close(ANY(n));
		ipc_receive(e, &m);
		handle_close(ANY(e));
	}
}

static void test_changing(void)
{
	struct checks c = {0};
	unsigned seen = 0;

	may_stop = false;
	suite_thread_start(&other, come_and_go, NULL);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct thread_info info;

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

/* ---- the rest */

static void test_timers_and_interrupts(void)
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

static void test_system(void)
{
	struct checks c = {0};
	struct system_info info, later;
	uint64_t before = now();

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
	thread_sleep(now() + 20 * MS);
	system_info(own_system(), &later);
	check(&c, later.idle_time >= info.idle_time + 5 * MS, "idle for %lu ns",
		(unsigned long)(later.idle_time - info.idle_time));
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

static void test_all_threads(void)
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

static void test_log(void)
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

int main(int argc, char **argv)
{
	ktap_plan(11);
	random_start(argc > 1 ? argv[1] : NULL);
	test_own_process();
	test_life_of_process();
	test_peak();
	test_charges();
	test_waits();
	test_running();
	test_changing();
	test_timers_and_interrupts();
	test_system();
	test_all_threads();
	test_log();
	return ktap_end();
}
