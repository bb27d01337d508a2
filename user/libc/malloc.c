/*
 * malloc: picolibc's walks a list of all free blocks, so programs with many blocks crawl. Here free blocks
 * stand in lists by size, a bitmap tells which lists have any, and a freed block joins its free neighbours:
 * every operation takes a bounded time. Memory comes from sbrk and goes back when much of its end is free; large
 * blocks are mapped one by one. A few small blocks of each size are kept as they are when they are freed, for the next
 * who asks for that size. Each header carries a check, so that a program that writes past a block, or frees
 * what it should not, is told and ended instead of going on with a broken heap.
 */
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <abi/abi.h>

#include "heap.h"

/*
 * A block: its size with its state in the low bits and a check in the high ones, then the caller's bytes. In a
 * free block the links of its list stand in their place, and the block behind knows its size. Sizes are multiples
 * of 16 and count the header.
 */
struct block {
	size_t before; /* size of the block before, if that is free; of a mapped block, what lies before it */
	size_t state;
	struct block *next, *previous; /* of a free block */
};

enum {
	USED = 1, /* this block */
	BEFORE_USED = 2, /* the block before */
	MAPPED = 4, /* it is alone, on pages of its own */
	KEPT = 8, /* it was freed, but is not yet: it counts as used for its neighbours */
	FLAGS = 15,
	ALIGNMENT = 16,
	HEADER = offsetof(struct block, next),
	BLOCK_MIN = sizeof(struct block),
	/* Lists: one for each size below 1024, then four for each power of two. */
	SMALL_LISTS = 64,
	LISTS = SMALL_LISTS + 4 * 54,
	MAP_WORDS = (LISTS + 63) / 64,
	GROW_MIN =
		0x1000, /* a page: the end of the heap is written to, and lies in one that is used, if the heap is small */
	GROW_PART = 8, /* of what there is, when it is large */
	MAP_MIN = 0x20000, /* a request of this size gets pages of its own */
	TRIM_MIN = 0x80000, /* so much has to be free at the end before any goes back */
	CHECK_SHIFT = 48,
	KEPT_SIZES = 33, /* those up to 512 bytes */
	KEPT_MOST = 16, /* of each size */
};

/* Above this the sum with header and rounding could wrap. */
#define REQUEST_MAX (SIZE_MAX / 4)

static struct block *lists[LISTS];
static uint64_t map[MAP_WORDS]; /* a bit for each list that is not empty */
static struct block *first; /* the lowest there ever was */
static struct block *last; /* ends the heap: a used block without bytes; null at first */

static struct block *kept[KEPT_SIZES];
static unsigned kept_count[KEPT_SIZES];

static size_t secret; /* part of each check; set when the first block is made, odd */
static size_t heap_size; /* what sbrk has given */

/* Says what is wrong and ends the program. Nothing here may allocate. */
_Noreturn static void give_up(const void *bytes, const char *what)
{
	static const char digits[] = "0123456789abcdef";
	char text[96] = "malloc: block 0x", *p = text + strlen(text);
	for (int shift = 60; shift >= 0; shift -= 4)
		if ((uintptr_t)bytes >> shift != 0 || shift == 0)
			*p++ = digits[(uintptr_t)bytes >> shift & 15];
	p = stpcpy(stpcpy(stpcpy(p, " "), what), "\n");
	(void)write(STDERR_FILENO, text, (size_t)(p - text));
	abort();
}

static size_t check_of(const struct block *block, size_t low)
{
	return ((low ^ (uintptr_t)block) * secret) >> CHECK_SHIFT << CHECK_SHIFT;
}

static void state_set(struct block *block, size_t low)
{
	block->state = low | check_of(block, low);
}

/* Size and flags, if the header is as it was left. */
static size_t state_of(const struct block *block)
{
	size_t low = block->state & (((size_t)1 << CHECK_SHIFT) - 1);
	if (block->state - low != check_of(block, low))
		give_up((const char *)block + HEADER,
			"is damaged: something was written past the one before, or "
			"this is no block");
	return low;
}

static size_t size_of(const struct block *block)
{
	return state_of(block) & ~(size_t)FLAGS;
}

static bool is_used(const struct block *block)
{
	return state_of(block) & USED;
}

static void flag_set(struct block *block, size_t flag, bool on)
{
	size_t low = state_of(block);
	state_set(block, on ? low | flag : low & ~flag);
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

/* A link that was overwritten most likely leads out of the heap. */
static bool can_be_block(const struct block *link)
{
	return link == NULL || (link >= first && link < last && (uintptr_t)link % ALIGNMENT == 0);
}

static void list_remove(struct block *block)
{
	unsigned list = list_of(size_of(block));
	bool good = can_be_block(block->next) && can_be_block(block->previous);
	if (!good || (block->next != NULL && block->next->previous != block) ||
		(block->previous != NULL ? block->previous->next : lists[list]) != block)
		give_up(bytes_of(block), "was written to after it was freed");
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
	state_set(block, size | BEFORE_USED);
	struct block *after = block_after(block);
	after->before = size;
	flag_set(after, BEFORE_USED, false);
	list_add(block);
}

/* Takes a free block out of its list for use. */
static void block_take(struct block *block)
{
	list_remove(block);
	flag_set(block, USED, true);
	flag_set(block_after(block), BEFORE_USED, true);
}

/* Frees what of a used block lies behind its first `size` bytes, if that is enough for a block. */
static void block_trim(struct block *block, size_t size)
{
	size_t rest = size_of(block) - size;
	if (rest < BLOCK_MIN)
		return;
	struct block *after = block_after(block);
	state_set(block, state_of(block) - rest);
	if (!is_used(after)) {
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

/* Frees a used block: it joins its free neighbours. Returns what it is part of then. */
static struct block *block_free(struct block *block)
{
	size_t low = state_of(block), size = low & ~(size_t)FLAGS;
	struct block *after = block_after(block);
	if (!(state_of(after) & BEFORE_USED))
		give_up(bytes_of(block), "was freed already");
	if (!is_used(after)) {
		list_remove(after);
		size += size_of(after);
	}
	flag_set(block, USED, false); /* stays to be seen when it is freed again */
	if (!(low & BEFORE_USED)) {
		size += block->before;
		block = (struct block *)((uintptr_t)block - block->before);
		list_remove(block);
	}
	block_release(block, size);
	return block;
}

/* ---- small blocks that are kept */

/* False if there are enough of its size, or it is too large. */
static bool block_keep(struct block *block, size_t low)
{
	size_t size = (low & ~(size_t)FLAGS) / ALIGNMENT;
	if (size >= KEPT_SIZES || kept_count[size] >= KEPT_MOST)
		return false;
	(void)state_of(block_after(block)); /* nothing was written past this one */
	state_set(block, low | KEPT);
	block->next = kept[size];
	kept[size] = block;
	kept_count[size]++;
	return true;
}

/* One of exactly this size, as good as new; null if none is kept. */
static struct block *block_unkeep(size_t size)
{
	struct block *block = kept[size / ALIGNMENT];
	if (block == NULL)
		return NULL;
	size_t low = state_of(block);
	if (!(low & KEPT) || !can_be_block(block->next))
		give_up(bytes_of(block), "was written to after it was freed");
	kept[size / ALIGNMENT] = block->next;
	kept_count[size / ALIGNMENT]--;
	state_set(block, low & ~(size_t)KEPT);
	return block;
}

/* Frees all that is kept: together it may be what is needed. True if there was any. */
static bool kept_release(void)
{
	bool some = false;
	for (size_t size = 0; size < KEPT_SIZES; size++) {
		struct block *block;
		while ((block = block_unkeep(size * ALIGNMENT)) != NULL) {
			(void)block_free(block);
			some = true;
		}
	}
	return some;
}

/* Makes room for a block at the end of the heap; false when memory is out. */
static bool heap_grow(size_t size)
{
	size_t part = heap_size / GROW_PART, wanted = size + 4 * HEADER;
	size_t more = ((wanted > part ? wanted : part) + GROW_MIN - 1) & -(size_t)GROW_MIN;
	char *start = sbrk((ptrdiff_t)more);
	if (start == (char *)-1) { /* not so much, but perhaps what is needed */
		more = (size + 4 * HEADER + ALIGNMENT - 1) & -(size_t)ALIGNMENT;
		start = sbrk((ptrdiff_t)more);
	}
	if (start == (char *)-1)
		return false;
	heap_size += more;
	struct block *block = last; /* the old end is the first header of what is new */
	size_t flags = BEFORE_USED;
	if (last == NULL || start != (char *)last + HEADER) {
		/* The first time, or somebody else has called sbrk: a heap of its own, aligned. */
		size_t lead = -(uintptr_t)start & (ALIGNMENT - 1);
		block = (struct block *)(start + lead);
		more = (more - lead - HEADER) & ~(size_t)FLAGS;
	} else {
		flags = state_of(last) & BEFORE_USED;
	}
	if (first == NULL || block < first)
		first = block;
	last = (struct block *)((uintptr_t)block + more);
	state_set(last, USED | BEFORE_USED);
	state_set(block, more | USED | flags);
	(void)block_free(block); /* like any other, it joins a free block before it */
	return true;
}

/* Gives the end of the heap back when a block there is large, as such and for the heap. */
static void heap_trim(struct block *block)
{
	size_t size = size_of(block);
	if (block_after(block) != last || size < TRIM_MIN || size < heap_size / 4)
		return;
	/* Somebody else may have called sbrk; then it is not ours to give back. */
	if (sbrk(0) != (char *)last + HEADER)
		return;
	size_t less = (size - BLOCK_MIN) & -(size_t)GROW_MIN;
	list_remove(block);
	last = (struct block *)((uintptr_t)last - less);
	state_set(last, USED | BEFORE_USED);
	block_release(block, size - less);
	heap_size -= less;
	(void)sbrk(-(ptrdiff_t)less);
}

static size_t block_size(size_t request)
{
	size_t size = (request + HEADER + ALIGNMENT - 1) & -(size_t)ALIGNMENT;
	return size < BLOCK_MIN ? BLOCK_MIN : size;
}

/* ---- blocks on pages of their own */

/* The bytes are at a multiple of `alignment`, no more than a page behind the start unless that asks for more. */
static void *pages_allocate(size_t alignment, size_t request)
{
	size_t lead = alignment > ALIGNMENT ? alignment : ALIGNMENT;
	size_t size = (lead + HEADER + request + PAGE_SIZE - 1) & -(size_t)PAGE_SIZE;
	char *start = pages_map(size);
	if (start == NULL)
		return NULL;
	uintptr_t bytes = ((uintptr_t)start + HEADER + alignment - 1) & -(uintptr_t)alignment;
	struct block *block = block_of((void *)bytes);
	block->before = (uintptr_t)block - (uintptr_t)start;
	state_set(block, size | USED | MAPPED);
	return bytes_of(block);
}

static void pages_free(struct block *block)
{
	size_t size = size_of(block);
	pages_unmap((char *)block - block->before, size);
}

/* How many bytes a used block has for its user. */
static size_t room_of(const struct block *block)
{
	size_t low = state_of(block), size = low & ~(size_t)FLAGS;
	return low & MAPPED ? size - block->before - HEADER : size - HEADER;
}

/* ---- what programs call */

static void start(void)
{
	if (secret == 0)
		secret = heap_random() | 1;
}

static void *heap_allocate(size_t size)
{
	struct block *block = size < KEPT_SIZES * ALIGNMENT ? block_unkeep(size) : NULL;
	if (block != NULL)
		return bytes_of(block);
	block = block_find(size);
	if (block == NULL && kept_release())
		block = block_find(size);
	if (block == NULL && heap_grow(size))
		block = block_find(size);
	if (block == NULL)
		return NULL;
	block_take(block);
	block_trim(block, size);
	return bytes_of(block);
}

/* Where in a larger block the bytes can be; what lies before becomes a block of its own and is freed. */
static void *heap_allocate_aligned(size_t alignment, size_t size)
{
	char *bytes = heap_allocate(size + alignment + BLOCK_MIN);
	if (bytes == NULL)
		return NULL;
	uintptr_t aligned = ((uintptr_t)bytes + alignment - 1) & -alignment;
	if (aligned != (uintptr_t)bytes && aligned - (uintptr_t)bytes < BLOCK_MIN)
		aligned += alignment;
	size_t lead = aligned - (uintptr_t)bytes;
	struct block *front = block_of(bytes), *block = block_of((void *)aligned);
	if (lead > 0) {
		state_set(block, (size_of(front) - lead) | USED | BEFORE_USED);
		state_set(front, state_of(front) - size_of(block));
		(void)block_free(front);
	}
	block_trim(block, size);
	return bytes_of(block);
}

/* malloc under a name of which the compiler knows nothing: it would make calloc of malloc and memset. */
static void *allocate(size_t alignment, size_t request)
{
	void *bytes = NULL;
	if (request <= REQUEST_MAX && alignment <= REQUEST_MAX) {
		heap_lock();
		start();
		if (request + alignment >= MAP_MIN)
			bytes = pages_allocate(alignment, request);
		else if (alignment > ALIGNMENT)
			bytes = heap_allocate_aligned(alignment, block_size(request));
		else
			bytes = heap_allocate(block_size(request));
		heap_unlock();
	}
	if (bytes == NULL)
		errno = ENOMEM;
	return bytes;
}

void *malloc(size_t request)
{
	return allocate(ALIGNMENT, request);
}

/* Freeing what is not in use ends the program: going on would do harm somewhere else. */
void free(void *bytes)
{
	if (bytes == NULL)
		return;
	if ((uintptr_t)bytes % ALIGNMENT != 0)
		give_up(bytes, "is none: no block begins there");
	struct block *block = block_of(bytes);
	heap_lock();
	size_t low = state_of(block);
	if (!(low & USED) || (low & KEPT))
		give_up(bytes, "was freed already");
	if (low & MAPPED)
		pages_free(block);
	else if (!block_keep(block, low))
		heap_trim(block_free(block));
	heap_unlock();
}

void *calloc(size_t count, size_t size)
{
	size_t total;
	if (__builtin_mul_overflow(count, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	void *bytes = allocate(ALIGNMENT, total);
	if (bytes == NULL || (state_of(block_of(bytes)) & MAPPED)) /* fresh pages are zero */
		return bytes;
	return memset(bytes, 0, total);
}

size_t malloc_usable_size(void *bytes)
{
	return bytes != NULL ? room_of(block_of(bytes)) : 0;
}

/* Takes the free block behind into a used one, if both together suffice. */
static bool block_extend(struct block *block, size_t size)
{
	struct block *after = block_after(block);
	if (is_used(after) || size_of(block) + size_of(after) < size)
		return false;
	block_take(after);
	state_set(block, state_of(block) + size_of(after));
	return true;
}

/* Changes the size where the block is, if that can be done. */
static bool resize(struct block *block, size_t request)
{
	size_t low = state_of(block);
	if (!(low & USED) || (low & KEPT))
		give_up(bytes_of(block), "was freed already");
	if (low & MAPPED)
		return request <= room_of(block) && request >= room_of(block) / 2;
	size_t size = block_size(request);
	if (request >= MAP_MIN || (size_of(block) < size && !block_extend(block, size)))
		return false;
	block_trim(block, size);
	return true;
}

void *realloc(void *bytes, size_t request)
{
	if (bytes == NULL)
		return allocate(ALIGNMENT, request);
	if (request > REQUEST_MAX) {
		errno = ENOMEM;
		return NULL;
	}
	struct block *block = block_of(bytes);
	heap_lock();
	bool done = resize(block, request);
	size_t room = room_of(block);
	heap_unlock();
	if (done)
		return bytes;
	void *moved = allocate(ALIGNMENT, request);
	if (moved != NULL) {
		memcpy(moved, bytes, room < request ? room : request);
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
	return allocate(alignment < ALIGNMENT ? ALIGNMENT : alignment, request);
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
