/*
 * What the file system takes from outside. The server has it from the kernel (memory.c), a test from the machine
 * that it runs on, so that all else here is plain C.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Finds address space for this many pages, which may not be touched yet. Null if there is none. */
char *pages_reserve(size_t count);

/* Makes a reserved page good to touch, for ever; it reads as zero. False when memory is out. */
bool page_commit(char *page);

/* Nanoseconds of the clock that files are dated by. */
uint64_t moment_now(void);

/* Sets bits of a notification that somebody has given; and closes it. */
void notification_tell(int32_t notification, uint64_t bits);
void notification_drop(int32_t notification);
