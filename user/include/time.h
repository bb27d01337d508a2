/*
 * picolibc's <time.h> and the POSIX clocks, which it declares for few systems.
 */
#pragma once

#include_next <time.h>

#ifndef CLOCK_MONOTONIC
#define CLOCK_MONOTONIC ((clockid_t)4)
#endif

int clock_gettime(clockid_t clock, struct timespec *now);
int clock_getres(clockid_t clock, struct timespec *resolution);
int nanosleep(const struct timespec *duration, struct timespec *left);

#ifndef CLOCK_PROCESS_CPUTIME_ID
#define CLOCK_PROCESS_CPUTIME_ID ((clockid_t)2)
#endif

#ifndef TIMER_ABSTIME
#define TIMER_ABSTIME 4
#endif

#define TIME_UTC 1

/* The clock can't be set: EPERM. */
int clock_settime(clockid_t clock, const struct timespec *now);
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *duration, struct timespec *left);
int timespec_get(struct timespec *now, int base);
