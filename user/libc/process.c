/*
 * The end of a program, and signals as far as one program concerns itself: raise and abort.
 */
#include <signal.h>
#include <unistd.h>
#include <tabula/handles.h>

#include "libc.h"

_Noreturn void _exit(int status)
{
	process_exit(status & 0xff);
}

pid_t getpid(void)
{
	return (pid_t)process_id();
}

/* picolibc's raise comes here for what no handler takes: the default is to end the program. */
int kill(pid_t pid, int number)
{
	if (number < 0 || number >= NSIG)
		return (int)posix_result(-EINVAL);
	if (pid != getpid())
		return (int)posix_result(-ESRCH);
	if (number != 0)
		_exit(128 + number);
	return 0;
}
