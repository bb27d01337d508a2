/*
 * Tables of the pages of an address space: the root that it begins with, those that are made where pages are to be, and how
 * all are given back. For mmu.c and the kernel's address spaces, under the space's lock as soon as others know it; for
 * mmu_kernel.c at boot. Nothing here enters a page, and no table goes before its space.
 */
#include "lib/bits.h"
#include "mem/account.h"
#include "mmu_parts.h"
#include "panic.h"

/* A pass must be able to look through tables down to the first page table, and free it, or it would begin again for ever. */
STATIC_ASSERT(WORK_PASS > WORK_OBJECT + (USER_ENTRIES + ENTRIES) / 16 * WORK_LOOK + WORK_FRAME);

/* So that they need not be looked for in the end. */
static void note_table(struct arch_aspace *aspace, uint64_t *entry)
{
	if (aspace->tables < TABLES_NOTED)
		aspace->table[aspace->tables] = entry;
	aspace->tables++;
}

uint64_t *riscv_make_tables(struct arch_aspace *aspace, uint64_t *table, uint64_t address, int level)
{
	struct account *account = aspace ? aspace->account : &kernel_account;

	for (int l = LEVELS - 1; l > level; l--) {
		uint64_t *entry = entry_of(table, address, l);

		if (!(*entry & PTE_V)) {
			paddr_t frame;

			if (account_frame_alloc_zeroed(account, &frame))
				return NULL;
			/* Release: whoever finds the table, by hardware or below, finds it zeroed. */
			arch_store_release(entry, entry_to(frame, 0));
			if (aspace)
				note_table(aspace, entry);
		}
		table = entry_table(*entry);
	}
	return entry_of(table, address, level);
}

int arch_aspace_init(struct arch_aspace *aspace, struct account *account)
{
	aspace->account = account;
	aspace->leaves_number = UINT64_MAX;
	TRY(account_frame_alloc_zeroed(account, &aspace->root));

	const uint64_t *kernel = direct(riscv_kernel_root);
	uint64_t *table = direct(aspace->root);

	for (unsigned i = 0; i < riscv_kernel_used_count; i++)
		table[riscv_kernel_used[i]] = kernel[riscv_kernel_used[i]];
	return 0;
}

/* Most entries are empty: eight are looked at together. */
static bool are_empty(const uint64_t *entries)
{
	return !(entries[0] | entries[1] | entries[2] | entries[3] | entries[4] | entries[5] | entries[6] |
		 entries[7]);
}

/* Frees what is below a table, from the front, and forgets it there; false when there was not enough work left. */
static bool free_tables(struct account *account, uint64_t *table, unsigned entries, int level, int *work)
{
	*work -= (int)entries / 16 * WORK_LOOK;
	for (unsigned i = 0; i < entries; i++) {
		if (i % 8 == 0 && are_empty(&table[i])) {
			i += 7;
			continue;
		}
		if (!(table[i] & PTE_V) || is_leaf(table[i]))
			continue;
		if (level > 1 && !free_tables(account, entry_table(table[i]), ENTRIES, level - 1, work))
			return false;
		if (*work <= 0)
			return false;
		account_frame_free(account, direct_to_physical(entry_table(table[i])));
		table[i] = 0;
		*work -= WORK_FRAME;
	}
	return true;
}

/* Makes a table zeros again whose entries have been used where `used` says so, which is somewhere. */
static void clear_used(uint64_t *table, uint32_t used)
{
	unsigned first = bits_lowest(used);

	table += (size_t)first * USED_TOGETHER;
	for (used >>= first; used; used >>= 1, table += USED_TOGETHER) {
		if (!(used & 1))
			continue;
#pragma GCC unroll 16
		for (unsigned i = 0; i < USED_TOGETHER; i++)
			table[i] = 0;
	}
}

static bool is_in_root(const struct arch_aspace *aspace, const uint64_t *entry)
{
	return ((uint64_t)entry & ~(uint64_t)(PAGE_SIZE - 1)) == (uint64_t)direct(aspace->root);
}

/* Which of the noted tables is the first with leaves; as many as there are when none has any. */
static uint32_t first_leaves(const struct arch_aspace *aspace)
{
	uint32_t i = 0;

	while (i < aspace->tables && is_in_root(aspace, aspace->table[i]))
		i++;
	return i;
}

/* The last comes first, so what hangs in a table has gone before it, and it is zeros again unless it has leaves. */
static bool free_noted(struct arch_aspace *aspace, int *work)
{
	uint32_t first = first_leaves(aspace);

	for (; aspace->tables; *work -= WORK_FRAME) {
		if (*work <= 0)
			return false;

		uint32_t number = --aspace->tables;
		uint64_t *entry = aspace->table[number], *table = entry_table(*entry);

		*entry = 0;
		if (number == first)
			clear_used(table, aspace->first_used);
		if (number == first || is_in_root(aspace, entry))
			account_frame_free_zeroed(aspace->account, direct_to_physical(table));
		else
			account_frame_free(aspace->account, direct_to_physical(table));
	}
	return true;
}

/* Whatever hung in its lower half has gone, so it is zeros again. */
static void free_root(struct arch_aspace *aspace)
{
	uint64_t *root = direct(aspace->root);

	for (unsigned i = 0; i < riscv_kernel_used_count; i++)
		root[riscv_kernel_used[i]] = 0;
	account_frame_free_zeroed(aspace->account, aspace->root);
	aspace->root.value = 0;
}

bool arch_aspace_destroy(struct arch_aspace *aspace, int *work)
{
	bool noted = aspace->tables <= TABLES_NOTED;

	assert(!riscv_harts_in(aspace));
	if (!aspace->root.value)
		return true;
	if (noted ? !free_noted(aspace, work)
		  : !free_tables(aspace->account, direct(aspace->root), USER_ENTRIES, LEVELS - 1, work))
		return false;
	free_root(aspace);
	return true;
}
