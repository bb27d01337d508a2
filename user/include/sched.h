/*
 * picolibc's <sched.h> and what it declares for few systems.
 */
#pragma once

#include_next <sched.h>

int sched_yield(void);
