/* Calls that do next to nothing, and the encodings of their arguments. */
#include "bench.h"

static void null_call(void)
{
	process_id();
}

static void unknown_call(void)
{
	register long a7 __asm__("a7") = SYSCALL_SLOTS + 1;
	register long a0 __asm__("a0");

	__asm__ volatile("ecall" : "=r"(a0) : "r"(a7) : "memory");
}

/* The two encodings alone: arguments from memory to where the kernel takes them, without the trap. */
static volatile uint64_t source[9];

static void encode_register(void)
{
	register uint64_t a0 __asm__("a0") = source[0];
	register uint64_t a1 __asm__("a1") = source[1];
	register uint64_t a2 __asm__("a2") = source[2];
	register uint64_t a3 __asm__("a3") = source[3];
	register uint64_t a4 __asm__("a4") = source[4];
	register uint64_t a5 __asm__("a5") = source[5];
	register uint64_t a7 __asm__("a7") = SYS_process_id;

	__asm__ volatile("" ::"r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7));
}

static void encode_packed(void)
{
	struct vm_map_args packed = {.p = (uint32_t)source[0],
		.at = source[1],
		.m = (uint32_t)source[2],
		.offset = source[3],
		.len = source[4],
		.prot = (uint32_t)source[5],
		.how = (uint32_t)source[6]};
	register uint64_t a0 __asm__("a0") = (uint64_t)&packed;
	register uint64_t a1 __asm__("a1") = sizeof(packed);
	register uint64_t a7 __asm__("a7") = SYS_vm_map;

	__asm__ volatile("" ::"r"(a0), "r"(a1), "r"(a7) : "memory");
}

void handle_dup_close(void)
{
	handle_close(handle_duplicate(ANY(page), RIGHTS_SAME));
}

const struct operation call_operations[] = {
	{.name = "null_call", .run = null_call},
	{.name = "unknown_call", .run = unknown_call},
	{.name = "encode_register", .run = encode_register},
	{.name = "encode_packed", .run = encode_packed},
	{.name = "handle_dup_close", .prepare = make_page, .run = handle_dup_close},
	{.name = NULL},
};
