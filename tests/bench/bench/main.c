/*
 * The benchmark: instructions retired, user stub included, around each operation, less the cost of reading the
 * counter. Deterministic under `qemu -icount shift=0`. Prints one line an operation: name, minimum, median, maximum;
 * scripts/bench makes the table and holds the budgets.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t counts[ROUNDS];
uint64_t reading;

static inline uint64_t instret(void)
{
	uint64_t value;

	__asm__ volatile("rdinstret %0" : "=r"(value)::"memory");
	return value;
}

void fail(const char *what, long error)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror((int)-error));
	exit(1);
}

long check(const char *what, long result)
{
	if (result < 0)
		fail(what, result);
	return result;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void counts_sort(size_t count)
{
	qsort(counts, count, sizeof(counts[0]), compare);
}

/* scripts/profile shows what runs between the labels, which must therefore stand in the program once. */
__attribute__((noinline, noclone)) static uint64_t count(const struct operation *op)
{
	uint64_t before, after;

	if (op->before)
		op->before();
	__asm__ volatile("bench_before: rdinstret %0" : "=r"(before)::"memory");
	op->run();
	__asm__ volatile("bench_after: rdinstret %0" : "=r"(after)::"memory");
	if (op->after)
		op->after();
	return after - before;
}

__attribute__((noinline, noclone)) void measure(const struct operation *op)
{
	if (op->prepare)
		op->prepare();
	for (int i = 0; i < WARM_UP && !op->collect; i++)
		count(op);
	for (int i = 0; i < ROUNDS && !op->collect; i++)
		counts[i] = count(op);
	if (op->collect)
		op->collect();
	if (op->finish)
		op->finish();
	counts_sort(ROUNDS);
}

/* Without -icount what takes next to nothing may take less than the reading did. */
static uint64_t net(uint64_t count)
{
	return count > reading ? count - reading : 0;
}

void print_counts(const char *name)
{
	printf("%s %lu %lu %lu\n", name, net(counts[0]), net(counts[ROUNDS / 2]), net(counts[ROUNDS - 1]));
}

static void empty(void)
{
}

static void measure_part(const struct operation *part, const char *wanted)
{
	for (const struct operation *op = part; op->name; op++) {
		if (wanted && strcmp(wanted, op->name))
			continue;
		measure(op);
		print_counts(op->name);
	}
}

static void measure_operations(const char *wanted)
{
	/* Processes before threads: a fork of a program that has had threads has more to do. */
	static const struct operation *const parts[] = {call_operations, memory_operations, process_operations,
		thread_operations, file_operations, message_operations, exception_operations, event_operations};

	measure(&(struct operation){.name = "reading", .run = empty});
	reading = counts[0];
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		measure_part(parts[i], wanted);
}

int main(int argc, char **argv)
{
	const char *wanted = argc > 1 ? argv[1] : NULL;
	int other = wanted ? other_main(wanted) : -1;
	uint64_t start = instret();

	if (other >= 0)
		return other;
	if (instret() == start) {
		fprintf(stderr,
			"bench: this machine's instret does not count; run it with -icount shift=0\n");
		return 1;
	}
	measure_operations(wanted);
	measure_latencies(wanted);
	measure_sizes(wanted);
	measure_growths(wanted);
	return 0;
}
