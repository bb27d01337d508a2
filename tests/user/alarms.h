/*
 * For suites that interrupt something again and again: a timer that sends SIGALRM once, and that handlers set anew. On a machine
 * that takes long to begin them they rest longer, for handlers not to be all that there is time for.
 */
#pragma once

#include <sys/time.h>

#include "suite.h"

/* To begin and to end a handler takes about as long. */
enum { REST = 4 };

SHARED volatile unsigned long timer_period;
SHARED volatile uint64_t timer_due;

static inline void timer_set_once(unsigned long time)
{
	struct itimerval value = {.it_value = {(time_t)(time / 1000000), (suseconds_t)(time % 1000000)}};

	timer_due = now() + time * 1000;
	setitimer(ITIMER_REAL, &value, NULL);
}

/* SIGALRM after `first` microseconds, and `period` after each handler has begun, or more. With 0 and 0 it is over. */
static inline void timer_start(unsigned long first, unsigned long period)
{
	timer_period = period;
	timer_set_once(first);
}

static inline unsigned long timer_rest(void)
{
	uint64_t time = now();

	return timer_period + (time > timer_due ? REST * (time - timer_due) / 1000 : 0);
}

static inline void timer_go_on_after(unsigned long rest)
{
	if (timer_period)
		timer_set_once(rest);
}

/* For handlers of SIGALRM, soon after they have begun: another one. Or in two parts, timer_rest and timer_go_on_after. */
static inline void timer_go_on(void)
{
	timer_go_on_after(timer_rest());
}
