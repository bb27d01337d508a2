/*
 * What the shell does itself: what decides which command comes next.
 */
#include "sh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/times.h>
#include <unistd.h>

/* A whole number that is not negative and no more than `most`. */
static bool number_read(const char *word, long most, long *number)
{
	char *end;
	*number = strtol(word, &end, 10);
	return end != word && *end == '\0' && *number >= 0 && *number <= most;
}

static int leave_loop(struct shell *shell, char **words, enum unwind unwind)
{
	long levels = 1;
	if (words[1] != NULL && (!number_read(words[1], 1000, &levels) || levels == 0)) {
		complain("%s: '%s' is not a number of loops", words[0], words[1]);
		return STATUS_USAGE;
	}
	if (shell->loops == 0) {
		complain("%s: there is no loop around it", words[0]);
		return 0;
	}
	shell->levels = levels < shell->loops ? (int)levels : shell->loops;
	shell->unwind = unwind;
	return 0;
}

int builtin_break(struct shell *shell, char **words)
{
	return leave_loop(shell, words, UNWIND_BREAK);
}

int builtin_continue(struct shell *shell, char **words)
{
	return leave_loop(shell, words, UNWIND_CONTINUE);
}

/* The status that `exit` and `return` name, or that of the last command. */
static int status_given(const struct shell *shell, char **words)
{
	if (words[1] == NULL)
		return shell->status;
	char *end;
	long number = strtol(words[1], &end, 10);
	if (end == words[1] || *end != '\0' || words[2] != NULL) {
		complain("%s: '%s' is not a status; use a number from 0 to 255", words[0],
			words[words[2] != NULL ? 2 : 1]);
		return STATUS_USAGE;
	}
	return (int)(number & 0xff);
}

int builtin_return(struct shell *shell, char **words)
{
	int status = status_given(shell, words);
	if (shell->depth == 0 && !shell->interactive) {
		shell->unwind = UNWIND_EXIT; /* from the script */
		return status;
	}
	if (shell->depth == 0) {
		complain("return: there is no function to return from; 'exit' leaves the shell");
		return 1;
	}
	shell->unwind = UNWIND_RETURN;
	return status;
}

int builtin_exit(struct shell *shell, char **words)
{
	int status = status_given(shell, words);
	shell->unwind = UNWIND_EXIT;
	return status;
}

int builtin_eval(struct shell *shell, char **words)
{
	struct text text = {0};
	for (words++; *words != NULL; words++) {
		text_add(&text, *words, strlen(*words));
		if (words[1] != NULL) /* nothing behind the last one, which may end a here-document */
			text_add(&text, " ", 1);
	}
	int status = STATUS_USAGE;
	shell->status = 0;
	if (text.failed)
		complain("eval: the words are longer than %d bytes", TEXT_MAX);
	else if (shell->depth >= DEPTH_MAX)
		complain("eval: more than %d of them are in each other", DEPTH_MAX);
	else {
		shell->depth++;
		status = execute_text(shell, "eval", text_string(&text));
		shell->depth--;
	}
	text_free(&text);
	return status;
}

int builtin_source(struct shell *shell, char **words)
{
	if (words[1] == NULL || shell->depth >= DEPTH_MAX) {
		complain(words[1] == NULL ? "%s: which file?" : "%s: too many are in each other", words[0]);
		return STATUS_USAGE;
	}
	struct arguments arguments = shell->arguments;
	int loops = shell->loops;
	bool own = words[2] != NULL;
	if (own)
		arguments_set(shell, words + 2);
	shell->loops = 0;
	shell->depth++;
	bool is_there = run_file(shell, words[1]);
	int status = shell->status;
	shell->depth--;
	shell->loops = loops;
	if (!is_there && *words[0] == '.') /* `source`, which POSIX has not, goes on */
		script_fail(shell);
	if (own) {
		words_free(&shell->arguments.own);
		shell->arguments = arguments;
	}
	if (shell->unwind == UNWIND_RETURN)
		shell->unwind = UNWIND_NONE;
	return status;
}

void arguments_set(struct shell *shell, char **words)
{
	shell->arguments = (struct arguments){.list = words};
	while (words[shell->arguments.count] != NULL)
		shell->arguments.count++;
}

/* Those of `set`: copies, because the words go when the command has ended. */
static bool arguments_replace(struct shell *shell, char **words)
{
	struct words made = {0};
	static char *nothing[] = {NULL};
	for (; *words != NULL; words++) {
		if (!words_add(&made, *words, strlen(*words))) {
			words_free(&made);
			complain("out of memory");
			return false;
		}
	}
	words_free(&shell->arguments.own);
	arguments_set(shell, made.words != NULL ? made.words : nothing);
	shell->arguments.own = made;
	return true;
}

int builtin_shift(struct shell *shell, char **words)
{
	long count = 1;
	if (words[1] != NULL && !number_read(words[1], 1000000, &count)) {
		complain("shift: '%s' is not a number of arguments", words[1]);
		return STATUS_USAGE;
	}
	if (count > shell->arguments.count) {
		complain("shift: there are only %d arguments", shell->arguments.count);
		return 1;
	}
	shell->arguments.list += count;
	shell->arguments.count -= (int)count;
	return 0;
}

int builtin_set(struct shell *shell, char **words)
{
	bool only_options = true;
	if (words[1] == NULL)
		variables_print("", false);
	words = options_set(shell, words + 1, &only_options);
	if (words == NULL)
		return STATUS_USAGE;
	return only_options || arguments_replace(shell, words) ? 0 : 1;
}

int builtin_exec(struct shell *shell, char **words)
{
	if (words[1] == NULL)
		return 0; /* the redirections were all there was to do */
	int status = launch_replace(shell, words + 1);
	if (!shell->interactive)
		shell->unwind = UNWIND_EXIT;
	return status;
}

/* What a word would run; false if nothing. */
static bool describe(const char *name, bool words)
{
	char path[1024];
	const struct builtin *builtin = builtin_find(name);
	const char *alias = alias_find(name, strlen(name));
	bool function = function_find(name) != NULL && !(builtin != NULL && builtin->special);
	if (word_is_reserved(name))
		printf(words ? "%s is a word of the language\n" : "%s\n", name);
	else if (alias != NULL && words)
		printf("%s is an alias for %s\n", name, alias);
	else if (alias != NULL)
		(void)alias_print("alias ", name);
	else if (function)
		printf(words ? "%s is a function\n" : "%s\n", name);
	else if (builtin != NULL)
		printf(words ? "%s is known to the shell itself\n" : "%s\n", name);
	else if (program_find(name, path, sizeof path) && access(path, X_OK) == 0)
		printf(words ? "%s is %s\n" : "%.0s%s\n", name, path);
	else
		return false;
	return true;
}

/* Each of these words; in many words, or in one. */
static int describe_all(char **names, bool words)
{
	int status = 0;
	for (; *names != NULL; names++) {
		if (describe(*names, words))
			continue;
		if (words)
			complain("%s: not found", *names);
		status = 1;
	}
	return status;
}

int builtin_type(struct shell *shell, char **words)
{
	(void)shell;
	return describe_all(words + 1, true);
}

/* Nothing is remembered of where programs lie, so there is nothing to list or to forget: only whether there are any is told. */
int builtin_hash(struct shell *shell, char **words)
{
	char path[1024];
	int status = 0;
	(void)shell;
	for (words += 1 + (words[1] != NULL && strcmp(words[1], "-r") == 0); *words != NULL; words++) {
		if (builtin_find(*words) != NULL || function_find(*words) != NULL ||
			program_find(*words, path, sizeof path))
			continue;
		complain("hash: %s: not found", *words);
		status = 1;
	}
	return status;
}

static void time_print(clock_t ticks, char end)
{
	double seconds = (double)ticks / (double)sysconf(_SC_CLK_TCK);
	long minutes = (long)(seconds / 60);
	printf("%ldm%fs%c", minutes, seconds - (double)minutes * 60, end);
}

int builtin_times(struct shell *shell, char **words)
{
	struct tms used;
	(void)shell;
	(void)words;
	(void)times(&used);
	time_print(used.tms_utime, ' ');
	time_print(used.tms_stime, '\n');
	time_print(used.tms_cutime, ' ');
	time_print(used.tms_cstime, '\n');
	return 0;
}

/* Runs a program or what the shell does itself, even if a function has that name. */
int builtin_command(struct shell *shell, char **words)
{
	if (words[1] != NULL && (strcmp(words[1], "-v") == 0 || strcmp(words[1], "-V") == 0))
		return describe_all(words + 2, words[1][1] == 'V');
	if (words[1] == NULL)
		return 0;
	const struct builtin *builtin = builtin_find(words[1]);
	if (builtin != NULL) {
		shell->forgiving++;
		int status = builtin->function(shell, words + 1);
		shell->forgiving--;
		return status;
	}
	job_begin(shell);
	struct process process = launch_program(shell, words + 1, false);
	return processes_wait(shell, &process, 1, NULL);
}
