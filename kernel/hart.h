/*
 * What a hart knows of itself. Only the hart itself touches it, so nothing here needs a lock, but for the mail that
 * others leave, which is atomic.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch_types.h"
#include "config.h"
#include "lib/list.h"
#include "lib/tree.h"

struct notification;
struct runner;

enum hart_work {
	WORK_SWITCH =
		1, /* `current` is another one than came in. Alone, the trap path does that; else door_next */
	WORK_CHOOSE = 2, /* somebody else may have to run */
	WORK_MAIL = 4, /* this hart has left mail for itself */
	WORK_OBJECTS = 8, /* objects may be about to go, or a signal has to go on */
	WORK_IPIS = 16, /* other harts are to get their interrupts: see ipis_due */
	WORK_AGAIN = 32, /* the call is made again, and what it has come to counts for nothing */
};

/* In cache lines of its own: it is written at each trap. */
struct hart {
	struct arch_hart arch; /* first; arch.space is the address space it is in, NULL the kernel's own */

	/* Known to the trap path by offset. */
	struct runner *current; /* whose trapframe is in use; NULL after its end */
	uint64_t stack_top;
	uint64_t stack_bottom;
	uint64_t emergency_top; /* where an overflow of the stack is reported from */
	/* One look at `busy` tells whether there is anything that keeps a thread from handing the hart to another at once. */
	union {
		struct {
			uint16_t
				work; /* bits of hart_work: what is to be done on the way out of the kernel */
			bool postponed; /* objects that are to go have been left for later */
			bool float_on; /* the floating-point unit has something of the current thread's */
			uint32_t ready_mask; /* bit p: ready[p] has somebody */
		};
		uint64_t busy;
	};
	struct runner
		*loaded; /* whose s0 to s11 and the like are in the hart's registers; NULL after its end */

	uint64_t self; /* 1 << index: as locks know it */
	unsigned index; /* 0 to CONFIG_HARTS - 1 */
	bool online; /* it takes part; never changes back */
	unsigned hardware; /* as the firmware numbers it */

	/* While a handler copies to or from a frame that it has found: exchange.c. */
	bool has_frame;
	uint64_t missing; /* the user address that was not there, of the last copy that failed */

	bool takes_pages; /* it has taken pages out of mappings that others may still use: copy.c */

	/* Frames that can be given out without asking others. */
	struct free_frame *frames;
	struct free_frame *zeroed; /* the same, of which all but the link is zeros */
	size_t frames_zeroed; /* how many these are */
	size_t frames_cached; /* both; atomic: others read it */

	/*
	 * Bit i: hart i is to get an interrupt on the way out, for mail. Not before: who wakes somebody has the lock of what
	 * he waited for, and the woken mostly takes it first.
	 */
	uint32_t ipis_due;

	/* From other harts: atomic. */
	struct runner *inbox; /* runners with mail for this hart, newest first */
	struct runner *inbox_left; /* not atomic: of the last look into it, for the next one */
	uint32_t grace_requests; /* bit i: hart i wants to know that this hart has left the kernel once */
	uint32_t grace_answers_due; /* how many harts still owe this one that answer */
	uint32_t idle; /* nonzero: nothing to run: it holds no object, and can be given work */
	uint64_t idle_time; /* ticks that it had nothing to run; others read it */
	uint32_t load; /* runners that are ready or running; others read it to choose a hart */

	/* Objects without references: first to be waited for, then waiting until every hart has left the kernel. */
	struct list doomed, dying;
	struct list finishing; /* processes whose last thread has ended */
	struct list leaving,
		left; /* receptions whose last handle is gone, as objects that are doomed and dying */
	bool has_work; /* one of these lists is not empty */

	/* What a signal of this hart has left to be given, on the way out of the kernel. */
	struct notification *signalled; /* with a reference; NULL: nothing */
	uint64_t signal_rest; /* bits of it */
	unsigned work_priority; /* of the most important thread that has caused any of this */

	/* Of the present stretch with interrupts off, in debug builds: see arch/riscv/stretch.c. */
	struct {
		uint64_t since; /* instructions of the hart when it began; 0: it is not measured */
		uint64_t cause; /* of the trap with which it began */
		uint64_t number; /* of the call, if it was one */
		uint64_t firmware; /* instructions of it that were the firmware's console's */
	} stretch;

	/* Scheduler. */
	struct list ready[CONFIG_PRIORITIES];
	uint64_t
		slice_end; /* when the next of the same priority gets its turn; UINT64_MAX: nobody has competed lately */
	struct tree sleepers; /* threads with a deadline, by it */
	uint64_t random; /* see hart_random */
	bool yielded; /* the current runner goes behind the others of its priority */
	uint64_t timer; /* what the timer is set to */
	uint64_t timers_due; /* atomic: when to look for timer objects; other harts make it earlier */
	uint64_t console_poll; /* when to look for input; UINT64_MAX while nobody waits */
} __attribute__((aligned(CONFIG_CACHE_LINE)));

/* By index; the first is the one the firmware booted. */
extern struct hart harts[CONFIG_HARTS];

/*
 * The next number of a sequence of this hart's, splitmix64, that begins with the machine's seed: what programs see of the
 * kernel does not tell it.
 */
uint64_t hart_random(void);

/* How many are online; they have the lowest indices. */
unsigned hart_count(void);

/* From now on the hart takes part. On the hart, in the order of the indices. */
void hart_set_online(struct hart *hart);

/* Makes a hart's own structures. On the hart. */
void hart_init(struct hart *hart, unsigned index, unsigned hardware);
