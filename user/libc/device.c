/* See tabula/device.h. */
#include <errno.h>
#include <string.h>
#include <tabula/device.h>
#include <tabula/handles.h>

#define PAUSE    1000000ul /* nanoseconds between two tries */
#define PATIENCE 5000000000ul

int device_look_up(system_handle system, const char *compatible, uint32_t index, struct device_node *node)
{
	long length = device_find(system, (const uint8_t *)compatible, strlen(compatible), index,
		(uint8_t *)node->path, DEVICE_PATH_MOST);
	if (length < 0 || length > DEVICE_PATH_MOST)
		return length < 0 ? (int)length : -ENAMETOOLONG;
	node->length = (size_t)length;
	return 0;
}

long device_map(system_handle system, const struct device_node *node, enum prot prot)
{
	memory_handle memory = memory_device(system, (const uint8_t *)node->path, node->length);
	if (memory.value < 0)
		return memory.value;
	long at = vm_place(own_process(), memory, 0, PAGE_SIZE, prot, 0);
	handle_close(ANY(memory)); /* the mapping keeps it */
	return at;
}

interrupt_handle device_listen(
	system_handle system, uint32_t number, notification_handle notification, uint64_t bits)
{
	uint64_t until = (uint64_t)clock_now() + PATIENCE;
	interrupt_handle line;
	do
		line = interrupt_create(system, number, notification, bits);
	while (line.value == -EBUSY && thread_sleep((uint64_t)clock_now() + PAUSE) == 0 &&
		(uint64_t)clock_now() < until);
	return line;
}
