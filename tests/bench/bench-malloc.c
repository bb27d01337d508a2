/*
 * What malloc and free cost in instructions, in four habits of programs. For `scripts/run --icount bench-malloc`;
 * docs/PERFORMANCE.md says how picolibc's are measured with the same file.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { PAIRS = 10000, LIVE = 1000, REPLACED = 20000, MANY = 20000 };

static void *blocks[MANY];

static inline uint64_t instret(void)
{
	uint64_t value;

	__asm__ volatile("rdinstret %0" : "=r"(value)::"memory");
	return value;
}

static void report(const char *what, uint64_t start, unsigned times)
{
	printf("%-32s %6llu\n", what, (unsigned long long)((instret() - start) / times));
}

static void pairs(void)
{
	uint64_t start = instret();
	for (int i = 0; i < PAIRS; i++) {
		void *volatile block = malloc(64);
		free(block);
	}
	report("64 bytes made and freed", start, PAIRS);
}

/* One of many blocks is replaced by one of another size, up to 1000 bytes. */
static void replace(void)
{
	uint64_t seed = 1, start = instret();
	for (int i = 0; i < REPLACED; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		size_t which = (seed >> 33) % LIVE;
		free(blocks[which]);
		blocks[which] = malloc((size_t)(seed >> 50) % 1000 + 1);
	}
	report("one of 1000 blocks replaced", start, REPLACED);
	for (int i = 0; i < LIVE; i++)
		free(blocks[i]);
}

static void many(void)
{
	uint64_t start = instret();
	for (int i = 0; i < MANY; i++)
		blocks[i] = malloc(48);
	report("one of 20000 blocks made", start, MANY);
	start = instret();
	for (int i = 0; i < MANY; i += 2)
		free(blocks[i]);
	for (int i = 1; i < MANY; i += 2)
		free(blocks[i]);
	report("and freed, every other first", start, MANY);
}

int main(void)
{
	free(malloc(64));
	pairs();
	replace();
	many();
	return 0;
}
