/*
 * From _start to main: thread-local data, environment, constructors; keeps the handles that came with the
 * start. Called by crt0.S once, with nothing set up.
 */
#include <picolibc.h> /* says that there are thread-local variables */
#include <picotls.h>
#include <stdlib.h>
#include <string.h>
#include <tabula/handles.h>

#include "libc.h"
#include "signals.h"

extern char __tls_block[];
extern char **environ;

void __libc_init_array(void);
int main(int argc, char **argv, char **envp);

enum { PROCESS_NAME_MAX = 31 };

static struct startup startup;

process_handle tabula_own_process;

system_handle own_system(void)
{
	return (system_handle){(int32_t)startup.system};
}

memory_handle own_archive(void)
{
	return (memory_handle){(int32_t)startup.archive};
}

uint64_t own_clock_epoch(void)
{
	return startup.clock_epoch;
}

void clock_epoch_is(uint64_t epoch)
{
	startup.clock_epoch = epoch;
}

static const struct startup_handle *given_handles(void)
{
	return (const struct startup_handle *)(uintptr_t)startup.handles;
}

any_handle startup_handle(uint32_t what)
{
	for (uint32_t i = 0; i < startup.handle_count; i++)
		if (given_handles()[i].what == what)
			return (any_handle){(int32_t)given_handles()[i].handle};
	return (any_handle){0};
}

static endpoint_handle program;

endpoint_handle own_program(void)
{
	return program;
}

const char *own_name(void)
{
	static char name[PROCESS_NAME_MAX + 1];
	char *const *argv = (char *const *)(uintptr_t)startup.argv;
	if (name[0] == '\0' && startup.argc > 0) {
		const char *slash = strrchr(argv[0], '/');
		strncpy(name, slash != NULL ? slash + 1 : argv[0], PROCESS_NAME_MAX);
	}
	return name;
}

static void startup_replace(uint32_t what, int32_t handle)
{
	struct startup_handle *given = (struct startup_handle *)(uintptr_t)startup.handles;
	for (uint32_t i = 0; i < startup.handle_count; i++)
		if (given[i].what == what)
			given[i].handle = (uint32_t)handle;
}

void own_become(process_handle process, endpoint_handle program_handle)
{
	tabula_own_process = process;
	program = program_handle;
	startup_replace(STARTUP_PROGRAMS, program_handle.value);
}

endpoint_handle own_root(void)
{
	static endpoint_handle root; /* asked for with each path */
	if (root.value == 0)
		root.value = startup_handle(STARTUP_ROOT).value;
	return root;
}

_Noreturn void program_start(const struct startup *given)
{
	/* Before this, errno and whatever else is thread-local has no place. */
	_set_tls(__tls_block);
	_init_tls(__tls_block);

	/* A parent of another version may know more, or less. */
	memcpy(&startup, given, given->size < sizeof startup ? given->size : sizeof startup);
	tabula_own_process.value = (int32_t)startup.process;
	char **argv = (char **)(uintptr_t)startup.argv;
	char **envp = (char **)(uintptr_t)startup.envp;
	environ = envp;
	descriptors_inherit(given_handles(), startup.handle_count);
	directory_inherit((endpoint_handle){startup_handle(STARTUP_DIRECTORY).value});
	file_locks_inherit((endpoint_handle){startup_handle(STARTUP_LOCKS).value});
	mask_inherit((mode_t)startup.mask);
	program.value = startup_handle(STARTUP_PROGRAMS).value;
	signals_inherit(startup.signals_blocked, startup.signals_ignored);
	__libc_init_array();
	exit(main((int)startup.argc, argv, envp));
}
