/* What the files of the hosted seam share: the machine that is wanted, its time, and what a hart has besides struct hart. */
#pragma once

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch.h"
#include "hart.h"
#include "hosted.h"

enum { MAIN_PLACE = CONFIG_HARTS /* where the test waits */ };

/* What a hart has besides struct hart. */
struct pthread_hart {
	jmp_buf leave;
	uint32_t ipi; /* atomic */
	uint64_t timer; /* atomic */
	unsigned times_outside; /* atomic: how often it has been outside of the kernel */
	bool outside; /* atomic: it idles, or waits for others and has nothing in hand */
	/* Under the host's lock. */
	bool asleep;
	bool due;
	void (*job)(void *);
	void *argument;
};

/* ---- machine.c */

extern struct hosted_machine hosted_options;

/* ---- archive.c */

/* Writes the boot archive; returns its size. */
size_t put_archive(char *to);

/* ---- time.c */

extern uint64_t hosted_now; /* atomic */

/* Wakes the harts that sleep past their time while others work. */
void ring_alarms(void);

/* ---- harts.c */

extern struct pthread_hart pthread_harts[CONFIG_HARTS];
extern bool hosted_quiet; /* under the host's lock: every hart is idle for good */

static inline struct pthread_hart *mine(void)
{
	return &pthread_harts[this_hart()->index];
}

/* ---- user.c */

/* User mode, until it is back in the kernel and out again. */
struct trapframe *user_mode(struct trapframe *frame);
