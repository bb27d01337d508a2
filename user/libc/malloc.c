/*
 * malloc: picolibc's walks a list of all free blocks, so programs with many blocks crawl. Here free blocks
 * stand in lists by size, a bitmap tells which lists have any, and a freed block joins its free neighbours:
 * every operation takes a bounded time. Memory comes from sbrk and is kept.
 */
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <abi/abi.h>

/*
 * A block: its size with its state in the low bits, then the caller's bytes. In a free block the links of
 * its list stand in their place, and the block behind knows its size. Sizes are multiples of 16 and count
 * the header.
 */
struct block {
	size_t before; /* size of the block before, if that is free */
	size_t state;
	struct block *next, *previous; /* of a free block */
};

enum {
	USED = 1, /* this block */
	BEFORE_USED = 2, /* the block before */
	FLAGS = 15,
	ALIGNMENT = 16,
	HEADER = offsetof(struct block, next),
	BLOCK_MIN = sizeof(struct block),
	/* Lists: one for each size below 1024, then four for each power of two. */
	SMALL_LISTS = 64,
	LISTS = SMALL_LISTS + 4 * 54,
	MAP_WORDS = (LISTS + 63) / 64,
	GROW_MIN = 0x10000,
};

/* Above this the sum with header and rounding could wrap. */
#define REQUEST_MAX (SIZE_MAX / 4)

static struct block *lists[LISTS];
static uint64_t map[MAP_WORDS]; /* a bit for each list that is not empty */
static struct block *last; /* ends the heap: a used block without bytes; null at first */

static size_t size_of(const struct block *block)
{
	return block->state & ~(size_t)FLAGS;
}

static struct block *block_after(const struct block *block)
{
	return (struct block *)((uintptr_t)block + size_of(block));
}

static void *bytes_of(struct block *block)
{
	return (char *)block + HEADER;
}

static struct block *block_of(void *bytes)
{
	return (struct block *)((uintptr_t)bytes - HEADER);
}

/* The list whose sizes a size is among; the sizes of a list are all less than those of the next. */
static unsigned list_of(size_t size)
{
	if (size < SMALL_LISTS * ALIGNMENT)
		return (unsigned)(size / ALIGNMENT);
	unsigned top = 63u - (unsigned)__builtin_clzl(size); /* 10 or more */
	return SMALL_LISTS + (top - 10) * 4 + (unsigned)(size >> (top - 2) & 3);
}

static void list_add(struct block *block)
{
	unsigned list = list_of(size_of(block));
	block->previous = NULL;
	block->next = lists[list];
	if (block->next != NULL)
		block->next->previous = block;
	lists[list] = block;
	map[list / 64] |= 1ul << list % 64;
}

static void list_remove(struct block *block)
{
	unsigned list = list_of(size_of(block));
	if (block->next != NULL)
		block->next->previous = block->previous;
	if (block->previous != NULL)
		block->previous->next = block->next;
	else
		lists[list] = block->next;
	if (lists[list] == NULL)
		map[list / 64] &= ~(1ul << list % 64);
}

/* Makes a free block of this size, behind a used one, and puts it into its list. */
static void block_release(struct block *block, size_t size)
{
	block->state = size | BEFORE_USED;
	struct block *after = block_after(block);
	after->before = size;
	after->state &= ~(size_t)BEFORE_USED;
	list_add(block);
}

/* Takes a free block out of its list for use. */
static void block_take(struct block *block)
{
	list_remove(block);
	block->state |= USED;
	block_after(block)->state |= BEFORE_USED;
}

/* Frees what of a used block lies behind its first `size` bytes, if that is enough for a block. */
static void block_trim(struct block *block, size_t size)
{
	size_t rest = size_of(block) - size;
	if (rest < BLOCK_MIN)
		return;
	struct block *after = block_after(block);
	block->state -= rest;
	if (!(after->state & USED)) {
		list_remove(after);
		rest += size_of(after);
	}
	block_release(block_after(block), rest);
}

/* The first list from `list` up that is not empty; LISTS if there is none. */
static unsigned list_filled(unsigned list)
{
	for (unsigned word = list / 64; word < MAP_WORDS; word++) {
		uint64_t bits = map[word];
		if (word == list / 64)
			bits &= UINT64_MAX << list % 64;
		if (bits != 0)
			return word * 64 + (unsigned)__builtin_ctzl(bits);
	}
	return LISTS;
}

/* A free block of this size or more, or null. Of its own list, whose blocks may be too small, one is tried. */
static struct block *block_find(size_t size)
{
	unsigned list = list_of(size);
	if (lists[list] != NULL && size_of(lists[list]) >= size)
		return lists[list];
	list = list_filled(list + 1);
	return list < LISTS ? lists[list] : NULL;
}

/* Makes room for a block at the end of the heap; false when memory is out. */
static bool heap_grow(size_t size)
{
	size_t more = (size + 4 * HEADER + GROW_MIN - 1) & -(size_t)GROW_MIN;
	char *start = sbrk((ptrdiff_t)more);
	if (start == (char *)-1)
		return false;
	struct block *block = last; /* the old end is the first header of what is new */
	if (last == NULL || start != (char *)last + HEADER) {
		/* The first time, or somebody else has called sbrk: a heap of its own, aligned. */
		size_t lead = -(uintptr_t)start & (ALIGNMENT - 1);
		block = (struct block *)(start + lead);
		block->state = BEFORE_USED;
		more = (more - lead - HEADER) & ~(size_t)FLAGS;
	}
	last = (struct block *)((uintptr_t)block + more);
	last->state = USED | BEFORE_USED;
	/* Freed like any other, it joins a free block before it. */
	block->state = more | USED | (block->state & BEFORE_USED);
	free(bytes_of(block));
	return true;
}

static size_t block_size(size_t request)
{
	size_t size = (request + HEADER + ALIGNMENT - 1) & -(size_t)ALIGNMENT;
	return size < BLOCK_MIN ? BLOCK_MIN : size;
}

/* malloc under a name of which the compiler knows nothing: it would make calloc of malloc and memset. */
static void *allocate(size_t request)
{
	struct block *block = NULL;
	if (request <= REQUEST_MAX) {
		size_t size = block_size(request);
		block = block_find(size);
		if (block == NULL && heap_grow(size))
			block = block_find(size);
	}
	if (block == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	block_take(block);
	block_trim(block, block_size(request));
	return bytes_of(block);
}

void *malloc(size_t request)
{
	return allocate(request);
}

/* Freeing what is not in use ends the program: going on would do harm somewhere else. */
void free(void *bytes)
{
	if (bytes == NULL)
		return;
	struct block *block = block_of(bytes);
	struct block *after = block_after(block);
	if (!(block->state & USED) || !(after->state & BEFORE_USED))
		abort();
	size_t size = size_of(block);
	if (!(after->state & USED)) {
		list_remove(after);
		size += size_of(after);
	}
	block->state &= ~(size_t)USED; /* stays to be seen when it is freed again */
	if (!(block->state & BEFORE_USED)) {
		size += block->before;
		block = (struct block *)((uintptr_t)block - block->before);
		list_remove(block);
	}
	block_release(block, size);
}

void *calloc(size_t count, size_t size)
{
	size_t total;
	if (__builtin_mul_overflow(count, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	void *bytes = allocate(total);
	return bytes != NULL ? memset(bytes, 0, total) : NULL;
}

size_t malloc_usable_size(void *bytes)
{
	return bytes != NULL ? size_of(block_of(bytes)) - HEADER : 0;
}

/* Takes the free block behind into a used one, if both together suffice. */
static bool block_extend(struct block *block, size_t size)
{
	struct block *after = block_after(block);
	if ((after->state & USED) || size_of(block) + size_of(after) < size)
		return false;
	block_take(after);
	block->state += size_of(after);
	return true;
}

void *realloc(void *bytes, size_t request)
{
	if (bytes == NULL)
		return allocate(request);
	if (request > REQUEST_MAX) {
		errno = ENOMEM;
		return NULL;
	}
	struct block *block = block_of(bytes);
	size_t size = block_size(request);
	if (size_of(block) >= size || block_extend(block, size)) {
		block_trim(block, size);
		return bytes;
	}
	void *moved = allocate(request);
	if (moved != NULL) {
		memcpy(moved, bytes, size_of(block) - HEADER);
		free(bytes);
	}
	return moved;
}

void *memalign(size_t alignment, size_t request)
{
	if (alignment & (alignment - 1)) {
		errno = EINVAL;
		return NULL;
	}
	if (alignment <= ALIGNMENT || alignment > REQUEST_MAX || request > REQUEST_MAX)
		return allocate(alignment <= ALIGNMENT ? request : SIZE_MAX);
	char *bytes = allocate(request + alignment + BLOCK_MIN);
	if (bytes == NULL)
		return NULL;
	uintptr_t aligned = ((uintptr_t)bytes + alignment - 1) & -alignment;
	if (aligned != (uintptr_t)bytes && aligned - (uintptr_t)bytes < BLOCK_MIN)
		aligned += alignment;
	size_t lead = aligned - (uintptr_t)bytes;
	struct block *front = block_of(bytes), *block = block_of((void *)aligned);
	if (lead > 0) { /* what lies before becomes a block of its own and is freed */
		block->state = (size_of(front) - lead) | USED | BEFORE_USED;
		front->state -= size_of(block);
		free(bytes);
	}
	block_trim(block, block_size(request));
	return bytes_of(block);
}

void *aligned_alloc(size_t alignment, size_t request)
{
	return memalign(alignment, request);
}

int posix_memalign(void **bytes, size_t alignment, size_t request)
{
	if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0)
		return EINVAL;
	int saved = errno;
	void *got = memalign(alignment, request);
	errno = saved;
	if (got == NULL)
		return ENOMEM;
	*bytes = got;
	return 0;
}

void *valloc(size_t request)
{
	return memalign(PAGE_SIZE, request);
}
