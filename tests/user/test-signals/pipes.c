/*
 * Pipes and signals: what one carries is whole however often both ends are interrupted, and SIGPIPE comes when nobody
 * reads.
 */
#include "signals.h"

#include <errno.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>

enum { STORM_BYTES = 300000 };

int pipe_ends[2];

/* What a pipe carries is whole, however often those at both ends are interrupted. */
void test_pipe_storm(int flags, const char *what)
{
	struct checks c = {0};
	posix_spawn_file_actions_t actions;
	char *argv[] = {myself, (char[]){"bytes"}, flags ? (char[]){"restart"} : NULL, NULL};
	pid_t writer;
	long next = 0, got;
	static unsigned char bytes[5000];

	check(&c, !pipe(pipe_ends) && !posix_spawn_file_actions_init(&actions), "a pipe");
	posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 1);
	posix_spawn_file_actions_addclose(&actions, pipe_ends[0]);
	check(&c, !posix_spawn(&writer, myself, &actions, NULL, argv, environ), "a writer");
	posix_spawn_file_actions_destroy(&actions);
	close(pipe_ends[1]);
	catch_with(SIGALRM, note, flags);
	timer_start(300, 300);
	while ((got = read(pipe_ends[0], bytes, 1 + (size_t)next % sizeof(bytes))) != 0) {
		if (got < 0 && check(&c, errno == EINTR && !flags, "%s", strerror(errno)))
			continue;
		if (got < 0)
			break;
		for (long i = 0; i < got; i++, next++)
			if (bytes[i] != next % 251) {
				check(&c, false, "byte %ld is %d", next, bytes[i]);
				got = 0;
				break;
			}
		if (got == 0)
			break;
	}
	timer_start(0, 0);
	check(&c, next == STORM_BYTES, "%ld bytes", next);
	close(pipe_ends[0]);
	check(&c, status_of(writer) == 0, "the writer");
	check(&c, count > 0, "no signal came");
	ktap_diagnose("%d signals", count);
	signal(SIGALRM, SIG_DFL);
	checks_report(&c, what);
}

int write_bytes(bool restart)
{
	static unsigned char bytes[7000];
	long next = 0;

	catch_with(SIGALRM, note, restart ? SA_RESTART : 0);
	timer_start(270, 270);
	while (next < STORM_BYTES) {
		size_t size = 1 + (size_t)next % sizeof(bytes);

		if (size > (size_t)(STORM_BYTES - next))
			size = (size_t)(STORM_BYTES - next);
		for (size_t i = 0; i < size; i++)
			bytes[i] = (unsigned char)((next + (long)i) % 251);

		long done = write(1, bytes, size);

		if (done > 0)
			next += done;
		else if (restart || errno != EINTR)
			return 1;
	}
	return 0;
}

void break_pipe(void)
{
	signal(SIGPIPE, SIG_IGN);
	pipe(pipe_ends);
	close(pipe_ends[0]);
	while (write(pipe_ends[1], "x", 1) == 1)
		sched_yield();
	signal(SIGPIPE, SIG_DFL);
}

void test_pipe_signal(void)
{
	struct checks c = {0};
	int status;

	break_pipe();
	catch_with(SIGPIPE, note, 0);
	check(&c, write(pipe_ends[1], "x", 1) == -1 && errno == EPIPE && count == 1, "caught: %d", count);
	signal(SIGPIPE, SIG_IGN);
	check(&c, write(pipe_ends[1], "x", 1) == -1 && errno == EPIPE, "ignored");
	signal(SIGPIPE, SIG_DFL);
	close(pipe_ends[1]);
	status = status_of(child("pipe", NULL));
	check(&c, WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE, "it ends the program: %#x", status);
	checks_report(&c, "a pipe that nobody reads");
}
