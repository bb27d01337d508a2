/*
 * Drives the malloc of user/libc on the development machine: random calls, with every byte that was given out
 * written and checked, and the whole heap walked. The file itself is included, under other names.
 *
 *	malloc_driver SEED ROUNDS
 *	malloc_driver double-free
 */
#define malloc             our_malloc
#define free               our_free
#define calloc             our_calloc
#define realloc            our_realloc
#define memalign           our_memalign
#define aligned_alloc      our_aligned_alloc
#define posix_memalign     our_posix_memalign
#define valloc             our_valloc
#define sbrk               our_sbrk
#define malloc_usable_size our_malloc_usable_size

#include "malloc.c"

#include <stdio.h>

enum { ARENA = 1 << 24, SLOTS = 200 };

static _Alignas(4096) char arena[ARENA];
static size_t arena_used;

/* Now and then somebody else has taken memory, also at odd addresses. */
void *our_sbrk(intptr_t more)
{
	if (random() % 8 == 0)
		arena_used += (size_t)random() % 100;
	if (more < 0 || (size_t)more > ARENA - arena_used)
		return (void *)-1;
	void *start = arena + arena_used;
	arena_used += (size_t)more;
	return start;
}

static void require(bool condition, const char *what)
{
	if (!condition) {
		printf("broken: %s\n", what);
		exit(1);
	}
}

/* The last heap from its first used block on: sizes, flags, neighbours, and the lists. */
static void heap_check(void *some_bytes)
{
	size_t in_lists = 0, free_seen = 0;
	for (unsigned i = 0; i < LISTS; i++) {
		require((lists[i] != NULL) == (map[i / 64] >> i % 64 & 1), "bitmap");
		for (struct block *b = lists[i]; b != NULL; b = b->next) {
			require(list_of(size_of(b)) == i && !(b->state & USED), "list");
			require(b->next == NULL || b->next->previous == b, "links");
			in_lists++;
		}
	}
	for (struct block *b = block_of(some_bytes); size_of(b) != 0; b = block_after(b)) {
		struct block *after = block_after(b);
		require(size_of(b) >= BLOCK_MIN, "size");
		require(!!(b->state & USED) == !!(after->state & BEFORE_USED), "flag of the block before");
		if (!(b->state & USED)) {
			require(after->state & USED, "two free blocks side by side");
			require(after->before == size_of(b), "size of the block before");
			free_seen++;
		}
	}
	require(free_seen <= in_lists, "a free block in no list");
}

static struct slot {
	char *bytes;
	size_t size;
	char pattern;
} slots[SLOTS];

static void slot_check(const struct slot *slot)
{
	for (size_t i = 0; i < slot->size; i++)
		require(slot->bytes[i] == slot->pattern, "contents");
}

static void slot_fill(struct slot *slot)
{
	slot->pattern = (char)random();
	memset(slot->bytes, slot->pattern, slot->size);
}

static size_t random_size(void)
{
	return (size_t)random() % (1ul << random() % 17);
}

static void slot_make(struct slot *slot)
{
	size_t alignment = ALIGNMENT;
	slot->size = random_size();
	switch (random() % 3) {
	case 0:
		slot->bytes = malloc(slot->size);
		break;
	case 1:
		slot->bytes = calloc(slot->size, 1);
		for (size_t i = 0; i < slot->size && slot->bytes != NULL; i++)
			require(slot->bytes[i] == 0, "calloc");
		break;
	default:
		alignment = 1ul << (4 + random() % 10);
		slot->bytes = memalign(alignment, slot->size);
		break;
	}
	if (slot->bytes == NULL) {
		slot->size = 0;
		return;
	}
	require((uintptr_t)slot->bytes % alignment == 0, "alignment");
	require(malloc_usable_size(slot->bytes) >= slot->size, "usable size");
	slot_fill(slot);
}

static void slot_resize(struct slot *slot)
{
	size_t size = random_size();
	char *moved = realloc(slot->bytes, size);
	if (moved == NULL)
		return;
	slot->bytes = moved;
	slot->size = slot->size < size ? slot->size : size;
	slot_check(slot);
	slot->size = size;
	slot_fill(slot);
}

static void run(unsigned long rounds)
{
	for (unsigned long i = 0; i < rounds; i++) {
		struct slot *slot = &slots[random() % SLOTS];
		if (slot->bytes == NULL) {
			slot_make(slot);
		} else if (random() % 3 == 0) {
			slot_resize(slot);
		} else {
			slot_check(slot);
			free(slot->bytes);
			slot->bytes = NULL;
		}
		if (i % 64 == 0 && slot->bytes != NULL)
			heap_check(slot->bytes);
	}
}

int main(int argc, char **argv)
{
	if (argc == 2) {
		char *bytes = malloc(100), *other = malloc(100);
		free(bytes);
		free(bytes);
		return other != NULL; /* not reached */
	}
	volatile size_t huge = SIZE_MAX; /* the compiler would refuse to ask for so much */
	srandom((unsigned)atoi(argv[1]));
	run(strtoul(argv[2], NULL, 10));
	require(malloc(huge) == NULL && malloc(huge / 4) == NULL, "huge size");
	require(calloc(huge / 2, 3) == NULL && errno == ENOMEM, "calloc that overflows");
	require(memalign(24, 1) == NULL && errno == EINVAL, "odd alignment");
	require(memalign(huge / 2 + 1, 1) == NULL && errno == ENOMEM, "huge alignment");
	for (int i = 0; i < SLOTS; i++)
		free(slots[i].bytes);
	printf("%zu bytes used\n", arena_used);
	return 0;
}
