/*
 * Jobs: processes that run in the background, or have stopped, with how they were written. For commands that are not waited for,
 * and for the prompt. Only this shell knows them: a copy of it forgets them. Sends no signals.
 */
#include "job.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct job *jobs; /* the newest first */

static void job_free(struct job *job)
{
	free(job->processes);
	free(job->text);
	free(job);
}

/* The list gets one more. Null, told on stderr, if it can't. */
static struct job *job_make(
	pid_t group, const struct process *processes, size_t count, const char *text, size_t length)
{
	struct job *job = calloc(1, sizeof *job);
	struct process *copy = calloc(count, sizeof *copy);
	char *kept = strndup(text, length);
	if (job == NULL || copy == NULL || kept == NULL) {
		free(job);
		free(copy);
		free(kept);
		complain("out of memory: the job runs, but can't be waited for");
		return NULL;
	}
	memcpy(copy, processes, count * sizeof *copy);
	*job = (struct job){jobs, jobs != NULL ? jobs->number + 1 : 1, group, copy, count, kept};
	jobs = job;
	return job;
}

void job_remove(struct job *job)
{
	struct job **place = &jobs;
	while (*place != job)
		place = &(*place)->next;
	*place = job->next;
	job_free(job);
}

bool job_wait(struct job *job, int options)
{
	bool ended = true;
	for (size_t i = 0; i < job->count; i++)
		if (!process_wait(&job->processes[i], options))
			ended = false;
	return ended;
}

int job_status(const struct job *job)
{
	return job->processes[job->count - 1].status;
}

bool job_has_ended(const struct job *job)
{
	for (size_t i = 0; i < job->count; i++)
		if (!job->processes[i].ended && job->processes[i].pid != 0)
			return false;
	return true;
}

long job_process(const struct job *job)
{
	return job->group > 0 ? job->group : job->processes[0].pid;
}

void job_print(const struct job *job, bool numbered, FILE *stream)
{
	char state[32] = "Running";
	if (!job_has_ended(job))
		strcpy(state, processes_stopped_by(job->processes, job->count) != 0 ? "Stopped" : "Running");
	else if (job_status(job) == 0)
		strcpy(state, "Done");
	else if (job->processes[job->count - 1].ended_by != 0)
		snprintf(state, sizeof state, "%s", strsignal(job->processes[job->count - 1].ended_by));
	else
		snprintf(state, sizeof state, "Exit %d", job_status(job));
	fprintf(stream, "[%d]  ", job->number);
	if (numbered)
		fprintf(stream, "%ld ", job_process(job));
	fprintf(stream, "%-9s %s\n", state, job->text);
}

struct job *job_oldest(int above)
{
	struct job *found = NULL;
	for (struct job *job = jobs; job != NULL; job = job->next)
		if (job->number > above)
			found = job;
	return found;
}

void jobs_print(struct shell *shell, bool all, bool numbered, FILE *stream)
{
	int number = 0, options = WNOHANG | (shell->job_control ? WUNTRACED | WCONTINUED : 0);
	struct job *job;
	while ((job = job_oldest(number)) != NULL) {
		number = job->number;
		int before = processes_stopped_by(job->processes, job->count);
		bool ended = job_wait(job, options);
		if (all || ended || (before == 0 && processes_stopped_by(job->processes, job->count) != 0))
			job_print(job, numbered, stream);
		if (ended)
			job_remove(job);
	}
}

/* The newest job that begins with a text, or after a ? has it somewhere. */
static struct job *job_called(const char *text)
{
	struct job *job = jobs;
	while (job != NULL && (*text == '?' ? strstr(job->text, text + 1) == NULL
					    : strncmp(job->text, text, strlen(text)) != 0))
		job = job->next;
	return job;
}

struct job *job_find(const char *name)
{
	char *end;
	bool percent = *name == '%';
	if (percent && (name[1] == '\0' || name[1] == '%' || name[1] == '+'))
		return jobs;
	if (percent && strcmp(name + 1, "-") == 0)
		return jobs != NULL && jobs->next != NULL ? jobs->next : jobs;
	if (percent && !isdigit((unsigned char)name[1]))
		return job_called(name + 1);
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

int processes_wait(struct shell *shell, struct process *processes, size_t count, const struct node *node)
{
	fflush(stdout);
	pid_t group = shell->group;
	foreground_wait(shell, processes, count);
	int status = foreground_status(shell, processes, count);
	if (processes_stopped_by(processes, count) != 0) {
		const char *text = node != NULL ? node->source : processes[0].name;
		size_t length = node != NULL ? node->source_length : strlen(text);
		struct job *job = job_make(group, processes, count, text, length);
		if (job != NULL)
			job_print(job, false, stderr);
	}
	return status;
}

bool job_add(struct shell *shell, const struct process *processes, size_t count, const struct node *node)
{
	struct job *job = job_make(shell->group, processes, count, node->source, node->source_length);
	if (job == NULL)
		return false;
	shell->background = processes[count - 1].pid;
	if (shell->interactive)
		fprintf(stderr, "[%d] %ld\n", job->number, (long)shell->background);
	return true;
}

void jobs_report(struct shell *shell)
{
	if (shell->job_control) /* whoever else has taken it */
		(void)tcsetpgrp(job_terminal(), getpgrp());
	jobs_print(shell, false, false, stderr);
}

void jobs_forget(void)
{
	while (jobs != NULL) {
		struct job *next = jobs->next;
		job_free(jobs);
		jobs = next;
	}
}
