/* Parents and children: who is whose, who may wait for whom, how they ended, and waiters that give up. */
#include "programs.h"

#include <signal.h>
#include <sys/wait.h>
#include <tabula/protocol/program.h>

enum { MANY = 40 };

void test_family(void)
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
	check(&c, program_run(self, one.pid, one.child.process) == -ESRCH, "somebody else's child");
	check(&c, program_run(family.handle, one.pid, one.child.process) == -EINVAL, "twice");
	child_close(&one.child);
	checks_report(&c, "who is whose child");
}

void test_wait(void)
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

void test_deadline(void)
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

static long interrupted_wait;

static void wait_in_thread(void *argument)
{
	uint32_t status;

	(void)argument;
	interrupted_wait = program_wait(family.handle, -1, 0, &status, now() + PATIENCE);
}

void test_interrupt(void)
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
