/* Processes: bare ones, and programs by spawn, fork and exec. */
#include "bench.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>
#include <tabula/spawn.h>

#include "code.h"

extern char **environ;

memory_handle code_memory(const char *code, const char *end)
{
	memory_handle memory = memory_create(PAGE_SIZE);

	check("memory_write", memory_write(memory, 0, (const uint8_t *)code, (size_t)(end - code)));
	return memory;
}

void map_code(process_handle process, const char *code, const char *end)
{
	memory_handle memory = code_memory(code, end);

	check("vm_map", vm_map(process, CODE_BASE, memory, 0, PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_FIXED));
	check("handle_close", handle_close(ANY(memory)));
}

static memory_handle exit_memory;

static void make_exit_code(void)
{
	exit_memory = code_memory(exit_code, exit_code_end);
}

/* A page of code, one thread, no stack. */
static void process_make_and_wait(void)
{
	struct process_result result;
	process_handle process = process_create((const uint8_t *)"exit", 4);
	thread_handle thread;

	check("vm_map",
		vm_map(process, CODE_BASE, exit_memory, 0, PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_FIXED));
	thread = thread_create(process, CODE_BASE, 0, 0);
	check("thread_create", thread.value);
	check("process_wait", process_wait(process, DEADLINE_NEVER, &result));
	check("handle_close", handle_close(ANY(thread)));
	check("handle_close", handle_close(ANY(process)));
}

static void spawn_and_wait(void)
{
	char *arguments[] = {"true", NULL};
	struct process_result result;
	process_handle child = spawn("/bin/true", arguments, NULL, RIGHTS_SAME);

	check("spawn", child.value);
	check("spawn_wait", spawn_wait(child, &result));
}

void wait_for_child(pid_t pid)
{
	int status = -1;

	check("fork", pid);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		check("waitpid", -ECHILD);
}

static void fork_and_exit(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	wait_for_child(pid);
}

static void fork_and_exec(void)
{
	char *arguments[] = {"true", NULL};
	pid_t pid = fork();

	if (pid == 0) {
		execve("/bin/true", arguments, environ);
		_exit(1);
	}
	wait_for_child(pid);
}

const struct operation process_operations[] = {
	{.name = "process_create_exit", .prepare = make_exit_code, .run = process_make_and_wait},
	{.name = "spawn_wait", .run = spawn_and_wait},
	{.name = "fork_exit_wait", .run = fork_and_exit},
	{.name = "fork_exec_wait", .run = fork_and_exec},
	{.name = NULL},
};
