/*
 * Waiting: for a command in the foreground, and for jobs, which run in the background.
 */
#include "sh.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct job {
	struct job *next;
	int number;
	struct process *processes;
	size_t count;
	char *text;
};

static struct job *jobs; /* the newest first */

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

/* Waits for one process. False if a signal for the shell came first, or it still runs and that is enough. */
static bool process_wait(struct process *process, int options)
{
	int status = 0;
	if (process->pid == 0 || process->ended)
		return true;
	pid_t pid = waitpid(process->pid, &status, options);
	if (pid == 0 || (pid < 0 && errno == EINTR))
		return false;
	process->ended = true;
	process->status = pid > 0 ? status_of(status) : STATUS_NOT_FOUND;
	if (pid > 0)
		report_signal(process, status);
	return true;
}

/* Ctrl-C that came before they were there is meant for them. */
static void pass_interrupt(const struct process *processes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (processes[i].pid != 0)
			(void)kill(processes[i].pid, SIGINT);
}

int processes_wait(struct shell *shell, struct process *processes, size_t count)
{
	fflush(stdout);
	if (shell->interactive && trap_came() == SIGINT)
		pass_interrupt(processes, count);
	for (size_t i = 0; i < count; i++)
		while (!process_wait(&processes[i], 0))
			continue; /* Ctrl-C ends the command, and then the wait */
	int status = processes[count - 1].status;
	if (shell->interactive && status == STATUS_SIGNAL + SIGINT) {
		fputc('\n', stderr);
		shell->unwind = UNWIND_INTERRUPT;
	}
	return status;
}

bool job_add(struct shell *shell, const struct process *processes, size_t count, const struct node *node)
{
	struct job *job = calloc(1, sizeof *job);
	struct process *copy = calloc(count, sizeof *copy);
	char *text = strndup(node->source, node->source_length);
	if (job == NULL || copy == NULL || text == NULL) {
		free(job);
		free(copy);
		free(text);
		complain("out of memory: the job runs, but can't be waited for");
		return false;
	}
	memcpy(copy, processes, count * sizeof *copy);
	*job = (struct job){jobs, jobs != NULL ? jobs->number + 1 : 1, copy, count, text};
	jobs = job;
	shell->background = processes[count - 1].pid;
	if (shell->interactive)
		fprintf(stderr, "[%d] %ld\n", job->number, (long)shell->background);
	return true;
}

static void job_free(struct job *job)
{
	free(job->processes);
	free(job->text);
	free(job);
}

static void job_remove(struct job *job)
{
	struct job **place = &jobs;
	while (*place != job)
		place = &(*place)->next;
	*place = job->next;
	job_free(job);
}

void jobs_forget(void)
{
	while (jobs != NULL) {
		struct job *next = jobs->next;
		job_free(jobs);
		jobs = next;
	}
}

/* Looks whether all of a job has ended, or waits until it has. False if a signal came first. */
static bool job_wait(struct job *job, int options)
{
	bool ended = true;
	for (size_t i = 0; i < job->count; i++)
		if (!process_wait(&job->processes[i], options))
			ended = false;
	return ended;
}

static int job_status(const struct job *job)
{
	return job->processes[job->count - 1].status;
}

static void job_print(const struct job *job, bool ended, FILE *stream)
{
	char state[32] = "Running";
	if (ended && job_status(job) == 0)
		strcpy(state, "Done");
	else if (ended)
		snprintf(state, sizeof state, "Exit %d", job_status(job));
	fprintf(stream, "[%d]  %-9s %s\n", job->number, state, job->text);
}

static struct job *job_oldest(int above)
{
	struct job *found = NULL;
	for (struct job *job = jobs; job != NULL; job = job->next)
		if (job->number > above)
			found = job;
	return found;
}

/* In the order of their numbers; those that have ended are told once. */
static void jobs_print(bool all, FILE *stream)
{
	int number = 0;
	struct job *job;
	while ((job = job_oldest(number)) != NULL) {
		number = job->number;
		bool ended = job_wait(job, WNOHANG);
		if (all || ended)
			job_print(job, ended, stream);
		if (ended)
			job_remove(job);
	}
}

void jobs_report(void)
{
	jobs_print(false, stderr);
}

int builtin_jobs(struct shell *shell, char **words)
{
	(void)shell;
	(void)words;
	jobs_print(true, stdout);
	return 0;
}

/* A job by %NUMBER, %% for the newest, or by the number of one of its processes. Null if there is none. */
static struct job *job_find(const char *name)
{
	char *end;
	bool percent = *name == '%';
	if (percent && (name[1] == '\0' || name[1] == '%' || name[1] == '+'))
		return jobs;
	long number = strtol(name + percent, &end, 10);
	for (struct job *job = jobs; job != NULL && *end == '\0'; job = job->next) {
		if (percent && job->number == number)
			return job;
		for (size_t i = 0; i < job->count && !percent; i++)
			if (job->processes[i].pid == number)
				return job;
	}
	return NULL;
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

int builtin_fg(struct shell *shell, char **words)
{
	struct job *job = job_find(words[1] != NULL ? words[1] : "%");
	if (job == NULL) {
		complain("fg: %s: there is no such job; 'jobs' shows those there are",
			words[1] != NULL ? words[1] : "%");
		return 1;
	}
	int status;
	puts(job->text);
	fflush(stdout);
	(void)job_take(shell, job, &status);
	return status;
}

static int kill_one(const char *name, int number)
{
	struct job *job = *name == '%' ? job_find(name) : NULL;
	char *end = NULL;
	long pid = job != NULL ? 0 : strtol(name, &end, 10);
	if (job == NULL && (end == name || *end != '\0')) {
		complain("kill: %s: not the number of a process, nor of a job", name);
		return 1;
	}
	int failed = 0;
	for (size_t i = 0; i < (job != NULL ? job->count : 1); i++)
		if (kill(job != NULL ? job->processes[i].pid : (pid_t)pid, number) != 0) {
			complain("kill: %s: %s", name, strerror(errno));
			failed = 1;
		}
	return failed;
}

int builtin_kill(struct shell *shell, char **words)
{
	int number = SIGTERM, status = 0;
	const char *name = NULL;
	(void)shell;
	if (words[1] != NULL && strcmp(words[1], "-l") == 0) {
		for (number = 1; number < NSIG; number++)
			if (signal_name(number) != NULL)
				printf("%2d %s\n", number, signal_name(number));
		return 0;
	}
	words++;
	if (*words != NULL && strcmp(*words, "-s") == 0 && words[1] != NULL) {
		name = words[1];
		words += 2;
	} else if (*words != NULL && **words == '-' && isalnum((unsigned char)(*words)[1])) {
		name = *words++ + 1;
	}
	if (name != NULL)
		number = signal_number(name);
	if (number < 0 || *words == NULL) {
		complain("kill: %s; 'kill [-SIGNAL] PROCESS...' sends TERM, 'kill -l' lists signals",
			number < 0 ? "there is no such signal" : "which process?");
		return STATUS_USAGE;
	}
	for (; *words != NULL; words++)
		status |= kill_one(*words, number);
	return status;
}
