/* For suites whose children are processes of POSIX: how one has ended. */
#pragma once

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

/* Waits for a child, whatever signals come meanwhile. Returns what waitpid tells; -1 when there is none. */
static inline int status_of(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return status;
}

static inline bool exits_with(struct checks *c, pid_t pid, int expected, const char *what)
{
	int status = pid > 0 ? status_of(pid) : -1;

	return check(c, WIFEXITED(status) && WEXITSTATUS(status) == expected, "%s: pid %d, status %#x", what,
		(int)pid, status);
}
