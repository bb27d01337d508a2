/* Who waits for whom: all threads, for those who look at the machine as a whole, and for the report of a panic. */
#pragma once

#include "abi/types.h"
#include "result.h"

/* So many processes without a thread have been passed that interrupts are to be let in. */
enum { WAITS_MORE = 1 };

/*
 * Tells of the thread behind this one, in the order of processes and threads, into a struct of zeros: -ESRCH behind the last.
 * WAITS_MORE: nothing is told yet, and it is to be called again with the numbers as they are then.
 */
MUST_USE int waits_next(uint32_t *process, uint32_t *thread, struct thread_wait *wait);

/* Logs all of them, up to some number. For a panic: locks that somebody has are not waited for then. */
void waits_log(void);
