/*
 * time: runs a program and says how long it took.
 */
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: time [-p] PROGRAM [ARGUMENT]...\n"
			    "Runs the program, then prints on standard error for how many seconds it ran.\n";

enum { STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };

extern char **environ;

static long long now(void)
{
	struct timespec time;
	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	int option, status;
	pid_t pid;
	while ((option = getopt(argc, argv, "+p")) != -1)
		if (option == '?')
			return tool_usage(usage, 1);
	if (optind == argc)
		return tool_usage(usage, 1);
	long long start = now();
	int error = posix_spawnp(&pid, argv[optind], NULL, NULL, argv + optind, environ);
	if (error != 0 || waitpid(pid, &status, 0) != pid) {
		errno = error != 0 ? error : errno;
		tool_complain("time", argv[optind]);
		return error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
	}
	long long took = now() - start;
	fprintf(stderr, "real %lld.%06lld\n", took / 1000000, took % 1000000);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
