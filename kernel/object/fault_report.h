/*
 * What the console is told of a process that has ended for an exception: what, where and who. The name of the place is
 * looked for among all symbols of its program, so the report is made in pieces, while the process is finished.
 */
#pragma once

#include <stdbool.h>

#include "result.h"

struct process;

/* Of a process; full of zeros there is nothing to tell. What the search needs is elsewhere: see struct process. */
struct fault_report {
	const char *fault; /* what it has met */
	enum { FAULT_UNTOLD, FAULT_TOLD, FAULT_SEARCHING, FAULT_SEARCHED } state;
};

/* For process_finish: goes on as far as `work` goes. True when all has been told; until then it is to be called again. */
MUST_USE bool fault_report_make(struct process *process, int *work);
