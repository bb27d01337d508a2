/*
 * A server that takes the place of another: it knows the programs that there were, takes nobody for another, hears from
 * parents and from themselves the rest, and does with rubbish in what the former kept.
 */
#include "programs.h"

#include <signal.h>
#include <tabula/programs.h>
#include <tabula/protocol/program.h>

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
	check(c, program_return(self, family.child.process) == -EINVAL, "who is known");
	check(c, program_run(other.handle, quiet.pid, other.child.process) == -ESRCH,
		"who is no parent of it");
	check(c, !program_return(other.handle, other.child.process), "one that comes back");
	check(c, number_of(&other) == other.pid, "has its number: %ld", number_of(&other));
	for (uint64_t i = 0; i < 32; i++)
		check_value(c, other.handle, 1, i, i < 31);
	check(c, program_return(other.handle, other.child.process) == -EINVAL, "twice");
	check(c, program_run(other.handle, quiet.pid, other.child.process) == -ESRCH, "and is no parent yet");
}

static void check_children(struct checks *c)
{
	uint32_t status = 0;
	process_handle opened;

	check(c, !program_signal(self, (int32_t)quiet.pid, SIGTERM, DEADLINE_NEVER), "a signal meanwhile");
	check(c, exists(late.pid), "the end of which its parent may tell");
	check(c, !program_run(family.handle, late.pid, late.child.process), "its parent does");
	check(c, !program_run(family.handle, leader.pid, leader.child.process), "and of another");
	opened = program_open(self, leader.pid);
	check(c, opened.value > 0, "whose process is known now: %d", opened.value);
	handle_close(ANY(opened));
	check(c, number_of(&leader) == -EBADF, "it has yet to say where its signals go");
	check(c, !program_run(family.handle, quiet.pid, quiet.child.process), "of the quiet one");
	check(c, !program_return(family.handle, family.child.process), "and of itself");
	check(c, wait_for(family.handle, (int32_t)early.pid, &status) == early.pid && status == 3 << 8,
		"ended before: %#x", status);
	check(c, wait_for(family.handle, (int32_t)late.pid, &status) == late.pid && status == SIGBUS,
		"ended meanwhile: %#x", status);
	check(c, wait_for(family.handle, (int32_t)quiet.pid, &status) == quiet.pid && status == SIGTERM,
		"ended by the signal: %#x", status);
	check(c, !program_return(leader.handle, leader.child.process), "the last comes back");
	check(c, number_of(&leader) == leader.pid, "with its number: %ld", number_of(&leader));
}

void test_restart(void)
{
	struct checks c = {0};
	uint32_t status;

	make_all(&c);
	restart(&c, end_late);
	check_known(&c);
	check_strangers(&c);
	check_children(&c);
	restart(&c, NULL);
	check(&c, !program_return(family.handle, family.child.process), "once more");
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
void test_restart_alone(void)
{
	struct checks c = {0};
	struct program left = {0};

	check(&c, !program_return(other.handle, other.child.process), "a parent");
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
void test_rubbish(void)
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
			(void)program_return(some[i].handle, some[i].child.process);
			(void)program_signal(self, -(int32_t)some[i].pid, SIGTERM, DEADLINE_NEVER);
			handle_close(ANY(some[i].handle));
			child_close(&some[i].child);
		}
	}
	checks_report(&c, "a server that finds rubbish");
}
