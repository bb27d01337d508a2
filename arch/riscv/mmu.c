/*
 * Sv39 page tables (privileged specification 1.12, section 4.4): entering, finding and removing the pages of an address space,
 * under its lock. Every leaf has A and D set as it is used, so that hardware that does not update them works too. Nothing
 * here waits for other harts: what they are to forget, arch_aspace_forget sees to.
 */
#include "abi/abi.h"
#include "csr.h"
#include "mmu_parts.h"
#include "panic.h"

/* Pages come one after the other, as a rule, and tables stay until the space goes: so the last one is at hand. */
static void keep_leaves(struct arch_aspace *aspace, uint64_t address, uint64_t *entry)
{
	aspace->leaves = entry - (address >> PAGE_SHIFT & (ENTRIES - 1));
	aspace->leaves_number = address >> LEAVES_SHIFT;
	if (!aspace->first_used)
		aspace->first_number = (uint32_t)aspace->leaves_number;
}

/* Notes that `count` entries of the table at hand, one at least, are about to be used. */
static inline void note_used_entries(struct arch_aspace *aspace, uint64_t address, unsigned count)
{
	uint64_t page = address >> PAGE_SHIFT;

	if (aspace->leaves_number == aspace->first_number)
		aspace->first_used |=
			(2u << (page + count - 1) / USED_TOGETHER % 32) - (1u << page / USED_TOGETHER % 32);
}

static RARE uint64_t *leaf_making_leaves(struct arch_aspace *aspace, uint64_t address)
{
	uint64_t *entry = riscv_make_tables(aspace, direct(aspace->root), address, 0);

	if (entry)
		keep_leaves(aspace, address, entry);
	return entry;
}

static inline uint64_t *leaf_making(struct arch_aspace *aspace, uint64_t address)
{
	if (aspace->leaves_number != address >> LEAVES_SHIFT)
		return leaf_making_leaves(aspace, address);
	return entry_of(aspace->leaves, address, 0);
}

STATIC_ASSERT(PROT_READ << 1 == PTE_R && PROT_WRITE << 1 == PTE_W && PROT_EXEC << 1 == PTE_X);

static uint64_t flags_of(enum prot prot)
{
	uint64_t flags = PTE_U | PTE_A | (uint64_t)prot << 1;

	return prot & PROT_WRITE ? flags | PTE_R | PTE_D : flags; /* W without R is reserved, 4.3.1 */
}

int arch_aspace_map(struct arch_aspace *aspace, uint64_t address, paddr_t frame, enum prot prot)
{
	uint64_t *entry = leaf_making(aspace, address);

	if (!entry)
		return -ENOMEM;
	note_used_entries(aspace, address, 1);
	*entry = entry_to(frame, flags_of(prot));
	riscv_fence_translation(address); /* an invalid entry may be cached, 4.2.1 */
	if (prot & PROT_EXEC)
		riscv_fence_code();
	return 0;
}

/* Where a table begins that an entry of a root table has, from that of `start` on; or `end` at least. */
static uint64_t first_below(const uint64_t *root, uint64_t start, uint64_t end)
{
	const uint64_t size = level_size(LEVELS - 1);
	const uint64_t *entry = &root[start / size], *last = &root[(end - 1) / size];

	while (entry <= last && !(*entry & PTE_V))
		entry++;
	return (uint64_t)(entry - root) * size;
}

/* The entry of the page at `start`; those of the pages up to `*next` follow it. NULL when there is no table for these. */
static uint64_t *leaves_from(const struct arch_aspace *aspace, uint64_t start, uint64_t end, uint64_t *next)
{
	uint64_t *table = direct(aspace->root);

	if (!(*entry_of(table, start, LEVELS - 1) & PTE_V)) {
		*next = first_below(table, start, end);
		return NULL;
	}
	for (int level = LEVELS - 1; level; level--) {
		uint64_t entry = *entry_of(table, start, level);

		*next = (start | (level_size(level) - 1)) + 1;
		if (!(entry & PTE_V))
			return NULL;
		table = entry_table(entry);
	}
	return entry_of(table, start, 0);
}

/* Changes the entries of [start, end) that are valid; true when that took a right away. Tables stay until the space goes. */
static ALWAYS_INLINE bool change_leaves(
	const struct arch_aspace *aspace, uint64_t start, uint64_t end, bool (*change)(uint64_t *entry))
{
	bool changed = false;

	while (start < end) {
		uint64_t next, *entry = leaves_from(aspace, start, end, &next);

		next = next < end ? next : end;
		for (; entry && start < next; start += PAGE_SIZE, entry++)
			if (*entry & PTE_V)
				changed |= change(entry);
		start = next;
	}
	return changed;
}

static inline bool clear(uint64_t *entry)
{
	*entry = 0;
	return true;
}

bool arch_aspace_unmap(struct arch_aspace *aspace, uint64_t start, uint64_t end)
{
	if (!change_leaves(aspace, start, end, clear))
		return false;
	if (end - start == PAGE_SIZE)
		riscv_fence_translation(start);
	else
		riscv_fence_translations();
	return riscv_other_visitors(aspace) && arch_aspace_is_elsewhere(aspace);
}

/* Where nobody has been yet, nothing is remembered, of invalid entries either. */
static void fence_run(const struct arch_aspace *aspace, enum prot prot)
{
	if (!riscv_visitors(aspace))
		return;
	riscv_fence_translations();
	if (prot & PROT_EXEC)
		riscv_fence_code();
}

/* Enters frames in a page table, one after the other. */
static void enter_run(uint64_t *entry, const paddr_t *frame, unsigned count, uint64_t flags)
{
	const uint64_t all = entry_to((paddr_t){0}, flags), read_only = all & ~(uint64_t)(PTE_W | PTE_D);

	STATIC_ASSERT((ARCH_RUN_SKIP | ARCH_RUN_READ) >> (PAGE_SHIFT - PTE_TABLE_SHIFT) == 0);
	for (const paddr_t *end = frame + count; frame != end; frame++, entry++)
		if (frame->value && !(frame->value & ARCH_RUN_SKIP) && !*entry)
			*entry = frame->value >> (PAGE_SHIFT - PTE_TABLE_SHIFT) |
				 (frame->value & ARCH_RUN_READ ? read_only : all);
}

int arch_aspace_map_run(
	struct arch_aspace *aspace, uint64_t address, const paddr_t *frames, unsigned count, enum prot prot)
{
	const uint64_t flags = flags_of(prot);

	while (count) {
		unsigned left = ENTRIES - (address >> PAGE_SHIFT & (ENTRIES - 1)),
			 n = count < left ? count : left;
		uint64_t *entry = leaf_making(aspace, address);

		if (!entry)
			return -ENOMEM;
		note_used_entries(aspace, address, n);
		enter_run(entry, frames, n, flags);
		address += (uint64_t)n << PAGE_SHIFT;
		frames += n;
		count -= n;
	}
	fence_run(aspace, prot);
	return 0;
}

uint64_t arch_aspace_reach(const struct arch_aspace *aspace, uint64_t start, uint64_t end, uint64_t *pages)
{
	enum { PRICE_OF_A_LOOK = 4 }; /* a missing table is as long to look for as some pages are to clear */

	while (start < end && *pages) {
		uint64_t next, price = PRICE_OF_A_LOOK;
		bool has_table = leaves_from(aspace, start, end, &next);

		next = next < end ? next : end;
		if (has_table)
			price = (next - start) >> PAGE_SHIFT;
		if (price > *pages) {
			next = has_table ? start + (*pages << PAGE_SHIFT) : next;
			price = *pages;
		}
		*pages -= price;
		start = next;
	}
	return start;
}

static RARE bool find_leaves(struct arch_aspace *aspace, uint64_t address)
{
	uint64_t next, *entry = address < USER_TOP ? leaves_from(aspace, address, address + 1, &next) : NULL;

	if (entry)
		keep_leaves(aspace, address, entry);
	return entry;
}

uint64_t arch_aspace_find(struct arch_aspace *aspace, uint64_t address, paddr_t *frame)
{
	if (!arch_aspace_has_at_hand(aspace, address) && !find_leaves(aspace, address))
		return 0;
	return arch_aspace_find_at_hand(aspace, address, frame);
}

/* What is mapped stays, for reading. The dirty bit of a page that can't be written means nothing. */
static inline bool protect(uint64_t *entry)
{
	return __atomic_fetch_and(entry, ~(uint64_t)(PTE_W | PTE_D), __ATOMIC_RELAXED) & PTE_W;
}

bool arch_aspace_protect(struct arch_aspace *aspace, uint64_t start, uint64_t end)
{
	if (!change_leaves(aspace, start, end, protect))
		return false;
	riscv_fence_translations();
	return riscv_other_visitors(aspace) && arch_aspace_is_elsewhere(aspace);
}
