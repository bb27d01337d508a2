/*
 * Audits of page tables: whether each page that is mapped is what the kernel says, with bits as they are to be. For
 * aspace_audit, under the space's lock. Changes nothing.
 */
#include "mmu_parts.h"

static enum prot prot_of(uint64_t entry)
{
	return (entry & PTE_R ? PROT_READ : 0) | (entry & PTE_W ? PROT_WRITE : 0) |
	       (entry & PTE_X ? PROT_EXEC : 0);
}

/* A and D are set as the page is used, and nothing is writable and executable, writable and not readable, or global. */
static bool is_good_leaf(uint64_t entry)
{
	bool writable = entry & PTE_W;

	return (entry & PTE_U) && (entry & PTE_A) && !(entry & PTE_G) && !(entry & PTE_D) == !writable &&
	       !(writable && (entry & PTE_X || !(entry & PTE_R)));
}

static bool audit_below(
	uint64_t *table, uint64_t start, uint64_t end, int level, arch_audit *fits, void *context)
{
	uint64_t size = level_size(level), next;

	for (; start < end; start = next) {
		uint64_t entry = *entry_of(table, start, level);
		bool good;

		next = (start & ~(size - 1)) + size;
		next = next < end ? next : end;
		if (!(entry & PTE_V))
			continue;
		if (is_leaf(entry))
			good = !level && is_good_leaf(entry) &&
			       fits(context, start, direct_to_physical(entry_table(entry)), prot_of(entry));
		else
			good = level &&
			       audit_below(entry_table(entry), start, next, level - 1, fits, context);
		if (!good)
			return false;
	}
	return true;
}

bool arch_aspace_audit(
	const struct arch_aspace *aspace, uint64_t start, uint64_t end, arch_audit *fits, void *context)
{
	return !aspace->root.value ||
	       audit_below(direct(aspace->root), start, end, LEVELS - 1, fits, context);
}
