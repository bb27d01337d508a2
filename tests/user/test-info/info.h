/* What the parts of test-info share. */
#pragma once

#include "suite.h"

/* ---- processes.c */

/* A child that spins until its data are something else than zero, and exits with 5; -errno, or 0. */
int spinner_make(struct child *child);

struct process_info process_look(struct checks *c, process_handle p);

/* ---- the tests, in their order */

void test_own_process(void);
void test_life_of_process(void);
void test_peak(void);
void test_charges(void);
void test_waits(void);
void test_running(void);
void test_changing(void);
void test_timers_and_interrupts(void);
void test_system(void);
void test_all_threads(void);
void test_log(void);
