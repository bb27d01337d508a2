/*
 * Audits of debug builds: whether page tables show what regions say, handles name what is there, threads stand in the queues
 * that they should, memory is charged, and nothing stands in two places by accident. One is made now and then when a
 * process has gone, with `audit=each` on the command line each time, and at the end of the machine.
 */
#pragma once

#include "config.h"

#if DEBUG_CHECKS
/* Panics when something is wrong. On one hart, or while the others do nothing. */
void audit_now(void);

/* The same every so many times; while other harts run, but for what takes all of them to stand still. */
void audit_sometimes(void);
#else
static inline void audit_now(void)
{
}

static inline void audit_sometimes(void)
{
}
#endif
