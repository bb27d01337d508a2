/*
 * What the shell needs of POSIX and this system can't do yet. It goes when the real one comes.
 */
#include <unistd.h>

#include "libc.h"

pid_t fork(void)
{
	return (pid_t)posix_result(-ENOSYS);
}
