/*
 * sbrk: the region that malloc grows in, far from everything else, made of memory objects mapped one after
 * the other. Pages cost nothing before they are touched, so it grows in steps that double.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <tabula/handles.h>

#include "libc.h"

#define HEAP_BASE  0x1000000000ul
#define HEAP_LIMIT 0x2000000000ul
#define STEP_MIN   0x40000ul
#define STEP_MAX   0x4000000ul

static uintptr_t heap_break = HEAP_BASE;
static uintptr_t heap_mapped = HEAP_BASE; /* end of what is mapped */
static uintptr_t heap_used = HEAP_BASE; /* above it no byte was ever handed out */

static int heap_map(size_t size)
{
	memory_handle memory = memory_create(size);
	if (memory.value < 0)
		return memory.value;
	long at = vm_map(own_process(), heap_mapped, memory, 0, size, PROT_READ | PROT_WRITE, MAP_FIXED);
	handle_close(ANY(memory)); /* the mapping keeps it */
	if (at < 0)
		return (int)at;
	heap_mapped += size;
	return 0;
}

static int heap_extend(uintptr_t end)
{
	size_t needed = (end - heap_mapped + PAGE_SIZE - 1) & -(size_t)PAGE_SIZE;
	size_t step = heap_mapped - HEAP_BASE;
	if (step < STEP_MIN)
		step = STEP_MIN;
	if (step > STEP_MAX)
		step = STEP_MAX;
	if (step > needed && heap_map(step) == 0)
		return 0;
	return heap_map(needed);
}

void *sbrk(ptrdiff_t change)
{
	uintptr_t old = heap_break;
	if (change < (ptrdiff_t)(HEAP_BASE - old) || change > (ptrdiff_t)(HEAP_LIMIT - old)) {
		errno = ENOMEM;
		return (void *)-1;
	}
	uintptr_t new = old + (uintptr_t)change;
	if (new > heap_mapped && heap_extend(new) != 0) {
		errno = ENOMEM;
		return (void *)-1;
	}
	if (new > old && old < heap_used) /* given back earlier, and new memory reads as zero */
		memset((void *)old, 0, (new < heap_used ? new : heap_used) - old);
	if (new > heap_used)
		heap_used = new;
	heap_break = new;
	return (void *)old;
}
