/*
 * Which program this is, and which groups there are: asked of the process server, which counts programs so that a number
 * outlives exec. Without it a program has the number of its process, and no relatives.
 */
#include <limits.h>
#include <signal.h>
#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/protocol/file.h>
#include <tabula/protocol/program.h>

#include "children.h"
#include "process.h"
#include "signals.h"

static pid_t own_number; /* 0: not asked for yet */

uint32_t program_turn;

static uint32_t lock; /* held by who tells a new process server */

_Noreturn void _exit(int status)
{
	process_exit(status & 0xff);
}

/* What the process server says that does not know this program any more, or is gone: nobody is there to it. */
long program_result(long result)
{
	return posix_result(program_is_unknown(result) ? -ESRCH : result);
}

/* Tells a new server what it can't know: the processes of this program and its children, and where signals go. */
static bool come_back(void)
{
	children_tell();
	if (program_return(own_program(), own_process()) != 0)
		return false;
	__atomic_add_fetch(&program_turn, 1, __ATOMIC_RELEASE);
	signals_tell_again();
	return true;
}

bool program_came_back(uint32_t turn, long result)
{
	if ((result != -EBADF && result != -EPIPE) || own_program().value <= 0)
		return false;
	uint64_t blocked = signals_block();
	word_lock(&lock);
	bool known = program_turn != turn || come_back(); /* another thread may have been faster */
	word_unlock(&lock);
	signals_unblock(blocked);
	return known;
}

pid_t getpid(void)
{
	uint32_t parent, group;
	if (own_number == 0) {
		long number = PROGRAM_CALL(program_self(own_program(), &parent, &group));
		own_number = number > 0 ? (pid_t)number : (pid_t)process_id();
	}
	return own_number;
}

void process_renumber(pid_t number)
{
	own_number = number;
	lock = 0;
}

pid_t getppid(void)
{
	uint32_t parent, group;
	return PROGRAM_CALL(program_self(own_program(), &parent, &group)) > 0 ? (pid_t)parent : 0;
}

pid_t getpgrp(void)
{
	uint32_t parent, group;
	return PROGRAM_CALL(program_self(own_program(), &parent, &group)) > 0 ? (pid_t)group : getpid();
}

pid_t getpgid(pid_t pid)
{
	if (pid == 0)
		return getpgrp();
	if (pid < 0)
		return (pid_t)posix_result(-ESRCH);
	return (pid_t)program_result(PROGRAM_CALL(program_get_group(own_program(), (uint32_t)pid)));
}

int setpgid(pid_t pid, pid_t group)
{
	if (pid < 0 || group < 0)
		return (int)posix_result(-EINVAL);
	/* The process server knows the program itself without its number, and wants nobody else's. */
	uint32_t whom = pid == getpid() ? 0 : (uint32_t)pid;
	return (int)program_result(PROGRAM_CALL(program_set_group(own_program(), whom, (uint32_t)group)));
}

int setpgrp(void)
{
	return setpgid(0, 0);
}

pid_t setsid(void)
{
	return program_result(PROGRAM_CALL(program_begin_session(own_program()))) == 0 ? getpid() : -1;
}

pid_t getsid(pid_t pid)
{
	if (pid < 0)
		return (pid_t)posix_result(-ESRCH);
	return (pid_t)program_result(PROGRAM_CALL(program_session(own_program(), (uint32_t)pid)));
}

int kill(pid_t pid, int number)
{
	if (pid < -INT_MAX)
		return (int)posix_result(-ESRCH);
	if (number < 0 || number >= NSIG)
		return (int)posix_result(-EINVAL);
	uint32_t turn = program_turn;
	long result = program_signal(own_program(), pid, (uint32_t)number, DEADLINE_NEVER);
	/* -EPIPE: the server has died of something else, and the signal may have been sent. */
	if (program_came_back(turn, result) && result == -EBADF)
		result = program_signal(own_program(), pid, (uint32_t)number, DEADLINE_NEVER);
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

/* ---- the group in the foreground */

/* What is said of a terminal: the process server knows one, and who has it. */
static long terminal_result(int fd, long result)
{
	if (!isatty(fd))
		return -1;
	return posix_result(program_is_unknown(result) ? -ENOTTY : result);
}

pid_t tcgetpgrp(int fd)
{
	long group = PROGRAM_CALL(program_foreground(own_program()));
	return (pid_t)terminal_result(fd, group == -EPERM ? -ENOTTY : group);
}

/* Whoever reads from the terminal asks again whether it may. */
static void terminal_ask_again(void)
{
	endpoint_handle terminal = {startup_handle(STARTUP_CONSOLE).value};
	if (terminal.value > 0)
		(void)file_interrupt(terminal);
}

int tcsetpgrp(int fd, pid_t group)
{
	if (group <= 0)
		return (int)posix_result(-EINVAL);
	int error = (int)terminal_result(
		fd, PROGRAM_CALL(program_set_foreground(own_program(), (uint32_t)group)));
	if (error == 0)
		terminal_ask_again();
	return error;
}
