/*
 * Runs commands: assignments, what the shell does itself, and programs.
 */
#include "sh.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <tabula/spawn.h>

/* Joins a directory of PATH with a name; an empty directory is the current one. */
static bool path_join(char *path, size_t size, const char *directory, int length, const char *name)
{
	int total = snprintf(path, size, "%.*s%s%s", length, directory, length > 0 ? "/" : "", name);
	return total >= 0 && (size_t)total < size;
}

bool program_find(const char *name, char *path, size_t size)
{
	struct stat status;
	if (strchr(name, '/') != NULL)
		return path_join(path, size, "", 0, name) && stat(path, &status) == 0;
	const char *directories = variable_get("PATH", 4);
	for (const char *p = directories != NULL ? directories : "/bin"; *name != '\0';) {
		size_t length = strcspn(p, ":");
		if (path_join(path, size, p, (int)length, name) && stat(path, &status) == 0 &&
			S_ISREG(status.st_mode))
			return true;
		if (p[length] == '\0')
			break;
		p += length + 1;
	}
	return false;
}

/* Says why a program did not start; the status is POSIX's. */
static int start_failed(const char *name, int error)
{
	if (error == ENOEXEC)
		complain("%s: not a program for this system", name);
	else
		complain("%s: %s", name, strerror(error));
	return error == ENOENT || error == ENOTDIR ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

static int run_program(char **words, char *const *extra, size_t extra_count)
{
	char path[4096];
	if (!program_find(words[0], path, sizeof path)) {
		if (strchr(words[0], '/') != NULL)
			complain("%s: %s", words[0], strerror(errno));
		else
			complain("%s: not found; 'ls /bin' shows what there is", words[0]);
		return STATUS_NOT_FOUND;
	}
	char **environment = variables_environment(extra, extra_count);
	if (environment == NULL)
		return start_failed(words[0], ENOMEM);
	fflush(stdout);
	process_handle process = spawn(path, words, environment, RIGHTS_SAME);
	free(environment);
	if (process.value < 0)
		return start_failed(words[0], -process.value);
	struct process_result result;
	int error = spawn_wait(process, &result);
	if (error != 0)
		return start_failed(words[0], -error);
	if (result.reason == END_REASON_FAULTED)
		fprintf(stderr, "%s: %s\n", words[0], strsignal(result.status - 128));
	return result.status & 0xff;
}

static int assign(char **words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t length = variable_name_length(words[i]);
		if (!variable_set(words[i], length, words[i] + length + 1))
			return 1;
	}
	return 0;
}

static void command_run(struct shell *shell, const struct command *command)
{
	struct words words = {0};
	size_t assignments;
	if (!command_expand(shell, command, &words, &assignments)) {
		shell->status = 1;
	} else if (words.count == assignments) {
		shell->status = assign(words.words, assignments);
	} else {
		char **rest = words.words + assignments;
		builtin_function *builtin = builtin_find(rest[0]);
		shell->status =
			builtin != NULL ? builtin(shell, rest) : run_program(rest, words.words, assignments);
	}
	words_free(&words);
}

void input_run(struct shell *shell, const char *input)
{
	enum parse_result checked = input_check(input);
	if (checked == PARSE_INCOMPLETE)
		complain("syntax error: the end comes too early; is a quote open?");
	if (checked != PARSE_OK) {
		shell->status = STATUS_USAGE;
		return;
	}
	struct command command;
	enum connector before = CONNECTOR_SEQUENCE;
	while (!shell->leaving && command_next(&input, &command) == PARSE_OK) {
		bool runs = before == CONNECTOR_SEQUENCE || (before == CONNECTOR_AND) == (shell->status == 0);
		if (runs)
			command_run(shell, &command);
		before = command.connector;
	}
	fflush(stdout);
}
