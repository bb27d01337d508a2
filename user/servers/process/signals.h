/* Signals: what they do to programs. */
#pragma once

#include "program.h"

/* Sends a signal to those that `which` means, as kill has it: 0 or -errno. */
int signal_send(const struct program *from, int32_t which, uint32_t number);

/* Sends a signal with a value: 0 or -errno. */
int signal_queue(const struct program *from, uint32_t pid, uint32_t number, uint64_t value);

/* The status that this server is to end with, by a signal that was sent; 0: it goes on. */
int32_t signal_own_end(void);

/* Sends a signal to a group, for a program of this number, or nobody (0). 0 or -ESRCH. */
int signal_group(uint32_t group, uint32_t number, uint32_t from);

/* Does what a signal does that stops programs, to one that does not catch it. */
void signal_stop(struct program *program, uint32_t number);

/* A child has ended: its parent, which may not be that any more, gets SIGCHLD. */
void signal_child_ends(struct program *parent, const struct program *child);

/* A program has stopped, or goes on: its parent gets SIGCHLD, if it wants that, and whoever waits hears of it. */
void signal_child_stops(const struct program *child);

/* Members of the group have stopped, and nobody is left to let them go on: they are told, and go on. */
void signal_orphans(uint32_t group);

/* The program has a process now: what came before is done to it. */
void signal_started(struct program *program);

/* It has said where to tell: what it catches and came before is told. */
void signal_tell_pending(struct program *program);

/* The signals among these that do nothing but what they do by default. */
uint64_t signals_fixed(uint64_t signals);
