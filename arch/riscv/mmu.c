/*
 * Sv39 page tables (privileged specification 1.12, section 4.4). Every leaf has A and D set as it is used, so that
 * hardware that does not update them works too. Kernel mappings are global and stand in every address space through
 * shared entries of the root table, which never change after arch_memory_init.
 */
#include "abi/abi.h"
#include "config.h"
#include "csr.h"
#include "hart.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "mem/account.h"
#include "mem/frame.h"
#include "panic.h"
#include "pte.h"
#include "riscv.h"

enum {
	ENTRIES = PTE_COUNT,
	LEVELS = 3,
	LEAVES_SHIFT = PTE_LEAVES_SHIFT,
	USER_ENTRIES = 256, /* of the root table */
	USED_TOGETHER = ENTRIES / 32, /* entries for which one bit says that some are used */
};

enum {
	KERNEL_TEXT = PTE_R | PTE_X | PTE_G | PTE_A,
	KERNEL_RODATA = PTE_R | PTE_G | PTE_A,
	KERNEL_DATA = PTE_R | PTE_W | PTE_G | PTE_A | PTE_D,
};

STATIC_ASSERT(CONFIG_HART_STACK < STACK_SLOT);
/* A pass must be able to look through tables down to the first page table, and free it, or it would begin again for ever. */
STATIC_ASSERT(WORK_PASS > WORK_OBJECT + (USER_ENTRIES + ENTRIES) / 16 * WORK_LOOK + WORK_FRAME);

extern const char kernel_start[], text_start[], text_end[], rodata_start[], rodata_end[], data_start[],
	kernel_end[];

static paddr_t kernel_root;
static uint16_t kernel_used[ENTRIES - USER_ENTRIES]; /* which entries of kernel_root are not empty: few */
static unsigned kernel_used_count;
static uint64_t kernel_physical; /* where kernel_start was loaded */
static uint64_t next_device = DEVICE_BASE;

/* The direct map that entry.S made is in force from the start, so direct() works at once. */
const void *riscv_early_memory(uint64_t physical)
{
	return direct((paddr_t){physical});
}

uint64_t riscv_kernel_physical(void)
{
	/* The boot page table maps the image with one leaf of 1 GiB; satp says where the table is. */
	if (!kernel_physical) {
		const uint64_t *root = direct((paddr_t){csr_read(satp) << PAGE_SHIFT & (DIRECT_SIZE - 1)});
		uint64_t entry = root[(uint64_t)kernel_start >> 30 & (ENTRIES - 1)];
		uint64_t gigabyte = 1ul << 30;

		kernel_physical =
			(entry >> PTE_TABLE_SHIFT << PAGE_SHIFT) + ((uint64_t)kernel_start & (gigabyte - 1));
	}
	return kernel_physical;
}

static uint64_t level_size(int level)
{
	return (uint64_t)PAGE_SIZE << 9 * level;
}

static uint64_t *entry_of(uint64_t *table, uint64_t address, int level)
{
	return &table[address >> (PAGE_SHIFT + 9 * level) & (ENTRIES - 1)];
}

/* To a page or a table, so that only bits above those of the flags are set. */
static uint64_t entry_to(paddr_t address, uint64_t flags)
{
	return address.value >> (PAGE_SHIFT - PTE_TABLE_SHIFT) | flags | PTE_V;
}

static uint64_t *entry_table(uint64_t entry)
{
	return direct((paddr_t){entry >> PTE_TABLE_SHIFT << PAGE_SHIFT});
}

static bool is_leaf(uint64_t entry)
{
	return entry & PTE_LEAF;
}

/* So that they need not be looked for in the end. */
static void note_table(struct arch_aspace *aspace, uint64_t *entry)
{
	if (aspace->tables < TABLES_NOTED)
		aspace->table[aspace->tables] = entry;
	aspace->tables++;
}

/* The entry for `address` at `level`, making tables on the way; NULL when a frame can't be had. `aspace` is NULL for the kernel. */
static uint64_t *walk_making(struct arch_aspace *aspace, uint64_t *table, uint64_t address, int level)
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

/* Maps a range of the kernel's half with the largest pages that fit. */
static void map_kernel(uint64_t address, uint64_t physical, uint64_t size, uint64_t flags)
{
	while (size) {
		int level = LEVELS - 1;

		while (level && ((address | physical) & (level_size(level) - 1) || size < level_size(level)))
			level--;

		uint64_t *entry = walk_making(NULL, direct(kernel_root), address, level);

		if (!entry)
			panic("not enough memory for the kernel's page tables; give the machine more than 16 MiB");
		*entry = entry_to((paddr_t){physical}, flags);
		address += level_size(level);
		physical += level_size(level);
		size -= level_size(level);
	}
}

/* The direct map of [start, end), where the kernel's text and constants may only be read. */
static void map_direct(uint64_t start, uint64_t end)
{
	uint64_t constant_start = riscv_kernel_physical();
	uint64_t constant_end = constant_start + (uint64_t)(rodata_end - kernel_start);

	if (start < constant_start) {
		uint64_t stop = end < constant_start ? end : constant_start;

		map_kernel(DIRECT_BASE + start, start, stop - start, KERNEL_DATA);
		start = stop;
	}
	if (start < constant_end && start < end) {
		uint64_t stop = end < constant_end ? end : constant_end;

		map_kernel(DIRECT_BASE + start, start, stop - start, KERNEL_RODATA);
		start = stop;
	}
	if (start < end)
		map_kernel(DIRECT_BASE + start, start, end - start, KERNEL_DATA);
}

static void map_image(const char *start, const char *end, uint64_t flags)
{
	uint64_t size = (uint64_t)(end - start + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);

	map_kernel((uint64_t)start, riscv_kernel_physical() + (uint64_t)(start - kernel_start), size, flags);
}

static void map_stacks(void)
{
	for (unsigned hart = 0; hart < CONFIG_HARTS; hart++)
		for (unsigned offset = 0; offset < CONFIG_HART_STACK; offset += PAGE_SIZE) {
			paddr_t frame;

			if (frame_alloc_zeroed(&frame))
				panic("not enough memory for the kernel's stacks; give the machine more than 16 MiB");
			map_kernel(STACK_BASE + (hart + 1) * STACK_SLOT - offset - PAGE_SIZE, frame.value,
				PAGE_SIZE, KERNEL_DATA);
		}
}

static void note_used(void)
{
	const uint64_t *root = direct(kernel_root);

	for (unsigned i = USER_ENTRIES; i < ENTRIES; i++)
		if (root[i])
			kernel_used[kernel_used_count++] = (uint16_t)i;
}

void arch_memory_init(void)
{
	const struct machine *machine = arch_machine();

	if (frame_alloc_zeroed(&kernel_root))
		panic("no memory is free after firmware, kernel and initrd; give the machine more");
	for (unsigned i = 0; i < machine->memory_count; i++)
		map_direct(machine->memory[i].start, machine->memory[i].start + machine->memory[i].size);
	map_image(text_start, text_end, KERNEL_TEXT);
	map_image(rodata_start, rodata_end, KERNEL_RODATA);
	map_image(data_start, kernel_end, KERNEL_DATA);
	map_stacks();
	if (riscv_facts.finisher)
		riscv_finisher = riscv_map_device(riscv_facts.finisher, PAGE_SIZE);
	riscv_plic_init();
	note_used();
	csr_write(satp, riscv_kernel_satp());
	riscv_fence_translations();
}

volatile void *riscv_map_device(uint64_t physical, uint64_t size)
{
	uint64_t start = physical & ~(uint64_t)(PAGE_SIZE - 1);
	uint64_t pages = (physical - start + size + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
	uint64_t address = next_device, large = level_size(1);

	if (pages >= large) /* at the same place in a large page as the device: so that such pages fit */
		address += (start - address) & (large - 1);
	if (address > DEVICE_END || pages > DEVICE_END - address)
		panic("no room to map the device at 0x%lx", physical);
	next_device = address + pages;
	map_kernel(address, start, pages, KERNEL_DATA);
	return (volatile void *)(address + (physical & (PAGE_SIZE - 1)));
}

/* ---- user halves */

int arch_aspace_init(struct arch_aspace *aspace, struct account *account)
{
	aspace->account = account;
	aspace->leaves_number = UINT64_MAX;
	TRY(account_frame_alloc_zeroed(account, &aspace->root));

	const uint64_t *kernel = direct(kernel_root);
	uint64_t *table = direct(aspace->root);

	for (unsigned i = 0; i < kernel_used_count; i++)
		table[kernel_used[i]] = kernel[kernel_used[i]];
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

	for (unsigned i = 0; i < kernel_used_count; i++)
		root[kernel_used[i]] = 0;
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
	uint64_t *entry = walk_making(aspace, direct(aspace->root), address, 0);

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

/* ---- audit */

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

uint64_t riscv_kernel_satp(void)
{
	return (uint64_t)SATP_SV39 << 60 | kernel_root.value >> PAGE_SHIFT;
}
