/*
 * Waiting for children. The process server keeps how they ended.
 */
#include <sys/wait.h>
#include <tabula/handles.h>
#include <tabula/protocol/program.h>

#include "children.h"
#include "process.h"
#include "signals.h"

/* What the process server says. */
static long server_wait(pid_t which, int options, uint32_t *status)
{
	long result;
	uint32_t how = options & WNOHANG ? WAIT_NOHANG : 0;
	how |= options & WUNTRACED ? WAIT_UNTRACED : 0;
	how |= options & WCONTINUED ? WAIT_CONTINUED : 0;
	call_begin(CALL_CHILD);
	do
		result = program_wait(own_program(), which, (enum wait)how, status, DEADLINE_NEVER);
	while (call_again(result));
	call_end();
	return result;
}

static bool is_strange(pid_t which, long result)
{
	return (result == -ECHILD || program_is_unknown(result)) && children_are_unknown(which);
}

static long child_wait(pid_t which, int options, uint32_t *status)
{
	long result = PROGRAM_CALL(server_wait(which, options, status));
	if (is_strange(which, result))
		return children_wait(which, !(options & WNOHANG), status);
	if (result > 0 && !WIFSTOPPED(*status) && !WIFCONTINUED(*status))
		children_drop((pid_t)result);
	return program_is_unknown(result) ? -ECHILD : result;
}

pid_t waitpid(pid_t which, int *status, int options)
{
	uint32_t what = 0;
	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED))
		return (pid_t)posix_result(-EINVAL);
	long pid = child_wait(which, options, &what);
	if (pid > 0 && status != NULL)
		*status = (int)what;
	return (pid_t)posix_result(pid);
}

pid_t wait(int *status)
{
	return waitpid(-1, status, 0);
}
