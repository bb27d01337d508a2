/* Looking for disks: see disks.h. */
#include "disks.h"

#include <stdbool.h>
#include <stdint.h>
#include <tabula/device.h>
#include <tabula/disks.h>
#include <tabula/handles.h>

/* In words. virtio 1.1, 4.2.2. */
enum { MAGIC = 0, DEVICE_ID = 2, MAGIC_VALUE = 0x74726976, BLOCK_DEVICE = 2 };

static bool is_disk(system_handle system, const struct device_node *node)
{
	long at = device_map(system, node, PROT_READ);
	if (at < 0)
		return false;
	const volatile uint32_t *registers = (const volatile uint32_t *)at;
	bool is = registers[MAGIC] == MAGIC_VALUE && registers[DEVICE_ID] == BLOCK_DEVICE;
	(void)vm_unmap(own_process(), (uint64_t)at, PAGE_SIZE);
	return is;
}

unsigned disks_count(system_handle system)
{
	struct device_node node;
	unsigned count = 0;
	for (uint32_t i = 0; count < DISKS_MOST && device_look_up(system, "virtio,mmio", i, &node) == 0; i++)
		count += is_disk(system, &node);
	return count;
}
