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

/* Starts the program, or becomes it. 0 or an error; a script is started through who reads it. */
typedef int start_function(pid_t *pid, const char *path, char **words, char **environment);

static int start_new(pid_t *pid, const char *path, char **words, char **environment)
{
	return posix_spawn(pid, path, NULL, NULL, words, environment);
}

static int start_here(pid_t *pid, const char *path, char **words, char **environment)
{
	(void)pid;
	(void)execve(path, words, environment);
	return errno;
}

static int start(start_function *function, pid_t *pid, const char *path, char **words)
{
	char script[START_SIZE];
	char **environment = variables_environment();
	if (environment == NULL)
		return ENOMEM;
	fflush(stdout);
	int error = function(pid, path, words, environment);
	if (error == ENOEXEC && script_read(path, script)) {
		char **list = script_words(path, script, words);
		error = list != NULL ? function(pid, list[0], list, environment) : ENOMEM;
		if (list != NULL)
			list_free(list);
	}
	free(environment);
	return error;
}

struct process launch_program(struct shell *shell, char **words)
{
	struct process process = {0};
	char path[PATH_SIZE];
	(void)shell;
	snprintf(process.name, sizeof process.name, "%s", words[0]);
	if (!find_or_complain(words[0], path, &process.status))
		return process;
	int error = start(start_new, &process.pid, path, words);
	if (error != 0) {
		process.pid = 0;
		process.status = start_failed(words[0], error);
	}
	return process;
}

int launch_replace(struct shell *shell, char **words)
{
	char path[PATH_SIZE];
	int status = 0;
	(void)shell;
	if (!find_or_complain(words[0], path, &status))
		return status;
	return start_failed(words[0], start(start_here, NULL, path, words));
}

/* What a copy of the shell does differently from the shell. */
static void become_subshell(struct shell *shell, bool background)
{
	shell->subshell = true;
	shell->interactive = false;
	shell->loops = 0;
	jobs_forget();
	trap_reset();
	/* Whoever writes into a pipe must not hold the end that is read, or never hears that the reader is gone. */
	if (shell->reader >= 0)
		(void)close(shell->reader);
	shell->reader = -1;
	if (background) /* Ctrl-C is not for it */
		(void)signal(SIGINT, SIG_IGN);
}

/* A program in the background: it, too, ignores Ctrl-C. */
static struct process start_background(struct shell *shell, const struct node *node)
{
	void (*before)(int) = signal(SIGINT, SIG_IGN);
	struct process process = execute_program(shell, node);
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
		return background ? start_background(shell, node) : execute_program(shell, node);
	struct process process = {.name = "sh", .status = 1};
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		become_subshell(shell, background);
		run_subshell(shell, node);
	}
	if (pid < 0)
		complain("no copy of the shell can be made: %s", strerror(errno));
	else
		process.pid = pid;
	return process;
}
