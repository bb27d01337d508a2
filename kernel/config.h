/* Every choice that somebody may want to change. */
#pragma once

enum {
	CONFIG_HARTS = 8, /* harts the kernel has room for */
	CONFIG_HART_STACK = 16384, /* bytes of kernel stack a hart */
	CONFIG_PRIORITIES = 32, /* scheduling priorities, 0 the lowest */
	CONFIG_TIME_SLICE_NS = 10000000, /* round robin within one priority */
	CONFIG_CONSOLE_POLL_NS = 2000000, /* how often input is looked for while a thread waits for it */
	CONFIG_INIT_STACK = 1 << 20, /* bytes of stack of the first program; touched pages only take memory */
	CONFIG_MEMORY_RANGES = 16, /* ranges of memory, and as many of reserved memory, in the device tree */
	CONFIG_BOOTARGS = 2048, /* bytes of kernel command line, the final NUL included */
};

/* DEBUG=1: check that each call returns an error that its line declares. */
#ifndef DEBUG_CHECKS
#define DEBUG_CHECKS 0
#endif
