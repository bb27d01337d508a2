/*
 * What the shell does itself: kill, since it knows jobs, and the names of signals. Called like a program, by the name of a
 * command. Waits for nobody.
 */
#include "job.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

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
