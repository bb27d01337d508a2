/*
 * Commands for the shell: system, and popen.
 */
#define _GNU_SOURCE /* pipe2 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libc.h"
#include "thread.h"

#define SHELL "/bin/sh"

extern char **environ;

static int shell_start(pid_t *pid, const char *command, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *attributes)
{
	char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t)command, NULL};
	return posix_spawn(pid, SHELL, actions, attributes, argv, environ);
}

/* ---- system */

/* The command has the signals as the program has them outside of this. */
static pid_t command_start(
	const char *command, const struct sigaction *interrupt, const struct sigaction *quit, sigset_t mask)
{
	posix_spawnattr_t attributes;
	sigset_t defaults = 0;
	pid_t pid = -1;
	if (interrupt->sa_handler != SIG_IGN)
		sigaddset(&defaults, SIGINT);
	if (quit->sa_handler != SIG_IGN)
		sigaddset(&defaults, SIGQUIT);
	int error = posix_spawnattr_init(&attributes);
	if (error == 0) {
		(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
		(void)posix_spawnattr_setsigdefault(&attributes, &defaults);
		(void)posix_spawnattr_setsigmask(&attributes, &mask);
		error = shell_start(&pid, command, NULL, &attributes);
		(void)posix_spawnattr_destroy(&attributes);
	}
	errno = error;
	return error == 0 ? pid : -1;
}

static pid_t wait_on(pid_t pid, int *status)
{
	pid_t result;
	do
		result = waitpid(pid, status, 0);
	while (result < 0 && errno == EINTR);
	return result;
}

int system(const char *command)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, interrupt, quit;
	sigset_t child = 0, mask;
	int status = -1;
	if (command == NULL)
		return access(SHELL, X_OK) == 0;
	sigaddset(&child, SIGCHLD);
	(void)sigaction(SIGINT, &ignore, &interrupt);
	(void)sigaction(SIGQUIT, &ignore, &quit);
	(void)sigprocmask(SIG_BLOCK, &child, &mask);
	pid_t pid = command_start(command, &interrupt, &quit, mask);
	if (pid < 0)
		status = 127 << 8;
	else if (wait_on(pid, &status) != pid)
		status = -1;
	(void)sigaction(SIGINT, &interrupt, NULL);
	(void)sigaction(SIGQUIT, &quit, NULL);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	return status;
}

/* ---- popen */

struct command {
	struct command *next;
	FILE *stream;
	pid_t pid;
};

static struct command *commands;
static struct __lock commands_lock = LOCK_INITIALIZER;

/* The command gets `theirs` as its descriptor `number`, and nothing of other commands. */
static int stream_start(pid_t *pid, const char *command, int theirs, int number)
{
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);
	if (error != 0)
		return error;
	error = posix_spawn_file_actions_adddup2(&actions, theirs, number);
	if (error == 0)
		error = shell_start(pid, command, &actions, NULL);
	(void)posix_spawn_file_actions_destroy(&actions);
	return error;
}

static FILE *command_open(struct command *made, const char *text, const char *mode, int ours, int theirs)
{
	bool reads = *mode == 'r';
	made->stream = fdopen(ours, reads ? "r" : "w");
	if (made->stream == NULL) {
		(void)close(ours);
		return NULL;
	}
	errno = stream_start(&made->pid, text, theirs, reads ? STDOUT_FILENO : STDIN_FILENO);
	if (errno != 0) {
		int error = errno;
		(void)fclose(made->stream);
		errno = error;
		return NULL;
	}
	if (strchr(mode, 'e') == NULL)
		(void)fcntl(ours, F_SETFD, 0);
	(void)pthread_mutex_lock(&commands_lock.mutex);
	made->next = commands;
	commands = made;
	(void)pthread_mutex_unlock(&commands_lock.mutex);
	return made->stream;
}

FILE *popen(const char *text, const char *mode)
{
	int ends[2], reads = *mode == 'r';
	if (!reads && *mode != 'w') {
		errno = EINVAL;
		return NULL;
	}
	struct command *made = malloc(sizeof *made);
	if (made == NULL || pipe2(ends, O_CLOEXEC) != 0) {
		free(made);
		return NULL;
	}
	int ours = reads ? ends[0] : ends[1], theirs = reads ? ends[1] : ends[0];
	FILE *stream = command_open(made, text, mode, ours, theirs);
	int error = errno;
	(void)close(theirs);
	if (stream == NULL)
		free(made);
	errno = error;
	return stream;
}

int pclose(FILE *stream)
{
	(void)pthread_mutex_lock(&commands_lock.mutex);
	struct command **link = &commands;
	while (*link != NULL && (*link)->stream != stream)
		link = &(*link)->next;
	struct command *command = *link;
	if (command != NULL)
		*link = command->next;
	(void)pthread_mutex_unlock(&commands_lock.mutex);
	if (command == NULL)
		return (int)posix_result(-ECHILD);
	int status = -1;
	(void)fclose(stream);
	if (wait_on(command->pid, &status) != command->pid)
		status = -1;
	free(command);
	return status;
}
