/*
 * The processes of children. When the process server is not there, or does not know this program, it alone can wait for them and
 * end them; and when another server has taken its place, it tells that of them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <tabula/syscalls.h>

/* Whether an answer of the process server means that it can't say anything. */
bool program_is_unknown(long result);

/*
 * Keeps the process of a child, whose handle is the table's from now on. A number of 0 is one that the process server does not
 * know: then it gets that of its process. Returns the number, or -EAGAIN when there are too many of these.
 */
pid_t children_add(pid_t pid, process_handle process);

/* Tells a process server that is a new one which processes run the children. */
void children_tell(void);

/* It has been waited for. */
void children_drop(pid_t pid);

/* Whether the process server can't know of a child, or of any (-1), because it does not know this program. */
bool children_are_unknown(pid_t which);

/* Waits for one, or for any (-1): its number and how it ended, 0 when none has at once, -ECHILD, -EINTR. */
long children_wait(pid_t which, bool may_wait, uint32_t *status);

/* Does to one what a signal does by default. */
int children_signal(pid_t pid, int number);

/* After fork: they are another program's. */
void children_forget(void);
