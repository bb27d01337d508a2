/*
 * Tells the process server which processes run init itself, the servers and the shell: again when it is a new one. In a
 * thread of its own, because such a call may wait for a server that has just died, and only init starts it again.
 */
#pragma once

#include <stdint.h>
#include <tabula/syscalls.h>

enum { REGISTRY_INIT, REGISTRY_SERVICES, REGISTRY_SHELL = REGISTRY_SERVICES + 16, REGISTRY_MOST };

/* `programs` and `shell` are the badges of the process server for init and for the shell. 0 or -errno. */
int registry_start(endpoint_handle programs, endpoint_handle shell);

/* A process has begun: the handle is duplicated. The one that had this place has ended. */
void registry_add(unsigned place, const char *name, process_handle process);

/* The process server is a new one: it has to be told of this place again. */
void registry_again(unsigned place);

/* Waits until all has been told, if that can be done soon. */
void registry_settle(void);

/* The process that runs the shell's program now: it may have become another one, by exec. -errno when it has ended. */
process_handle registry_shell(void);
