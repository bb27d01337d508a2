/*
 * posix_spawn, waitpid and system. A child's process number here is the value of the handle that its parent
 * holds: no other program can use it, and it differs from what getpid tells the child.
 */
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/spawn.h>

#include "libc.h"

enum { CHILDREN = 64 };

static pid_t children[CHILDREN]; /* 0 is free */

static pid_t *child_slot(pid_t pid)
{
	for (int i = 0; i < CHILDREN; i++)
		if (children[i] == pid)
			return &children[i];
	return NULL;
}

int posix_spawn(pid_t *restrict pid, const char *restrict path, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *restrict attributes, char *const argv[], char *const envp[])
{
	struct descriptor descriptors[DESCRIPTORS];
	struct opened opened = {.count = 0};
	if (attributes != NULL)
		return ENOSYS; /* no program inherits signals */
	pid_t *slot = child_slot(0);
	if (slot == NULL)
		return EAGAIN;
	descriptors_copy(descriptors);
	int error = actions != NULL ? spawn_actions_play(*actions, descriptors, &opened) : 0;
	process_handle process = {error};
	if (error == 0)
		process = spawn_like_this(path, argv, envp, RIGHTS_SAME, descriptors);
	opened_close(&opened);
	if (process.value < 0)
		return -process.value;
	*slot = process.value;
	if (pid != NULL)
		*pid = process.value;
	return 0;
}

/* Joins a directory of PATH, which ends at `end`, with a name. */
static bool path_join(char *path, size_t size, const char *directory, size_t length, const char *name)
{
	if (length + 1 + strlen(name) + 1 > size)
		return false;
	memcpy(path, directory, length);
	path[length] = '\0';
	if (length > 0)
		strcat(path, "/");
	strcat(path, name);
	return true;
}

int posix_spawnp(pid_t *restrict pid, const char *restrict file, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *restrict attributes, char *const argv[], char *const envp[])
{
	if (strchr(file, '/') != NULL)
		return posix_spawn(pid, file, actions, attributes, argv, envp);
	const char *directories = getenv("PATH");
	if (directories == NULL)
		directories = "/bin";
	int result = ENOENT;
	for (;;) {
		size_t length = strcspn(directories, ":");
		char path[PATH_MAX];
		if (path_join(path, sizeof path, directories, length, file))
			result = posix_spawn(pid, path, actions, attributes, argv, envp);
		if ((result != ENOENT && result != ENOTDIR) || directories[length] == '\0')
			return result;
		directories += length + 1;
	}
}

/* How a program ended, as the macros of <sys/wait.h> read it. */
static int wait_status(const struct process_result *result)
{
	if (result->reason == END_REASON_FAULTED)
		return (result->status - 128) & 0x7f;
	return (result->status & 0xff) << 8;
}

/* Waits for one child: its number, 0 if it still runs at the deadline, or -errno. */
static pid_t child_wait(pid_t *slot, int *status, uint64_t deadline)
{
	process_handle process = {*slot};
	struct process_result result;
	int error = process_wait(process, deadline, &result);
	if (error != 0)
		return error == -ETIMEDOUT ? 0 : error;
	handle_close(ANY(process));
	*slot = 0;
	if (status != NULL)
		*status = wait_status(&result);
	return process.value;
}

/* Waits for whichever child ends first. */
static pid_t any_wait(int *status, bool may_wait)
{
	for (;;) {
		bool some = false;
		for (int i = 0; i < CHILDREN; i++) {
			if (children[i] == 0)
				continue;
			some = true;
			pid_t pid = child_wait(&children[i], status, 0);
			if (pid != 0)
				return pid;
		}
		if (!some)
			return -ECHILD;
		if (!may_wait)
			return 0;
		thread_yield();
	}
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	if (options & ~(WNOHANG | WUNTRACED))
		return (pid_t)posix_result(-EINVAL);
	if (pid == -1 || pid == 0)
		return (pid_t)posix_result(any_wait(status, !(options & WNOHANG)));
	pid_t *slot = pid > 0 ? child_slot(pid) : NULL;
	if (slot == NULL)
		return (pid_t)posix_result(-ECHILD);
	return (pid_t)posix_result(child_wait(slot, status, options & WNOHANG ? 0 : DEADLINE_NEVER));
}

pid_t wait(int *status)
{
	return waitpid(-1, status, 0);
}

int system(const char *command)
{
	if (command == NULL)
		return access("/bin/sh", X_OK) == 0;
	char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t)command, NULL};
	pid_t pid;
	int status;
	if (posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, NULL) != 0)
		return 127 << 8;
	return waitpid(pid, &status, 0) == pid ? status : -1;
}
