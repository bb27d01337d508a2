/* What a hart knows of itself. Only the hart touches it, so nothing here needs a lock. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "lib/list.h"

struct runner;
struct arch_aspace;

struct hart {
	/* Known to the trap path by offset. */
	struct runner *current; /* whose trapframe is in use; NULL after its end */
	uint64_t stack_top;
	uint64_t stack_bottom;
	uint64_t emergency_top; /* where an overflow of the stack is reported from */
	bool reschedule; /* somebody else may have to run: leave through door_next */

	unsigned index; /* 0 to CONFIG_HARTS - 1 */
	unsigned hardware; /* as the firmware numbers it */
	struct arch_aspace *space; /* whose page table is in use; NULL is the kernel's own */

	/* Scheduler. */
	struct list ready[CONFIG_PRIORITIES];
	uint32_t ready_mask; /* bit p: ready[p] has somebody */
	uint64_t slice_end; /* of the current thread; UINT64_MAX while nobody competes */
	struct list sleepers; /* threads with a deadline, soonest first */
	bool yielded; /* the current runner goes behind the others of its priority */
	uint64_t timer; /* what the timer is set to */
	uint64_t console_poll; /* when to look for input; UINT64_MAX while nobody waits */
};
