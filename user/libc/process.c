/*
 * Which program this is, and which groups there are: asked of the process server, which counts programs so that a number
 * outlives exec. Without it a program has the number of its process, and no relatives.
 */
#include <limits.h>
#include <signal.h>
#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/protocol/program.h>
#include <tabula/protocol/terminal.h>

#include "children.h"
#include "process.h"
#include "signals.h"

static pid_t own_number; /* 0: not asked for yet */

_Noreturn void _exit(int status)
{
	process_exit(status & 0xff);
}

/* What the process server says that does not know this program any more, or is gone: nobody is there to it. */
long program_result(long result)
{
	return posix_result(program_is_unknown(result) ? -ESRCH : result);
}

pid_t getpid(void)
{
	uint32_t parent, group;
	if (own_number == 0) {
		long number = program_self(own_program(), &parent, &group);
		own_number = number > 0 ? (pid_t)number : (pid_t)process_id();
	}
	return own_number;
}

void process_renumber(pid_t number)
{
	own_number = number;
}

pid_t getppid(void)
{
	uint32_t parent, group;
	return program_self(own_program(), &parent, &group) > 0 ? (pid_t)parent : 0;
}

pid_t getpgrp(void)
{
	uint32_t parent, group;
	return program_self(own_program(), &parent, &group) > 0 ? (pid_t)group : getpid();
}

pid_t getpgid(pid_t pid)
{
	if (pid == 0)
		return getpgrp();
	return (pid_t)program_result(pid > 0 ? program_get_group(own_program(), (uint32_t)pid) : -ESRCH);
}

int setpgid(pid_t pid, pid_t group)
{
	if (pid < 0 || group < 0)
		return (int)posix_result(-EINVAL);
	/* The process server knows the program itself without its number, and wants nobody else's. */
	uint32_t whom = pid == getpid() ? 0 : (uint32_t)pid;
	return (int)program_result(program_set_group(own_program(), whom, (uint32_t)group));
}

int setpgrp(void)
{
	return setpgid(0, 0);
}

/* Sessions are not kept apart: a new one is a new group. */
pid_t setsid(void)
{
	if (getpgrp() == getpid())
		return (pid_t)posix_result(-EPERM);
	return setpgid(0, 0) == 0 ? getpid() : -1;
}

int kill(pid_t pid, int number)
{
	if (pid < -INT_MAX)
		return (int)posix_result(-ESRCH);
	if (number < 0 || number >= NSIG)
		return (int)posix_result(-EINVAL);
	long result = program_signal(own_program(), pid, (uint32_t)number, DEADLINE_NEVER);
	if ((result == -ESRCH || program_is_unknown(result)) && pid > 0 && children_are_unknown(pid))
		return (int)posix_result(children_signal(pid, number));
	signals_settle(); /* it may be for this program */
	return (int)program_result(result);
}

int killpg(pid_t group, int number)
{
	if (group < 0)
		return (int)posix_result(-EINVAL);
	return kill(group == 0 ? 0 : -group, number);
}

/* ---- the group that Ctrl-C interrupts */

static endpoint_handle terminal_of(int fd)
{
	endpoint_handle file = descriptor_handle(fd);
	return file.value == 0 ? (endpoint_handle){startup_handle(STARTUP_CONSOLE).value} : file;
}

static long terminal_result(long result)
{
	bool unfit = result == -ENOSYS || result == -EPIPE || result == -EFTYPE || result == -EPROTO;
	return posix_result(unfit ? -ENOTTY : result);
}

pid_t tcgetpgrp(int fd)
{
	endpoint_handle terminal = terminal_of(fd);
	return (pid_t)terminal_result(terminal.value < 0 ? terminal.value : terminal_get_group(terminal));
}

int tcsetpgrp(int fd, pid_t group)
{
	endpoint_handle terminal = terminal_of(fd);
	if (group <= 0)
		return (int)posix_result(-EINVAL);
	return (int)terminal_result(
		terminal.value < 0 ? terminal.value : terminal_set_group(terminal, (uint32_t)group));
}
