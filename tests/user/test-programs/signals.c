/* Signals and groups as the server has them: sent, ignored, caught, and with values. */
#include "programs.h"

#include <signal.h>
#include <sys/wait.h>
#include <tabula/programs.h>
#include <tabula/protocol/program.h>

void test_signals(void)
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
	check(&c, program_signal(self, (int32_t)one.pid, UINT32_MAX, DEADLINE_NEVER) == -EINVAL, "nor this");
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
void test_catching(void)
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

void check_value(struct checks *c, endpoint_handle program, uint32_t from, uint64_t value, uint32_t more)
{
	struct signal_origin told = {0};

	check(c, !program_take(program, SIGUSR1, &told), "one is taken");
	check(c, told.pid == from && told.code == (uint32_t)SI_QUEUE && told.more == more,
		"from %u, code %u, more %u", told.pid, told.code, told.more);
	check(c, told.value == value, "value %lu", (unsigned long)told.value);
}

void test_values(void)
{
	struct checks c = {0};
	struct program one = {0};
	struct signal_origin told = {0};
	notification_handle n = notification_create();
	const uint64_t bit = 1u << SIGUSR1;
	uint64_t queued = 0;

	check(&c, !prepare(&one, self, CODE(sleeps)) && !run(&one, 0, true), "a program");
	check(&c, !program_set_actions(one.handle, 0, 0, (uint32_t)bit), "catches");
	check(&c, !program_queue(self, one.pid, SIGUSR1, 1, DEADLINE_NEVER), "before it can be told");
	check(&c, !program_catch(one.handle, to_give(n), 0), "where to tell");
	check(&c, notification_wait(n, INT64_MAX, 0) == (long)PROGRAMS_QUEUED, "what came before");
	check(&c, !program_queued(one.handle, &queued) && queued == bit, "is queued: %#lx", (long)queued);
	check(&c, !program_queued(one.handle, &queued) && !queued, "once: %#lx", (long)queued);
	check(&c, !program_queue(family.handle, one.pid, SIGUSR1, UINT64_MAX, DEADLINE_NEVER), "another");
	check(&c, notification_wait(n, INT64_MAX, 0) == -ETIMEDOUT, "comes behind the first");
	check_value(&c, one.handle, 1, 1, 1);
	check_value(&c, one.handle, family.pid, UINT64_MAX, 0);
	check(&c, program_take(one.handle, SIGUSR1, &told) == -EAGAIN, "no more");
	check(&c, !program_origin(one.handle, SIGUSR1, &told) && !told.pid && !told.code, "nor told");
	check(&c, !program_queue(self, one.pid, SIGUSR1, 5, DEADLINE_NEVER), "one more");
	check(&c, notification_wait(n, INT64_MAX, 0) == (long)PROGRAMS_QUEUED, "is told again");
	check_value(&c, one.handle, 1, 5, 0);
	check(&c, !program_signal(self, (int32_t)one.pid, SIGUSR1, DEADLINE_NEVER), "one without");
	check(&c, notification_wait(n, INT64_MAX, 0) == (long)bit, "has no value");
	check(&c, !program_origin(one.handle, SIGUSR1, &told) && told.pid == 1 && !told.code, "from %u",
		told.pid);
	for (unsigned i = 0; i < 32; i++)
		check(&c, !program_queue(self, one.pid, SIGUSR1, i, DEADLINE_NEVER), "number %u", i);
	check(&c, program_queue(self, one.pid, SIGUSR1, 0, DEADLINE_NEVER) == -EAGAIN, "too many");
	check(&c, !program_queue(family.handle, one.pid, SIGUSR1, 0, DEADLINE_NEVER), "from another");
	check(&c, program_queue(self, 77777, SIGUSR1, 0, DEADLINE_NEVER) == -ESRCH, "to nobody");
	check(&c, program_queue(self, one.pid, NSIG, 0, DEADLINE_NEVER) == -EINVAL, "no signal");
	check(&c,
		program_take(one.handle, 0, &told) == -EINVAL &&
			program_take(one.handle, NSIG, &told) == -EINVAL,
		"none to take");
	check(&c, program_origin(one.handle, SIGRTMIN, &told) == -EINVAL, "such are not told");
	check(&c, program_queue(self, 1, SIGTERM, 0, DEADLINE_NEVER) == -EPERM, "to the first");
	process_kill(one.child.process, 0);
	handle_close(ANY(one.handle));
	wait_until_gone(&c, one.pid);
	check(&c, !program_queue(self, family.pid, 0, 0, DEADLINE_NEVER), "only asked");
	child_close(&one.child);
	handle_close(ANY(n));
	checks_report(&c, "signals with values");
}
