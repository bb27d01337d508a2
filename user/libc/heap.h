/*
 * What malloc stands on, besides sbrk.
 */
#pragma once

#include <stddef.h>

/* Fresh pages, which are zero; null when there are none. `size` is whole pages. */
void *pages_map(size_t size);
void pages_unmap(void *start, size_t size);

/*
 * From now on malloc gives only memory that is there, and is out of memory where a store to a page would otherwise end the
 * program. For servers, which have to go on.
 */
void heap_hold(void);

/* A number that differs from program to program. */
size_t heap_random(void);

/* One thread at a time. */
void heap_lock(void);
void heap_unlock(void);
