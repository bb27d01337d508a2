/*
 * Pipes and signals: what one carries is whole however often both ends are interrupted, and SIGPIPE comes when nobody
 * reads.
 */
#include "signals.h"

#include <errno.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>

enum {
	STORM_BYTES = 300000,
	NOT_INTERRUPTED = 2 /* how a writer ends whose bytes were too few for a signal to come */
};

int pipe_ends[2];

static pid_t start_writer(struct checks *c, bool restart)
{
	posix_spawn_file_actions_t actions;
	char *argv[] = {myself, (char[]){"bytes"}, restart ? (char[]){"restart"} : NULL, NULL};
	pid_t writer = -1;

	check(c, !pipe(pipe_ends) && !posix_spawn_file_actions_init(&actions), "a pipe");
	posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 1);
	posix_spawn_file_actions_addclose(&actions, pipe_ends[0]);
	check(c, !posix_spawn(&writer, myself, &actions, NULL, argv, environ), "a writer");
	posix_spawn_file_actions_destroy(&actions);
	close(pipe_ends[1]);
	return writer;
}

/* Reads to the end, or to the first byte that is wrong. */
static void read_bytes(struct checks *c, bool restart)
{
	static unsigned char bytes[5000];
	long next = 0, got;

	while ((got = read(pipe_ends[0], bytes, 1 + (size_t)next % sizeof(bytes))) != 0) {
		if (got < 0 && check(c, errno == EINTR && !restart, "%s", strerror(errno)))
			continue;
		if (got < 0)
			return;
		for (long i = 0; i < got; i++, next++)
			if (!check(c, bytes[i] == next % 251, "byte %ld is %d", next, bytes[i]))
				return;
	}
	check(c, next == STORM_BYTES, "%ld bytes", next);
}

/*
 * What a pipe carries is whole, however often those at both ends are interrupted. How many signals come while it carries
 * so much is the machine's to say, even none: then it carries as much again.
 */
void test_pipe_storm(int flags, const char *what)
{
	struct checks c = {0};
	uint64_t until = now() + PATIENCE;
	bool restart = flags & SA_RESTART, writer_too = false;
	int storms = 0;

	catch_with(SIGALRM, note, flags);
	do {
		pid_t writer = start_writer(&c, restart);

		timer_start(300, 300);
		read_bytes(&c, restart);
		timer_start(0, 0);
		close(pipe_ends[0]);

		int status = status_of(writer);

		check(&c, status == 0 || status == NOT_INTERRUPTED << 8, "the writer: %#x", status);
		writer_too = writer_too || status == 0;
		storms++;
	} while (!c.failed && !(count > 0 && writer_too) && now() < until);
	check(&c, count > 0, "no signal came to the reader");
	check(&c, writer_too, "none came to a writer");
	ktap_diagnose("%d signals in %d storms", count, storms);
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
	return count > 0 ? 0 : NOT_INTERRUPTED;
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
