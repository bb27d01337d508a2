/*
 * Children: this program again, with words that say what it does. They sleep, end, or get into one of the situations that
 * the other parts test.
 */
#include "signals.h"

#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>

char myself[] = "/bin/test-signals";

static pid_t start(char *const argv[])
{
	pid_t pid = -1;
	int error = posix_spawn(&pid, myself, NULL, NULL, argv, environ);

	return error ? -error : pid;
}

pid_t child(const char *what, const char *argument)
{
	char *argv[] = {myself, (char *)(uintptr_t)what, (char *)(uintptr_t)argument, NULL};

	return start(argv);
}

int be_child(char **words)
{
	const char *what = words[1], *argument = words[2];
	sigset_t set = 0;
	int number = argument ? atoi(argument) : 0;

	if (!strcmp(what, "end"))
		return number;
	if (!strcmp(what, "sleep")) {
		usleep(argument ? (useconds_t)number : 20000000);
		return 0;
	}
	if (!strcmp(what, "raise"))
		return raise(number);
	if (!strcmp(what, "blocked")) {
		sigfillset(&set);
		sigprocmask(SIG_SETMASK, &set, NULL);
		kill(getpid(), number);
		usleep(1000);
		sigemptyset(&set);
		sigprocmask(SIG_SETMASK, &set, NULL);
		usleep(20000000);
		return 3;
	}
	if (!strcmp(what, "values"))
		return be_queued(argument != NULL);
	if (!strcmp(what, "realtime"))
		return be_realtime(argument != NULL);
	if (!strcmp(what, "bytes"))
		return write_bytes(argument);
	if (!strcmp(what, "fault"))
		return fault(argument);
	if (!strcmp(what, "abort")) {
		if (argument)
			signal(SIGABRT, note);
		abort();
	}
	if (!strcmp(what, "alarm")) {
		alarm(1);
		for (;;)
			continue;
	}
	if (!strcmp(what, "pipe")) {
		break_pipe();
		(void)!write(pipe_ends[1], "x", 1);
		return 0;
	}
	return 99;
}
