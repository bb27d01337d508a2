/*
 * Waiting for children: picolibc's header, and what it has not. A status is that of POSIX everywhere: the exit status times
 * 256, or a signal, or 127 and the signal times 256 of a child that has stopped, or 65535 of one that goes on.
 */
#pragma once

#include_next <sys/wait.h>

#define WCONTINUED 4

#define WIFCONTINUED(w) (((w)&0xffff) == 0xffff)
#define WCOREDUMP(w)    0

/* With what the child has used. */
struct rusage;
pid_t wait3(int *status, int options, struct rusage *usage);
pid_t wait4(pid_t which, int *status, int options, struct rusage *usage);
