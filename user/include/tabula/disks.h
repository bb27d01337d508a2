/*
 * What the driver of the disks and init, which starts it, agree on.
 */
#pragma once

enum { DISKS_MOST = 8 };

/*
 * A handle with this badge plus the number of a disk, on the endpoint that the driver receives on, is that disk, not open: to each
 * driver that takes the place of another. It speaks the protocol `device`.
 */
enum { DISK_BADGE = 1 };

/*
 * How much contiguous memory the driver gets for each disk (STARTUP_KEPT). It is the next driver's, when one ends in the
 * middle of something: the disk may write to it until that one has reset it.
 */
#define DISK_MEMORY 0x43000ul
