/*
 * Words for a program, as many as it can be given, and its run: for find and xargs.
 */
#pragma once

#include <spawn.h>
#include <sys/wait.h>

#include "tool.h"

extern char **environ;

struct arguments {
	char **words; /* ended by null */
	size_t count, room;
	size_t size; /* what they take */
};

/* What a word takes in the memory of the program that is given it: itself, and the pointer to it. */
static inline size_t arguments_size(const char *word)
{
	return strlen(word) + 1 + sizeof(char *);
}

/* How much words may take, beside the environment and what POSIX leaves free for it to grow. */
static inline size_t arguments_most(void)
{
	enum { LEFT_FREE = 2048, UNLIMITED = 1 << 17 };
	long most = sysconf(_SC_ARG_MAX);
	size_t size = most > 0 ? (size_t)most : UNLIMITED, used = LEFT_FREE;
	for (char **variable = environ; variable != NULL && *variable != NULL; variable++)
		used += arguments_size(*variable);
	return size > used ? size - used : 0;
}

static inline void arguments_add(const char *tool, struct arguments *list, const char *word)
{
	if (list->count + 2 > list->room) {
		list->room = list->room * 2 + 16;
		list->words = tool_need(tool, realloc(list->words, list->room * sizeof *list->words));
	}
	list->words[list->count++] = tool_need(tool, strdup(word));
	list->words[list->count] = NULL;
	list->size += arguments_size(word);
}

/* Forgets all but the first ones. */
static inline void arguments_cut(struct arguments *list, size_t count)
{
	while (list->count > count) {
		char *word = list->words[--list->count];
		list->size -= arguments_size(word);
		free(word);
		list->words[list->count] = NULL;
	}
}

static inline void arguments_free(struct arguments *list)
{
	arguments_cut(list, 0);
	free(list->words);
	*list = (struct arguments){0};
}

/* A copy of the text with something else in each place of `mark`, to be freed. */
static inline char *arguments_replace(const char *tool, const char *text, const char *mark, const char *with)
{
	size_t marks = 0, mark_length = strlen(mark), with_length = strlen(with);
	for (const char *p = text; (p = strstr(p, mark)) != NULL; p += mark_length)
		marks++;
	char *made = tool_need(tool, malloc(strlen(text) + marks * with_length + 1)), *to = made;
	for (const char *next; (next = strstr(text, mark)) != NULL; text = next + mark_length) {
		memcpy(to, text, (size_t)(next - text));
		to = memcpy(to + (next - text), with, with_length);
		to += with_length;
	}
	strcpy(to, text);
	return made;
}

/* Starts a program. False, after a complaint and with errno set, if it did not start. */
static inline bool arguments_start(
	const char *tool, char **words, const posix_spawn_file_actions_t *files, pid_t *pid)
{
	fflush(stdout);
	int error = posix_spawnp(pid, words[0], files, NULL, words, environ);
	if (error == 0)
		return true;
	errno = error;
	tool_complain(tool, words[0]);
	errno = error;
	return false;
}

/* Runs a program to its end. False as above. */
static inline bool arguments_run(
	const char *tool, char **words, const posix_spawn_file_actions_t *files, int *status)
{
	pid_t pid;
	if (!arguments_start(tool, words, files, &pid))
		return false;
	while (waitpid(pid, status, 0) != pid && errno == EINTR)
		continue;
	return true;
}
