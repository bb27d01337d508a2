/*
 * What the parts of test-crowds share: a crowd of threads, of which each makes one call, and comes back from it or not.
 */
#pragma once

#include "suite.h"

enum { CROWD = 3000 };

/* ---- crowd.c */

/* Threads without a stack: each makes one call with what its argument points to, and ends. */
struct waiting {
	uint64_t a[7]; /* the call's arguments */
	uint64_t number; /* and the call */
	volatile uint64_t result;
	volatile uint64_t over;
	uint32_t *turn; /* how many have come back before this one */
	uint64_t came;
};

void crowd_entry(void); /* with what a thread waits by */

extern struct waiting crowd[CROWD];
extern uint32_t turns; /* how many have come back */

void crowd_start(struct waiting *w, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t last);
void start_at_word(unsigned i, const uint32_t *word);
void start_at_notification(unsigned i, notification_handle n, uint64_t mask);
void start_calling_until(unsigned i, endpoint_handle e, uint64_t deadline);
void start_calling(unsigned i, endpoint_handle e);
void start_receiving(unsigned i, endpoint_handle e, uint64_t deadline);

/* How many of the threads of this process wait for such a thing. */
unsigned threads_waiting(enum waits_for what);
bool all_wait(enum waits_for what, unsigned count);

/* Whether so many, from one on, come back with a result. */
bool come_back(unsigned from, unsigned count, long result);
bool come_in_order(unsigned from, unsigned count);

static inline long wake(const uint32_t *word, uint32_t count)
{
	return futex_wake((uintptr_t)word, count);
}

/* ---- the tests, by what they are about */

void test_one_word(void);
void test_many_words(void);
void test_turns(void);
void test_deadlines(void);
void test_threads(void);
void test_cpu_time(void);
void test_receivers(void);
void test_served(void);
void test_answered(void);
void test_callers(void);
void test_waiting_receivers(void);
void test_badges(void);
void test_notification(void);
void test_masks(void);
void test_leaving(void);
void test_all_bits(void);
void test_timers(void);
void test_end(void);
void test_clone(void);
void test_processes(void);
void test_mappings(void);
void test_copied(void);
void test_left(void);
