/* Lines that begin with `report:`, for scripts: numbers of calls and errors as the tables have them. See report.h. */
#include "report.h"

#include <stdbool.h>

#include "abi/syscall_numbers.h"
#include "arch.h"
#include "bootargs.h"
#include "hart.h"
#include "lib/format.h"
#include "lib/string.h"
#include "log.h"
#include "panic.h"

#if DEBUG_CHECKS
enum { ERRORS = 128 };

/* By call and error: atomic. */
static bool seen[SYSCALL_SLOTS][ERRORS];

void report_result(uint64_t number, long result)
{
	uint64_t error = 0 - (uint64_t)result;

	if (number < SYSCALL_SLOTS && error < ERRORS)
		__atomic_store_n(&seen[number][error], true, __ATOMIC_RELAXED);
}

static void report_call(unsigned number)
{
	char text[200] = "";
	size_t length = 0;

	for (unsigned error = 1; error < ERRORS; error++)
		if (__atomic_load_n(&seen[number][error], __ATOMIC_RELAXED)) {
			format(text + length, sizeof(text) - length, " %u", error);
			length += strlen(text + length);
		}
	if (length)
		log_info("report: call %u errors%s", number, text);
}

/* By number of the call, and behind that by kind: atomic. */
static uint64_t longest[SYSCALL_SLOTS + REPORT_INTERRUPT + 1];

void report_stretch(enum report_kind kind, uint64_t number, uint64_t instructions)
{
	uint64_t *most = &longest[SYSCALL_SLOTS + kind];

	if (kind == REPORT_CALL && number < SYSCALL_SLOTS)
		most = &longest[number];
	if (instructions > __atomic_load_n(most, __ATOMIC_RELAXED))
		__atomic_store_n(most, instructions, __ATOMIC_RELAXED);
}

static void report_stretches(void)
{
	static const char *const names[] = {"no call", "exception", "timer", "mail", "interrupt"};

	for (unsigned i = 0; i < SYSCALL_SLOTS; i++)
		if (longest[i])
			log_info("report: interrupts off %lu in call %u", longest[i], i);
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (longest[SYSCALL_SLOTS + i])
			log_info("report: interrupts off %lu in %s", longest[SYSCALL_SLOTS + i], names[i]);
}

static void report_calls(void)
{
	for (unsigned number = 1; number < SYSCALL_SLOTS; number++)
		report_call(number);
}
#else
static void report_calls(void)
{
}

static void report_stretches(void)
{
}
#endif

static void report_stacks(void)
{
	for (unsigned i = 0; i < hart_count(); i++)
		log_info("report: hart %u stack %zu of %u bytes", i, arch_stack_used(&harts[i]),
			CONFIG_HART_STACK);
}

void report_selftest(const char *bootargs)
{
	char answer[16];

	if (bootargs_option(bootargs, "test", answer, sizeof(answer)) && !strcmp(answer, "shutdown"))
		panic("asked for by test=shutdown");
}

void report(const char *bootargs)
{
	char answer[16];

	if (!bootargs_option(bootargs, "report", answer, sizeof(answer)))
		return;
	if (strcmp(answer, "yes")) {
		log_error("command line: report=%s is unknown; use report=yes", answer);
		return;
	}
	report_calls();
	report_stretches();
	report_stacks();
}
