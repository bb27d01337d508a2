/* What processes have used, of time and of memory; limits and clocks. */
#define _GNU_SOURCE
#include "posix-library.h"

#include <limits.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void spin(void)
{
	uint64_t end = (uint64_t)clock_now() + 30000000;

	while ((uint64_t)clock_now() < end)
		continue;
}

/* How much a child takes that touches so many bytes for a while, in KiB. */
static long memory_of_child(struct checks *c, size_t size)
{
	struct rusage usage = {0};
	pid_t pid = (fflush(stdout), fork());
	int status;

	if (pid == 0) {
		char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (size_t i = 0; i < size; i += 4096)
			at[i] = 1;
		_exit(at == MAP_FAILED || munmap(at, size));
	}
	check(c, wait4(pid, &status, 0, &usage) == pid && status == 0, "waited for: %#x", status);
	return usage.ru_maxrss;
}

/* The same of a child that does nothing but wait for one of its own. */
static long memory_of_grandchild(struct checks *c, size_t size)
{
	struct checks inner = {0};
	struct rusage usage = {0};
	pid_t pid = (fflush(stdout), fork());
	int status;

	if (pid == 0)
		_exit(memory_of_child(&inner, size) == 0 || inner.failed > 0);
	check(c, wait4(pid, &status, 0, &usage) == pid && status == 0, "waited for: %#x", status);
	return usage.ru_maxrss;
}

void test_memory_use(void)
{
	struct checks c = {0};
	struct rusage own, children;
	long small = memory_of_child(&c, 4096), large = memory_of_child(&c, 3000 * 1024);
	long again = memory_of_child(&c, 4096);

	check(&c, small > 4 && small < 2000, "a small one has %ld KiB", small);
	check(&c, large >= small + 2900 && large < small + 3200, "a large one has %ld KiB", large);
	check(&c, again >= small && again < small + 200, "a small one after it has %ld KiB", again);
	long below = memory_of_grandchild(&c, 2000 * 1024);

	check(&c, below >= small + 1900 && below < large, "one with a large child has %ld KiB", below);
	check(&c, !getrusage(RUSAGE_CHILDREN, &children) && children.ru_maxrss == large,
		"%ld KiB of children", children.ru_maxrss);
	check(&c, !getrusage(RUSAGE_SELF, &own) && own.ru_maxrss > 4 && own.ru_maxrss < large,
		"%ld KiB of its own", own.ru_maxrss);
	checks_report(&c, "the most memory that it has had");
}

void test_use(void)
{
	struct checks c = {0};
	struct rusage usage;
	struct rlimit limit;
	struct timespec now, later;
	uint64_t start = (uint64_t)clock_now();
	pid_t pid = (fflush(stdout), fork());
	int status;

	if (pid == 0) {
		spin();
		_exit(4);
	}
	check(&c, wait4(pid, &status, 0, &usage) == pid && WEXITSTATUS(status) == 4, "waited for");
	uint64_t used = usage.ru_utime.tv_sec * SECOND + (uint64_t)usage.ru_utime.tv_usec * 1000;

	check(&c, used >= 10 * MS && used <= (uint64_t)clock_now() - start, "%lu us",
		(unsigned long)used / 1000);
	check(&c,
		!getrusage(RUSAGE_SELF, &usage) && (usage.ru_utime.tv_sec > 0 || usage.ru_utime.tv_usec > 0),
		"its own");
	check(&c, getrusage(5, &usage) == -1 && errno == EINVAL, "nobody's");
	check(&c, !getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur == (rlim_t)getdtablesize(),
		"descriptors");
	check(&c, !setrlimit(RLIMIT_NOFILE, &limit), "as it is");
	limit.rlim_cur--;
	check(&c, setrlimit(RLIMIT_NOFILE, &limit) == -1 && errno == EPERM, "changed");
	check(&c, pathconf("/", _PC_NAME_MAX) == NAME_MAX && pathconf("/none", _PC_NAME_MAX) == -1, "names");

	clock_gettime(CLOCK_MONOTONIC, &now);
	now.tv_nsec += 20000000;
	now.tv_sec += now.tv_nsec / 1000000000;
	now.tv_nsec %= 1000000000;
	check(&c, !clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &now, NULL), "sleeps");
	clock_gettime(CLOCK_MONOTONIC, &later);
	check(&c, later.tv_sec > now.tv_sec || (later.tv_sec == now.tv_sec && later.tv_nsec >= now.tv_nsec),
		"until then");
	check(&c, clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){0, -1}, NULL) == EINVAL, "no time");
	check(&c, !clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) && (now.tv_sec || now.tv_nsec),
		"of the processor");
	check(&c, clock_settime(CLOCK_REALTIME, &now) == -1 && errno == EPERM, "not set");
	checks_report(&c, "what is used, limits, clocks");
}
