/*
 * Devices for drivers in user mode, as the device tree has them. The tree stays where the firmware has put it and is
 * walked for each question. An address counts only where all parents hand it through as it is (empty `ranges`).
 */
#include "abi/abi.h"
#include "fdt.h"
#include "lib/string.h"
#include "riscv.h"

enum { DEVICE_TREE_MOST = 1 << 20, ADDRESS_BITS = 56, PATH_SIZE = 256 };

/* A walk, with what a node has from its parents. */
struct walk {
	struct fdt fdt;
	struct fdt_node node;
	bool passes[FDT_DEPTH]; /* by depth: addresses of children are the machine's */
	uint64_t parent[FDT_DEPTH]; /* by depth: phandle of where interrupts of the node go */
};

static bool walk_open(struct walk *walk)
{
	if (!fdt_open(&walk->fdt, riscv_early_memory(boot_device_tree), DEVICE_TREE_MOST))
		return false;
	fdt_walk(&walk->fdt, &walk->node);
	return true;
}

static bool walk_next(struct walk *walk)
{
	const struct fdt_node *node = &walk->node;
	uint32_t size = 1;
	int depth;

	if (!fdt_next(&walk->node))
		return false;
	depth = node->depth;
	walk->passes[depth] =
		depth == 0 || (walk->passes[depth - 1] && fdt_property(node, "ranges", &size) && !size);
	if (!fdt_number(node, "interrupt-parent", &walk->parent[depth]))
		walk->parent[depth] = depth ? walk->parent[depth - 1] : 0;
	return true;
}

static bool has_path(const struct fdt_node *node, const char *path)
{
	for (int depth = 1; depth <= node->depth; depth++) {
		const char *name = node->path[depth].name;
		size_t length = strlen(name);

		if (path[0] != '/' || strncmp(path + 1, name, length))
			return false;
		path += 1 + length;
	}
	return node->depth > 0 && !*path;
}

/* Writes the path of a node with a NUL; its length, or -ENOENT when it is longer than `size`. */
static long write_path(const struct fdt_node *node, char *path, size_t size)
{
	size_t at = 0;

	for (int depth = 1; depth <= node->depth; depth++) {
		const char *name = node->path[depth].name;
		size_t length = strlen(name);

		if (at + 1 + length >= size)
			return -ENOENT;
		path[at] = '/';
		memcpy(path + at + 1, name, length);
		at += 1 + length;
	}
	path[at] = '\0';
	return (long)at;
}

/* A string of a node at the top; NULL when there is none. */
static const char *top_string(const char *name, const char *property)
{
	struct walk walk;

	if (!walk_open(&walk))
		return NULL;
	while (walk_next(&walk))
		if (walk.node.depth == 1 && !strcmp(walk.node.name, name))
			return fdt_string(&walk.node, property);
	return NULL;
}

/* The path of the firmware's console, which may be an alias and have options behind a colon; "" when nobody knows. */
static void console_path(char *path, size_t size)
{
	const char *from = top_string("chosen", "stdout-path");
	size_t length = 0;

	while (from && from[length] && from[length] != ':')
		length++;
	path[0] = '\0';
	if (!length || length >= size)
		return;
	memcpy(path, from, length);
	path[length] = '\0';
	if (path[0] == '/')
		return;
	from = top_string("aliases", path);
	path[0] = '\0';
	if (from && strlen(from) < size)
		memcpy(path, from, strlen(from) + 1);
}

/* The pages of an entry of `reg`; false after the last, and when it is not an address of the machine. */
static bool pages(const struct walk *walk, unsigned index, struct memory_range *range)
{
	uint64_t start, size, end;

	if (walk->node.depth < 1 || !walk->passes[walk->node.depth - 1] ||
		!fdt_reg(&walk->node, index, &start, &size))
		return false;
	if (!size || start >> ADDRESS_BITS || size >> ADDRESS_BITS)
		return false;
	end = (start + size + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
	start &= ~(uint64_t)(PAGE_SIZE - 1);
	*range = (struct memory_range){start, end - start};
	return true;
}

static bool begins_page(const struct walk *walk)
{
	uint64_t start, size;

	return fdt_reg(&walk->node, 0, &start, &size) && !(start & (PAGE_SIZE - 1));
}

/* Memory, and what the kernel or the firmware drives. */
static bool is_own(const struct fdt_node *node)
{
	static const char *const compatible[] = {"sifive,plic-1.0.0", "riscv,plic0", "sifive,clint0",
		"riscv,clint0", "riscv,aclint-mswi", "riscv,aclint-mtimer", "riscv,aclint-sswi",
		"sifive,test0"};

	if (fdt_has_string(node, "device_type", "memory"))
		return true;
	if (node->depth == 2 && !strcmp(node->path[1].name, "reserved-memory"))
		return true;
	for (size_t i = 0; i < sizeof(compatible) / sizeof(compatible[0]); i++)
		if (fdt_has_string(node, "compatible", compatible[i]))
			return true;
	return false;
}

static bool overlap(const struct memory_range *a, const struct memory_range *b)
{
	return a->start < b->start + b->size && b->start < a->start + a->size;
}

/* Whether any of these pages belongs to something that is the kernel's own. */
static bool overlaps_own(const struct memory_range *range)
{
	struct walk walk;
	struct memory_range own;

	if (!walk_open(&walk))
		return true;
	while (walk_next(&walk))
		for (unsigned i = 0; is_own(&walk.node) && pages(&walk, i, &own); i++)
			if (overlap(range, &own))
				return true;
	return walk.fdt.broken;
}

/* The first of `interrupts`, when they go to the PLIC, whose numbers are one cell. */
static unsigned first_interrupt(const struct walk *walk)
{
	uint32_t size;
	const uint8_t *at = fdt_property(&walk->node, "interrupts", &size);

	if (!at || size < 4 || !riscv_plic_phandle() ||
		walk->parent[walk->node.depth] != riscv_plic_phandle())
		return 0;
	return (unsigned)at[0] << 24 | (unsigned)at[1] << 16 | (unsigned)at[2] << 8 | at[3];
}

int arch_device_find(const char *path, struct device *device)
{
	char console[PATH_SIZE];
	struct walk walk;

	if (!walk_open(&walk))
		return -ENOENT;
	do
		if (!walk_next(&walk))
			return -ENOENT;
	while (!has_path(&walk.node, path));

	*device = (struct device){.interrupt = first_interrupt(&walk)};
	if (pages(&walk, 0, &device->registers))
		device->is_own = overlaps_own(&device->registers);
	if (!begins_page(&walk))
		device->registers.size = 0;
	console_path(console, sizeof(console));
	device->is_console = !strcmp(path, console);
	return 0;
}

long arch_device_path(const char *compatible, unsigned index, char *path, size_t size)
{
	struct walk walk;

	if (!walk_open(&walk))
		return -ENOENT;
	while (walk_next(&walk))
		if (fdt_has_string(&walk.node, "compatible", compatible) && !index--)
			return write_path(&walk.node, path, size);
	return -ENOENT;
}
