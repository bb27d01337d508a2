/*
 * The badges of the process server that init gives: the first program, whoever sends what Ctrl-C means, and the shell. They
 * mean the same to a process server that takes the place of another. All others the server makes itself.
 */
#pragma once

enum { PROGRAMS_INIT = 1, PROGRAMS_TERMINAL = 2, PROGRAMS_SHELL = 3 };

/* How much memory a process server gets that outlives it (STARTUP_KEPT). */
#define PROCESS_KEPT_SIZE 0x300000ul

/* The bit by which a program is told that signals are queued for it: program_queued says which. */
#define PROGRAMS_QUEUED (1ul << 32)
