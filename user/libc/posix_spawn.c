/*
 * posix_spawn. The child is made known to the process server before it runs, with its group and with what signals do to it,
 * so that nothing is missed that is sent to it then.
 */
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>
#include <tabula/handles.h>

#include "children.h"
#include "path.h"
#include "signals.h"
#include "spawn_attributes.h"

static struct birth birth_of(const posix_spawnattr_t *attributes)
{
	struct birth birth = {
		.kind = BIRTH_CHILD, .blocked = thread_self->blocked, .ignored = signals_ignored()};
	const struct __posix_spawnattr *wanted = attributes != NULL ? *attributes : NULL;
	if (wanted == NULL)
		return birth;
	if (wanted->flags & POSIX_SPAWN_SETPGROUP) {
		birth.has_group = true;
		birth.group = wanted->group;
	}
	if (wanted->flags & POSIX_SPAWN_SETSIGDEF)
		birth.ignored &= ~wanted->defaults;
	if (wanted->flags & POSIX_SPAWN_SETSIGMASK)
		birth.blocked = wanted->mask & ~SIGNALS_FIXED;
	return birth;
}

int posix_spawn(pid_t *restrict pid, const char *restrict path, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *restrict attributes, char *const argv[], char *const envp[])
{
	struct descriptors descriptors;
	struct opened opened = {.count = 0};
	if (attributes != NULL && ((*attributes)->flags & SPAWN_UNSUPPORTED))
		return ENOSYS;
	struct birth birth = birth_of(attributes);
	birth.foreground = actions != NULL && spawn_actions_foreground(*actions);
	descriptors_copy(&descriptors);
	int error = actions != NULL ? spawn_actions_play(*actions, &descriptors, &opened) : 0;
	process_handle process = {error};
	if (error == 0)
		process = program_launch_with(
			(struct order){
				.path = path, .argv = argv, .envp = envp, .system_rights = RIGHTS_SAME},
			&descriptors, &birth);
	opened_close(&opened);
	if (process.value < 0)
		return -process.value;
	pid_t number = children_add((pid_t)birth.pid, process);
	if (number < 0)
		return -number;
	if (pid != NULL)
		*pid = number;
	return 0;
}

int posix_spawnp(pid_t *restrict pid, const char *restrict file, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *restrict attributes, char *const argv[], char *const envp[])
{
	struct path_search search = path_search_begin(file);
	int result = ENOENT;
	bool denied = false;
	while (path_search_next(&search)) {
		result = posix_spawn(pid, search.path, actions, attributes, argv, envp);
		denied |= result == EACCES;
		if (result != ENOENT && result != ENOTDIR && result != EACCES)
			return result;
	}
	return denied ? EACCES : result;
}
