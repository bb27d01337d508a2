/*
 * Memory for malloc. sbrk: the region that it grows in, from behind the program on. It begins in the program's own data, and
 * goes on in memory objects mapped one after the other. Pages cost nothing before they are touched, so it grows in steps
 * that double; a step that lies wholly behind the break goes back. And pages of their own for large blocks. A program
 * that holds its memory has each page at once.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <tabula/handles.h>

#include "heap.h"
#include "libc.h"
#include "space.h"
#include "thread.h"

/* What is mapped from the start lies between __heap_start and __heap_end (program.ld). */
#define HEAP_BASE  ((uintptr_t)__heap_start)
#define HEAP_LIMIT SPACE_AREAS /* a program that lies above has no heap */
#define STEP_MAX   0x4000000ul

enum { STEPS = 1100 }; /* enough for the whole region in steps of the largest size */

extern char __heap_start[], __heap_end[];

static uintptr_t heap_break; /* 0: nobody has asked yet */
static uintptr_t heap_mapped; /* end of what is mapped */
static uintptr_t heap_used; /* above it all that is mapped is still zero */
static uintptr_t steps[STEPS]; /* where each begins */
static size_t step_count;

static int heap_map(size_t size)
{
	if (step_count == STEPS)
		return -ENOMEM;
	memory_handle memory = memory_create(size);
	if (memory.value < 0)
		return memory.value;
	long at = vm_map(own_process(), heap_mapped, memory, 0, size, PROT_READ | PROT_WRITE, MAP_FIXED);
	handle_close(ANY(memory)); /* the mapping keeps it */
	if (at < 0)
		return (int)at;
	steps[step_count++] = heap_mapped;
	heap_mapped += size;
	return 0;
}

/* Unmaps the steps that begin at the break or behind it. */
static void heap_shrink(void)
{
	while (step_count > 0 && steps[step_count - 1] >= heap_break) {
		uintptr_t start = steps[step_count - 1];
		if (vm_unmap(own_process(), start, heap_mapped - start) != 0)
			break; /* it can still be used */
		heap_mapped = start;
		step_count--;
	}
	if (heap_used > heap_mapped)
		heap_used = heap_mapped;
}

static int heap_extend(uintptr_t end)
{
	size_t needed = (end - heap_mapped + PAGE_SIZE - 1) & -(size_t)PAGE_SIZE;
	size_t step = heap_mapped - HEAP_BASE;
	if (step > STEP_MAX)
		step = STEP_MAX;
	if (step > needed && heap_map(step) == 0)
		return 0;
	return heap_map(needed);
}

static bool holds; /* see heap_hold */

/* A store of the kernel's to a page for which there is no memory is an error; the program's own would end it. */
static bool page_commit(uintptr_t page)
{
	struct handle_info *info = (struct handle_info *)page;
	if (handle_info(ANY(own_process()), info) != 0)
		return false;
	memset(info, 0, sizeof *info);
	return true;
}

/* Has pages between two addresses that have never been used; or it need not be so. */
static bool pages_commit(uintptr_t from, uintptr_t to)
{
	for (uintptr_t page = (from + PAGE_SIZE - 1) & -(uintptr_t)PAGE_SIZE; holds && page < to;
		page += PAGE_SIZE)
		if (!page_commit(page))
			return false;
	return true;
}

static void heap_begin(void)
{
	if (heap_break != 0)
		return;
	heap_break = heap_used = HEAP_BASE;
	heap_mapped = (uintptr_t)__heap_end;
}

void heap_hold(void)
{
	for (uintptr_t page = HEAP_BASE; page < heap_used; page += PAGE_SIZE)
		(void)process_read(own_process(), page, (uint8_t[1]){0}, 1); /* what it has already */
	holds = true;
}

void *sbrk(ptrdiff_t change)
{
	heap_begin();
	uintptr_t old = heap_break;
	if (change < (ptrdiff_t)(HEAP_BASE - old) || change > (ptrdiff_t)HEAP_LIMIT - (ptrdiff_t)old) {
		errno = ENOMEM;
		return (void *)-1;
	}
	uintptr_t new = old + (uintptr_t)change;
	if ((new > heap_mapped &&heap_extend(new) != 0) || !pages_commit(heap_used, new)) {
		errno = ENOMEM;
		return (void *)-1;
	}
	if (new > old && old < heap_used) /* given back earlier, and new memory reads as zero */
		memset((void *)old, 0, (new < heap_used ? new : heap_used) - old);
	if (new > heap_used)
		heap_used = new;
	heap_break = new;
	if (new < old)
		heap_shrink();
	return (void *)old;
}

void *pages_map(size_t size)
{
	memory_handle memory = memory_create(size);
	if (memory.value < 0)
		return NULL;
	long at = vm_place(own_process(), memory, 0, size, PROT_READ | PROT_WRITE, 0);
	handle_close(ANY(memory)); /* the mapping keeps it */
	if (at < 0)
		return NULL;
	if (pages_commit((uintptr_t)at, (uintptr_t)at + size))
		return (void *)at;
	pages_unmap((void *)at, size);
	return NULL;
}

void pages_unmap(void *start, size_t size)
{
	(void)vm_unmap(own_process(), (uintptr_t)start, size);
}

/* Hard to guess, not impossible: when the program asked first, to the nanosecond. */
size_t heap_random(void)
{
	uint64_t x = (uint64_t)clock_now() * 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static uint32_t lock_word;

void heap_lock(void)
{
	word_lock(&lock_word);
}

void heap_unlock(void)
{
	word_unlock(&lock_word);
}
