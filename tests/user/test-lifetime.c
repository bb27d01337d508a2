/*
 * The end of things: whatever a process did, its end and the closing of the last handle give everything back. How
 * much is free is measured by filling a memory object until memory is out, so on one hart these tests know it to the page.
 */
#include "suite.h"

enum { LEFT = 4500 }; /* pages: enough for the largest test, and soon counted */

static const char *program;
static volatile uintptr_t nowhere = 8; /* so that the compiler does not know */

/* Runs `act` and reports whether as many pages are free as before. */
static void test_balance(void (*act)(struct checks *), const char *what)
{
	struct checks c = {0};
	long before, after;

	act(&c); /* once for what stays for good: our page tables, pages of our handle table */
	before = frames_settled();
	act(&c);
	after = frames_again(before, frames_elsewhere());
	check(&c, labs(after - before) <= frames_elsewhere(), "%ld pages were free, %ld are now", before,
		after);
	checks_report(&c, what);
}

static process_handle make_process(struct checks *c)
{
	process_handle p = process_create((const uint8_t *)"idle", 4);

	check(c, p.value > 0, "process_create gave %d", p.value);
	return p;
}

static void idle_processes(struct checks *c)
{
	for (unsigned i = 0; i < 500; i++)
		handle_close(ANY(make_process(c)));
}

/* A process whose own table names it, never started. */
static void self_handles(struct checks *c)
{
	for (unsigned i = 0; i < 200; i++) {
		process_handle p = make_process(c);

		for (unsigned k = 0; k < 3; k++)
			check(c, process_give(p, ANY(p), RIGHTS_SAME) > 0, "giving a process to itself");
		handle_close(ANY(p));
	}
}

/* The second names the first, the third the second, and so on: one close ends all of them. */
static void chain(struct checks *c)
{
	process_handle p = make_process(c);

	for (unsigned i = 0; i < 1000; i++) {
		process_handle next = make_process(c);

		check(c, process_give(next, ANY(p), RIGHTS_SAME) > 0, "link %u", i);
		check(c, process_give(next, ANY(next), RIGHTS_SAME) > 0, "self %u", i);
		handle_close(ANY(p));
		p = next;
	}
	handle_close(ANY(p));
}

/* One process with a thousand others in its table. */
static void star(struct checks *c)
{
	process_handle rays[1000], hub;

	for (unsigned i = 0; i < COUNT(rays); i++)
		rays[i] = make_process(c);
	hub = make_process(c);
	for (unsigned i = 0; i < COUNT(rays); i++) {
		check(c, process_give(hub, ANY(rays[i]), RIGHTS_SAME) > 0, "ray %u", i);
		handle_close(ANY(rays[i]));
	}
	handle_close(ANY(hub));
}

/* Two that never start and name each other would be there for ever: whichever way round, one of the two is refused. */
static void circle(struct checks *c)
{
	for (unsigned i = 0; i < 200; i++) {
		process_handle a = make_process(c), b = make_process(c), d = make_process(c);

		check(c, process_give(a, ANY(b), RIGHTS_SAME) == -EINVAL, "a younger one");
		check(c, process_give(b, ANY(a), RIGHTS_SAME) > 0, "an older one");
		check(c, process_give(d, ANY(b), RIGHTS_SAME) > 0, "again an older one");
		check(c, process_give(a, ANY(d), RIGHTS_SAME) == -EINVAL, "a circle of three");
		handle_close(ANY(a));
		handle_close(ANY(b));
		handle_close(ANY(d));
	}
}

static void programs(struct checks *c)
{
	for (unsigned i = 0; i < 20; i++) {
		struct process_result r = again_run(program, "nothing", NULL, 0);

		check(c, child_exited(&r, 0), "reason %d, status %d", (int)r.reason, (int)r.status);
	}
}

static void faulting_programs(struct checks *c)
{
	for (unsigned i = 0; i < 10; i++) {
		struct process_result r = again_run(program, "fault", NULL, 0);

		check(c, r.reason == END_REASON_FAULTED, "reason %d, status %d", (int)r.reason,
			(int)r.status);
	}
}

/* A program is loaded, its mappings are removed, and another is loaded in their place. */
static void load_again(struct checks *c)
{
	for (unsigned i = 0; i < 3; i++) {
		process_handle p = make_process(c);

		for (unsigned k = 0; k < 3; k++) {
			uint64_t size;
			memory_handle image = file_object("/bin/true", &size);
			long entry = process_load(p, image, 0, size);

			check(c, entry > 0, "loading gave %ld", entry);
			check(c, process_load(p, image, 0, size) == -EEXIST, "loading twice");
			check(c, !vm_unmap(p, USER_BASE, USER_TOP - USER_BASE), "unmapping all");
			handle_close(ANY(image));
		}
		handle_close(ANY(p));
	}
}

static void mappings(struct checks *c)
{
	for (unsigned i = 0; i < 50; i++) {
		memory_handle m = memory_create(64 * PAGE_SIZE);
		process_handle p = make_process(c);
		long at = vm_map(own_process(), 0, m, 0, 64 * PAGE_SIZE, PROT_READ | PROT_WRITE, 0);

		check(c, at > 0, "mapping gave %ld", at);
		memset((void *)at, 1, 64 * PAGE_SIZE);
		check(c, vm_map(p, 0, m, 0, 64 * PAGE_SIZE, PROT_READ, 0) > 0, "mapping in another process");
		handle_close(ANY(m));
		for (unsigned k = 0; k < 64; k += 2) /* cut to pieces */
			check(c, !vm_unmap(own_process(), (uint64_t)at + k * PAGE_SIZE, PAGE_SIZE),
				"cutting");
		check(c, !vm_unmap(own_process(), (uint64_t)at, 64 * PAGE_SIZE), "unmapping");
		handle_close(ANY(p));
	}
}

/* Mapped far apart, each page needs page tables of its own. They go with the process. */
static void far_mappings(struct checks *c)
{
	process_handle p = make_process(c);
	memory_handle m = memory_create(PAGE_SIZE);

	for (uint64_t at = 1ul << 30; at < USER_TOP; at += 3ul << 30)
		check(c, vm_map(p, at, m, 0, PAGE_SIZE, PROT_READ, MAP_FIXED) == (long)at, "mapping at %#lx",
			(unsigned long)at);
	handle_close(ANY(m));
	handle_close(ANY(p));
}

static void threads_ended(struct checks *c)
{
	static const uint32_t code[] = {0x00000893 | SYS_thread_exit << 20, 0x00000073};
	uint64_t size;
	memory_handle image = file_object("/bin/true", &size);
	struct child child;
	thread_handle last = {0};
	struct process_result r;

	for (unsigned i = 0; i < 50; i++) {
		check(c, !child_make(&child, code, sizeof(code)), "child");
		for (unsigned k = 0; k < 10; k++) {
			last = thread_create(child.process, CHILD_CODE, CHILD_SP, k);
			if (k &&
				last.value ==
					-EBUSY) /* all that were there have ended already, and so the process */
				break;
			check(c, last.value > 0, "thread %u gave %d", k, last.value);
			handle_close(ANY(last));
		}
		check(c, !process_wait(child.process, DEADLINE_NEVER, &r) && child_exited(&r, 0), "status %d",
			(int)r.status);
		check(c, thread_create(child.process, CHILD_CODE, CHILD_SP, 0).value == -EBUSY,
			"a thread after the end");
		check(c, vm_map(child.process, 0, child.data, 0, PAGE_SIZE, PROT_READ, 0) == -EBUSY,
			"a mapping after the end");
		check(c, vm_place(child.process, child.data, 0, PAGE_SIZE, PROT_READ, 0) == -EBUSY,
			"a place after the end");
		check(c, vm_unmap(child.process, CHILD_DATA, PAGE_SIZE) == -EBUSY, "unmapping after the end");
		check(c, process_load(child.process, image, 0, size) == -EBUSY, "loading after the end");
		child_close(&child);
	}
	handle_close(ANY(image));
}

/* The process ends while threads of it and of others wait, sleep and spin. */
/* clang-format off */
CHILD_PROGRAM(sleeper,
	"	li	a7, " SUITE_TEXT(SYS_thread_sleep) "\n"
	"	li	a0, -1\n"
	"	ecall\n"
	"	unimp\n");
/* clang-format on */
/* clang-format off */
CHILD_PROGRAM(sleeper_or_end,
	"	bnez	a0, 1f\n"
	"	li	a7, " SUITE_TEXT(SYS_thread_sleep) "\n"
	"	li	a0, -1\n"
	"	ecall\n"
	"1:	li	a7, " SUITE_TEXT(SYS_thread_yield) "\n"
	"	ecall\n"
	"	li	a0, 9\n"
	CHILD_EXIT);
/* clang-format on */

static struct suite_thread waiters[20];
static process_handle waited_for;
static int waited_right; /* atomic */

static void wait_for_it(void *argument)
{
	struct process_result r;

	(void)argument;
	if (process_wait(waited_for, DEADLINE_NEVER, &r) == 0 && child_exited(&r, 9))
		__atomic_fetch_add(&waited_right, 1, __ATOMIC_RELAXED);
}

static void many_waiters(struct checks *c)
{
	struct child child;

	check(c, !child_make(&child, sleeper_or_end, (size_t)(sleeper_or_end_end - sleeper_or_end)), "child");
	for (unsigned i = 0; i < 20; i++)
		check(c, !child_start(&child, 0), "sleeper %u", i);
	waited_for = child.process;
	waited_right = 0;
	for (unsigned i = 0; i < COUNT(waiters); i++)
		suite_thread_start(&waiters[i], wait_for_it, NULL);
	thread_yield();
	check(c, !child_start(&child, 1), "the one that ends all");
	for (unsigned i = 0; i < COUNT(waiters); i++)
		suite_thread_join(&waiters[i]);
	check(c, waited_right == COUNT(waiters), "%d of %zu waiters heard of the end", waited_right,
		COUNT(waiters));
	child_close(&child);
}

/* One that has had a thread may name any, and be named by any: its end closes its handles. */
static void started_circle(struct checks *c)
{
	for (unsigned i = 0; i < 20; i++) {
		struct process_result result;
		process_handle idle;
		struct child child;

		check(c, !child_make(&child, sleeper_or_end, (size_t)(sleeper_or_end_end - sleeper_or_end)),
			"a child");
		idle = make_process(c);
		check(c, process_give(child.process, ANY(idle), RIGHTS_SAME) == -EINVAL, "before its start");
		check(c, !child_start(&child, 0), "the start");
		check(c, process_give(idle, ANY(child.process), RIGHTS_SAME) > 0,
			"the child to the idle one");
		check(c, process_give(child.process, ANY(idle), RIGHTS_SAME) > 0,
			"the idle one to the child");
		handle_close(ANY(idle));
		check(c, !child_start(&child, 1), "the one that ends all");
		check(c, !process_wait(child.process, DEADLINE_NEVER, &result), "the end");
		child_close(&child);
	}
}

/* The handle that a thread waits through is closed meanwhile: the wait goes on to the end, and then says so. */
static volatile long closed_wait;

static void wait_and_tell(void *argument)
{
	struct process_result r;

	(void)argument;
	closed_wait = process_wait(waited_for, DEADLINE_NEVER, &r);
}

static void closed_while_waiting(struct checks *c)
{
	waited_for = make_process(c);
	closed_wait = 1;
	suite_thread_start(&waiters[0], wait_and_tell, NULL);
	thread_yield();
	thread_yield();
	handle_close(ANY(waited_for)); /* nothing else names it: it ends */
	suite_thread_join(&waiters[0]);
	check(c, closed_wait == -EBADF, "the waiter got %ld", closed_wait);
}

/* clang-format off */
CHILD_PROGRAM(self_waiter,
	"	li	a7, " SUITE_TEXT(SYS_process_wait) "\n"
	"	li	a1, -1\n"
	"	li	a2, " SUITE_TEXT(CHILD_DATA_TEXT) "\n"
	"	ecall\n"
	CHILD_EXIT);
/* clang-format on */

/* It would wait for ever. */
static void wait_for_itself(struct checks *c)
{
	struct process_result r;
	struct child child;
	long self;

	check(c, !child_make(&child, self_waiter, (size_t)(self_waiter_end - self_waiter)), "child");
	self = process_give(child.process, ANY(child.process), RIGHT_PROCESS_WAIT);
	check(c, self > 0 && !child_start(&child, (uint64_t)self), "giving it to itself: %ld", self);
	check(c, !process_wait(child.process, now() + PATIENCE, &r) && child_exited(&r, -EINVAL),
		"waiting for itself gave %d", (int)r.status);
	child_close(&child);
}

/* Sleeping for ever in processes that nobody can end: they stay, so this comes last and is not balanced. */
static void test_sleepers(void)
{
	struct process_result r;
	struct checks c = {0};
	struct child child;

	for (unsigned i = 0; i < 50; i++) {
		check(&c,
			!child_make(&child, sleeper, (size_t)(sleeper_end - sleeper)) &&
				!child_start(&child, 0),
			"child %u", i);
		check(&c, process_wait(child.process, now() + MS / 10, &r) == -ETIMEDOUT, "it has ended");
		child_close(&child);
	}
	checks_report(&c, "processes that sleep for ever");
}

int main(int argc, char **argv)
{
	program = argv[0][0] == '/' ? argv[0] : "/bin/test-lifetime";
	if (argc > 1)
		return !strcmp(argv[1], "fault") ? *(volatile int *)nowhere : 0;
	ktap_plan(16);
	frames_leave(LEFT);
	test_balance(idle_processes, "processes that never start");
	test_balance(self_handles, "processes that hold handles to themselves");
	test_balance(chain, "a chain of 1,000 processes");
	test_balance(star, "a process that holds 1,000 others");
	test_balance(circle, "processes that never start can't keep each other");
	test_balance(programs, "programs");
	test_balance(faulting_programs, "programs that fault");
	test_balance(load_again, "programs loaded again and again into one process");
	test_balance(mappings, "mappings cut to pieces");
	test_balance(far_mappings, "mappings far apart");
	test_balance(threads_ended, "threads that end");
	test_balance(many_waiters, "many threads that wait for a process");
	test_balance(started_circle, "processes that name each other, one of them started");
	test_balance(closed_while_waiting, "a handle closed while a thread waits through it");
	test_balance(wait_for_itself, "a process that waits for itself");
	test_sleepers();
	return ktap_end();
}
