/* Page tables: of three levels, read by harts at any time while one of them changes them. */
#include "seam.h"

#include "abi/abi.h"
#include "host.h"
#include "mem/account.h"

enum { ENTRIES = 512, LEVELS = 3 };

static uint64_t *entry_of(paddr_t table, uint64_t address, int level)
{
	return (uint64_t *)direct(table) + (address >> (PAGE_SHIFT + 9 * level) & (ENTRIES - 1));
}

static uint64_t entry_read(const uint64_t *entry)
{
	return __atomic_load_n(entry, __ATOMIC_SEQ_CST);
}

static paddr_t entry_frame(uint64_t entry)
{
	return (paddr_t){entry & ~(uint64_t)(PAGE_SIZE - 1)};
}

int arch_aspace_init(struct arch_aspace *space, struct account *account)
{
	space->active = 0;
	space->account = account;
	return account_frame_alloc_zeroed(account, &space->root);
}

static bool free_tables(struct account *account, paddr_t table, int level, int *work)
{
	for (unsigned i = 0; level && i < ENTRIES; i++) {
		uint64_t *entry = (uint64_t *)direct(table) + i;

		if (!entry_read(entry))
			continue;
		if (!free_tables(account, entry_frame(entry_read(entry)), level - 1, work))
			return false;
		__atomic_store_n(entry, 0, __ATOMIC_SEQ_CST);
	}
	if (*work <= 0)
		return false;
	account_frame_free(account, table);
	*work -= WORK_FRAME;
	return true;
}

bool arch_aspace_destroy(struct arch_aspace *space, int *work)
{
	HOSTED_REQUIRE(!__atomic_load_n(&space->active, __ATOMIC_SEQ_CST));
	if (space->root.value && !free_tables(space->account, space->root, LEVELS - 1, work))
		return false;
	space->root.value = 0;
	return true;
}

bool arch_aspace_is_elsewhere(const struct arch_aspace *space)
{
	return __atomic_load_n(&space->active, __ATOMIC_SEQ_CST) & ~(1u << this_hart()->index);
}

/* Waits until no other hart is using an entry that has been changed. */
void arch_aspace_forget(struct arch_aspace *space, uint64_t start, uint64_t end)
{
	(void)start, (void)end;
	for (unsigned i = 0; i < hosted_options.harts; i++)
		while (i != this_hart()->index &&
			__atomic_load_n(&harts[i].arch.walking, __ATOMIC_SEQ_CST) == space)
			host_yield();
}

void arch_aspace_sync_code(struct arch_aspace *space)
{
	(void)space;
}

int arch_aspace_map(struct arch_aspace *space, uint64_t address, paddr_t frame, enum prot prot)
{
	paddr_t table = space->root;
	uint64_t *entry;

	HOSTED_REQUIRE(!(frame.value & (PAGE_SIZE - 1)) && !(address & (PAGE_SIZE - 1)) && prot);
	for (int level = LEVELS - 1; level; level--) {
		entry = entry_of(table, address, level);
		if (!entry_read(entry)) {
			TRY(account_frame_alloc_zeroed(space->account, &table));
			__atomic_store_n(entry, table.value, __ATOMIC_SEQ_CST);
		}
		table = entry_frame(entry_read(entry));
	}
	entry = entry_of(table, address, 0);
	HOSTED_REQUIRE(!entry_read(entry) || entry_frame(entry_read(entry)).value == frame.value);
	__atomic_store_n(entry, frame.value | prot, __ATOMIC_SEQ_CST);
	return 0;
}

int arch_aspace_map_run(
	struct arch_aspace *space, uint64_t address, const paddr_t *frames, unsigned count, enum prot prot)
{
	enum prot read = prot & PROT_WRITE ? (prot & ~(enum prot)PROT_WRITE) | PROT_READ : prot;

	for (unsigned i = 0; i < count; i++, address += PAGE_SIZE) {
		uint64_t frame = frames[i].value;

		if (frame && !(frame & ARCH_RUN_SKIP))
			TRY(arch_aspace_map(space, address, (paddr_t){frame & ~(uint64_t)(PAGE_SIZE - 1)},
				frame & ARCH_RUN_READ ? read : prot));
	}
	return 0;
}

static uint64_t *find_entry(const struct arch_aspace *space, uint64_t address)
{
	paddr_t table = space->root;

	for (int level = LEVELS - 1; level; level--) {
		uint64_t entry = entry_read(entry_of(table, address, level));

		if (!entry)
			return NULL;
		table = entry_frame(entry);
	}
	return entry_of(table, address, 0);
}

/* Those of the range that may be written may be so no more. */
bool arch_aspace_protect(struct arch_aspace *space, uint64_t start, uint64_t end)
{
	const uint64_t table_size = (uint64_t)PAGE_SIZE * ENTRIES;
	bool found = false;

	while (start < end) {
		uint64_t *entry = find_entry(space, start);

		if (entry && entry_read(entry) & PROT_WRITE) {
			__atomic_fetch_and(entry, ~(uint64_t)PROT_WRITE, __ATOMIC_SEQ_CST);
			found = true;
		}
		start = entry ? start + PAGE_SIZE : (start & ~(table_size - 1)) + table_size;
	}
	return found && arch_aspace_is_elsewhere(space);
}

/* Goes on to where the next table of the lowest level begins when there is none. */
bool arch_aspace_unmap(struct arch_aspace *space, uint64_t start, uint64_t end)
{
	const uint64_t table_size = (uint64_t)PAGE_SIZE * ENTRIES;
	bool found = false;

	while (start < end) {
		uint64_t *entry = find_entry(space, start);

		if (entry && entry_read(entry)) {
			__atomic_store_n(entry, 0, __ATOMIC_SEQ_CST);
			found = true;
		}
		start = entry ? start + PAGE_SIZE : (start & ~(table_size - 1)) + table_size;
	}
	return found && arch_aspace_is_elsewhere(space);
}

uint64_t arch_aspace_reach(const struct arch_aspace *space, uint64_t start, uint64_t end, uint64_t *pages)
{
	const uint64_t table_size = (uint64_t)PAGE_SIZE * ENTRIES;

	for (; start < end && *pages; --*pages)
		start = find_entry(space, start) ? start + PAGE_SIZE
						 : (start & ~(table_size - 1)) + table_size;
	return start < end ? start : end;
}

void arch_aspace_leave(void)
{
	struct hart *hart = this_hart();

	if (hart->arch.space)
		__atomic_fetch_and(&hart->arch.space->active, ~(1u << hart->index), __ATOMIC_SEQ_CST);
	hart->arch.space = NULL;
}

void arch_aspace_enter(struct arch_aspace *space)
{
	arch_aspace_leave();
	__atomic_fetch_or(&space->active, 1u << this_hart()->index, __ATOMIC_SEQ_CST);
	this_hart()->arch.space = space;
}

bool hosted_lookup(const struct arch_aspace *space, uint64_t address, paddr_t *frame, enum prot *prot)
{
	const uint64_t *at = find_entry(space, address);
	uint64_t entry = at ? entry_read(at) : 0;

	*frame = entry_frame(entry);
	*prot = (enum prot)(entry & (PAGE_SIZE - 1));
	return entry;
}

uint64_t hosted_find(const struct arch_aspace *space, uint64_t address, paddr_t *frame)
{
	enum prot prot;

	return address < USER_TOP && hosted_lookup(space, address, frame, &prot) ? prot : 0;
}

uint64_t arch_aspace_find(struct arch_aspace *space, uint64_t address, paddr_t *frame)
{
	return hosted_find(space, address, frame);
}

static bool audit_page(uint64_t address, uint64_t entry, arch_audit *fits, void *context)
{
	enum prot prot = (enum prot)(entry & (PAGE_SIZE - 1));

	return !(prot & PROT_WRITE && prot & PROT_EXEC) && fits(context, address, entry_frame(entry), prot);
}

bool arch_aspace_audit(
	const struct arch_aspace *space, uint64_t start, uint64_t end, arch_audit *fits, void *context)
{
	const uint64_t table_size = (uint64_t)PAGE_SIZE * ENTRIES;

	while (space->root.value && start < end) {
		uint64_t *at = find_entry(space, start);

		if (at && entry_read(at) && !audit_page(start, entry_read(at), fits, context))
			return false;
		start = at ? start + PAGE_SIZE : (start & ~(table_size - 1)) + table_size;
	}
	return true;
}
