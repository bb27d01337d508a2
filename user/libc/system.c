/*
 * What a program can ask of the system as a whole: its name, its limits, and who the user is. There is one user,
 * who may do what the handles of a program allow.
 */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <tabula/handles.h>

#include "libc.h"

enum { DESCRIPTORS_MAX = 64, ARGUMENTS_MAX = 0x20000 };

static const char host_name[] = "tabula";

/* Zeros if the program has no handle to ask with. */
static struct system_info machine(void)
{
	struct system_info info;
	if (system_info(own_system(), &info) != 0)
		info = (struct system_info){.harts = 1};
	return info;
}

int uname(struct utsname *name)
{
	struct system_info info = machine();
	*name = (struct utsname){.sysname = "Tabula", .version = "#1", .machine = "riscv64"};
	snprintf(name->nodename, sizeof name->nodename, "%s", host_name);
	snprintf(name->release, sizeof name->release, "%.*s", (int)sizeof info.version, (char *)info.version);
	return 0;
}

int gethostname(char *name, size_t size)
{
	if (size < sizeof host_name)
		return (int)posix_result(-ENAMETOOLONG);
	memcpy(name, host_name, sizeof host_name);
	return 0;
}

int getpagesize(void)
{
	return PAGE_SIZE;
}

long sysconf(int name)
{
	switch (name) {
	case _SC_ARG_MAX:
		return ARGUMENTS_MAX;
	case _SC_OPEN_MAX:
		return DESCRIPTORS_MAX;
	case _SC_CLK_TCK:
		return CLOCKS_PER_SEC;
	case _SC_VERSION:
		return 200809L;
	case _SC_PAGESIZE:
		return PAGE_SIZE;
	case _SC_NPROCESSORS_CONF:
	case _SC_NPROCESSORS_ONLN:
		return (long)machine().harts;
	case _SC_PHYS_PAGES:
		return (long)(machine().memory_total / PAGE_SIZE);
	case _SC_AVPHYS_PAGES:
		return (long)(machine().memory_free / PAGE_SIZE);
	case _SC_THREAD_KEYS_MAX:
		return PTHREAD_KEYS_MAX;
	case _SC_THREAD_STACK_MIN:
		return PTHREAD_STACK_MIN;
	case _SC_THREADS:
	case _SC_TIMERS:
	case _SC_SEMAPHORES:
		return 200809L;
	case _SC_REALTIME_SIGNALS:
		return 200809L;
	case _SC_RTSIG_MAX:
		return RTSIG_MAX;
	case _SC_SIGQUEUE_MAX:
		return SIGQUEUE_MAX;
	case _SC_NGROUPS_MAX:
		return 0;
	default:
		return posix_result(-EINVAL);
	}
}

uid_t getuid(void)
{
	return 0;
}

uid_t geteuid(void)
{
	return 0;
}

gid_t getgid(void)
{
	return 0;
}

gid_t getegid(void)
{
	return 0;
}
