/* Waiting for children. */
#pragma once

#include "program.h"

/* A call of program_wait: a number, 0 for nobody yet, -errno, or DEFERRED. */
long wait_call(struct request *request, int32_t which, enum wait how, uint32_t *status);

/* A program has ended, or its parent, or stopped, or gone on: answers who waits for it. */
void wait_look(struct server *server);

/* The same for who waits at the server that has set calls aside, if any. */
void wait_look_again(void);

/* The calls of this program that wait return -EINTR. */
void wait_interrupt(struct server *server, const struct program *program);
