/*
 * Waiting for children. The process server keeps how they ended.
 */
#include <sys/wait.h>
#include <tabula/handles.h>
#include <tabula/protocol/program.h>

#include "children.h"
#include "signals.h"

static long child_wait(pid_t which, bool may_wait, uint32_t *status)
{
	long result;
	call_begin(CALL_CHILD);
	do
		result = program_wait(
			own_program(), which, may_wait ? 0 : WAIT_NOHANG, status, DEADLINE_NEVER);
	while (call_again(result));
	call_end();
	if (result > 0)
		children_drop((pid_t)result);
	if ((result == -ECHILD || program_is_unknown(result)) && children_are_unknown(which)) {
		signals_tell_again(); /* it may be a new one, that knows only who this is */
		return children_wait(which, may_wait, status);
	}
	return program_is_unknown(result) ? -ECHILD : result;
}

pid_t waitpid(pid_t which, int *status, int options)
{
	uint32_t how_it_ended = 0;
	if (options & ~(WNOHANG | WUNTRACED)) /* nothing stops, so nobody hears of that */
		return (pid_t)posix_result(-EINVAL);
	long pid = child_wait(which, !(options & WNOHANG), &how_it_ended);
	if (pid > 0 && status != NULL)
		*status = (int)how_it_ended;
	return (pid_t)posix_result(pid);
}

pid_t wait(int *status)
{
	return waitpid(-1, status, 0);
}
