/* Programs of that server: made, run, waited for, and whether one is there. */
#include "programs.h"

#include <tabula/protocol/program.h>

notification_handle to_give(notification_handle n)
{
	uint32_t rights = RIGHT_TRANSFER | RIGHT_NOTIFICATION_SIGNAL;

	return (notification_handle){handle_duplicate(ANY(n), rights).value};
}

int prepare(struct program *program, endpoint_handle parent, const void *code, size_t size)
{
	int error = child_make(&program->child, code, size);

	if (error)
		return error;
	program->handle = program_create(parent, "child", 0, &program->pid);
	if (program->handle.value < 0)
		return program->handle.value;
	return program_run(parent, program->pid, program->child.process);
}

int run(struct program *program, uint64_t argument, bool keep)
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

int start(struct program *program, endpoint_handle parent, const void *code, size_t size, uint64_t argument)
{
	int error = prepare(program, parent, code, size);

	return error ? error : run(program, argument, false);
}

long wait_for(endpoint_handle parent, int32_t which, uint32_t *status)
{
	return program_wait(parent, which, 0, status, now() + PATIENCE);
}

bool exists(uint32_t pid)
{
	struct program_info info = {0};

	return program_next(self, pid - 1, &info) == 0 && info.pid == pid;
}

void wait_until_gone(struct checks *c, uint32_t pid)
{
	for (uint64_t until = now() + PATIENCE; exists(pid) && now() < until;)
		thread_yield();
	check(c, !exists(pid), "%u is still there", pid);
}

struct program family;
