/*
 * The machine as its device tree tells: memory, harts, command line, initrd, and where the timer and the device that
 * ends the machine are. Runs once, before the final page tables. Nothing of it is guessed: what the tree doesn't say
 * is missing, and what can't be done without is a panic that says so.
 */
#include "abi/abi.h"
#include "config.h"
#include "csr.h"
#include "fdt.h"
#include "lib/string.h"
#include "panic.h"
#include "riscv.h"

enum { DEVICE_TREE_MOST = 1 << 20 };

struct riscv_facts riscv_facts;

static struct machine machine;
static char bootargs[CONFIG_BOOTARGS];

static struct memory_range reserved[CONFIG_MEMORY_RANGES];
static unsigned reserved_count;

extern const char kernel_start[], kernel_end[];

static void reserve(uint64_t start, uint64_t size)
{
	if (!size)
		return;
	if (reserved_count == CONFIG_MEMORY_RANGES)
		panic("device tree: more than %d reserved ranges; raise CONFIG_MEMORY_RANGES",
			CONFIG_MEMORY_RANGES);
	reserved[reserved_count++] = (struct memory_range){start, size};
}

static void add_range(struct memory_range *ranges, unsigned *count, uint64_t start, uint64_t end)
{
	if (*count == CONFIG_MEMORY_RANGES)
		panic("device tree: more than %d ranges of memory; raise CONFIG_MEMORY_RANGES",
			CONFIG_MEMORY_RANGES);
	ranges[(*count)++] = (struct memory_range){start, end - start};
}

/* Whole pages of a range, as far as the direct map reaches. */
static void add_memory(uint64_t start, uint64_t size)
{
	uint64_t end = start + size < start ? UINT64_MAX : start + size;

	start = (start + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
	end = (end < DIRECT_SIZE ? end : DIRECT_SIZE) & ~(uint64_t)(PAGE_SIZE - 1);
	if (start >= end)
		return;
	add_range(machine.memory, &machine.memory_count, start, end);
	add_range(machine.free, &machine.free_count, start, end);
}

/* As long as the firmware likes: all of it counts. */
static void read_seed(const struct fdt_node *node)
{
	uint32_t size;
	const uint8_t *seed = fdt_property(node, "rng-seed", &size);

	for (uint32_t i = 0; seed && i < size; i++)
		machine.seed = machine.seed * 6364136223846793005ul + seed[i];
}

static void read_chosen(const struct fdt_node *node)
{
	const char *text = fdt_string(node, "bootargs");
	uint64_t start, end;

	if (text) {
		if (strlen(text) >= sizeof(bootargs))
			panic("the kernel command line is longer than %d bytes; raise CONFIG_BOOTARGS",
				CONFIG_BOOTARGS - 1);
		memcpy(bootargs, text, strlen(text) + 1);
	}
	if (fdt_number(node, "linux,initrd-start", &start) && fdt_number(node, "linux,initrd-end", &end) &&
		start < end)
		machine.initrd = (struct memory_range){start, end - start};
	read_seed(node);
}

/* Whether an ISA string such as rv64imafdch_zicsr_sstc names this multi-letter extension. */
static bool isa_has(const char *isa, const char *extension)
{
	size_t length = strlen(extension);

	for (; *isa; isa++)
		if (isa[0] == '_' && !strncmp(isa + 1, extension, length) &&
			(!isa[length + 1] || isa[length + 1] == '_'))
			return true;
	return false;
}

static void read_cpu(const struct fdt_node *node)
{
	const char *status = fdt_string(node, "status");
	const char *isa = fdt_string(node, "riscv,isa");
	uint64_t number, size;

	if (status && strcmp(status, "okay"))
		return;
	if (!isa || !isa_has(isa, "sstc"))
		riscv_facts.sstc = false;
	if (!fdt_reg(node, 0, &number, &size) || number == boot_hart_number || machine.harts == CONFIG_HARTS)
		return;
	machine.hart[machine.harts++] = (unsigned)number;
}

static bool is_child_of(const struct fdt_node *node, const char *parent)
{
	return node->depth == 2 && !strcmp(node->path[1].name, parent);
}

static void read_node(const struct fdt_node *node)
{
	uint64_t start, size;

	if (node->depth == 1 && fdt_has_string(node, "device_type", "memory"))
		for (unsigned i = 0; fdt_reg(node, i, &start, &size); i++)
			add_memory(start, size);
	else if (is_child_of(node, "reserved-memory"))
		for (unsigned i = 0; fdt_reg(node, i, &start, &size); i++)
			reserve(start, size);
	else if (node->depth == 1 && !strcmp(node->name, "chosen"))
		read_chosen(node);
	else if (node->depth == 1 && !strcmp(node->name, "cpus"))
		fdt_number(node, "timebase-frequency", &riscv_facts.timebase);
	else if (is_child_of(node, "cpus") && fdt_has_string(node, "device_type", "cpu"))
		read_cpu(node);
	else if (fdt_has_string(node, "compatible", "sifive,test0") && fdt_reg(node, 0, &start, &size))
		riscv_facts.finisher = start;
}

/* Takes `hole` out of the free ranges. */
static void subtract(const struct memory_range *hole)
{
	uint64_t hole_start = hole->start & ~(uint64_t)(PAGE_SIZE - 1);
	uint64_t hole_end = (hole->start + hole->size + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
	unsigned count = machine.free_count;

	for (unsigned i = 0; i < count; i++) {
		struct memory_range *range = &machine.free[i];
		uint64_t start = range->start, end = start + range->size;

		if (hole_end <= start || end <= hole_start)
			continue;
		range->size = hole_start > start ? hole_start - start : 0;
		if (hole_end < end)
			add_range(machine.free, &machine.free_count, hole_end, end);
	}
}

static void require(bool condition, const char *what)
{
	if (!condition)
		panic("the device tree has no %s", what);
}

const struct machine *arch_machine_read(void)
{
	const void *blob = riscv_early_memory(boot_device_tree);
	struct fdt fdt;
	struct fdt_node node;

	riscv_facts.sstc = true;
	machine.bootargs = bootargs;
	machine.hart[0] = (unsigned)boot_hart_number;
	machine.harts = 1;
	machine.seed = arch_ticks();
	if (!fdt_open(&fdt, blob, DEVICE_TREE_MOST))
		panic("device tree at 0x%lx: %s", boot_device_tree, fdt.broken);
	for (fdt_walk(&fdt, &node); fdt_next(&node);)
		read_node(&node);
	if (fdt.broken)
		panic("device tree at 0x%lx: %s", boot_device_tree, fdt.broken);
	require(machine.memory_count, "memory");
	require(riscv_facts.timebase, "timebase-frequency");
	machine.timebase = riscv_facts.timebase;

	riscv_plic_find(&fdt);
	riscv_devices_find();

	uint64_t start, size;

	for (unsigned i = 0; fdt_reservation(&fdt, i, &start, &size); i++)
		reserve(start, size);
	reserve(boot_device_tree, fdt.size);
	reserve(machine.initrd.start, machine.initrd.size);
	reserve(riscv_kernel_physical(), (uint64_t)(kernel_end - kernel_start));
	for (unsigned i = 0; i < reserved_count; i++)
		subtract(&reserved[i]);
	return &machine;
}

const struct machine *arch_machine(void)
{
	return &machine;
}
