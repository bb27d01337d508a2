/*
 * time: runs a program and says how long it took.
 */
#include <spawn.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] = "usage: time [-p] PROGRAM [ARGUMENT]...\n"
			    "Runs the program, then prints on standard error for how many seconds it ran.\n"
			    "  -p  and how long it was on a hart, as POSIX has it\n";

enum { STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };

extern char **environ;

static long long now(void)
{
	struct timespec time;
	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

/* What POSIX has besides: 0 where the system does not tell children's time. */
static void print_used(const struct tms *used)
{
	double ticks = (double)sysconf(_SC_CLK_TCK);
	fprintf(stderr, "user %.2f\nsys %.2f\n", (double)used->tms_cutime / ticks,
		(double)used->tms_cstime / ticks);
}

int main(int argc, char **argv)
{
	tool_help(argc, argv, usage);
	int option, status;
	pid_t pid;
	bool as_posix = false;
	while ((option = getopt(argc, argv, "+p")) != -1) {
		if (option == '?')
			return tool_usage(usage, 1);
		as_posix = true;
	}
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
	struct tms used = {0};
	if (as_posix)
		(void)times(&used);
	fprintf(stderr, "real %lld.%06lld\n", took / 1000000, took % 1000000);
	if (as_posix)
		print_used(&used);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
