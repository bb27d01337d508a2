/*
 * Waiting for processes, and the terminal, which those in the foreground have meanwhile. For commands in the foreground, and for
 * jobs that are brought there; job_interrupted is called from the handler of a signal, and reads only what is volatile.
 */
#include "job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int terminal = -1; /* of a shell with job control: a descriptor that no redirection touches */

enum { TERMINAL_LEAST = 100 };

bool job_control_begin(void)
{
	terminal = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, TERMINAL_LEAST);
	if (terminal < 0)
		return false;
	/* Started in the background, it waits here until it is let go on in the foreground. */
	while (tcgetpgrp(terminal) != getpgrp()) {
		if (tcgetpgrp(terminal) < 0)
			return false;
		(void)signal(SIGTTIN, SIG_DFL);
		(void)kill(0, SIGTTIN);
		trap_stops(true);
	}
	if (getpgrp() != getpid())
		(void)setpgid(0, 0);
	return tcsetpgrp(terminal, getpgrp()) == 0;
}

int job_terminal(void)
{
	return terminal;
}

void job_begin(struct shell *shell)
{
	shell->group = shell->job_control ? 0 : GROUP_NONE;
}

static int status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_SIGNAL + WTERMSIG(status);
}

/* What a signal did to a program is said, unless whoever typed it knows or nobody cares. */
static void report_signal(const struct process *process, int status)
{
	if (!WIFSIGNALED(status) || WTERMSIG(status) == SIGINT || WTERMSIG(status) == SIGPIPE)
		return;
	fflush(stdout);
	fprintf(stderr, "%s: %s\n", process->name, strsignal(WTERMSIG(status)));
}

bool process_wait(struct process *process, int options)
{
	int status = 0;
	if (process->pid == 0 || process->ended)
		return true;
	pid_t pid = waitpid(process->pid, &status, options);
	if (pid == 0 || (pid < 0 && errno == EINTR))
		return false;
	if (pid > 0 && WIFSTOPPED(status)) {
		process->stopped = WSTOPSIG(status);
		return false;
	}
	if (pid > 0 && WIFCONTINUED(status)) {
		process->stopped = 0;
		return false;
	}
	process->ended = true;
	process->stopped = 0;
	process->status = pid > 0 ? status_of(status) : STATUS_NOT_FOUND;
	process->ended_by = pid > 0 && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	if (pid > 0)
		report_signal(process, status);
	return true;
}

static void pass_interrupt(const struct process *processes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (processes[i].pid != 0 && !processes[i].ended)
			(void)kill(processes[i].pid, SIGINT);
}

/* Those in the foreground, that the shell waits for with job control. */
static const struct process *volatile waited;
static volatile size_t waited_count;

/*
 * Ctrl-C that was typed before they had the terminal, and that the shell hears of only now, is meant for them. From the handler
 * itself: whoever looked whether it had come, and then waited, could miss it between the two.
 */
void job_interrupted(void)
{
	int error = errno;
	if (waited != NULL)
		pass_interrupt(waited, waited_count);
	errno = error;
}

int processes_stopped_by(const struct process *processes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!processes[i].ended && processes[i].stopped != 0)
			return processes[i].stopped;
	return 0;
}

void foreground_wait(struct shell *shell, struct process *processes, size_t count)
{
	int options = shell->job_control ? WUNTRACED : 0;
	waited_count = count;
	waited = shell->job_control ? processes : NULL;
	if (shell->interactive && trap_came() == SIGINT) /* before they were there */
		pass_interrupt(processes, count);
	for (size_t i = 0; i < count; i++)
		while (!process_wait(&processes[i], options) && processes[i].stopped == 0)
			;
	waited = NULL;
	if (shell->job_control)
		(void)tcsetpgrp(terminal, getpgrp());
}

int foreground_status(struct shell *shell, const struct process *processes, size_t count)
{
	int signal = processes_stopped_by(processes, count);
	int status = signal != 0 ? STATUS_SIGNAL + signal : processes[count - 1].status;
	if (shell->interactive && (signal != 0 || status == STATUS_SIGNAL + SIGINT))
		shell->unwind = UNWIND_INTERRUPT; /* the terminal has ended the line */
	return status;
}
