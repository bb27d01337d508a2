/* The console: a buffer of what is printed, for the test to look at, and what the test has typed. */
#include "seam.h"

#include "host.h"
#include "object/system.h"

enum { PRINTED = 1 << 16 };

static bool printed_locked; /* atomic */
static char printed[PRINTED];
static size_t printed_count;
static char typed[SYSTEM_INPUT];
static size_t typed_count, typed_taken;

void arch_console_put(char c)
{
	while (__atomic_exchange_n(&printed_locked, true, __ATOMIC_ACQUIRE))
		host_yield();
	if (printed_count == PRINTED - 1)
		printed_count = 0;
	printed[printed_count++] = c;
	__atomic_store_n(&printed_locked, false, __ATOMIC_RELEASE);
}

const char *hosted_printed(void)
{
	printed[printed_count] = '\0';
	printed_count = 0;
	return printed;
}

int arch_console_get(void)
{
	int c = -1;

	host_lock();
	if (typed_taken < typed_count)
		c = (uint8_t)typed[typed_taken++];
	host_unlock();
	return c;
}

void hosted_type(const char *text)
{
	host_lock();
	typed_count = typed_taken = 0;
	while (*text && typed_count < sizeof(typed))
		typed[typed_count++] = *text++;
	host_unlock();
}
