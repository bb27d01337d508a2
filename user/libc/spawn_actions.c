/*
 * The file actions of posix_spawn: a list of what is to be done to the descriptors of the new program. It is done to a
 * copy of the table, before the program is made; the caller's own descriptors stay as they are.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <tabula/handles.h>

#include "libc.h"

enum action_kind { ACTION_OPEN, ACTION_DUPLICATE, ACTION_CLOSE };

struct action {
	struct action *next;
	enum action_kind kind;
	int fd;
	int from; /* of ACTION_DUPLICATE */
	int flags; /* of ACTION_OPEN, with mode and path */
	mode_t mode;
	char path[];
};

struct __posix_spawn_file_actions {
	struct action *first, **last;
	bool foreground;
};

/* ---- making the list */

int posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions)
{
	struct __posix_spawn_file_actions *list = calloc(1, sizeof *list);
	if (list == NULL)
		return ENOMEM;
	list->last = &list->first;
	*actions = list;
	return 0;
}

int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *actions)
{
	struct action *action = (*actions)->first;
	while (action != NULL) {
		struct action *next = action->next;
		free(action);
		action = next;
	}
	free(*actions);
	*actions = NULL;
	return 0;
}

static int action_add(posix_spawn_file_actions_t *actions, struct action action, const char *path)
{
	if (action.fd < 0 || action.fd >= DESCRIPTORS)
		return EBADF;
	size_t length = strlen(path) + 1;
	struct action *copy = malloc(sizeof *copy + length);
	if (copy == NULL)
		return ENOMEM;
	*copy = action;
	memcpy(copy->path, path, length);
	*(*actions)->last = copy;
	(*actions)->last = &copy->next;
	return 0;
}

int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *restrict actions, int fd,
	const char *restrict path, int flags, mode_t mode)
{
	return action_add(
		actions, (struct action){.kind = ACTION_OPEN, .fd = fd, .flags = flags, .mode = mode}, path);
}

int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int from, int fd)
{
	if (from < 0 || from >= DESCRIPTORS)
		return EBADF;
	return action_add(actions, (struct action){.kind = ACTION_DUPLICATE, .fd = fd, .from = from}, "");
}

int posix_spawn_file_actions_addclose(posix_spawn_file_actions_t *actions, int fd)
{
	return action_add(actions, (struct action){.kind = ACTION_CLOSE, .fd = fd}, "");
}

int posix_spawn_file_actions_addtcsetpgrp_np(posix_spawn_file_actions_t *actions, int fd)
{
	if (fd < 0 || fd >= DESCRIPTORS)
		return EBADF;
	(*actions)->foreground = true;
	return 0;
}

bool spawn_actions_foreground(const struct __posix_spawn_file_actions *actions)
{
	return actions->foreground;
}

/* ---- doing what it says */

static int play_open(const struct action *action, struct descriptor *descriptor, struct opened *opened)
{
	if (opened->count == DESCRIPTORS)
		return -EMFILE;
	endpoint_handle file = open_handle(AT_FDCWD, action->path, action->flags, action->mode);
	if (file.value < 0)
		return file.value;
	opened->handles[opened->count++] = file;
	*descriptor = (struct descriptor){.handle = file};
	return 0;
}

/* A descriptor in the copy, which may lie behind all that are written out. */
static struct descriptor *reach(struct descriptors *descriptors, int fd)
{
	while (descriptors->used <= fd)
		descriptors->table[descriptors->used++] = (struct descriptor){.is_console = false};
	return &descriptors->table[fd];
}

static int play(const struct action *action, struct descriptors *descriptors, struct opened *opened)
{
	struct descriptor *descriptor = reach(descriptors, action->fd);
	switch (action->kind) {
	case ACTION_OPEN:
		return play_open(action, descriptor, opened);
	case ACTION_DUPLICATE:
		if (!descriptor_is_open(reach(descriptors, action->from)))
			return -EBADF;
		*descriptor = descriptors->table[action->from];
		descriptor->close_on_exec = false;
		return 0;
	case ACTION_CLOSE:
		*descriptor = (struct descriptor){.is_console = false};
		return 0;
	}
	return -EINVAL;
}

int spawn_actions_play(const struct __posix_spawn_file_actions *actions, struct descriptors *descriptors,
	struct opened *opened)
{
	int error = 0;
	for (const struct action *action = actions->first; error == 0 && action != NULL;
		action = action->next)
		error = play(action, descriptors, opened);
	return error;
}

void opened_close(const struct opened *opened)
{
	for (size_t i = 0; i < opened->count; i++)
		handle_close(ANY(opened->handles[i]));
}
