/*
 * Which disks there are: virtio block devices, as the emulator's machine has them. Their driver finds them in the same order.
 */
#pragma once

#include <tabula/syscalls.h>

/* How many; at most DISKS_MOST. */
unsigned disks_count(system_handle system);
