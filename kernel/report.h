/*
 * What the kernel has to tell of itself at the end, for tests: with `report=yes` on the command line, system_shutdown logs
 * how much of each hart's stack was ever used and, in a debug build, which errors each call has returned and how long
 * interrupts were off.
 */
#pragma once

#include <stdint.h>

#include "config.h"

enum report_kind { REPORT_CALL, REPORT_EXCEPTION, REPORT_TIMER, REPORT_MAIL, REPORT_INTERRUPT };

#if DEBUG_CHECKS
/* A call has returned this, at once or after a wait. What is no error is not noted. */
void report_result(uint64_t number, long result);

/* Interrupts were off for so long, after a trap of this kind: of a call, if it was one, with this number. */
void report_stretch(enum report_kind kind, uint64_t number, uint64_t instructions);
#else
static inline void report_result(uint64_t number, long result)
{
	(void)number;
	(void)result;
}
#endif

/* Panics at the shutdown if the command line asks for that: see selftest.c. */
void report_selftest(const char *bootargs);

/* Logs it if the command line asks for it. */
void report(const char *bootargs);
