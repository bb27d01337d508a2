/*
 * What posix_spawnattr_t points to.
 */
#pragma once

#include <spawn.h>

struct __posix_spawnattr {
	short flags;
	pid_t group;
	sigset_t defaults, mask;
};

/* What no program can choose for another here. */
enum { SPAWN_UNSUPPORTED = POSIX_SPAWN_SETSCHEDPARAM | POSIX_SPAWN_SETSCHEDULER };
