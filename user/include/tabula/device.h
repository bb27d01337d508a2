/*
 * What every driver begins with: its device is looked up in the device tree by what it is compatible with, its registers
 * are mapped, and its interrupt sets bits of a notification. The handle to the system has the right to devices.
 */
#pragma once

#include <tabula/syscalls.h>

enum { DEVICE_PATH_MOST = 256 };

/* Its node in the device tree. */
struct device_node {
	char path[DEVICE_PATH_MOST];
	size_t length;
};

/* The index-th device that is compatible with this. 0, -ENOENT behind the last one, or what the kernel says. */
int device_look_up(system_handle system, const char *compatible, uint32_t index, struct device_node *node);

/* Maps the first page of its registers: the address, or -errno. vm_unmap takes it away. */
long device_map(system_handle system, const struct device_node *node, enum prot prot);

/*
 * Has an interrupt set these bits: the handle to acknowledge it with, or -errno as the value. A driver that has died lets go
 * of its interrupt a little after its end, when all harts have left the kernel: so one that is busy is tried again for a while.
 */
interrupt_handle device_listen(
	system_handle system, uint32_t number, notification_handle notification, uint64_t bits);
