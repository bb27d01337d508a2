/* Waiting for children. */
#pragma once

#include "program.h"

/* A call of program_wait: a number, 0 for nobody yet, -errno, or DEFERRED. */
long wait_call(struct request *request, int32_t which, enum wait how, uint32_t *status);

/* A program has ended, or its parent: answers who waits for it. */
void wait_look(struct server *server);

/* The calls of this program that wait return -EINTR. */
void wait_interrupt(struct server *server, const struct program *program);
