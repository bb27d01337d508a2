/* Threads and processes that are ended, in whatever they do, by others and by themselves. */
#include "control.h"

enum { ROUNDS = 50, LEFT = 1500 };

static struct suite_thread second;
static thread_handle handle_of_second;

/* ---- ending */

static void kill_one(struct checks *c, void (*run)(void *), bool stopped)
{
	begin_wait(&(struct waiting){.wait = run});
	if (stopped)
		stop(c, worker.handle);
	else
		give_way();
	check(c, !thread_kill(worker.handle), "kill");
	worker.over = true;
	end_wait();
}

static void test_kill(void)
{
	struct checks c = {0};

	spin_over = false;
	for (unsigned k = 0; k < ROUNDS / 10; k++) {
		for (unsigned i = 0; i < COUNT(waitings); i++)
			kill_one(&c, waitings[i].wait, k % 2);
		kill_one(&c, spin, k % 2);
	}
	checks_report(&c, "a thread is ended");
}

static void kill_itself(void *unused)
{
	(void)unused;
	while (!worker.handle.value)
		give_way();
	thread_kill(worker.handle);
	result = 1;
}

static void test_kill_itself(void)
{
	struct checks c = {0};

	worker.handle.value = 0;
	result = 1000;
	suite_thread_start(&worker, kill_itself, NULL);
	while (thread_suspend(worker.handle) != -ESRCH)
		thread_resume(worker.handle), give_way();
	check(&c, result == 1000 && !worker.over, "it went on");
	handle_close(ANY(worker.handle));
	checks_report(&c, "a thread ends itself");
}

static void in_suspend(void *other)
{
	result = thread_suspend(*(thread_handle *)other);
}

/* A thread waits for one to stop, and that one ends instead; it can't be cancelled, since it does not wait for long. */
static void test_watcher(void)
{
	struct checks c = {0};

	spin_over = false;
	for (unsigned i = 0; i < ROUNDS; i++) {
		suite_thread_start(&second, spin, NULL);
		handle_of_second = second.handle;
		result = 1000;
		suite_thread_start(&worker, in_suspend, &handle_of_second);
		if (i % 2) {
			check(&c, !thread_kill(second.handle), "kill");
		} else {
			thread_cancel(worker.handle);
			thread_kill(second.handle);
		}
		suite_thread_join(&worker);
		check(&c, result == 0 || result == -ESRCH, "it got %ld", result);
		handle_close(ANY(second.handle));
	}
	checks_report(&c, "who waits for a thread to stop, when that one ends");
}

/* ---- processes */

/* clang-format off */
CHILD_PROGRAM(spinner,
	"1:	addi	a1, a1, 1\n"
	"	j	1b\n");
/* clang-format on */

static void kill_child(struct checks *c, const void *code, size_t size, unsigned threads)
{
	struct process_result r = {0};
	struct child child;

	check(c, !child_make(&child, code, size), "child");
	for (unsigned i = 0; i < threads; i++)
		check(c, !child_start(&child, UINT64_MAX), "start");
	if (random_below(2))
		give_way();
	check(c, !process_kill(child.process, 42), "kill");
	check(c, !process_wait(child.process, now() + PATIENCE, &r), "wait");
	check(c, r.reason == END_REASON_KILLED && r.status == 42, "reason %d status %d", (int)r.reason,
		(int)r.status);
	check(c, !process_kill(child.process, 43), "kill again");
	check(c, !process_wait(child.process, now() + PATIENCE, &r) && r.status == 42, "another status");
	child_close(&child);
}

/* clang-format off */
CHILD_PROGRAM(sleeper,
	"	li	a7, " SUITE_TEXT(SYS_thread_sleep) "\n"
	"	ecall\n"
	"	unimp\n");
CHILD_PROGRAM(killer,
	"	li	a7, " SUITE_TEXT(SYS_process_kill) "\n"
	"	li	a1, 11\n"
	"	ecall\n"
	"	li	a0, 1\n"
	CHILD_EXIT);
/* clang-format on */

static void test_kill_process(void)
{
	struct checks c = {0};
	struct process_result r = {0};
	struct child child;
	long self;

	for (unsigned i = 0; i < ROUNDS / 10; i++) {
		kill_child(&c, spinner, (size_t)(spinner_end - spinner), i % 4);
		kill_child(&c, sleeper, (size_t)(sleeper_end - sleeper), i % 4);
	}
	check(&c, !child_make(&child, killer, (size_t)(killer_end - killer)), "child");
	self = process_give(child.process, ANY(child.process), RIGHTS_SAME);
	check(&c, self > 0 && !child_start(&child, (uint64_t)self), "start");
	check(&c, !process_wait(child.process, now() + PATIENCE, &r), "wait");
	check(&c, r.reason == END_REASON_KILLED && r.status == 11, "reason %d status %d", (int)r.reason,
		(int)r.status);
	child_close(&child);
	checks_report(&c, "processes are ended: never started, running, waiting, by themselves");
}

/* ---- */

/* Once for what stays for good, and once more. On several harts, what others have set aside is not counted. */
static void use_everything(struct checks *c)
{
	for (unsigned i = 0; i < COUNT(waitings); i++)
		for (unsigned k = 0; k < 5; k++)
			kill_one(c, waitings[i].wait, k % 2);
	for (unsigned i = 0; i < 10; i++) {
		kill_child(c, spinner, (size_t)(spinner_end - spinner), i % 4);
		kill_child(c, sleeper, (size_t)(sleeper_end - sleeper), i % 4);
	}
}

/* Argument: the seed. */
int main(int argc, char **argv)
{
	ktap_plan(5);
	random_start(argc > 1 ? argv[1] : NULL);
	test_kill();
	test_kill_itself();
	test_watcher();
	test_kill_process();
	test_nothing_is_lost(
		use_everything, LEFT, "threads and processes that were ended leave nothing behind");
	return ktap_end();
}
