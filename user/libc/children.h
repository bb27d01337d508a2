/*
 * Children that the process server does not know, because it is not there or does not know their parent: their numbers are
 * those of their processes, and this program alone can wait for them and end them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <tabula/syscalls.h>

/* Whether an answer of the process server means that it can't say anything. */
bool program_is_unknown(long result);

/* Keeps a child, whose handle is the table's from now on. Its number, or -EAGAIN when there are too many. */
pid_t children_add(process_handle process);

/* Whether there are any, or that one. */
bool children_include(pid_t which);

/* Waits for one, or for any (-1): its number and how it ended, 0 when none has at once, -ECHILD, -EINTR. */
long children_wait(pid_t which, bool may_wait, uint32_t *status);

/* Does to one what a signal does by default. */
int children_signal(pid_t pid, int number);

/* After fork: they are another program's. */
void children_forget(void);
