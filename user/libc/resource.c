/*
 * What a program has used, and its limits, which are those of the library: the kernel's are quotas of memory, which who starts
 * a program may set.
 */
#include <limits.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/protocol/program.h>

#include "libc.h"
#include "process.h"
#include "space.h"

#define SECOND 1000000000ul /* in nanoseconds */

static struct timeval time_of(uint64_t nanoseconds)
{
	return (struct timeval){.tv_sec = (time_t)(nanoseconds / SECOND),
		.tv_usec = (suseconds_t)(nanoseconds % SECOND / 1000)};
}

static struct rusage usage_of(uint64_t time, uint64_t memory)
{
	return (struct rusage){.ru_utime = time_of(time), .ru_maxrss = (long)(memory / 1024)};
}

int getrusage(int who, struct rusage *usage)
{
	struct usage used = {0};
	if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN)
		return (int)posix_result(-EINVAL);
	/* Nothing, where no process server knows it. */
	(void)PROGRAM_CALL(program_usage(own_program(), &used));
	*usage = who == RUSAGE_SELF ? usage_of(used.time, used.memory)
				    : usage_of(used.children_time, used.children_memory);
	return 0;
}

int getrlimit(int what, struct rlimit *limit)
{
	rlim_t value = RLIM_INFINITY;
	switch (what) {
	case RLIMIT_NOFILE:
		value = DESCRIPTORS;
		break;
	case RLIMIT_STACK:
		value = SPACE_STACK_SIZE;
		break;
	case RLIMIT_CORE:
		value = 0;
		break;
	case RLIMIT_CPU:
	case RLIMIT_FSIZE:
	case RLIMIT_DATA:
	case RLIMIT_AS:
		break;
	default:
		return (int)posix_result(-EINVAL);
	}
	*limit = (struct rlimit){value, value};
	return 0;
}

int setrlimit(int what, const struct rlimit *limit)
{
	struct rlimit now;
	if (getrlimit(what, &now) != 0)
		return -1;
	if (limit->rlim_cur > limit->rlim_max)
		return (int)posix_result(-EINVAL);
	bool same = limit->rlim_cur == now.rlim_cur && limit->rlim_max == now.rlim_max;
	return (int)posix_result(same ? 0 : -EPERM);
}

int getpriority(int which, id_t who)
{
	(void)who;
	return (int)posix_result(which < PRIO_PROCESS || which > PRIO_USER ? -EINVAL : 0);
}

int setpriority(int which, id_t who, int value)
{
	if (getpriority(which, who) != 0)
		return -1;
	return (int)posix_result(value == 0 ? 0 : -EACCES);
}

int nice(int change)
{
	return (int)posix_result(change >= 0 ? 0 : -EPERM);
}

/* ---- limits of names and files */

long pathconf(const char *path, int name)
{
	struct stat status;
	if (stat(path, &status) != 0)
		return -1;
	switch (name) {
	case _PC_LINK_MAX:
		return INT_MAX;
	case _PC_MAX_CANON:
	case _PC_MAX_INPUT:
	case _PC_PIPE_BUF:
		return PIPE_BUF;
	case _PC_NAME_MAX:
		return NAME_MAX;
	case _PC_PATH_MAX:
	case _PC_SYMLINK_MAX:
		return PATH_MAX - 1;
	case _PC_CHOWN_RESTRICTED:
	case _PC_NO_TRUNC:
	case _PC_2_SYMLINKS:
		return 1;
	case _PC_VDISABLE:
		return 0;
	case _PC_FILESIZEBITS:
		return 64;
	default:
		return posix_result(-EINVAL);
	}
}

long fpathconf(int fd, int name)
{
	struct stat status;
	return fstat(fd, &status) == 0 ? pathconf("/", name) : -1;
}

int getdtablesize(void)
{
	return DESCRIPTORS;
}

/* ---- children, with what they have used */

/* Zeros when another thread has waited for somebody meanwhile, or the process server is a new one. */
pid_t wait4(pid_t which, int *status, int options, struct rusage *usage)
{
	struct usage used = {0};
	pid_t pid = waitpid(which, status, options);
	if (pid <= 0 || usage == NULL)
		return pid;
	(void)PROGRAM_CALL(program_usage(own_program(), &used));
	*usage = used.last_child == (uint32_t)pid ? usage_of(used.last_time, used.last_memory)
						  : (struct rusage){0};
	return pid;
}

pid_t wait3(int *status, int options, struct rusage *usage)
{
	return wait4(-1, status, options, usage);
}
