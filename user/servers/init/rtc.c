/* The clock of the machine: see rtc.h. */
#include "rtc.h"

#include <tabula/device.h>
#include <tabula/handles.h>

/* Of 32 bits each. Reading the low half has the device keep the high one that belongs to it. */
enum rtc_register { TIME_LOW = 0x00, TIME_HIGH = 0x04 };

uint64_t rtc_epoch(system_handle system)
{
	struct device_node node;
	if (device_look_up(system, "google,goldfish-rtc", 0, &node) != 0)
		return 0;
	long at = device_map(system, &node, PROT_READ);
	if (at < 0)
		return 0;
	const volatile uint32_t *low = (const volatile uint32_t *)(at + TIME_LOW);
	const volatile uint32_t *high = (const volatile uint32_t *)(at + TIME_HIGH);
	uint64_t date = *low, since = (uint64_t)clock_now();
	date |= (uint64_t)*high << 32;
	(void)vm_unmap(own_process(), (uint64_t)at, PAGE_SIZE);
	return date > since ? date - since : 0;
}
