/* Signals: what they do to programs. */
#pragma once

#include "program.h"

/* Sends a signal to those that `which` means, as kill has it: 0 or -errno. */
int signal_send(const struct program *from, int32_t which, uint32_t number);

/* A child of this program has ended. */
void signal_child(struct program *parent);

/* The program has a process now: what came before is done to it. */
void signal_started(struct program *program);

/* It has said where to tell: what it catches and came before is told. */
void signal_tell_pending(struct program *program);

/* The signals among these that do nothing but what they do by default. */
uint32_t signals_fixed(uint32_t signals);
