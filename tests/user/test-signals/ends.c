/* Ends of children: a storm of SIGCHLD, children that nobody waits for, and those that a signal ends. */
#include "signals.h"

#include <errno.h>
#include <sys/wait.h>

enum { STORM_CHILDREN = 30 };

static int reaped;

static void reap(int number)
{
	(void)number;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		reaped++;
}

void test_children(void)
{
	struct checks c = {0};
	sigset_t set, none = 0;
	int started = 0;

	catch_with(SIGCHLD, reap, SA_RESTART);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (int i = 0; i < STORM_CHILDREN; i++)
		started += child("end", "0") > 0;
	sigprocmask(SIG_BLOCK, &set, NULL);
	while (reaped < started)
		sigsuspend(&none);
	check(&c, started == STORM_CHILDREN && reaped == started, "%d started, %d waited for", started,
		reaped);
	check(&c, waitpid(-1, NULL, 0) == -1 && errno == ECHILD, "none is left");

	/* Nobody waits for children of one that ignores the signal. */
	signal(SIGCHLD, SIG_IGN);
	pid_t pid = child("end", "0");
	check(&c, pid > 0 && waitpid(pid, NULL, 0) == -1 && errno == ECHILD, "not waited for");
	struct sigaction action = {.sa_handler = note, .sa_flags = SA_NOCLDWAIT};
	count = 0;
	sigaction(SIGCHLD, &action, NULL);
	pid = child("end", "0");
	check(&c, pid > 0 && waitpid(pid, NULL, 0) == -1 && errno == ECHILD, "nor with SA_NOCLDWAIT");
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	for (uint64_t until = now() + PATIENCE; count == 0 && now() < until;)
		usleep(1000);
	check(&c, count > 0, "but it is told");
	signal(SIGCHLD, SIG_DFL);
	checks_report(&c, "a storm of SIGCHLD, every child waited for once");
}

void test_ends(void)
{
	struct checks c = {0};
	static const int ends[] = {SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGTERM, SIGALRM, SIGUSR1, SIGUSR2};

	for (unsigned i = 0; i < COUNT(ends); i++) {
		pid_t pid = child("sleep", NULL);
		char text[12];
		int status;

		check(&c, pid > 0 && !kill(pid, ends[i]), "send %d", ends[i]);
		status = status_of(pid);
		check(&c, WIFSIGNALED(status) && WTERMSIG(status) == ends[i], "%d: %#x", ends[i], status);
		snprintf(text, sizeof(text), "%d", ends[i]);
		status = status_of(child("raise", text));
		check(&c, WIFSIGNALED(status) && WTERMSIG(status) == ends[i], "raise %d: %#x", ends[i],
			status);
		status = status_of(child("blocked", text));
		if (ends[i] != SIGKILL)
			check(&c, WIFSIGNALED(status) && WTERMSIG(status) == ends[i], "later %d: %#x",
				ends[i], status);
	}
	int status = status_of(child("abort", NULL));
	check(&c, WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "abort: %#x", status);
	status = status_of(child("abort", "caught"));
	check(&c, WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT,
		"abort with a handler that returns: %#x", status);
	status = status_of(child("alarm", NULL));
	check(&c, WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM, "alarm: %#x", status);
	checks_report(&c, "what is not caught ends the program");
}
