/*
 * The devices of the hosted machine: /timer and /disk raise interrupts when a test says so, /memory is the kernel's own,
 * /mute has no registers and no interrupt. An interrupt goes to one hart, and is masked from when it is taken until the
 * kernel unmasks it.
 */
#include "arch.h"
#include "abi/abi.h"
#include "doors.h"
#include "hart.h"
#include "host.h"
#include "hosted.h"
#include "lib/string.h"

enum { LINES = 8 };

/* Bit n is of interrupt n. Changed under the host's lock, looked at without. */
static uint32_t enabled, masked, pending;

static const struct {
	const char *path;
	struct device device;
} devices[] = {
	{"/timer", {{1ul << 40, PAGE_SIZE}, false, false, 1}},
	{"/disk", {{1ul << 41, 4 * PAGE_SIZE}, false, false, 2}},
	{"/memory", {{0, PAGE_SIZE}, true, false, 0}},
	{"/mute", {{0, 0}, false, false, 0}},
};

int arch_device_find(const char *path, struct device *device)
{
	for (unsigned i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (!strcmp(devices[i].path, path)) {
			*device = devices[i].device;
			return 0;
		}
	return -ENOENT;
}

/* All of them are compatible with "hosted". */
long arch_device_path(const char *compatible, unsigned index, char *path, size_t size)
{
	size_t length;

	if (strcmp(compatible, "hosted") || index >= sizeof(devices) / sizeof(devices[0]))
		return -ENOENT;
	length = strlen(devices[index].path);
	if (length >= size)
		return -ENOENT;
	memcpy(path, devices[index].path, length + 1);
	return (long)length;
}

unsigned arch_interrupt_count(void)
{
	return LINES;
}

static uint32_t read(const uint32_t *bits)
{
	return __atomic_load_n(bits, __ATOMIC_RELAXED);
}

/* Sets some bits and clears others; wakes the hart that has to look. */
static void change(unsigned number, uint32_t *bits, bool set)
{
	host_lock();
	__atomic_store_n(bits, set ? *bits | 1u << number : *bits & ~(1u << number), __ATOMIC_RELAXED);
	host_wake(number % hart_count());
	host_unlock();
}

void arch_interrupt_enable(unsigned number)
{
	change(number, &enabled, true);
}

void arch_interrupt_unmask(unsigned number)
{
	change(number, &masked, false);
}

void arch_interrupt_disable(unsigned number)
{
	change(number, &enabled, false);
	change(number, &masked, false);
}

void hosted_interrupt(unsigned number)
{
	change(number, &pending, true);
}

bool hosted_interrupt_due(unsigned hart)
{
	uint32_t due = read(&pending) & read(&enabled) & ~read(&masked);

	for (unsigned n = 1; n < LINES; n++)
		if (due & 1u << n && n % hart_count() == hart)
			return true;
	return false;
}

/* The number of an interrupt for this hart, which is masked from now on; 0: none. */
static unsigned claim(unsigned hart)
{
	unsigned number = 0;

	host_lock();
	for (unsigned n = 1; n < LINES && !number; n++)
		if (pending & enabled & ~masked & 1u << n && n % hart_count() == hart)
			number = n;
	if (number) {
		__atomic_store_n(&pending, pending & ~(1u << number), __ATOMIC_RELAXED);
		__atomic_store_n(&masked, masked | 1u << number, __ATOMIC_RELAXED);
	}
	host_unlock();
	return number;
}

bool hosted_take_interrupts(unsigned hart)
{
	unsigned number, taken = 0;

	for (; hosted_interrupt_due(hart) && (number = claim(hart)); taken++)
		door_irq(number);
	return taken;
}
