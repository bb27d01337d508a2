/*
 * Drives the malloc of user/libc on the development machine: random calls, with every byte that was given out
 * written and checked, and the whole heap walked. The file itself is included, under other names.
 *
 *	malloc_driver SEED ROUNDS
 *	malloc_driver MISTAKE SIZE	a program that does not keep to the rules with blocks of this size
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

#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

enum { ARENA = 1 << 24, SLOTS = 200, THREADS = 4 };

static _Alignas(4096) char arena[ARENA];
static size_t arena_used, arena_most, pages_used;
static bool strangers = true; /* others call sbrk, too */

void *pages_map(size_t size)
{
	void *start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (start == MAP_FAILED)
		return NULL;
	pages_used += size;
	return start;
}

void pages_unmap(void *start, size_t size)
{
	(void)munmap(start, size);
	pages_used -= size;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void heap_lock(void)
{
	(void)pthread_mutex_lock(&mutex);
}

void heap_unlock(void)
{
	(void)pthread_mutex_unlock(&mutex);
}

size_t heap_random(void)
{
	return 0x123456789abcdef1;
}

/* Now and then somebody else has taken memory, also at odd addresses. */
void *our_sbrk(intptr_t change)
{
	if (strangers && change > 0 && random() % 8 == 0)
		arena_used += (size_t)random() % 100;
	if (change > 0 && (size_t)change > ARENA - arena_used)
		return (void *)-1;
	void *start = arena + arena_used;
	arena_used += (size_t)change;
	if (arena_used > arena_most)
		arena_most = arena_used;
	if (change < 0) /* what comes back is as good as unmapped */
		memset(arena + arena_used, 0xaa, (size_t)-change);
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
			require(list_of(size_of(b)) == i && !is_used(b), "list");
			require(b->next == NULL || b->next->previous == b, "links");
			in_lists++;
		}
	}
	if (state_of(block_of(some_bytes)) & MAPPED)
		return;
	for (struct block *b = block_of(some_bytes); size_of(b) != 0; b = block_after(b)) {
		struct block *after = block_after(b);
		require(size_of(b) >= BLOCK_MIN, "size");
		require(is_used(b) == !!(state_of(after) & BEFORE_USED), "flag of the block before");
		if (!is_used(b)) {
			require(is_used(after), "two free blocks side by side");
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
	return (size_t)random() % (1ul << random() % (random() % 50 == 0 ? 20 : 17));
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

/* What programs do wrong; none of them returns. */
static void mistake(const char *name, size_t size)
{
	char *bytes = malloc(size), *other = malloc(size), *third = malloc(size);
	if (strcmp(name, "double-free") == 0) {
		free(bytes);
		free(bytes);
	} else if (strcmp(name, "double-free-joined") == 0) {
		free(bytes);
		free(other);
		free(other);
	} else if (strcmp(name, "overflow") == 0) {
		memset(other, 'x', malloc_usable_size(other) + 16);
		free(third);
	} else if (strcmp(name, "overflow-own") == 0) {
		memset(other, 'x', malloc_usable_size(other) + 16);
		free(other);
	} else if (strcmp(name, "inside") == 0) {
		memset(other, 0, size);
		free(other + 16);
	} else if (strcmp(name, "odd") == 0) {
		free(other + 1);
	} else if (strcmp(name, "realloc-freed") == 0) {
		free(other);
		other = realloc(other, size + 1);
	} else if (strcmp(name, "write-after-free") == 0) {
		free(other);
		memset(other, 'x', 16);
		other = malloc(size);
	}
}

static void *thread_run(void *argument)
{
	char *blocks[32] = {0};
	unsigned seed = (unsigned)(uintptr_t)argument;
	for (int i = 0; i < 20000; i++) {
		int which = rand_r(&seed) % 32;
		size_t size = (size_t)rand_r(&seed) % 2000 + 1;
		if (blocks[which] != NULL)
			require(*blocks[which] == (char)(which + 64 * (int)(uintptr_t)argument),
				"of another thread");
		free(blocks[which]);
		blocks[which] = malloc(size);
		require(blocks[which] != NULL, "memory for a thread");
		*blocks[which] = (char)(which + 64 * (int)(uintptr_t)argument);
	}
	for (int i = 0; i < 32; i++)
		free(blocks[i]);
	return NULL;
}

static void run_threads(void)
{
	pthread_t threads[THREADS];
	for (uintptr_t i = 0; i < THREADS; i++)
		require(pthread_create(&threads[i], NULL, thread_run, (void *)i) == 0, "thread");
	for (int i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
}

/* What was much goes back, but for a rest. */
static void run_return(void)
{
	static char *many[4000];
	for (int i = 0; i < 4000; i++)
		many[i] = malloc(2000);
	size_t full = arena_used;
	for (int i = 0; i < 4000; i++)
		free(many[i]);
	require(full - arena_used > 4000 * 2000 / 2, "memory goes back");
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	if (argv[1][0] > '9') {
		mistake(argv[1], strtoul(argv[2], NULL, 10));
		return 0; /* not reached */
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
	require(pages_used == 0, "pages that were not unmapped");
	size_t most = arena_most;
	strangers = false;
	arena_used = (arena_used + ALIGNMENT - 1) & -(size_t)ALIGNMENT;
	run_return();
	run_threads();
	printf("%zu bytes used\n", most);
	return 0;
}
