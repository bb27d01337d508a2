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

static void report_calls(void)
{
	for (unsigned number = 1; number < SYSCALL_SLOTS; number++)
		report_call(number);
}
#else
static void report_calls(void)
{
}
#endif

static void report_stacks(void)
{
	for (unsigned i = 0; i < hart_count(); i++)
		log_info("report: hart %u stack %zu of %u bytes", i, arch_stack_used(&harts[i]),
			CONFIG_HART_STACK);
}

void report(const char *bootargs)
{
	char answer[8];

	if (!bootargs_option(bootargs, "report", answer, sizeof(answer)))
		return;
	if (strcmp(answer, "yes")) {
		log_error("command line: report=%s is unknown; use report=yes", answer);
		return;
	}
	report_calls();
	report_stacks();
}
