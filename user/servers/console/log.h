/*
 * The kernel's log: this server prints it, in place of the kernel, between what programs write. A line that the kernel has
 * logged comes behind what had been written by then, and on a row of its own; if something stood on the row, that is drawn
 * again below it. With the option mark= of the kernel a line has marks about it, and goes out wherever it comes.
 */
#pragma once

#include "console.h"

/*
 * Becomes the printer: `bits` of the notification are set when there is something to look for. Failing that, the kernel
 * prints.
 */
void log_open(system_handle system, notification_handle notification, uint64_t bits);

/* In what follows `written` is what has been written, and is being sent. */

/* Looks whether the kernel has a line. If so, it comes behind what has been written. */
void log_look(const struct ring *written);

/* Whether a line is to be printed, or is being printed. */
bool log_is_waiting(void);

/* Whether it is its turn. `more`: there are writes for which there was no room yet. */
bool log_is_due(const struct ring *written, bool more);

/* Has the UART take some of what is due; how many bytes. */
size_t log_send(const struct ring *written);
