/*
 * Starts processes: programs straight from here, what needs a shell in a copy of this one.
 */
#include "sh.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHELL "/bin/sh"

enum { PATH_SIZE = 1024, START_SIZE = 128 };

/* Joins a directory of PATH with a name; an empty directory is the current one. */
static bool path_join(char *path, size_t size, const char *directory, int length, const char *name)
{
	int total = snprintf(path, size, "%.*s%s%s", length, directory, length > 0 ? "/" : "", name);
	return total >= 0 && (size_t)total < size;
}

/* The first file of that name in PATH, or the first that may be run. */
static bool path_find(const char *name, char *path, size_t size, bool runs)
{
	struct stat status;
	const char *directories = variable_get("PATH", 4);
	for (const char *p = directories != NULL ? directories : "/bin"; *name != '\0';) {
		size_t length = strcspn(p, ":");
		if (path_join(path, size, p, (int)length, name) && stat(path, &status) == 0 &&
			S_ISREG(status.st_mode) && (!runs || (status.st_mode & 0111) != 0))
			return true;
		if (p[length] == '\0')
			break;
		p += length + 1;
	}
	return false;
}

/* What can't be run is found, too, if there is nothing else, so that it is told why it does not start. */
bool program_find(const char *name, char *path, size_t size)
{
	struct stat status;
	if (strchr(name, '/') != NULL)
		return path_join(path, size, "", 0, name) && stat(path, &status) == 0;
	return path_find(name, path, size, true) || path_find(name, path, size, false);
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

/* A path to start; false, told on stderr, with the status, if there is none. */
static bool find_or_complain(const char *name, char *path, int *status)
{
	if (program_find(name, path, PATH_SIZE))
		return true;
	if (strchr(name, '/') != NULL)
		complain("%s: %s", name, strerror(errno));
	else
		complain("%s: not found; 'ls /bin' shows what there is", name);
	*status = STATUS_NOT_FOUND;
	return false;
}

/* The beginning of a file that is no program: a script, unless it holds what no text does. */
static bool script_read(const char *path, char start[START_SIZE])
{
	int fd = open(path, O_RDONLY);
	ssize_t count = fd >= 0 ? read(fd, start, START_SIZE - 1) : -1;
	if (fd >= 0)
		(void)close(fd);
	if (count < 0)
		return false;
	start[count] = '\0';
	return memchr(start, '\0', (size_t)count) == NULL && start[0] != 0x7f;
}

/* Words to start a script with: who reads it, as its first line says or else this shell, its path, arguments. */
static char **script_words(const char *path, char start[START_SIZE], char **words)
{
	size_t count = 0;
	char *interpreter = (char[]){SHELL}, *rest = NULL;
	while (words[count] != NULL)
		count++;
	char **list = calloc(count + 3, sizeof *list);
	if (list == NULL)
		return NULL;
	if (strncmp(start, "#!", 2) == 0) {
		interpreter = start + 2 + strspn(start + 2, " \t");
		interpreter[strcspn(interpreter, "\r\n")] = '\0';
		rest = strpbrk(interpreter, " \t");
		if (rest != NULL) {
			*rest++ = '\0';
			rest += strspn(rest, " \t");
		}
	}
	size_t used = 0;
	list[used++] = strdup(interpreter);
	if (rest != NULL && *rest != '\0')
		list[used++] = strdup(rest);
	list[used++] = strdup(path);
	for (size_t i = 1; i < count; i++)
		list[used++] = strdup(words[i]);
	return list;
}

static void list_free(char **list)
{
	for (char **word = list; *word != NULL; word++)
		free(*word);
	free(list);
}

/* How a program is started. */
struct start {
	pid_t group; /* as in struct shell */
	bool foreground;
	pid_t pid; /* afterwards */
};

/* Starts the program, or becomes it. 0 or an error; a script is started through who reads it. */
typedef int start_function(struct start *start, const char *path, char **words, char **environment);

/* In a group, with the signals that the shell ignores, and with the terminal if it is to run in the foreground. */
static int job_attributes(
	const struct start *start, posix_spawnattr_t *attributes, posix_spawn_file_actions_t *actions)
{
	sigset_t defaults;
	(void)sigemptyset(&defaults);
	(void)sigaddset(&defaults, SIGTSTP);
	(void)sigaddset(&defaults, SIGTTIN);
	(void)sigaddset(&defaults, SIGTTOU);
	int error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
	if (error == 0)
		error = posix_spawnattr_setpgroup(attributes, start->group);
	if (error == 0)
		error = posix_spawnattr_setsigdefault(attributes, &defaults);
	if (error == 0 && start->foreground)
		error = posix_spawn_file_actions_addtcsetpgrp_np(actions, job_terminal());
	return error;
}

static int start_new(struct start *start, const char *path, char **words, char **environment)
{
	if (start->group == GROUP_NONE)
		return posix_spawn(&start->pid, path, NULL, NULL, words, environment);
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t actions;
	int error = posix_spawnattr_init(&attributes);
	if (error != 0)
		return error;
	error = posix_spawn_file_actions_init(&actions);
	if (error == 0) {
		error = job_attributes(start, &attributes, &actions);
		if (error == 0)
			error = posix_spawn(&start->pid, path, &actions, &attributes, words, environment);
		(void)posix_spawn_file_actions_destroy(&actions);
	}
	(void)posix_spawnattr_destroy(&attributes);
	return error;
}

static int start_here(struct start *start, const char *path, char **words, char **environment)
{
	(void)start;
	(void)execve(path, words, environment);
	return errno;
}

static int start_program(start_function *function, struct start *start, const char *path, char **words)
{
	char script[START_SIZE];
	char **environment = variables_environment();
	if (environment == NULL)
		return ENOMEM;
	fflush(stdout);
	int error = function(start, path, words, environment);
	if (error == ENOEXEC && script_read(path, script)) {
		char **list = script_words(path, script, words);
		error = list != NULL ? function(start, list[0], list, environment) : ENOMEM;
		if (list != NULL)
			list_free(list);
	}
	free(environment);
	return error;
}

/* A process has been started: it makes the group, if there is none yet. */
static void started(struct shell *shell, pid_t pid)
{
	if (shell->group == 0)
		shell->group = pid;
}

struct process launch_program(struct shell *shell, char **words, bool background)
{
	struct process process = {0};
	char path[PATH_SIZE];
	snprintf(process.name, sizeof process.name, "%s", words[0]);
	if (!find_or_complain(words[0], path, &process.status))
		return process;
	struct start start = {.group = shell->group, .foreground = !background};
	int error;
	do
		error = start_program(start_new, &start, path, words);
	while (error == EINTR && trap_came() != SIGINT);
	if (error != 0) {
		process.status = error == EINTR ? STATUS_INTERRUPTED : start_failed(words[0], error);
		return process;
	}
	process.pid = start.pid;
	started(shell, process.pid);
	return process;
}

int launch_replace(struct shell *shell, char **words)
{
	char path[PATH_SIZE];
	int status = 0;
	if (!find_or_complain(words[0], path, &status))
		return status;
	struct start start = {.group = GROUP_NONE};
	if (shell->job_control)
		trap_stops(false); /* what is ignored would be handed on */
	int error = start_program(start_here, &start, path, words);
	if (shell->job_control)
		trap_stops(true);
	return start_failed(words[0], error);
}

/* The copy joins its group, and takes the terminal, while it still ignores what would stop it for that. */
static void join_group(const struct shell *shell, bool background)
{
	if (shell->group == GROUP_NONE)
		return;
	(void)setpgid(0, shell->group);
	if (!background)
		(void)tcsetpgrp(job_terminal(), getpgrp());
}

/* What a copy of the shell does differently from the shell. */
static void become_subshell(struct shell *shell, bool background)
{
	bool unwanted = background && shell->group == GROUP_NONE;
	join_group(shell, background);
	shell->job_control = false;
	shell->group = GROUP_NONE;
	shell->subshell = true;
	shell->interactive = false;
	shell->loops = 0;
	jobs_forget();
	trap_reset();
	/* Whoever writes into a pipe must not hold the end that is read, or never hears that the reader is gone. */
	if (shell->reader >= 0)
		(void)close(shell->reader);
	shell->reader = -1;
	if (unwanted) /* Ctrl-C is not for it */
		(void)signal(SIGINT, SIG_IGN);
}

/* A program in the background: it, too, ignores Ctrl-C, unless it has a group of its own, which does not get it. */
static struct process start_background(struct shell *shell, const struct node *node)
{
	if (shell->group != GROUP_NONE)
		return execute_program(shell, node, true);
	void (*before)(int) = signal(SIGINT, SIG_IGN);
	struct process process = execute_program(shell, node, true);
	(void)signal(SIGINT, before);
	return process;
}

_Noreturn static void run_subshell(struct shell *shell, const struct node *node)
{
	if (node->kind != NODE_SUBSHELL)
		execute(shell, node);
	else if (redirect_all(shell, node->redirects, NULL))
		execute(shell, node->left);
	else
		shell->status = 1;
	trap_exit(shell);
	fflush(stdout);
	_exit(shell->status);
}

struct process launch_node(struct shell *shell, const struct node *node, bool background)
{
	if (is_plain_program(shell, node))
		return background ? start_background(shell, node) : execute_program(shell, node, false);
	struct process process = {.name = "sh", .status = 1};
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		become_subshell(shell, background);
		run_subshell(shell, node);
	}
	if (pid < 0) {
		complain("no copy of the shell can be made: %s", strerror(errno));
		return process;
	}
	process.pid = pid;
	if (shell->group != GROUP_NONE)
		(void)setpgid(pid, shell->group); /* both do it: whoever needs it first finds it done */
	started(shell, pid);
	return process;
}
