/*
 * `test=panic`, `test=fault`, `test=overflow` and `test=hang` on the kernel command line: each ends the machine, or
 * keeps it, in the way that its name says. Tests of the reports and of scripts/run use them. `test=shutdown` is a panic in
 * place of the shutdown, when programs have run and servers wait: report.c.
 */
#include "selftest.h"

#include <stdint.h>

#include "arch.h"
#include "bootargs.h"
#include "lib/string.h"
#include "log.h"
#include "panic.h"

static void break_promise(void)
{
	panic("asked for by test=panic");
}

static void touch_nothing(void)
{
	volatile uint64_t nowhere = 16; /* so that the compiler does not know */

	*(volatile uint32_t *)nowhere = 1;
}

/* The depth is unknown to the compiler, and the array is used after the call, so each level has a frame. */
static uint64_t recurse(volatile uint64_t depth)
{
	volatile uint64_t room[32];

	room[depth & 31] = depth;
	return depth ? recurse(depth - 1) + room[depth & 31] : 0;
}

static void overflow_stack(void)
{
	log_info("%lu", recurse(100000));
}

static void hang(void)
{
	for (;;)
		__asm__ volatile("");
}

void selftest(const char *bootargs)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {{"panic", break_promise}, {"fault", touch_nothing}, {"overflow", overflow_stack},
		{"hang", hang}};
	char name[16];

	if (!bootargs_option(bootargs, "test", name, sizeof(name)) || !strcmp(name, "shutdown"))
		return;
	for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		if (!strcmp(name, tests[i].name))
			tests[i].run();
	log_error("command line: test=%s is unknown; use test=panic, test=fault, test=overflow, test=hang or "
		  "test=shutdown",
		name);
}
