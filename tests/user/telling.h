/*
 * For suites that interrupt what waits: a child that tells, by a byte through a pipe, when it has a handler for SIGUSR1, and
 * each time that this is called.
 */
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

enum { INTERRUPTED = 10 /* how it ends when what it waited in was interrupted */ };

static int told = -1; /* the handler writes there */
static volatile sig_atomic_t handled;

static inline void tell(int number)
{
	(void)number;
	handled++;
	(void)!write(told, "h", 1);
}

/* As fork. What the child tells can be read from *from. */
static inline pid_t fork_telling(int action_flags, int *from)
{
	struct sigaction action = {.sa_handler = tell, .sa_flags = action_flags};
	int ends[2];

	if (pipe(ends))
		ktap_bail_out("no pipe");
	pid_t pid = fork();

	*from = ends[0];
	if (pid != 0) {
		close(ends[1]);
		return pid;
	}
	close(ends[0]);
	told = ends[1];
	sigaction(SIGUSR1, &action, NULL);
	tell(0);
	return 0;
}

/* Sends it signals until it has ended: one that comes before it waits does nothing to it. */
static inline void interrupt(struct checks *c, pid_t pid, int from)
{
	int status = 0;
	char byte;

	check(c, read(from, &byte, 1) == 1, "it has its handler");
	while (waitpid(pid, &status, WNOHANG) == 0) {
		kill(pid, SIGUSR1);
		thread_sleep(now() + MS);
	}
	check(c, WIFEXITED(status) && WEXITSTATUS(status) == INTERRUPTED, "EINTR: %#x", (unsigned)status);
	close(from);
}
