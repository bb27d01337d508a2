/*
 * What the files share that deal with programs and the process server.
 */
#pragma once

#include <sys/types.h>

/* Turns the answer of the process server into the POSIX habit: a program that it does not know finds nobody. */
long program_result(long result);

/* After fork: the number is that of another program, or not known (0). */
void process_renumber(pid_t number);
