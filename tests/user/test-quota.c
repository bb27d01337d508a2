/*
 * Limits of kernel memory: whatever a process makes counts, and so does what its children make; at the limit there is an
 * error and nobody else feels it; and afterwards all of it is there again, to the byte, on however many harts.
 */
#include "suite.h"

enum {
	HOGS = 4,
	NEST = 16, /* limits below each other */
};

static const char *const program = "/bin/test-quota";

/* What a hog and its parent tell each other. */
struct hog_data {
	uint64_t memory; /* in: a handle of the hog; 0: it makes an object */
	volatile uint64_t pages; /* out: how many it could touch, and one */
	volatile uint64_t may_end;
	volatile uint64_t is_ready; /* out: it has what it needs itself */
	volatile uint64_t may_eat;
};

/* Touches pages of an object until it can't, says how many, and ends when it may. Its data lies at CHILD_DATA. */
/* clang-format off */
CHILD_PROGRAM(hog,
	"	li	s0, " SUITE_TEXT(CHILD_DATA_TEXT) "\n"
	"	ld	s1, 0(s0)\n"
	"	li	s2, 0\n"
	"	bnez	s1, 1f\n"
	"	li	a0, 1\n"
	"	slli	a0, a0, 32\n"
	"	li	a7, " SUITE_TEXT(SYS_memory_create) "\n"
	"	ecall\n"
	"	mv	s1, a0\n"
	"1:	li	a0, 1\n"
	"	sd	a0, 24(s0)\n"
	"3:	li	a7, " SUITE_TEXT(SYS_thread_yield) "\n"
	"	ecall\n"
	"	ld	a0, 32(s0)\n"
	"	beqz	a0, 3b\n"
	"4:	mv	a0, s1\n"
	"	slli	a1, s2, 12\n"
	"	mv	a2, s0\n"
	"	li	a3, 1\n"
	"	li	a7, " SUITE_TEXT(SYS_memory_write) "\n"
	"	ecall\n"
	"	addi	s2, s2, 1\n"
	"	bgtz	a0, 4b\n"
	"	sd	s2, 8(s0)\n"
	"2:	li	a7, " SUITE_TEXT(SYS_thread_yield) "\n"
	"	ecall\n"
	"	ld	a0, 16(s0)\n"
	"	beqz	a0, 2b\n"
	"	li	a0, 0\n"
	CHILD_EXIT);

/* Makes an object and gives it to the process whose handle it has got. */
CHILD_PROGRAM(giver,
	"	mv	s1, a0\n"
	"	li	a0, 1\n"
	"	slli	a0, a0, 32\n"
	"	li	a7, " SUITE_TEXT(SYS_memory_create) "\n"
	"	ecall\n"
	"	mv	a1, a0\n"
	"	mv	a0, s1\n"
	"	li	a2, -1\n"
	"	li	a7, " SUITE_TEXT(SYS_process_give) "\n"
	"	ecall\n"
	CHILD_EXIT);
/* clang-format on */

static struct hog_data hog_read(const struct child *child)
{
	struct hog_data data = {0};

	memory_read(child->data, 0, (uint8_t *)&data, sizeof(data));
	return data;
}

static void hog_write(const struct child *child, const struct hog_data *data)
{
	memory_write(child->data, 0, (const uint8_t *)data, sizeof(*data));
}

/* A hog, not started: a limit can be set. */
static int hog_make(struct child *child)
{
	struct hog_data data = {.may_eat = 1};
	int error = child_make(child, hog, (size_t)(hog_end - hog));

	if (!error)
		hog_write(child, &data);
	return error;
}

static bool hog_is_ready(const struct child *child)
{
	uint64_t patience = now() + PATIENCE;

	while (!hog_read(child).is_ready && now() < patience)
		thread_yield();
	return hog_read(child).is_ready;
}

/* How many pages it got; -1 when it does not say. */
static long hog_wait(const struct child *child)
{
	uint64_t patience = now() + PATIENCE;
	struct hog_data data;

	while (!(data = hog_read(child)).pages && now() < patience)
		thread_yield();
	return (long)data.pages - 1;
}

static int hog_end_it(const struct child *child)
{
	struct hog_data data = {.pages = 1, .may_end = 1, .may_eat = 1};
	struct process_result result;

	hog_write(child, &data);
	return process_wait(child->process, now() + PATIENCE, &result);
}

/* ---- scenarios, in a process of their own that limits itself; exit status 0 if it went as it should */

static notification_handle bits;
static endpoint_handle endpoint;
static any_handle copied;

static long make_process(void)
{
	return process_create((const uint8_t *)"x", 1).value;
}

static long make_thread(void)
{
	thread_handle t = thread_create(own_process(), (uintptr_t)suite_sleep, 0, 0);

	if (t.value >= 0)
		handle_close(ANY(t)); /* so that the handle table does not end it */
	return t.value;
}

static long make_memory(void)
{
	return memory_create(PAGE_SIZE).value;
}

static long make_endpoint(void)
{
	return endpoint_create().value;
}

static long make_badge(void)
{
	return endpoint_badge(endpoint, 1).value;
}

/* What waits for an answer, once it has a token. */
static struct message called = {.deadline = DEADLINE_NEVER};

static void call(void *argument)
{
	struct message m = {.deadline = DEADLINE_NEVER};

	(void)argument;
	(void)ipc_call(endpoint, &m);
}

/* In the table of a thread of this process that calls, and waits. */
static long make_given_badge(void)
{
	static struct suite_thread caller;

	if (!called.token) {
		suite_thread_start(&caller, call, NULL);
		if (ipc_receive(endpoint, &called))
			return 0;
	}
	return ipc_give_badge(endpoint, called.token, 1, RIGHTS_SAME);
}

static long make_notification(void)
{
	return notification_create().value;
}

static long make_timer(void)
{
	return timer_create(bits, 1).value;
}

static long make_handle(void)
{
	return handle_duplicate(copied, RIGHTS_SAME).value;
}

static long make_region(void)
{
	static uint64_t at = 0x900000000;

	at += 2 * PAGE_SIZE;
	return vm_map(own_process(), at, (memory_handle){copied.value}, 0, PAGE_SIZE, PROT_READ, MAP_FIXED);
}

/* Each of these pages is in a page table of its own. A call that can't bring one in says that the address is bad. */
static long make_table(void)
{
	static uint64_t at = 0xa00000000;
	memory_handle m = {copied.value};
	long error;

	at += 1ul << 21;
	error = vm_map(own_process(), at, m, 0, PAGE_SIZE, PROT_READ, MAP_FIXED);
	if (error >= 0)
		error = memory_write(m, 0, (const uint8_t *)at, 1);
	return error == -EFAULT ? -ENOMEM : error;
}

static long make_page(void)
{
	static memory_handle memory;
	static uint64_t page;
	static const uint8_t byte = 1;

	if (!page)
		memory = memory_create(1ul << 32);
	return memory_write(memory, page++ << PAGE_SHIFT, &byte, 1);
}

static const struct {
	const char *name;
	long (*make)(void);
	unsigned least; /* so many there can be */
	uint64_t limit;
} kinds[] = {
	{"processes", make_process, 20, 1 << 20},
	{"threads", make_thread, 100, 1 << 20},
	{"memory objects", make_memory, 500, 1 << 19},
	{"endpoints", make_endpoint, 500, 1 << 19},
	{"badges", make_badge, 500, 1 << 19},
	{"badges that are given", make_given_badge, 500, 1 << 19},
	{"notifications", make_notification, 500, 1 << 19},
	{"timers", make_timer, 500, 1 << 19},
	{"handles", make_handle, 3000, 1 << 17}, /* no more than a full table alone */
	{"regions", make_region, 500, 1 << 19},
	{"page tables", make_table, 50, 1 << 20},
	{"pages", make_page, 100, 1 << 20},
};

/* At the limit every kind of thing is refused, until there is some memory again. */
static int eat(unsigned kind)
{
	long error = 0, again;
	unsigned n = 0;

	bits = notification_create();
	endpoint = endpoint_create();
	copied = ANY(memory_create(PAGE_SIZE));
	if (!page_fill((memory_handle){copied.value}, 0))
		return 1;
	if (process_limit(own_process(), kinds[kind].limit))
		return 2;
	for (; error >= 0 && n < 100000; n++)
		error = kinds[kind].make();
	if (error != -ENOMEM)
		return 3;
	if (n < kinds[kind].least)
		return 4;
	for (unsigned i = 0; i < 1000 && (again = make_notification()) >= 0; i++)
		continue;
	if (again != -ENOMEM)
		return 5;
	/* With a call to answer, all handles would be looked at for another one to receive; test_latency runs this, too. */
	if (called.token && ipc_reply(endpoint, &called))
		return 7;
	handle_close(ANY(bits));
	handle_close(ANY(endpoint));
	for (uint64_t patience = now() + PATIENCE; (again = make_notification()) < 0 && now() < patience;)
		thread_yield(); /* other harts may have to leave the kernel first */
	return again > 0 ? 0 : 6;
}

/* The first touch of a page faults at the limit. */
static int touch(void)
{
	memory_handle m = memory_create(1ul << 30);
	long at = vm_map(own_process(), 0, m, 0, 1ul << 30, PROT_READ | PROT_WRITE, 0);

	if (at < 0 || process_limit(own_process(), 1 << 20))
		return 1;
	for (volatile uint8_t *byte = (volatile uint8_t *)at;; byte += PAGE_SIZE)
		*byte = 1;
}

/* Children together have no more than their parent, whatever they try, and it feels that. */
static int share(void)
{
	static struct child hogs[HOGS];
	struct hog_data data = {.may_eat = 1};
	memory_handle mine = memory_create(2 * PAGE_SIZE);
	long sum = 0;

	if (process_limit(own_process(), 1 << 21))
		return 1;
	for (unsigned i = 0; i < HOGS; i++)
		if (child_make(&hogs[i], hog, (size_t)(hog_end - hog)) || child_start(&hogs[i], 0))
			return 2;
	for (unsigned i = 0; i < HOGS; i++)
		if (!hog_is_ready(&hogs[i]))
			return 7;
	for (unsigned i = 0; i < HOGS; i++)
		hog_write(&hogs[i], &data);
	for (unsigned i = 0; i < HOGS; i++)
		sum += hog_wait(&hogs[i]);
	if (sum < 100 || sum >= (1 << 21) / PAGE_SIZE)
		return 3;
	if (page_fill(mine, 0))
		return 4;
	for (unsigned i = 0; i < HOGS; i++)
		if (hog_end_it(&hogs[i]))
			return 5;
	return page_fill(mine, 0) ? 0 : 6;
}

/* Limits itself below the limit of its parent, and has a child do the same. The status is how deep that goes. */
static int nest(const char *depth)
{
	unsigned n = (unsigned)atoi(depth);
	char next[16];
	int error = process_limit(own_process(), (64ul << 20) - n * PAGE_SIZE);

	if (error)
		return error == -ENOMEM ? (int)n : 100;
	snprintf(next, sizeof(next), "%u", n + 1);
	return again_run(program, "nest", next, RIGHT_TRANSFER).status;
}

static int scenario(const char *name, const char *argument)
{
	if (!strcmp(name, "nest"))
		return nest(argument);
	if (!strcmp(name, "touch"))
		return touch();
	if (!strcmp(name, "share"))
		return share();
	return eat((unsigned)atoi(argument));
}

/* ---- the parent */

static void test_errors(void)
{
	struct checks c = {0};
	process_handle p = process_create((const uint8_t *)"p", 1);
	process_handle none = {0};

	check(&c, process_limit(p, 1 << 20) == 0, "a limit");
	check(&c, process_limit(p, (1 << 20) + 1) == -EINVAL, "a higher one");
	check(&c, process_limit(p, 1 << 20) == 0, "the same again");
	check(&c, process_limit(p, 0) == 0, "none at all");
	check(&c, process_limit(p, 1) == -EINVAL, "no way back");
	check(&c, process_limit(none, 1) == -EBADF, "no handle");
	check(&c, process_limit(own_process(), 1ul << 40) == -EBUSY, "a process with children");
	check(&c, process_give(p, ANY(p), RIGHTS_SAME) == -ENOMEM,
		"a handle for a process that may have nothing");
	handle_close(ANY(p));
	checks_report(&c, "a limit is only lowered, and comes before children");
}

/* What is free and what is charged; objects that have no handle any more may still wait for other harts. */
struct balance {
	uint64_t free, charged;
};

static struct balance balance_read(void)
{
	struct system_info info;

	system_info(own_system(), &info);
	return (struct balance){info.memory_free, info.memory_charged};
}

static bool is_same(const struct balance *a, const struct balance *b)
{
	return a->free == b->free && a->charged == b->charged;
}

/* Waits for it; returns what there is in the end. */
static struct balance balance_await(const struct balance *wanted, uint64_t patience)
{
	uint64_t until = now() + patience;
	struct balance balance;

	while (balance = balance_read(), !is_same(&balance, wanted) && now() < until)
		thread_sleep(now() + MS);
	return balance;
}

/*
 * Does something until there is as much afterwards as before: a leak never comes to that. The first time is for what stays
 * for good, our page tables and pages of our handle table. What a time before has left may still be about to end when the
 * next begins, however long that waits, if the machine below holds a hart up; then there is more in the end.
 */
static void check_balance(struct checks *c, void (*act)(struct checks *c, const void *what), const void *what)
{
	enum { TIMES = 10 };
	struct balance before, after = {0};
	unsigned times = 0;

	act(c, what);
	do {
		thread_sleep(now() + 20 * MS);
		before = balance_read();
		act(c, what);
		after = balance_await(&before, 5 * SECOND);
	} while (!is_same(&after, &before) && ++times < TIMES);
	check(c, after.free == before.free, "%lu bytes were free, %lu are now", (unsigned long)before.free,
		(unsigned long)after.free);
	check(c, after.charged == before.charged, "%lu bytes were charged, %lu are now",
		(unsigned long)before.charged, (unsigned long)after.charged);
}

struct scenario {
	const char *name, *argument;
	int reason, status;
};

static void run_scenario(struct checks *c, const void *what)
{
	const struct scenario *s = what;
	struct process_result r = again_run(program, s->name, s->argument, RIGHT_TRANSFER);

	check(c, (int)r.reason == s->reason && r.status == s->status, "reason %d, status %d", (int)r.reason,
		(int)r.status);
}

static void test_scenario(const char *name, const char *argument, int reason, int status, const char *what)
{
	struct scenario s = {name, argument, reason, status};
	struct checks c = {0};

	check_balance(&c, run_scenario, &s);
	checks_report(&c, what);
}

/* A child at its limit does not keep others from what there is. */
static void others_go_on(struct checks *c, const void *unused)
{
	memory_handle mine = memory_create(2000 * PAGE_SIZE);
	struct child child;
	long pages;

	(void)unused;
	check(c, !hog_make(&child), "a hog");
	check(c, !process_limit(child.process, 100 * PAGE_SIZE), "its limit");
	check(c, !child_start(&child, 0), "its start");
	pages = hog_wait(&child);
	check(c, pages > 50 && pages < 100, "the hog got %ld pages", pages);
	for (unsigned i = 0; i < 2000; i++)
		check(c, page_fill(mine, i), "page %u", i);
	check(c, !hog_end_it(&child), "its end");
	child_close(&child);
	handle_close(ANY(mine));
}

/* What a process has made is charged to it as long as it is there, even when the process has ended. */
static void account_outlives(struct checks *c, const void *unused)
{
	struct hog_data data = {.may_eat = 1};
	struct process_result result;
	struct child keeper, child;
	long handle, pages;

	(void)unused;
	check(c, !hog_make(&keeper), "the keeper");
	check(c, !child_make(&child, giver, (size_t)(giver_end - giver)), "the giver");
	check(c, !process_limit(child.process, 60 * PAGE_SIZE), "its limit");
	handle = process_give(child.process, ANY(keeper.process), RIGHTS_SAME);
	check(c, handle > 0 && !child_start(&child, (uint64_t)handle), "its start: %ld", handle);
	check(c, !process_wait(child.process, now() + PATIENCE, &result), "its end");
	child_close(&child);
	data.memory = (uint64_t)result.status;
	hog_write(&keeper, &data);
	check(c, !child_start(&keeper, 0), "the keeper's start");
	pages = hog_wait(&keeper);
	check(c, pages > 40 && pages < 60, "the keeper could touch %ld pages", pages);
	check(c, !hog_end_it(&keeper), "its end");
	child_close(&keeper);
}

/* A limit below what is used takes nothing away. */
static void lower_later(struct checks *c, const void *unused)
{
	struct child child;
	long pages;

	(void)unused;
	check(c, !hog_make(&child), "a hog");
	check(c, !process_limit(child.process, 100 * PAGE_SIZE), "its limit");
	check(c, !child_start(&child, 0), "its start");
	pages = hog_wait(&child);
	check(c, !process_limit(child.process, 20 * PAGE_SIZE), "a lower limit");
	check(c, pages > 50 && !hog_end_it(&child), "the end, with %ld pages", pages);
	child_close(&child);
}

static void test_balance(void (*act)(struct checks *c, const void *unused), const char *what)
{
	struct checks c = {0};

	check_balance(&c, act, NULL);
	checks_report(&c, what);
}

int main(int argc, char **argv)
{
	if (argc > 2) /* ends without touching a page of the library: there may be no memory for it */
		process_exit(scenario(argv[1], argv[2]));
	ktap_plan(7 + COUNT(kinds));
	test_errors();
	for (unsigned i = 0; i < COUNT(kinds); i++) {
		char number[8];

		snprintf(number, sizeof(number), "%u", i);
		test_scenario("eat", number, END_REASON_EXITED, 0, kinds[i].name);
	}
	test_scenario("touch", "", END_REASON_FAULTED, 128 + 9, "a page touched at the limit");
	test_scenario("share", "", END_REASON_EXITED, 0, "children share the limit of their parent");
	test_scenario("nest", "0", END_REASON_EXITED, NEST, "limits below each other");
	test_balance(others_go_on, "others go on");
	test_balance(account_outlives, "what is left of a process counts");
	test_balance(lower_later, "a limit below what is used");
	return ktap_end();
}
