/*
 * Test results in KTAP, version 1, for programs that test the system. One file, no library: a suite includes
 * it, in all of its files, says how many tests come, and reports each.
 *
 *	int main(void)
 *	{
 *		ktap_plan(2);
 *		ktap_ok(1 + 1 == 2, "numbers add up");
 *		ktap_equal(handle_close((any_handle){ 0 }), -EBADF, "a handle of 0 is refused");
 *		return ktap_end();
 *	}
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* One for all files of a suite: the linker takes one of several weak ones. */
__attribute__((weak)) struct ktap_counts {
	unsigned planned, run, failed;
} ktap;

/* First of all: how many tests come. */
static inline void ktap_plan(unsigned count)
{
	ktap.planned = count;
	setvbuf(stdout, NULL, _IOLBF, 0); /* a suite that hangs has told how far it came */
	printf("KTAP version 1\n1..%u\n", count);
}

/* A line for people, which may stand anywhere after the plan. */
__attribute__((format(printf, 1, 2))) static inline void ktap_diagnose(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fputs("# ", stdout);
	vprintf(format, arguments);
	putchar('\n');
	va_end(arguments);
}

static inline bool ktap_report(bool passed, const char *directive, const char *format, va_list arguments)
{
	ktap.run++;
	if (!passed)
		ktap.failed++;
	printf("%s %u - ", passed ? "ok" : "not ok", ktap.run);
	vprintf(format, arguments);
	printf("%s\n", directive);
	return passed;
}

/* One test. The description must not hold '#' or a newline. Returns whether it passed. */
__attribute__((format(printf, 2, 3))) static inline bool ktap_ok(bool passed, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	(void)ktap_report(passed, "", format, arguments);
	va_end(arguments);
	return passed;
}

/* One test that two numbers are equal; tells both when they are not, before the result, as all that belongs to one. */
__attribute__((format(printf, 3, 4))) static inline bool ktap_equal(
	long got, long expected, const char *format, ...)
{
	va_list arguments;
	if (got != expected)
		ktap_diagnose("got %ld (%#lx), expected %ld (%#lx)", got, (unsigned long)got, expected,
			(unsigned long)expected);
	va_start(arguments, format);
	bool passed = ktap_report(got == expected, "", format, arguments);
	va_end(arguments);
	return passed;
}

/* A test that can't be done here, and why. */
static inline void ktap_skip(const char *description, const char *reason)
{
	ktap.run++;
	printf("ok %u - %s # SKIP %s\n", ktap.run, description, reason);
}

/* Nothing more can be tested: ends the program. */
__attribute__((format(printf, 1, 2))) _Noreturn static inline void ktap_bail_out(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fputs("Bail out! ", stdout);
	vprintf(format, arguments);
	putchar('\n');
	va_end(arguments);
	exit(1);
}

/* Last of all: the totals. Returns the exit status of the suite. */
static inline int ktap_end(void)
{
	if (ktap.planned != ktap.run)
		ktap_diagnose("planned %u tests but ran %u", ktap.planned, ktap.run);
	printf("# Totals: pass:%u fail:%u\n", ktap.run - ktap.failed, ktap.failed);
	return ktap.failed == 0 && ktap.planned == ktap.run ? 0 : 1;
}
