/*
 * The parts of a device number: here it is the number of a server, and has none.
 */
#pragma once

#define major(device)         (0u)
#define minor(device)         ((unsigned)(device))
#define makedev(major, minor) ((dev_t)(minor))
