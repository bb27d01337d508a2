/*
 * What the shell does itself: jobs, wait, fg and bg. Called like programs, by the name of a command; the list of jobs is
 * job.c's. Starts nothing.
 */
#include "job.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int builtin_jobs(struct shell *shell, char **words)
{
	bool numbered = words[1] != NULL && strcmp(words[1], "-l") == 0;
	if (words[1] == NULL || numbered) {
		jobs_print(shell, true, numbered, stdout);
		return 0;
	}
	if (strcmp(words[1], "-p") != 0) {
		complain(
			"jobs: jobs lists them, jobs -l with the numbers of their processes, jobs -p only these");
		return STATUS_USAGE;
	}
	for (struct job *job = job_oldest(0); job != NULL; job = job_oldest(job->number))
		printf("%ld\n", job_process(job));
	return 0;
}

/* Waits until the job has ended or a signal has come. None is missed that comes between the look and the wait. */
static bool job_wait_or_signal(struct job *job)
{
	sigset_t all, before;
	bool ended;
	trap_children(true);
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &before);
	while (!(ended = job_wait(job, WNOHANG)) && trap_came() == 0)
		(void)sigsuspend(&before);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	trap_children(false);
	return ended;
}

/* Waits, unless a signal with a trap, or Ctrl-C, comes first: then the job stays. False, with that as the status. */
static bool job_take(struct shell *shell, struct job *job, int *status)
{
	while (!job_wait_or_signal(job)) {
		int number = trap_came();
		trap_run(shell);
		*status = shell->unwind != UNWIND_NONE ? STATUS_INTERRUPTED : STATUS_SIGNAL + number;
		if (shell->unwind != UNWIND_NONE || number != 0)
			return false;
	}
	*status = job_status(job);
	job_remove(job);
	return true;
}

int builtin_wait(struct shell *shell, char **words)
{
	int status = 0;
	struct job *job;
	fflush(stdout);
	if (words[1] == NULL) {
		while ((job = job_oldest(0)) != NULL)
			if (!job_take(shell, job, &status))
				return status;
		return 0;
	}
	for (words++; *words != NULL; words++) {
		job = job_find(*words);
		status = STATUS_NOT_FOUND;
		if (job != NULL && !job_take(shell, job, &status))
			break;
	}
	return status;
}

/* What a command like fg is for: null, told on stderr, if there is no such job. */
static struct job *job_named(const char *command, const char *name)
{
	struct job *job = job_find(name != NULL ? name : "%");
	if (job == NULL && name == NULL)
		complain("%s: there is no job", command);
	else if (job == NULL)
		complain("%s: %s: there is no such job; 'jobs' shows those there are", command, name);
	return job;
}

/* All its processes go on. */
static void job_continue(struct job *job)
{
	for (size_t i = 0; i < job->count; i++)
		job->processes[i].stopped = 0;
	if (job->group > 0)
		(void)kill(-job->group, SIGCONT);
}

int builtin_fg(struct shell *shell, char **words)
{
	struct job *job = job_named("fg", words[1]);
	int status;
	if (job == NULL)
		return 1;
	/* First of all, so that Ctrl-C is the job's as soon as its name is seen. */
	if (shell->job_control && job->group > 0)
		(void)tcsetpgrp(job_terminal(), job->group);
	puts(job->text);
	fflush(stdout);
	if (!shell->job_control) {
		(void)job_take(shell, job, &status);
		return status;
	}
	job_continue(job);
	foreground_wait(shell, job->processes, job->count);
	status = foreground_status(shell, job->processes, job->count);
	if (job_has_ended(job))
		job_remove(job);
	else
		job_print(job, false, stderr);
	return status;
}

int builtin_bg(struct shell *shell, char **words)
{
	if (!shell->job_control) {
		complain("bg: this shell has no terminal, so nothing stops its jobs");
		return 1;
	}
	struct job *job = job_named("bg", words[1]);
	if (job == NULL)
		return 1;
	job_continue(job);
	printf("[%d] %s\n", job->number, job->text);
	return 0;
}
