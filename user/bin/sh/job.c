/*
 * Waiting: for a command in the foreground, and for jobs, which run in the background.
 */
#include "sh.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct job {
	struct job *next;
	int number;
	pid_t group; /* GROUP_NONE: that of the shell */
	struct process *processes;
	size_t count;
	char *text;
};

static struct job *jobs; /* the newest first */
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

/* Waits for one process. False if a signal for the shell came first, or it still runs, or has stopped. */
static bool process_wait(struct process *process, int options)
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

/* The signal that has stopped one of them; 0 if all run, or have ended. */
static int stopped_by(const struct process *processes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!processes[i].ended && processes[i].stopped != 0)
			return processes[i].stopped;
	return 0;
}

/* Waits in the foreground until each has ended, or has stopped if there is job control. Then the shell has the terminal again. */
static void foreground_wait(struct shell *shell, struct process *processes, size_t count)
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

/* What became of those in the foreground: what was to come after them does not, if it was Ctrl-C or Ctrl-Z. */
static int foreground_status(struct shell *shell, const struct process *processes, size_t count)
{
	int signal = stopped_by(processes, count);
	int status = signal != 0 ? STATUS_SIGNAL + signal : processes[count - 1].status;
	if (shell->interactive && (signal != 0 || status == STATUS_SIGNAL + SIGINT))
		shell->unwind = UNWIND_INTERRUPT; /* the terminal has ended the line */
	return status;
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

static bool job_has_ended(const struct job *job)
{
	for (size_t i = 0; i < job->count; i++)
		if (!job->processes[i].ended && job->processes[i].pid != 0)
			return false;
	return true;
}

/* The number of the process, or group, that one would send a signal to. */
static long job_process(const struct job *job)
{
	return job->group > 0 ? job->group : job->processes[0].pid;
}

static void job_print(const struct job *job, bool numbered, FILE *stream)
{
	char state[32] = "Running";
	if (!job_has_ended(job))
		strcpy(state, stopped_by(job->processes, job->count) != 0 ? "Stopped" : "Running");
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

int processes_wait(struct shell *shell, struct process *processes, size_t count, const struct node *node)
{
	fflush(stdout);
	pid_t group = shell->group;
	foreground_wait(shell, processes, count);
	int status = foreground_status(shell, processes, count);
	if (stopped_by(processes, count) != 0) {
		const char *text = node != NULL ? node->source : processes[0].name;
		size_t length = node != NULL ? node->source_length : strlen(text);
		struct job *job = job_make(group, processes, count, text, length);
		if (job != NULL)
			job_print(job, false, stderr);
	}
	return status;
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
static void jobs_print(struct shell *shell, bool all, bool numbered, FILE *stream)
{
	int number = 0, options = WNOHANG | (shell->job_control ? WUNTRACED | WCONTINUED : 0);
	struct job *job;
	while ((job = job_oldest(number)) != NULL) {
		number = job->number;
		int before = stopped_by(job->processes, job->count);
		bool ended = job_wait(job, options);
		if (all || ended || (before == 0 && stopped_by(job->processes, job->count) != 0))
			job_print(job, numbered, stream);
		if (ended)
			job_remove(job);
	}
}

void jobs_report(struct shell *shell)
{
	if (shell->job_control) /* whoever else has taken it */
		(void)tcsetpgrp(terminal, getpgrp());
	jobs_print(shell, false, false, stderr);
}

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

/* The newest job that begins with a text, or after a ? has it somewhere. */
static struct job *job_called(const char *text)
{
	struct job *job = jobs;
	while (job != NULL && (*text == '?' ? strstr(job->text, text + 1) == NULL
					    : strncmp(job->text, text, strlen(text)) != 0))
		job = job->next;
	return job;
}

/*
 * A job by %NUMBER, %% for the newest, %- for the one before, %TEXT and %?TEXT by how it was written, or by the number of one of
 * its processes. Null if there is none.
 */
static struct job *job_find(const char *name)
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
		(void)tcsetpgrp(terminal, job->group);
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

/* Sends a signal to a job: to its group, if it has one, and lets it go on to meet what would end it. */
static int job_kill(const struct job *job, int number)
{
	int failed = 0;
	if (job->group > 0) {
		failed = kill(-job->group, number);
		if (failed == 0 && (number == SIGTERM || number == SIGHUP))
			(void)kill(-job->group, SIGCONT);
		return failed;
	}
	for (size_t i = 0; i < job->count; i++)
		if (!job->processes[i].ended)
			failed |= kill(job->processes[i].pid, number);
	return failed;
}

static int kill_one(const char *name, int number)
{
	struct job *job = *name == '%' ? job_find(name) : NULL;
	char *end = NULL;
	long pid = job != NULL ? 0 : strtol(name, &end, 10);
	if (job == NULL && (*name == '%' || end == name || *end != '\0')) {
		complain("kill: %s: %s", name,
			*name == '%' ? "there is no such job; 'jobs' shows those there are"
				     : "not the number of a process, nor of a job");
		return 1;
	}
	if ((job != NULL ? job_kill(job, number) : kill((pid_t)pid, number)) == 0)
		return 0;
	complain("kill: %s: %s", name, strerror(errno));
	return 1;
}

/* The name of a number, or of the status of what a signal has ended; the number of a name. */
static int list_signal(const char *word)
{
	char *end;
	long number = strtol(word, &end, 10);
	bool is_number = end != word && *end == '\0';
	if (!is_number)
		number = signal_number(word);
	else if (number > 128)
		number -= 128;
	if (number <= 0 || number >= NSIG || signal_name((int)number) == NULL) {
		complain("kill: %s: there is no such signal; kill -l lists them", word);
		return 1;
	}
	if (is_number)
		puts(signal_name((int)number));
	else
		printf("%ld\n", number);
	return 0;
}

/* Of these words; of none, all there are. */
static int list_signals(char **words)
{
	int status = 0;
	for (int number = 1; *words == NULL && number < NSIG; number++)
		if (signal_name(number) != NULL)
			printf("%2d %s\n", number, signal_name(number));
	while (*words != NULL)
		status |= list_signal(*words++);
	return status;
}

int builtin_kill(struct shell *shell, char **words)
{
	int number = SIGTERM, status = 0;
	const char *name = NULL;
	(void)shell;
	if (words[1] != NULL && strcmp(words[1], "-l") == 0)
		return list_signals(words + 2);
	words++;
	if (*words != NULL && strcmp(*words, "-s") == 0 && words[1] != NULL) {
		name = words[1];
		words += 2;
	} else if (*words != NULL && **words == '-' && isalnum((unsigned char)(*words)[1])) {
		name = *words++ + 1;
	}
	if (*words != NULL && strcmp(*words, "--") == 0)
		words++;
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
