/*
 * The registry: places for processes. Init's first thread puts handles there, and the registry's takes them out. What a call
 * comes to does not matter: a server that can't answer is a new one soon, and then all is told again.
 */
#include "registry.h"

#include "plain_thread.h"

#include <errno.h>
#include <stdbool.h>
#include <tabula/handles.h>
#include <tabula/protocol/program.h>

enum { FIRST_PROGRAM = 1 };

#define SOON 1000000000ul /* nanoseconds */

struct entry {
	int32_t coming; /* a process handle, put here by registry_add; 0: none */
	const char *name; /* written before `coming` */
	uint32_t again; /* 1: set by registry_again */

	/* Of the registry's thread alone. */
	process_handle process; /* 0: none */
	endpoint_handle program; /* of a server: while this is open, the process server has it in its list */
	uint32_t pid; /* its number there */
};

static struct entry entries[REGISTRY_MOST];
static struct plain_thread thread;
static endpoint_handle programs, shell;
static uint32_t shell_number;
static uint32_t turn; /* how often there has been something to do */
static uint32_t done; /* that much of it has been done */

static void close_if_any(any_handle handle)
{
	if (handle.value > 0)
		(void)handle_close(handle);
}

static process_handle another(process_handle process)
{
	return (process_handle){handle_duplicate(ANY(process), RIGHTS_SAME).value};
}

/* A new process server may know it by its number only. */
static void tell_of_shell(const struct entry *entry)
{
	uint32_t parent, group;
	long pid = program_self(shell, &parent, &group);

	if (pid == -EBADF && !program_run(programs, shell_number, entry->process))
		return;
	if (pid == -EBADF)
		pid = program_self(shell, &parent, &group);
	if (pid <= 0)
		return;
	__atomic_store_n(&shell_number, (uint32_t)pid, __ATOMIC_RELEASE);
	(void)program_run(programs, (uint32_t)pid, entry->process);
}

static void tell_of_server(struct entry *entry)
{
	close_if_any(ANY(entry->program));
	entry->program = program_create(programs, entry->name, 0, &entry->pid);
	if (entry->program.value < 0)
		return;
	(void)program_run(programs, entry->pid, entry->process);
	(void)program_set_group(programs, entry->pid, 0);
}

/* A process server that takes the place of another may know it, but for its process. */
static void tell_again_of_server(struct entry *entry)
{
	if (entry->program.value <= 0 || program_run(programs, entry->pid, entry->process))
		tell_of_server(entry);
}

static void tell(unsigned place, bool again)
{
	if (place == REGISTRY_INIT)
		(void)program_run(programs, FIRST_PROGRAM, entries[place].process);
	else if (place == REGISTRY_SHELL)
		tell_of_shell(&entries[place]);
	else if (again)
		tell_again_of_server(&entries[place]);
	else
		tell_of_server(&entries[place]);
}

/* Whether a new process has come into this place. */
static bool take(struct entry *entry)
{
	process_handle process = {__atomic_exchange_n(&entry->coming, 0, __ATOMIC_ACQUIRE)};

	if (process.value <= 0)
		return false;
	close_if_any(ANY(entry->process));
	entry->process = process;
	return true;
}

static void look_at(unsigned place)
{
	struct entry *entry = &entries[place];
	bool again = __atomic_exchange_n(&entry->again, 0, __ATOMIC_ACQUIRE), is_new = take(entry);

	if (is_new || (again && entry->process.value > 0))
		tell(place, !is_new);
}

static void run(void *argument)
{
	(void)argument;
	for (;;) {
		uint32_t now = __atomic_load_n(&turn, __ATOMIC_ACQUIRE);

		for (unsigned place = 0; place < REGISTRY_MOST; place++)
			look_at(place);
		__atomic_store_n(&done, now, __ATOMIC_RELEASE);
		(void)futex_wake((uintptr_t)&done, 1);
		(void)futex_wait((uintptr_t)&turn, now, DEADLINE_NEVER);
	}
}

static void work_to_do(void)
{
	__atomic_add_fetch(&turn, 1, __ATOMIC_RELEASE);
	(void)futex_wake((uintptr_t)&turn, 1);
}

int registry_start(endpoint_handle for_init, endpoint_handle for_shell)
{
	programs = for_init;
	shell = for_shell;
	return plain_thread_start(&thread, run, NULL);
}

void registry_add(unsigned place, const char *name, process_handle process)
{
	int32_t before;

	entries[place].name = name;
	before = __atomic_exchange_n(&entries[place].coming, another(process).value, __ATOMIC_ACQ_REL);
	close_if_any((any_handle){before});
	work_to_do();
}

void registry_again(unsigned place)
{
	__atomic_store_n(&entries[place].again, 1, __ATOMIC_RELEASE);
	work_to_do();
}

void registry_settle(void)
{
	uint64_t deadline = (uint64_t)clock_now() + SOON;

	for (uint32_t now; (now = __atomic_load_n(&done, __ATOMIC_ACQUIRE)) != turn;)
		if (futex_wait((uintptr_t)&done, now, deadline) == -ETIMEDOUT)
			return;
}

process_handle registry_shell(void)
{
	registry_settle();
	return program_open(programs, __atomic_load_n(&shell_number, __ATOMIC_ACQUIRE));
}
