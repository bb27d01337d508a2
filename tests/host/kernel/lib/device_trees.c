/* The reader of device trees, of whole and broken ones. */
#include "pure.h"

#include <stdlib.h>

#include "fdt.h"
#include "hosted.h"
#include "lib/string.h"
#include "lib/tree.h"

static uint8_t tree[512];
static size_t tree_size;

static void put_word(uint32_t word)
{
	for (unsigned i = 0; i < 4; i++)
		tree[tree_size++] = (uint8_t)(word >> (24 - 8 * i));
}

static void put_text(const char *text)
{
	size_t size = strlen(text) + 1;

	memcpy(tree + tree_size, text, size);
	tree_size = (tree_size + size + 3) & ~3ul;
}

static void put_number(uint32_t name, uint32_t number)
{
	put_word(3), put_word(4), put_word(name), put_word(number);
}

/* / { #address-cells = 1; #size-cells = 1; memory { device_type = "memory"; reg = <0x1000 0x2000>; }; }; */
static void put_tree(void)
{
	static const char strings[] = "#address-cells\0#size-cells\0device_type\0reg";
	size_t structure = 40 + 32, end;

	memset(tree, 0, sizeof(tree));
	tree_size = 40;
	for (unsigned i = 0; i < 4; i++)
		put_word(i == 1 ? 0x500 : i == 3 ? 0x600 : 0);
	tree_size = structure;
	put_word(1), put_text("");
	put_number(0, 1), put_number(15, 1);
	put_word(1), put_text("memory@1000");
	put_word(3), put_word(7), put_word(27), put_text("memory");
	put_word(3), put_word(8), put_word(39), put_word(0x1000), put_word(0x2000);
	put_word(2), put_word(2), put_word(9);
	end = tree_size;
	memcpy(tree + end, strings, sizeof(strings));
	tree_size = 0;
	put_word(0xd00dfeed), put_word((uint32_t)(end + sizeof(strings))), put_word((uint32_t)structure);
	put_word((uint32_t)end), put_word(40), put_word(17), put_word(16), put_word(0);
	put_word(sizeof(strings)), put_word((uint32_t)(end - structure));
	tree_size = end + sizeof(strings);
}

/* How many nodes with memory there are. */
static unsigned walk(const uint8_t *blob, size_t size)
{
	struct fdt fdt;
	struct fdt_node node;
	uint64_t start, length;
	unsigned found = 0, steps = 0;

	if (!fdt_open(&fdt, blob, (uint32_t)size))
		return 0;
	for (unsigned i = 0; i < 100 && fdt_reservation(&fdt, i, &start, &length);)
		i++;
	for (fdt_walk(&fdt, &node); fdt_next(&node);) {
		HOSTED_REQUIRE(++steps < 1000);
		if (fdt_has_string(&node, "device_type", "memory") && fdt_reg(&node, 0, &start, &length))
			found += start == 0x1000 && length == 0x2000;
		(void)fdt_number(&node, "#size-cells", &start);
		(void)fdt_string(&node, "device_type");
	}
	return found;
}

/* Without the end of its last string, "reg", and behind it nothing that could be read. */
static void require_ends(void)
{
	size_t size = tree_size - 1;
	uint8_t *cut = malloc(size);

	HOSTED_REQUIRE(cut);
	memcpy(cut, tree, size);
	cut[7]--, cut[35]--; /* the size of all, and of the strings */
	HOSTED_REQUIRE(walk(cut, size) == 0);
	free(cut);
}

void test_trees(void)
{
	put_tree();
	HOSTED_REQUIRE(walk(tree, tree_size) == 1);
	require_ends();
	for (unsigned i = 0; i < ROUNDS; i++) {
		size_t size = tree_size;
		uint8_t *broken = spoil(tree, &size, 4);

		(void)walk(broken, size);
		free(broken);
	}
}
