/*
 * Devices for drivers in user mode, as the device tree has them. A walk through the tree takes long, so it is made once, at
 * boot, and what a driver can ask for is kept in a table. Names stay where the firmware has put them. An address counts
 * only where all parents hand it through as it is (empty `ranges`).
 */
#include "abi/abi.h"
#include "fdt.h"
#include "lib/string.h"
#include "log.h"
#include "riscv.h"

enum { DEVICE_TREE_MOST = 1 << 20, ADDRESS_BITS = 56, PATH_SIZE = 256, OWN_MOST = 32 };

/* A node of the tree. */
struct entry {
	const char *name;
	const char *compatible; /* strings, one behind the other */
	struct memory_range registers; /* size 0: it has none that begin a page */
	uint32_t compatible_size;
	uint16_t parent; /* of the root its own number, 0 */
	uint16_t interrupt; /* 0: it has none */
	bool is_own, is_console;
};

static struct entry entries[CONFIG_DEVICES];
static unsigned entry_count;

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

/* A string of a node at the top; NULL when there is none. */
static const char *top_string(const char *name, const char *property)
{
	struct fdt fdt;
	struct fdt_node node;

	if (!fdt_open(&fdt, riscv_early_memory(boot_device_tree), DEVICE_TREE_MOST))
		return NULL;
	for (fdt_walk(&fdt, &node); fdt_next(&node);)
		if (node.depth == 1 && !strcmp(node.name, name))
			return fdt_string(&node, property);
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
	const char *list;
	uint32_t size;

	if (fdt_has_string(node, "device_type", "memory"))
		return true;
	if (node->depth == 2 && !strcmp(node->path[1].name, "reserved-memory"))
		return true;
	list = fdt_property(node, "compatible", &size);
	for (size_t i = 0; list && i < sizeof(compatible) / sizeof(compatible[0]); i++)
		if (fdt_list_has(list, size, compatible[i]))
			return true;
	return false;
}

static bool overlap(const struct memory_range *a, const struct memory_range *b)
{
	return a->start < b->start + b->size && b->start < a->start + a->size;
}

/* The pages of all that is the kernel's own. */
static struct memory_range own[OWN_MOST];
static unsigned own_count;

static void find_own(void)
{
	struct walk walk;
	struct memory_range range;

	if (!walk_open(&walk))
		return;
	while (walk_next(&walk))
		for (unsigned i = 0; is_own(&walk.node) && pages(&walk, i, &range); i++)
			if (own_count < OWN_MOST)
				own[own_count++] = range;
}

/* Whether any of these pages belongs to something of that. If there may be more than is known, all do. */
static bool overlaps_own(const struct memory_range *range)
{
	if (own_count == OWN_MOST)
		return true;
	for (unsigned i = 0; i < own_count; i++)
		if (overlap(range, &own[i]))
			return true;
	return false;
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

/* ---- the table */

/* Whether the path from the root to this node is the first `length` characters of `path`. */
static bool has_path(unsigned number, const char *path, size_t length)
{
	for (; number; number = entries[number].parent) {
		const char *name = entries[number].name;
		size_t n = strlen(name);

		if (length < n + 1 || path[length - n - 1] != '/' || memcmp(path + length - n, name, n))
			return false;
		length -= n + 1;
	}
	return !length;
}

/* The number of the node at `path`, never the root, or -ENOENT. */
static long find(const char *path)
{
	size_t length = strlen(path);

	for (unsigned i = 1; i < entry_count; i++)
		if (has_path(i, path, length))
			return i;
	return -ENOENT;
}

/* Writes the path of a node with a NUL; its length, or -ENOENT when it is longer than `size`. */
static long write_path(unsigned number, char *path, size_t size)
{
	size_t length = 0, at;

	for (unsigned i = number; i; i = entries[i].parent)
		length += 1 + strlen(entries[i].name);
	if (length >= size)
		return -ENOENT;
	at = length;
	path[at] = '\0';
	for (unsigned i = number; i; i = entries[i].parent) {
		size_t n = strlen(entries[i].name);

		at -= n + 1;
		path[at] = '/';
		memcpy(path + at + 1, entries[i].name, n);
	}
	return (long)length;
}

static void enter(const struct walk *walk, unsigned parent)
{
	struct entry *entry = &entries[entry_count++];
	struct memory_range range;

	*entry = (struct entry){.name = walk->node.name, .parent = (uint16_t)parent};
	entry->compatible = fdt_property(&walk->node, "compatible", &entry->compatible_size);
	if (entry->compatible_size && entry->compatible[entry->compatible_size - 1])
		entry->compatible_size = 0;
	entry->interrupt = (uint16_t)first_interrupt(walk);
	if (!pages(walk, 0, &range))
		return;
	entry->is_own = overlaps_own(&range);
	if (begins_page(walk))
		entry->registers = range;
}

void riscv_devices_find(void)
{
	unsigned at_depth[FDT_DEPTH] = {0};
	char console[PATH_SIZE];
	struct walk walk;
	long found;

	find_own();
	if (!walk_open(&walk))
		return;
	while (entry_count < CONFIG_DEVICES && walk_next(&walk)) {
		int depth = walk.node.depth;

		at_depth[depth] = entry_count;
		enter(&walk, at_depth[depth ? depth - 1 : 0]);
	}
	if (entry_count == CONFIG_DEVICES && walk_next(&walk))
		log_error("the device tree has more than %u nodes; drivers can't find the others",
			CONFIG_DEVICES);
	console_path(console, sizeof(console));
	found = find(console);
	if (found > 0)
		entries[found].is_console = true;
}

int arch_device_find(const char *path, struct device *device)
{
	long found = find(path);

	if (found < 0)
		return (int)found;

	const struct entry *entry = &entries[found];

	*device = (struct device){.registers = entry->registers,
		.is_own = entry->is_own,
		.is_console = entry->is_console,
		.interrupt = entry->interrupt};
	return 0;
}

static bool is_compatible(const struct entry *entry, const char *compatible)
{
	for (uint32_t at = 0; at < entry->compatible_size;) {
		if (!strcmp(entry->compatible + at, compatible))
			return true;
		at += (uint32_t)strlen(entry->compatible + at) + 1;
	}
	return false;
}

long arch_device_path(const char *compatible, unsigned index, char *path, size_t size)
{
	for (unsigned i = 0; i < entry_count; i++)
		if (is_compatible(&entries[i], compatible) && !index--)
			return write_path(i, path, size);
	return -ENOENT;
}
