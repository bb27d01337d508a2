/*
 * The printer: a process that prints the kernel's log, since it drives the console. It is known by a notification of its
 * own, which lines set bits of. The printer of it goes with its last reference, so with its process, and then the kernel prints
 * what the printer has not.
 */
#pragma once

#include "mem/user.h"
#include "result.h"

struct notification;

/* Has whoever waits for a notification print: -EBUSY when there is a printer already, -EBADF when it has just gone. */
MUST_USE int printer_set(struct notification *notification, uint64_t bits);

/*
 * Copies the next line to its printer, which has printed those before it: the length, 0 when there is none, -EINVAL for one
 * that is no printer, or -EFAULT, when the line is still the next one.
 */
MUST_USE long printer_next(struct notification *notification, struct user_out to);

/*
 * A notification goes: if it is the printer's, prints what is left, as far as `work` goes; true when it is the printer's no
 * more.
 */
MUST_USE bool printer_leave(struct notification *notification, int *work);
