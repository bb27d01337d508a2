/*
 * exec: the program goes on in a new process, which the process server gives its number, and this process ends. Until the
 * new one runs, nothing of this one has changed; so a program that can't be run leaves its caller as it was.
 */
#define _GNU_SOURCE /* execvpe */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/protocol/program.h>

#include "path.h"
#include "signals.h"

extern char **environ;

/* Returns only when it can't: -errno. */
static int replace(const char *path, endpoint_handle file, char *const argv[], char *const envp[])
{
	struct descriptors descriptors;
	uint64_t blocked = signals_block();
	signals_hand_on();
	struct birth birth = {.kind = BIRTH_SELF,
		.blocked = blocked,
		.ignored = signals_ignored(),
		.pending = __atomic_load_n(&signals_pending, __ATOMIC_SEQ_CST) |
			   __atomic_load_n(&thread_self->pending, __ATOMIC_SEQ_CST)};
	descriptors_copy(&descriptors);
	process_handle process = program_launch_with(
		(struct order){
			.path = path, .file = file, .argv = argv, .envp = envp, .system_rights = RIGHTS_SAME},
		&descriptors, &birth);
	if (process.value > 0)
		process_exit(0); /* nobody asks how this process ended */
	signals_unblock(blocked);
	return process.value;
}

int execve(const char *path, char *const argv[], char *const envp[])
{
	return (int)server_result(replace(path, (endpoint_handle){0}, argv, envp));
}

int fexecve(int fd, char *const argv[], char *const envp[])
{
	endpoint_handle file = descriptor_handle(fd);
	if (file.value < 0)
		return (int)posix_result(file.value);
	if (file.value == 0)
		return (int)posix_result(-EACCES); /* the console is no program */
	return (int)server_result(replace(NULL, file, argv, envp));
}

int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

/* ---- by PATH */

/* What is no program is for the shell to read. */
static void replace_by_shell(const char *path, char *const argv[], char *const envp[])
{
	size_t count = 0;
	while (argv[count] != NULL)
		count++;
	char **words = calloc(count + 3, sizeof *words);
	if (words == NULL)
		return;
	words[0] = (char *)(uintptr_t) "sh";
	words[1] = (char *)(uintptr_t)path;
	for (size_t i = 1; i < count; i++)
		words[i + 1] = argv[i];
	(void)execve("/bin/sh", words, envp);
	free(words);
}

int execvpe(const char *file, char *const argv[], char *const envp[])
{
	struct path_search search = path_search_begin(file);
	bool denied = false;
	errno = ENOENT;
	while (path_search_next(&search)) {
		(void)execve(search.path, argv, envp);
		if (errno == ENOEXEC)
			replace_by_shell(search.path, argv, envp);
		denied |= errno == EACCES;
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
			return -1;
	}
	if (denied)
		errno = EACCES;
	return -1;
}

int execvp(const char *file, char *const argv[])
{
	return execvpe(file, argv, environ);
}

/* ---- with a list of arguments */

/* How many follow, without the null at the end. */
static size_t list_count(va_list arguments)
{
	size_t count = 0;
	while (va_arg(arguments, char *) != NULL)
		count++;
	return count;
}

static void list_take(char **words, const char *first, va_list *arguments)
{
	*words++ = (char *)(uintptr_t)first;
	while ((*words++ = va_arg(*arguments, char *)) != NULL)
		continue;
}

/* Makes `words` of what follows `first`, which may be the only null. */
#define WORDS_OF(words, first, arguments) \
	va_list arguments, counted; \
	va_start(arguments, first); \
	va_copy(counted, arguments); \
	size_t words##_count = first != NULL ? list_count(counted) : 0; \
	va_end(counted); \
	char *words[ARGUMENTS_MOST]; \
	if (words##_count + 2 > ARGUMENTS_MOST) { \
		va_end(arguments); \
		return (int)posix_result(-E2BIG); \
	} \
	list_take(words, first, &arguments)

enum { ARGUMENTS_MOST = 1024 };

int execl(const char *path, const char *first, ...)
{
	WORDS_OF(words, first, arguments);
	va_end(arguments);
	return execve(path, words, environ);
}

int execlp(const char *file, const char *first, ...)
{
	WORDS_OF(words, first, arguments);
	va_end(arguments);
	return execvpe(file, words, environ);
}

int execle(const char *path, const char *first, ...)
{
	WORDS_OF(words, first, arguments);
	char *const *envp = va_arg(arguments, char *const *);
	va_end(arguments);
	return execve(path, words, envp);
}

int execlpe(const char *file, const char *first, ...)
{
	WORDS_OF(words, first, arguments);
	char *const *envp = va_arg(arguments, char *const *);
	va_end(arguments);
	return execvpe(file, words, envp);
}
