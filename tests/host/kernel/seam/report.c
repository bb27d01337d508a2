/*
 * How the machine ends and what it tells: a shutdown, a panic, a report, something that is not true; and the random numbers
 * that tests choose by.
 */
#include "seam.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "host.h"
#include "panic.h"
#include "report.h"

/* The kernel's table of its own symbols, empty. */
const char kernel_start[1], text_end[1], symbol_strings[1];
const uint32_t symbol_count, symbol_offsets[1], symbol_names[1];

enum { TOLD_MOST = 12 };

static int status = -1; /* atomic */

/* A panic ends the program, for the test to see; a shutdown ends the hart, and tells the test. */
void arch_shutdown(uint8_t how)
{
	if (how == PANIC_STATUS) {
		fprintf(stderr, "%s\n", hosted_printed());
		abort();
	}
	__atomic_store_n(&status, how, __ATOMIC_RELEASE);
	host_lock();
	hosted_quiet = true;
	host_wake(MAIN_PLACE);
	host_unlock();
	arch_halt();
}

void arch_halt(void)
{
	host_lock();
	for (;;)
		host_wait(this_hart()->index);
}

static void make_report(void *unused)
{
	(void)unused;
	report("report=yes");
}

void hosted_report(void)
{
	(void)hosted_printed();
	hosted_do(0, make_report, NULL);
	printf("%s", hosted_printed());
}

int hosted_status(void)
{
	return __atomic_load_n(&status, __ATOMIC_ACQUIRE);
}

size_t arch_backtrace(uint64_t frame_pointer, uint64_t *addresses, size_t most)
{
	(void)frame_pointer, (void)addresses, (void)most;
	return 0;
}

size_t arch_stack_used(const struct hart *hart)
{
	(void)hart;
	return 0;
}

uint64_t hosted_random(uint64_t *seed)
{
	uint64_t x = *seed += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

void hosted_tell(const char *format, ...)
{
	static unsigned told; /* atomic */
	char line[256];
	va_list arguments;

	if (__atomic_fetch_add(&told, 1, __ATOMIC_RELAXED) >= TOLD_MOST)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	printf("# %s\n", line); /* at once: other harts may be telling, too */
}

void hosted_broken(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: not true: %s\n%s\n", file, line, condition, hosted_printed());
	abort();
}
