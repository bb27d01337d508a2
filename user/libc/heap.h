/*
 * What malloc stands on, besides sbrk.
 */
#pragma once

#include <stddef.h>

/* Fresh pages, which are zero; null when there are none. `size` is whole pages. */
void *pages_map(size_t size);
void pages_unmap(void *start, size_t size);

/* A number that differs from program to program. */
size_t heap_random(void);

/* One thread at a time. */
void heap_lock(void);
void heap_unlock(void);
