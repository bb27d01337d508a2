/* The process server: this suite starts one of its own, and is the first program to it. */
#include "suite.h"

#include <signal.h>
#include <sys/wait.h>
#include <tabula/programs.h>
#include <tabula/protocol/program.h>

enum { MANY = 40 };

static endpoint_handle place, self;
static memory_handle kept; /* what each server leaves to the next */
static process_handle process;

static void start_server(void)
{
	const struct spawn_handle handles[] = {
		{STARTUP_ENDPOINT, ANY(place), RIGHTS_SAME}, {STARTUP_KEPT, ANY(kept), RIGHTS_SAME}};
	char *const argv[] = {(char[]){"process"}, NULL}, *const envp[] = {NULL};

	process = spawn_with("/servers/process", argv, envp, 0, handles, 2);
	if (process.value < 0)
		ktap_bail_out("no server: %d", process.value);
}

/* ---- programs: children of a few instructions, who sleep or end */

/* clang-format off */
CHILD_PROGRAM(ends,
	CHILD_EXIT);
CHILD_PROGRAM(sleeps,
	"	li	a0, -1\n"
	"	li	a7, " SUITE_TEXT(SYS_thread_sleep) "\n"
	"	ecall\n");
CHILD_PROGRAM(faults,
	"	ld	a0, 8(zero)\n");
/* clang-format on */

#define CODE(name) name, (size_t)(name##_end - name)

struct program {
	uint32_t pid;
	endpoint_handle handle; /* as the program has it, in this process */
	struct child child;
};

static process_handle another(process_handle of)
{
	return (process_handle){handle_duplicate(ANY(of), RIGHTS_SAME).value};
}

static notification_handle to_give(notification_handle n)
{
	uint32_t rights = RIGHT_TRANSFER | RIGHT_NOTIFICATION_SIGNAL;

	return (notification_handle){handle_duplicate(ANY(n), rights).value};
}

/* A child of `parent`, not running yet. */
static int prepare(struct program *program, endpoint_handle parent, const void *code, size_t size)
{
	int error = child_make(&program->child, code, size);

	if (error)
		return error;
	program->handle = program_create(parent, "child", 0, &program->pid);
	if (program->handle.value < 0)
		return program->handle.value;
	return program_run(parent, program->pid, another(program->child.process));
}

/* The handle goes to the child, and with it, unless it is kept here as well. */
static int run(struct program *program, uint64_t argument, bool keep)
{
	long given;

	if (!keep) {
		given = process_give(program->child.process, ANY(program->handle), RIGHT_ENDPOINT_SEND);
		if (given < 0)
			return (int)given;
		handle_close(ANY(program->handle));
	}
	return child_start(&program->child, argument);
}

static int start(
	struct program *program, endpoint_handle parent, const void *code, size_t size, uint64_t argument)
{
	int error = prepare(program, parent, code, size);

	return error ? error : run(program, argument, false);
}

static long wait_for(endpoint_handle parent, int32_t which, uint32_t *status)
{
	return program_wait(parent, which, 0, status, now() + PATIENCE);
}

/* Whether there is such a program; the server may have to hear of its end first. */
static bool exists(uint32_t pid)
{
	struct program_info info = {0};

	return program_next(self, pid - 1, &info) == 0 && info.pid == pid;
}

static void wait_until_gone(struct checks *c, uint32_t pid)
{
	for (uint64_t until = now() + PATIENCE; exists(pid) && now() < until;)
		thread_yield();
	check(c, !exists(pid), "%u is still there", pid);
}

/* A program that can have children of its own: this process has its handle. */
static struct program family;

static void test_family(void)
{
	struct checks c = {0};
	struct program one = {0};
	uint32_t parent = 9, group = 9;

	check(&c, program_self(self, &parent, &group) == 1 && parent == 0 && group == 1, "the first");
	check(&c, !prepare(&family, self, CODE(sleeps)) && !run(&family, 0, true), "a program");
	check(&c, program_self(family.handle, &parent, &group) == family.pid && parent == 1 && group == 1,
		"it");
	check(&c, !start(&one, family.handle, CODE(ends), 7), "its child");
	check(&c, exists(one.pid) && one.pid != family.pid, "number %u", one.pid);
	check(&c, program_run(self, one.pid, another(one.child.process)) == -ESRCH, "somebody else's child");
	check(&c, program_run(family.handle, one.pid, another(one.child.process)) == -EINVAL, "twice");
	child_close(&one.child);
	checks_report(&c, "who is whose child");
}

static void test_wait(void)
{
	struct checks c = {0};
	struct program many[MANY] = {0};
	struct program fault = {0};
	bool seen[MANY] = {0};
	uint32_t status = 0;
	long pid = wait_for(family.handle, -1, &status);

	check(&c, pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 7, "child of the last test: %#x",
		status);
	check(&c, wait_for(family.handle, -1, &status) == -ECHILD, "no child left");
	for (unsigned i = 0; i < MANY; i++)
		check(&c, !start(&many[i], family.handle, CODE(ends), i), "start %u", i);
	check(&c, wait_for(family.handle, (int32_t)many[30].pid, &status) == many[30].pid, "a certain one");
	check(&c, status == 30 << 8, "status %#x", status);
	seen[30] = true;
	check(&c, wait_for(family.handle, (int32_t)many[30].pid, &status) == -ECHILD, "once only");
	for (unsigned i = 1; i < MANY; i++) {
		pid = wait_for(family.handle, 0, &status);
		if (check(&c, pid > 0 && status >> 8 < MANY, "%ld ended with %#x", pid, status)) {
			check(&c, !seen[status >> 8] && many[status >> 8].pid == pid, "%ld twice", pid);
			seen[status >> 8] = true;
		}
	}
	check(&c, wait_for(family.handle, -1, &status) == -ECHILD, "all have been waited for");
	check(&c, !start(&fault, family.handle, CODE(faults), 0), "one that faults");
	check(&c, wait_for(family.handle, -1, &status) == fault.pid, "it ends");
	check(&c, WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "by %#x", status);
	check(&c, wait_for(family.handle, INT32_MIN, &status) == -ECHILD, "no group");
	for (unsigned i = 0; i < MANY; i++)
		child_close(&many[i].child);
	child_close(&fault.child);
	checks_report(&c, "waiting for children, and how they ended");
}

static void test_deadline(void)
{
	struct checks c = {0};
	struct program one = {0};
	uint32_t status;

	check(&c, !start(&one, family.handle, CODE(sleeps), 0), "one that sleeps");
	check(&c, program_wait(family.handle, -1, WAIT_NOHANG, &status, DEADLINE_NEVER) == 0, "nobody yet");
	for (unsigned i = 0; i < 300; i++)
		check(&c, program_wait(family.handle, -1, 0, &status, now() + MS / 10) == -ETIMEDOUT,
			"wait %u", i);
	check(&c, program_wait(family.handle, -1, (enum wait)8, &status, DEADLINE_NEVER) == -EINVAL,
		"an unknown flag");
	check(&c, !program_signal(family.handle, (int32_t)one.pid, SIGKILL, DEADLINE_NEVER), "kill it");
	check(&c, wait_for(family.handle, (int32_t)one.pid, &status) == one.pid, "it ends");
	check(&c, WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "by %#x", status);
	child_close(&one.child);
	checks_report(&c, "waiters that give up leave nothing");
}

static void test_signals(void)
{
	struct checks c = {0};
	struct program one = {0}, two = {0}, three = {0};
	uint32_t status;

	check(&c,
		!start(&one, family.handle, CODE(sleeps), 0) && !start(&two, family.handle, CODE(sleeps), 0),
		"two that sleep");
	check(&c, !prepare(&three, family.handle, CODE(sleeps)) && !run(&three, 0, true), "a third");
	check(&c, !program_set_group(family.handle, one.pid, 0), "a group");
	check(&c, !program_set_group(family.handle, two.pid, one.pid), "of two");
	check(&c, program_set_group(family.handle, two.pid, 77777) == -EPERM, "no such group");
	check(&c, program_set_group(three.handle, two.pid, 0) == -ESRCH, "not its child");
	check(&c, program_get_group(self, two.pid) == one.pid && program_get_group(three.handle, 0) == 1,
		"groups");
	check(&c, program_get_group(self, 77777) == -ESRCH, "of nobody");
	check(&c, !program_signal(self, (int32_t)one.pid, 0, DEADLINE_NEVER), "is there one?");
	check(&c, !program_signal(self, (int32_t)one.pid, SIGCHLD, DEADLINE_NEVER), "that does nothing");
	check(&c, program_signal(self, (int32_t)one.pid, NSIG, DEADLINE_NEVER) == -EINVAL, "no such signal");
	check(&c, program_signal(self, 77777, SIGTERM, DEADLINE_NEVER) == -ESRCH, "nobody");
	check(&c, program_signal(self, -77777, SIGTERM, DEADLINE_NEVER) == -ESRCH, "no group");
	check(&c, program_signal(three.handle, 1, SIGKILL, DEADLINE_NEVER) == -EPERM, "the first program");
	check(&c, !program_signal(self, -(int32_t)one.pid, SIGINT, DEADLINE_NEVER), "both");
	for (unsigned i = 0; i < 2; i++) {
		check(&c, wait_for(family.handle, -(int32_t)one.pid, &status) > 0, "one of the group ends");
		check(&c, WIFSIGNALED(status) && WTERMSIG(status) == SIGINT, "by %#x", status);
	}
	check(&c, wait_for(family.handle, -(int32_t)one.pid, &status) == -ECHILD, "an empty group");

	check(&c, program_set_actions(three.handle, 0, 1u << SIGKILL, 0) == -EINVAL, "what can't be ignored");
	check(&c, program_set_actions(three.handle, 0, 0, 1u << SIGSTOP) == -EINVAL, "what can't be caught");
	check(&c, program_set_actions(three.handle, 0, 1, 0) == -EINVAL, "no signal");
	check(&c, program_set_actions(self, three.pid, 0, 0) == -ESRCH, "somebody else's");
	check(&c, program_set_actions(family.handle, three.pid, 0, 0) == -ESRCH, "it has started");
	check(&c, !program_set_actions(three.handle, 0, 1u << SIGTERM, 0), "ignore");
	check(&c, !program_signal(self, (int32_t)three.pid, SIGTERM, DEADLINE_NEVER), "ignored");
	check(&c, program_wait(family.handle, -1, WAIT_NOHANG, &status, DEADLINE_NEVER) == 0, "it goes on");
	check(&c, !program_set_actions(three.handle, 0, 0, 0), "not any more");
	check(&c, !program_signal(self, (int32_t)three.pid, SIGTERM, DEADLINE_NEVER), "end");
	handle_close(ANY(three.handle));
	check(&c,
		wait_for(family.handle, (int32_t)three.pid, &status) == three.pid &&
			WTERMSIG(status) == SIGTERM,
		"it ends by %#x", status);
	child_close(&one.child);
	child_close(&two.child);
	child_close(&three.child);
	checks_report(&c, "signals and groups");
}

/* What a program catches it is told; what it has not said where to tell is kept. */
static void test_catching(void)
{
	struct checks c = {0};
	struct program one = {0}, two = {0};
	notification_handle n = notification_create();
	const uint32_t all = 1u << SIGTERM | 1u << SIGCHLD | 1u << SIGUSR1;
	uint32_t status;

	check(&c, !prepare(&one, family.handle, CODE(sleeps)) && !run(&one, 0, true), "a program");
	check(&c, !program_set_actions(one.handle, 0, 0, all), "catches");
	check(&c, !program_signal(self, (int32_t)one.pid, SIGTERM, DEADLINE_NEVER), "send");
	check(&c, program_catch(one.handle, (notification_handle){0}, 0) == -EBADF, "nothing to tell");
	check(&c, !program_catch(one.handle, to_give(n), 0), "where to tell");
	check(&c, notification_wait(n, INT64_MAX, 0) == 1u << SIGTERM, "what came before");
	check(&c,
		!program_signal(self, (int32_t)one.pid, SIGTERM, DEADLINE_NEVER) &&
			!program_signal(self, (int32_t)one.pid, SIGUSR1, DEADLINE_NEVER),
		"send");
	check(&c, notification_wait(n, INT64_MAX, 0) == (1u << SIGTERM | 1u << SIGUSR1), "both");
	check(&c, !start(&two, one.handle, CODE(ends), 0), "a child");
	check(&c, notification_wait(n, INT64_MAX, now() + PATIENCE) == 1u << SIGCHLD, "its end");
	check(&c, wait_for(one.handle, (int32_t)two.pid, &status) == two.pid, "it can be waited for then");
	check(&c, program_wait(family.handle, -1, WAIT_NOHANG, &status, DEADLINE_NEVER) == 0, "it goes on");
	check(&c, !program_signal(self, (int32_t)one.pid, SIGKILL, DEADLINE_NEVER), "what can't be caught");
	handle_close(ANY(one.handle));
	check(&c,
		wait_for(family.handle, (int32_t)one.pid, &status) == one.pid && WTERMSIG(status) == SIGKILL,
		"ends it: %#x", status);
	handle_close(ANY(n));
	child_close(&one.child);
	child_close(&two.child);
	checks_report(&c, "signals that are caught");
}

/* Children that are not there yet when a signal comes, that nobody waits for, and that do not run after all. */
static void test_births(void)
{
	struct checks c = {0};
	struct program one = {0};
	uint32_t status, pid;
	endpoint_handle handle;
	uint64_t started;

	check(&c, !child_make(&one.child, CODE(sleeps)), "a process");
	one.handle = program_create(family.handle, "child", 0, &one.pid);
	check(&c, !program_set_actions(family.handle, one.pid, 1u << SIGHUP, 0), "what it ignores");
	check(&c, !program_signal(self, (int32_t)one.pid, SIGHUP, DEADLINE_NEVER), "ignored");
	check(&c, !program_signal(self, (int32_t)one.pid, SIGTERM, DEADLINE_NEVER), "too early");
	check(&c, !program_run(family.handle, one.pid, another(one.child.process)), "it has a process");
	handle_close(ANY(one.handle));
	check(&c,
		wait_for(family.handle, (int32_t)one.pid, &status) == one.pid && WTERMSIG(status) == SIGTERM,
		"and ends at once: %#x", status);
	child_close(&one.child);

	handle = program_create(family.handle, "unwaited", KINSHIP_UNWAITED, &pid);
	check(&c, wait_for(family.handle, -1, &status) == -ECHILD, "one that is not waited for");
	handle_close(ANY(handle));
	wait_until_gone(&c, pid);
	check(&c, program_create(family.handle, "unknown", (enum kinship)2, &pid).value == -EINVAL, "how?");

	check(&c, !prepare(&one, family.handle, CODE(ends)), "one");
	check(&c, program_abandon(self, one.pid) == -ESRCH && program_abandon(family.handle, 0) == -ESRCH,
		"not its child");
	check(&c, !program_abandon(family.handle, one.pid), "that does not run");
	handle_close(ANY(one.handle));
	child_close(&one.child);
	wait_until_gone(&c, one.pid);
	check(&c, wait_for(family.handle, -1, &status) == -ECHILD, "leaves nothing");

	check(&c, !program_set_actions(family.handle, 0, 1u << SIGUSR1, 1u << SIGUSR2), "what is inherited");
	check(&c, !child_make(&one.child, CODE(sleeps)), "a process for a copy");
	handle = program_fork(family.handle, another(one.child.process), 0, &pid);
	check(&c, handle.value > 0 && exists(pid), "a copy");
	check(&c, !program_signal(self, (int32_t)pid, SIGUSR2, DEADLINE_NEVER), "it catches, too");
	check(&c, program_run(family.handle, pid, another(one.child.process)) == -EINVAL, "it has a process");
	started = now();
	check(&c, !program_abandon(family.handle, pid), "that does not run");
	handle_close(ANY(handle));
	wait_until_gone(&c, pid);
	check(&c, now() - started < 500000000, "nobody waits for the end of what never ran");
	child_close(&one.child);
	check(&c, !child_make(&one.child, CODE(sleeps)), "a process for one that is killed");
	handle = program_fork(family.handle, another(one.child.process), 0, &pid);
	check(&c, !program_signal(self, (int32_t)pid, SIGTERM, DEADLINE_NEVER), "before it runs");
	handle_close(ANY(handle));
	check(&c, wait_for(family.handle, (int32_t)pid, &status) == pid && WTERMSIG(status) == SIGTERM,
		"and ends by it: %#x", status);
	child_close(&one.child);
	check(&c, !child_make(&one.child, CODE(sleeps)), "a process that can't be waited for");
	handle.value = handle_duplicate(ANY(one.child.process), RIGHT_TRANSFER | RIGHT_PROCESS_MANAGE).value;
	check(&c, program_fork(family.handle, (process_handle){handle.value}, 0, &pid).value == -EACCES,
		"the server waits for it");
	child_close(&one.child);
	check(&c, !program_set_actions(family.handle, 0, 0, 0), "as it was");
	checks_report(&c, "beginnings");
}

static long interrupted_wait;

static void wait_in_thread(void *argument)
{
	uint32_t status;

	(void)argument;
	interrupted_wait = program_wait(family.handle, -1, 0, &status, now() + PATIENCE);
}

static void test_interrupt(void)
{
	struct checks c = {0};
	static struct suite_thread waiter;
	struct program one = {0};
	struct endpoint_info info;
	uint32_t status;

	check(&c, !program_interrupt(family.handle), "nobody waits");
	check(&c, !start(&one, family.handle, CODE(sleeps), 0), "one that sleeps");
	suite_thread_start(&waiter, wait_in_thread, NULL);
	do
		thread_yield();
	while (!endpoint_info(place, &info) && !info.served);
	check(&c, !program_interrupt(self) && !waiter.over, "somebody else's");
	while (!waiter.over)
		check(&c, !program_interrupt(family.handle), "interrupt");
	check(&c, interrupted_wait == -EINTR, "the wait: %ld", interrupted_wait);
	program_signal(self, (int32_t)one.pid, SIGKILL, DEADLINE_NEVER);
	check(&c, wait_for(family.handle, -1, &status) == one.pid, "the child is still there to wait for");
	child_close(&one.child);
	checks_report(&c, "waiting that is interrupted");
}

/* A program goes on in another process, under its number. */
static void test_exec(void)
{
	struct checks c = {0};
	struct program one = {0};
	struct child next;
	endpoint_handle handle;
	struct program_info info = {0};
	uint32_t status;
	long given;

	check(&c, !prepare(&one, family.handle, CODE(sleeps)) && !run(&one, 0, true), "a program");
	check(&c, !child_make(&next, CODE(ends)), "a process for it");
	handle = program_exec(one.handle, another(next.process), "vain", 0, 0);
	check(&c, handle.value > 0, "a handle for it: %d", handle.value);
	handle_close(ANY(handle));
	check(&c, !program_stay(one.handle), "that does not come");
	child_close(&next);
	check(&c,
		program_exec(one.handle, another(one.child.process), "vain", 1u << SIGKILL, 0).value ==
			-EINVAL,
		"what can't be held");

	check(&c, !child_make(&next, CODE(ends)), "another");
	handle = program_exec(one.handle, another(next.process), "other", 0, 0);
	given = process_give(next.process, ANY(handle), RIGHT_ENDPOINT_SEND);
	check(&c, given > 0, "give %ld", given);
	check(&c, !process_kill(one.child.process, 0), "the former ends");
	handle_close(ANY(one.handle));
	check(&c, program_wait(family.handle, -1, WAIT_NOHANG, &status, DEADLINE_NEVER) == 0,
		"it is still there");
	handle_close(ANY(handle));
	check(&c, !child_start(&next, 9), "the next runs");
	check(&c,
		program_next(self, one.pid - 1, &info) || info.pid != one.pid ||
			!memcmp(info.name, "other", 6),
		"name %s", info.name);
	check(&c, wait_for(family.handle, (int32_t)one.pid, &status) == one.pid && status == 9 << 8,
		"ended with %#x", status);
	child_close(&one.child);
	child_close(&next);
	checks_report(&c, "a program that goes on in another process");
}

/* What can go wrong between the making of a program and its start, and after its parent's end. */
static void test_ends(void)
{
	struct checks c = {0};
	struct program one = {0}, two = {0};
	uint32_t pid, status;
	endpoint_handle handle = program_create(family.handle, "vain", 0, &pid);
	process_handle opened;

	check(&c, handle.value > 0 && exists(pid), "made");
	check(&c, handle_duplicate(ANY(handle), RIGHTS_SAME).value == -EACCES,
		"its handle is for one process");
	handle_close(ANY(handle));
	wait_until_gone(&c, pid);
	check(&c, program_wait(family.handle, -1, WAIT_NOHANG, &status, DEADLINE_NEVER) == -ECHILD,
		"it never was a child");
	check(&c,
		program_create(family.handle, "a name that is longer than it may be", 0, &pid).value ==
			-ENAMETOOLONG,
		"a long name");

	check(&c, !prepare(&one, family.handle, CODE(sleeps)) && !run(&one, 0, true), "a parent");
	check(&c, !start(&two, one.handle, CODE(sleeps), 0), "a child");
	opened = program_open(self, two.pid);
	check(&c, opened.value > 0, "its process: %d", opened.value);
	check(&c, program_open(self, 77777).value == -ESRCH, "nobody's");
	check(&c, !program_signal(self, (int32_t)one.pid, SIGKILL, DEADLINE_NEVER), "end the parent");
	handle_close(ANY(one.handle));
	check(&c, wait_for(family.handle, -1, &status) == one.pid, "it ends");
	check(&c, exists(two.pid), "the child goes on");
	check(&c, !process_kill(opened, 0), "and ends");
	wait_until_gone(&c, two.pid);
	handle_close(ANY(opened));
	child_close(&one.child);
	child_close(&two.child);
	checks_report(&c, "programs that never start, and programs without parents");
}

/* Of the first that is told, whoever has sent it. */
static void check_value(
	struct checks *c, endpoint_handle program, uint32_t from, uint64_t value, uint32_t more)
{
	struct signal_origin told = {0};

	check(c, !program_origin(program, SIGUSR1, &told), "told of one");
	check(c, told.pid == from && told.code == (uint32_t)SI_QUEUE && told.more == more,
		"from %u, code %u, more %u", told.pid, told.code, told.more);
	check(c, told.value == value, "value %lu", (unsigned long)told.value);
}

static void test_values(void)
{
	struct checks c = {0};
	struct program one = {0};
	struct signal_origin told = {0};
	notification_handle n = notification_create();
	const uint64_t bit = 1u << SIGUSR1, value_bit = bit << 31;

	check(&c, !prepare(&one, self, CODE(sleeps)) && !run(&one, 0, true), "a program");
	check(&c, !program_set_actions(one.handle, 0, 0, (uint32_t)bit), "catches");
	check(&c, !program_queue(self, one.pid, SIGUSR1, 1, DEADLINE_NEVER), "before it can be told");
	check(&c, !program_catch(one.handle, to_give(n), 0), "where to tell");
	check(&c, notification_wait(n, INT64_MAX, 0) == (long)(bit | value_bit), "what came before");
	check(&c, !program_queue(family.handle, one.pid, SIGUSR1, UINT64_MAX, DEADLINE_NEVER), "another");
	check(&c, notification_wait(n, INT64_MAX, 0) == (long)(bit | value_bit), "told at once");
	check_value(&c, one.handle, 1, 1, 1);
	check_value(&c, one.handle, family.pid, UINT64_MAX, 0);
	check(&c, !program_origin(one.handle, SIGUSR1, &told) && !told.pid && !told.code, "no more");
	check(&c, !program_signal(self, (int32_t)one.pid, SIGUSR1, DEADLINE_NEVER), "one without");
	check(&c, notification_wait(n, INT64_MAX, 0) == (long)bit, "has no value");
	check(&c, !program_origin(one.handle, SIGUSR1, &told) && told.pid == 1 && !told.code, "from %u",
		told.pid);
	for (unsigned i = 0; i < 32; i++)
		check(&c, !program_queue(self, one.pid, SIGUSR1, i, DEADLINE_NEVER), "number %u", i);
	check(&c, program_queue(self, one.pid, SIGUSR1, 0, DEADLINE_NEVER) == -EAGAIN, "too many");
	check(&c, !program_queue(family.handle, one.pid, SIGUSR1, 0, DEADLINE_NEVER), "from another");
	check(&c, program_queue(self, 77777, SIGUSR1, 0, DEADLINE_NEVER) == -ESRCH, "to nobody");
	check(&c, program_queue(self, one.pid, 32, 0, DEADLINE_NEVER) == -EINVAL, "no signal");
	check(&c, program_queue(self, 1, SIGTERM, 0, DEADLINE_NEVER) == -EPERM, "to the first");
	process_kill(one.child.process, 0);
	handle_close(ANY(one.handle));
	wait_until_gone(&c, one.pid);
	check(&c, !program_queue(self, family.pid, 0, 0, DEADLINE_NEVER), "only asked");
	child_close(&one.child);
	handle_close(ANY(n));
	checks_report(&c, "signals with values");
}

/* ---- a server that takes the place of another */

static void restart(struct checks *c, void (*meanwhile)(struct checks *c))
{
	struct process_result result;

	check(c, !process_kill(process, 0) && !process_wait(process, now() + PATIENCE, &result),
		"the server ends");
	handle_close(ANY(process));
	if (meanwhile)
		meanwhile(c);
	start_server();
}

static long number_of(const struct program *program)
{
	uint32_t parent, group;

	return program_self(program->handle, &parent, &group);
}

static void check_listed(
	struct checks *c, const struct program *program, uint32_t parent, uint32_t group, const char *what)
{
	struct program_info info = {0};

	check(c,
		!program_next(self, program->pid - 1, &info) && info.pid == program->pid &&
			info.parent == parent,
		"%s: %u, a child of %u", what, info.pid, info.parent);
	check(c, info.group == group, "%s: in group %u", what, info.group);
}

/* Children of family: one that ends before the server does, one after it, one that makes no call, one in a session of its own. */
static struct program early, late, quiet, leader;
static struct program other; /* a child of the first program */

/* The server hears of the end of a process a little later. */
static void wait_until_ended(struct checks *c, uint32_t pid)
{
	struct program_info info = {0};

	for (uint64_t until = now() + PATIENCE; info.state != PROGRAM_STATE_ENDED && now() < until;) {
		thread_yield();
		(void)program_next(self, pid - 1, &info);
	}
	check(c, info.pid == pid && info.state == PROGRAM_STATE_ENDED, "%u has not ended", pid);
}

static void make_all(struct checks *c)
{
	check(c, !start(&early, family.handle, CODE(ends), 3), "one that ends before");
	wait_until_ended(c, early.pid);
	check(c, !start(&late, family.handle, CODE(sleeps), 0), "one that ends after");
	check(c, !start(&quiet, family.handle, CODE(sleeps), 0), "a quiet one");
	check(c, !program_set_group(family.handle, quiet.pid, 0), "in a group of its own");
	check(c, !prepare(&leader, family.handle, CODE(sleeps)) && !run(&leader, 0, true), "another");
	check(c, !program_begin_session(leader.handle), "begins a session");
	check(c, !prepare(&other, self, CODE(sleeps)) && !run(&other, 0, true), "a stranger");
	check(c, !program_set_actions(other.handle, 0, 0, 1u << SIGUSR1), "that catches a signal");
	for (uint64_t i = 0; i < 32; i++)
		check(c, !program_queue(self, other.pid, SIGUSR1, i, DEADLINE_NEVER), "value %lu",
			(unsigned long)i);
}

static void end_late(struct checks *c)
{
	struct process_result result;

	check(c, !process_kill(late.child.process, 128 + SIGBUS), "one ends while there is no server");
	check(c, !process_wait(late.child.process, now() + PATIENCE, &result), "it has ended");
}

/* As it was to the server before, whoever has said anything. */
static void check_known(struct checks *c)
{
	struct program more = {0};

	check_listed(c, &family, 1, 1, "family");
	check_listed(c, &quiet, family.pid, quiet.pid, "quiet");
	check_listed(c, &leader, family.pid, leader.pid, "leader");
	check(c, program_session(self, leader.pid) == leader.pid, "its session");
	check(c, number_of(&family) == -EBADF && number_of(&leader) == -EBADF, "they have to say something");
	check(c, program_open(self, quiet.pid).value == -ESRCH, "its process is not known");
	check(c, !prepare(&more, self, CODE(sleeps)), "a new one");
	check(c, more.pid > other.pid, "has a number of its own: %u", more.pid);
	check(c, !process_kill(more.child.process, 0), "ends");
	handle_close(ANY(more.handle));
	child_close(&more.child);
}

/* Nobody is taken for another, whatever he says. */
static void check_strangers(struct checks *c)
{
	check(c, program_return(self, another(family.child.process)) == -EINVAL, "who is known");
	check(c, program_run(other.handle, quiet.pid, another(other.child.process)) == -ESRCH,
		"who is no parent of it");
	check(c, !program_return(other.handle, another(other.child.process)), "one that comes back");
	check(c, number_of(&other) == other.pid, "has its number: %ld", number_of(&other));
	for (uint64_t i = 0; i < 32; i++)
		check_value(c, other.handle, 1, i, i < 31);
	check(c, program_return(other.handle, another(other.child.process)) == -EINVAL, "twice");
	check(c, program_run(other.handle, quiet.pid, another(other.child.process)) == -ESRCH,
		"and is no parent yet");
}

static void check_children(struct checks *c)
{
	uint32_t status = 0;
	process_handle opened;

	check(c, !program_signal(self, (int32_t)quiet.pid, SIGTERM, DEADLINE_NEVER), "a signal meanwhile");
	check(c, exists(late.pid), "the end of which its parent may tell");
	check(c, !program_run(family.handle, late.pid, another(late.child.process)), "its parent does");
	check(c, !program_run(family.handle, leader.pid, another(leader.child.process)), "and of another");
	opened = program_open(self, leader.pid);
	check(c, opened.value > 0, "whose process is known now: %d", opened.value);
	handle_close(ANY(opened));
	check(c, number_of(&leader) == -EBADF, "it has yet to say where its signals go");
	check(c, !program_run(family.handle, quiet.pid, another(quiet.child.process)), "of the quiet one");
	check(c, !program_return(family.handle, another(family.child.process)), "and of itself");
	check(c, wait_for(family.handle, (int32_t)early.pid, &status) == early.pid && status == 3 << 8,
		"ended before: %#x", status);
	check(c, wait_for(family.handle, (int32_t)late.pid, &status) == late.pid && status == SIGBUS,
		"ended meanwhile: %#x", status);
	check(c, wait_for(family.handle, (int32_t)quiet.pid, &status) == quiet.pid && status == SIGTERM,
		"ended by the signal: %#x", status);
	check(c, !program_return(leader.handle, another(leader.child.process)), "the last comes back");
	check(c, number_of(&leader) == leader.pid, "with its number: %ld", number_of(&leader));
}

static void test_restart(void)
{
	struct checks c = {0};
	uint32_t status;

	make_all(&c);
	restart(&c, end_late);
	check_known(&c);
	check_strangers(&c);
	check_children(&c);
	restart(&c, NULL);
	check(&c, !program_return(family.handle, another(family.child.process)), "once more");
	process_kill(leader.child.process, 128 + SIGKILL);
	handle_close(ANY(leader.handle));
	check(&c, wait_for(family.handle, -1, &status) == leader.pid && status == SIGKILL,
		"one that has never come back: %#x", status);
	child_close(&early.child);
	child_close(&late.child);
	child_close(&quiet.child);
	child_close(&leader.child);
	checks_report(&c, "a server that takes the place of another");
}

/* Its parent has gone as well: then nobody can tell how it ended, and nobody waits for that. */
static void test_restart_alone(void)
{
	struct checks c = {0};
	struct program left = {0};

	check(&c, !program_return(other.handle, another(other.child.process)), "a parent");
	check(&c, !prepare(&left, other.handle, CODE(sleeps)) && !run(&left, 0, true), "a child");
	restart(&c, NULL);
	process_kill(left.child.process, 0);
	handle_close(ANY(left.handle));
	check(&c, exists(left.pid), "that has ended, of which its parent may tell");
	process_kill(other.child.process, 0);
	handle_close(ANY(other.handle));
	wait_until_gone(&c, other.pid);
	wait_until_gone(&c, left.pid);
	process_kill(family.child.process, 0);
	handle_close(ANY(family.handle));
	wait_until_gone(&c, family.pid);
	child_close(&left.child);
	child_close(&other.child);
	child_close(&family.child);
	checks_report(&c, "programs that never come back to a new server");
}

enum { RUBBISH_ROUNDS = 30, RUBBISH_BYTES = 100, RUBBISH_FAMILY = 6, RUBBISH_SIZE = 0x4000 };

/* Changes some bytes of what a server has left, or all in the last round. */
static void spoil(uint8_t *at, unsigned round)
{
	static uint32_t seed = 1;

	for (unsigned i = 0; i < RUBBISH_BYTES; i++) {
		seed = seed * 1103515245 + 12345;
		at[seed % RUBBISH_SIZE] = (uint8_t)(seed >> 24);
	}
	for (size_t i = 0; i < RUBBISH_SIZE && round == RUBBISH_ROUNDS - 1; i++)
		at[i] = 0xff;
}

/* Whatever stands in the memory that was kept, there is a server, and programs can be made. */
static void test_rubbish(void)
{
	struct checks c = {0};
	struct program some[RUBBISH_FAMILY] = {0};
	long at = vm_place(own_process(), kept, 0, PROCESS_KEPT_SIZE, PROT_READ | PROT_WRITE, 0);
	uint32_t parent, group;

	for (unsigned round = 0; round < RUBBISH_ROUNDS && at > 0; round++) {
		for (unsigned i = 0; i < RUBBISH_FAMILY; i++)
			check(&c, !prepare(&some[i], i ? some[i / 2].handle : self, CODE(sleeps)), "%u", i);
		check(&c, !process_kill(process, 0), "the server ends");
		process_wait(process, now() + PATIENCE, &(struct process_result){0});
		spoil((uint8_t *)at, round);
		handle_close(ANY(process));
		start_server();
		check(&c, program_self(self, &parent, &group) == 1 && !parent, "the first");
		for (unsigned i = 0; i < RUBBISH_FAMILY; i++) {
			(void)program_return(some[i].handle, another(some[i].child.process));
			(void)program_signal(self, -(int32_t)some[i].pid, SIGTERM, DEADLINE_NEVER);
			handle_close(ANY(some[i].handle));
			child_close(&some[i].child);
		}
	}
	checks_report(&c, "a server that finds rubbish");
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	ktap_plan(13);
	place = endpoint_create();
	self = endpoint_badge(place, PROGRAMS_INIT);
	kept = memory_create(PROCESS_KEPT_SIZE);
	if (place.value < 0 || self.value < 0 || kept.value < 0)
		ktap_bail_out("no endpoint, or no memory");
	start_server();
	test_family();
	test_wait();
	test_deadline();
	test_signals();
	test_catching();
	test_births();
	test_values();
	test_interrupt();
	test_exec();
	test_ends();
	test_restart();
	test_restart_alone();
	test_rubbish();
	process_kill(process, 0);
	return ktap_end();
}
