/*
 * crash: does one forbidden thing, to see what the system makes of it.
 */
#include <stdint.h>

#include "tool.h"

static const char usage[] = "usage: crash [WAY]\n"
			    "Faults in one of these ways (the first, if none is given):\n";

/* Written down here, the compiler can't see what it would refuse. */
static volatile uintptr_t small_address = 8;
static volatile uint64_t sink;
static const uint64_t constant = 42;

static void null_read(void)
{
	sink = *(volatile uint64_t *)small_address;
}

static void null_write(void)
{
	*(volatile uint64_t *)small_address = 1;
}

static void wild_read(void)
{
	sink = *(volatile uint64_t *)(uintptr_t)0x2a5a5a5a58;
}

static void kernel_read(void)
{
	sink = *(volatile uint64_t *)(uintptr_t)0xffffffffffffff00;
}

static void text_write(void)
{
	*(volatile uint32_t *)(uintptr_t)null_read = 0;
}

static void constant_write(void)
{
	*(volatile uint64_t *)(uintptr_t)&constant = 1;
}

static void null_jump(void)
{
	((void (*)(void))(small_address * 2))();
}

static void data_jump(void)
{
	((void (*)(void))(uintptr_t)&sink)();
}

static void illegal(void)
{
	__asm__ volatile(".half 0, 0");
}

static void privileged(void)
{
	__asm__ volatile("csrr t0, sstatus" ::: "t0");
}

static void breakpoint(void)
{
	__asm__ volatile("ebreak");
}

static void misaligned(void)
{
	static uint64_t words[2];
	__asm__ volatile("lr.d t0, (%0)" ::"r"((char *)words + 4) : "t0", "memory");
}

static void stack(void);
static void (*volatile again)(void) = stack;

static void stack(void)
{
	volatile char frame[4096];
	frame[0] = (char)sink;
	again();
	sink += (uint64_t)frame[0]; /* or the compiler makes a loop of it */
}

static void bad_stack(void)
{
	__asm__ volatile("mv sp, zero; sd ra, -8(sp)");
}

static void assertion(void)
{
	abort();
}

static const struct way {
	const char *name;
	void (*crash)(void);
	const char *text;
} ways[] = {
	{"null", null_read, "read at address 8"},
	{"null-write", null_write, "write at address 8"},
	{"wild", wild_read, "read where nothing is mapped"},
	{"kernel", kernel_read, "read the kernel's memory"},
	{"text-write", text_write, "write to the program's own code"},
	{"const-write", constant_write, "write to a constant"},
	{"jump", null_jump, "jump to address 16"},
	{"data-jump", data_jump, "jump to data"},
	{"illegal", illegal, "an instruction that does not exist"},
	{"privileged", privileged, "an instruction for the kernel alone"},
	{"break", breakpoint, "a breakpoint that nobody set"},
	{"misaligned", misaligned, "an atomic load at an odd place"},
	{"stack", stack, "recursion without end"},
	{"bad-stack", bad_stack, "use the stack with its pointer at 0"},
	{"abort", assertion, "abort()"},
};

enum { WAYS = sizeof ways / sizeof *ways };

static void help(void)
{
	fputs(usage, stdout);
	for (int i = 0; i < WAYS; i++)
		printf("  %-12s %s\n", ways[i].name, ways[i].text);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		help();
		return 0;
	}
	const char *name = argc > 1 ? argv[1] : ways[0].name;
	for (int i = 0; i < WAYS && argc <= 2; i++) {
		if (strcmp(ways[i].name, name) == 0) {
			ways[i].crash();
			fprintf(stderr, "crash: %s: still alive\n", name);
			return 1;
		}
	}
	fprintf(stderr, "crash: no way called '%s'; crash --help lists them\n", name);
	return 2;
}
