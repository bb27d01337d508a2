/*
 * Beginnings and what can go wrong in them: programs that get a signal before they run, copies, programs that go on in another
 * process, that never start, and whose parents have gone.
 */
#include "programs.h"

#include <signal.h>
#include <sys/wait.h>
#include <tabula/protocol/program.h>

/* Children that are not there yet when a signal comes, that nobody waits for, and that do not run after all. */
void test_births(void)
{
	struct checks c = {0};
	struct program one = {0};
	uint32_t status, pid = 0;
	endpoint_handle handle;
	uint64_t started, took;
	unsigned tries = 0;

	check(&c, !child_make(&one.child, CODE(sleeps)), "a process");
	one.handle = program_create(family.handle, "child", 0, &one.pid);
	check(&c, !program_set_actions(family.handle, one.pid, 1u << SIGHUP, 0), "what it ignores");
	check(&c, !program_signal(self, (int32_t)one.pid, SIGHUP, DEADLINE_NEVER), "ignored");
	check(&c, !program_signal(self, (int32_t)one.pid, SIGTERM, DEADLINE_NEVER), "too early");
	check(&c, !program_run(family.handle, one.pid, one.child.process), "it has a process");
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
	do { /* on a busy machine the calls alone may take so long, but hardly each time */
		check(&c, !child_make(&one.child, CODE(sleeps)), "a process for a copy");
		handle = program_fork(family.handle, one.child.process, &pid);
		check(&c, handle.value > 0 && exists(pid), "a copy");
		check(&c, !program_signal(self, (int32_t)pid, SIGUSR2, DEADLINE_NEVER), "it catches, too");
		check(&c, program_run(family.handle, pid, one.child.process) == -EINVAL, "it has a process");
		started = now();
		check(&c, !program_abandon(family.handle, pid), "that does not run");
		handle_close(ANY(handle));
		wait_until_gone(&c, pid);
		took = now() - started;
		child_close(&one.child);
	} while (took >= SECOND / 2 && ++tries < 10);
	check(&c, took < SECOND / 2, "nobody waits for the end of what never ran");
	check(&c, !child_make(&one.child, CODE(sleeps)), "a process for one that is killed");
	handle = program_fork(family.handle, one.child.process, &pid);
	check(&c, !program_signal(self, (int32_t)pid, SIGTERM, DEADLINE_NEVER), "before it runs");
	handle_close(ANY(handle));
	check(&c, wait_for(family.handle, (int32_t)pid, &status) == pid && WTERMSIG(status) == SIGTERM,
		"and ends by it: %#x", status);
	child_close(&one.child);
	check(&c, !child_make(&one.child, CODE(sleeps)), "a process that can't be waited for");
	handle.value = handle_duplicate(
		ANY(one.child.process), RIGHT_TRANSFER | RIGHT_DUPLICATE | RIGHT_PROCESS_MANAGE)
			       .value;
	check(&c, program_fork(family.handle, (process_handle){handle.value}, &pid).value == -EACCES,
		"the server waits for it");
	check(&c, !handle_close(ANY(handle)), "who asks keeps it");
	child_close(&one.child);
	check(&c, !program_set_actions(family.handle, 0, 0, 0), "as it was");
	checks_report(&c, "beginnings");
}

/* A program goes on in another process, under its number. */
void test_exec(void)
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
	handle = program_exec(one.handle, next.process, "vain", 0, 0);
	check(&c, handle.value > 0, "a handle for it: %d", handle.value);
	handle_close(ANY(handle));
	check(&c, !program_stay(one.handle), "that does not come");
	child_close(&next);
	check(&c, program_exec(one.handle, one.child.process, "vain", 1u << SIGKILL, 0).value == -EINVAL,
		"what can't be held");

	check(&c, !child_make(&next, CODE(ends)), "another");
	handle = program_exec(one.handle, next.process, "other", 0, 0);
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
void test_ends(void)
{
	struct checks c = {0};
	struct program one = {0}, two = {0};
	uint32_t pid = 0, status;
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
