/* Every choice that somebody may want to change. */
#pragma once

enum {
	CONFIG_HARTS = 8, /* harts the kernel has room for */
	CONFIG_CACHE_LINE = 64, /* bytes: what harts write all the time is that far apart */
	CONFIG_HART_STACK = 16384, /* bytes of kernel stack a hart */
	CONFIG_PRIORITIES = 32, /* scheduling priorities, 0 the lowest */
	CONFIG_TIME_SLICE_NS = 10000000, /* round robin within one priority */
	CONFIG_INTERRUPTS = 256, /* device interrupts have numbers below this */
	CONFIG_TIMER_BATCH =
		16, /* timer objects that fire, and threads whose time is over, in one interrupt at most */
	CONFIG_TIMER_REST_NS = 20000, /* time for others after periodic ones, or a full batch */
	CONFIG_CONSOLE_POLL_NS = 2000000, /* how often input is looked for while a thread waits for it */
	CONFIG_INIT_STACK = 1 << 20, /* bytes of stack of the first program; touched pages only take memory */
	CONFIG_MEMORY_RANGES = 16, /* ranges of memory, and as many of reserved memory, in the device tree */
	CONFIG_DEVICES = 256, /* nodes of the device tree that drivers can find */
	CONFIG_FUTEX_QUEUES = 256, /* queues that all futexes share, a power of two */
	CONFIG_LOG = 16384, /* bytes of the log that are kept */
	CONFIG_BOOTARGS = 2048, /* bytes of kernel command line, the final NUL included */
};

/* What the kernel says it is; programs must not depend on it. */
#define CONFIG_VERSION "0.1"

/* DEBUG=1: check that each call returns an error that its line declares. */
#ifndef DEBUG_CHECKS
#define DEBUG_CHECKS 0
#endif
