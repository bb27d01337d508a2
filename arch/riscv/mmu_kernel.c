/*
 * The kernel's half of every address space: its image, its stacks, all memory directly, and devices. At boot, on the first
 * hart, without a lock: what is mapped here is global, and the root table's entries never change after arch_memory_init.
 * Nothing here knows of user pages, which are in mmu.c.
 */
#include "config.h"
#include "csr.h"
#include "mem/frame.h"
#include "mmu_parts.h"
#include "panic.h"

enum {
	KERNEL_TEXT = PTE_R | PTE_X | PTE_G | PTE_A,
	KERNEL_RODATA = PTE_R | PTE_G | PTE_A,
	KERNEL_DATA = PTE_R | PTE_W | PTE_G | PTE_A | PTE_D,
};

STATIC_ASSERT(CONFIG_HART_STACK < STACK_SLOT);

extern const char kernel_start[], text_start[], text_end[], rodata_start[], rodata_end[], data_start[],
	kernel_end[];

paddr_t riscv_kernel_root;
uint16_t riscv_kernel_used[ENTRIES - USER_ENTRIES];
unsigned riscv_kernel_used_count;

static uint64_t kernel_physical; /* where kernel_start was loaded */
static uint64_t next_device = DEVICE_BASE;

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

uint64_t riscv_kernel_satp(void)
{
	return (uint64_t)SATP_SV39 << 60 | riscv_kernel_root.value >> PAGE_SHIFT;
}

/* Maps a range of the kernel's half with the largest pages that fit. */
static void map_kernel(uint64_t address, uint64_t physical, uint64_t size, uint64_t flags)
{
	while (size) {
		int level = LEVELS - 1;

		while (level && ((address | physical) & (level_size(level) - 1) || size < level_size(level)))
			level--;

		uint64_t *entry = riscv_make_tables(NULL, direct(riscv_kernel_root), address, level);

		if (!entry)
			panic("not enough memory for the kernel's page tables; give the machine more than 16 MiB");
		*entry = entry_to((paddr_t){physical}, flags);
		address += level_size(level);
		physical += level_size(level);
		size -= level_size(level);
	}
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

/* The direct map that entry.S made is in force from the start, so direct() works at once. */
const void *riscv_early_memory(uint64_t physical)
{
	return direct((paddr_t){physical});
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
	const uint64_t *root = direct(riscv_kernel_root);

	for (unsigned i = USER_ENTRIES; i < ENTRIES; i++)
		if (root[i])
			riscv_kernel_used[riscv_kernel_used_count++] = (uint16_t)i;
}

void arch_memory_init(void)
{
	const struct machine *machine = arch_machine();

	if (frame_alloc_zeroed(&riscv_kernel_root))
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
