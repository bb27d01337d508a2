/*
 * What the parts of page tables, mmu.c and mmu_*.c, have in common: entries and tables, and the kernel's half. Nobody else
 * includes it.
 */
#pragma once

#include "pte.h"
#include "riscv.h"

enum {
	ENTRIES = PTE_COUNT,
	LEVELS = 3,
	LEAVES_SHIFT = PTE_LEAVES_SHIFT,
	USER_ENTRIES = 256, /* of the root table */
	USED_TOGETHER = ENTRIES / 32, /* entries for which one bit says that some are used */
};

/* ---- entries */

static inline uint64_t level_size(int level)
{
	return (uint64_t)PAGE_SIZE << 9 * level;
}

static inline uint64_t *entry_of(uint64_t *table, uint64_t address, int level)
{
	return &table[address >> (PAGE_SHIFT + 9 * level) & (ENTRIES - 1)];
}

/* To a page or a table, so that only bits above those of the flags are set. */
static inline uint64_t entry_to(paddr_t address, uint64_t flags)
{
	return address.value >> (PAGE_SHIFT - PTE_TABLE_SHIFT) | flags | PTE_V;
}

static inline uint64_t *entry_table(uint64_t entry)
{
	return direct((paddr_t){entry >> PTE_TABLE_SHIFT << PAGE_SHIFT});
}

static inline bool is_leaf(uint64_t entry)
{
	return entry & PTE_LEAF;
}

/*
 * The entry for `address` at `level` of what hangs in a root table, making tables on the way; NULL when a frame can't be had.
 * `aspace` is NULL for the kernel, else its tables are charged to it and noted. In mmu_tables.c.
 */
uint64_t *riscv_make_tables(struct arch_aspace *aspace, uint64_t *table, uint64_t address, int level);

/* ---- the kernel's root table, in mmu_kernel.c: its entries never change after arch_memory_init */

extern paddr_t riscv_kernel_root;
extern uint16_t riscv_kernel_used[ENTRIES - USER_ENTRIES]; /* which entries of it are not empty: few */
extern unsigned riscv_kernel_used_count;
