/*
 * What the shell needs of POSIX and this system can't do yet. Each goes when the real one comes.
 */
#include <unistd.h>

#include "libc.h"

pid_t fork(void)
{
	return (pid_t)posix_result(-ENOSYS);
}

int execve(const char *path, char *const argv[], char *const envp[])
{
	(void)path;
	(void)argv;
	(void)envp;
	return (int)posix_result(-ENOSYS);
}
