/*
 * picolibc's <spawn.h>, and what the GNU C library has besides.
 */
#pragma once

#include_next <spawn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The program's group is in the foreground before it runs. The descriptor is not looked at: there is one terminal. */
int posix_spawn_file_actions_addtcsetpgrp_np(posix_spawn_file_actions_t *actions, int fd);

#ifdef __cplusplus
}
#endif
