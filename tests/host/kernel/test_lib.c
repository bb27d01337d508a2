/*
 * The pure parts of the kernel: strings, formatting, lists, options, and the readers of archives, programs and device
 * trees, which are given broken ones at the very end of their memory.
 *
 *	lib [SEED]
 */
#include <stdio.h>
#include <stdlib.h>

#include "abi/abi.h"
#include "abi/errors.h"
#include "bootargs.h"
#include "fdt.h"
#include "hosted.h"
#include "lib/cpio.h"
#include "lib/elf.h"
#include "lib/format.h"
#include "lib/list.h"
#include "lib/ring.h"
#include "lib/string.h"
#include "lib/tree.h"
#include "sys/metadata.h"
#include "tabula/ktap.h"

enum { ROUNDS = 20000, SIZE = 200, LEAVES = 1000 };

static uint64_t seed = 1;

static uint64_t below(uint64_t limit)
{
	return hosted_random(&seed) % limit;
}

/* ---- strings, beside loops over bytes */

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static void fill(uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)below(4);
}

static bool same(const uint8_t *a, const uint8_t *b, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

static void test_move(void)
{
	uint8_t bytes[SIZE], expected[SIZE], part[SIZE];
	size_t size = below(SIZE / 2), from = below(SIZE / 2), to = below(SIZE / 2);

	fill(bytes, SIZE);
	for (size_t i = 0; i < SIZE; i++)
		expected[i] = bytes[i];
	for (size_t i = 0; i < size; i++)
		part[i] = bytes[from + i];
	for (size_t i = 0; i < size; i++)
		expected[to + i] = part[i];
	HOSTED_REQUIRE(memmove(bytes + to, bytes + from, size) == bytes + to);
	HOSTED_REQUIRE(same(bytes, expected, SIZE));
	HOSTED_REQUIRE(memcpy(bytes + to, part, size) == bytes + to);
	HOSTED_REQUIRE(same(bytes, expected, SIZE));
	HOSTED_REQUIRE(memset(bytes + to, 7, size) == bytes + to);
	for (size_t i = 0; i < size; i++)
		expected[to + i] = 7;
	HOSTED_REQUIRE(same(bytes, expected, SIZE));
}

static void test_compare(void)
{
	uint8_t a[12], b[12];
	size_t size = below(sizeof(a)), i = 0;
	int expected = 0;

	fill(a, sizeof(a));
	memcpy(b, a, sizeof(b));
	b[below(sizeof(b))] = (uint8_t)below(256);
	a[sizeof(a) - 1] = b[sizeof(b) - 1] = 0;
	for (; i < size && a[i] == b[i];)
		i++;
	expected = i < size ? a[i] - b[i] : 0;
	HOSTED_REQUIRE(sign(memcmp(a, b, size)) == sign(expected));
	for (i = 0; a[i] && a[i] == b[i];)
		i++;
	HOSTED_REQUIRE(sign(strcmp((char *)a, (char *)b)) == sign(a[i] - b[i]));
	expected = i < size ? a[i] - b[i] : 0;
	HOSTED_REQUIRE(sign(strncmp((char *)a, (char *)b, size)) == sign(expected));
	for (i = 0; a[i];)
		i++;
	HOSTED_REQUIRE(strlen((char *)a) == i);
}

static void test_strings(void)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		test_move();
		test_compare();
	}
}

/* ---- format, beside the C library's */

#define SAME(...) \
	do { \
		char ours[64], theirs[64]; \
		size_t size = below(sizeof(ours)) + 1; \
		size_t length = format(ours, size, __VA_ARGS__); \
		HOSTED_REQUIRE(length == (size_t)snprintf(theirs, size, __VA_ARGS__)); \
		HOSTED_REQUIRE(!strcmp(ours, theirs)); \
	} while (0)

static void test_format(void)
{
	for (unsigned i = 0; i < ROUNDS / 4; i++) {
		uint64_t n = hosted_random(&seed) >> below(64);
		int small = (int)n;

		SAME("%d|%5d|%-7d|%07d|", small, small, small, small);
		SAME("%u|%x|%08x|", (unsigned)n, (unsigned)n, (unsigned)n);
		SAME("%lu %lx %ld %016lx %zu", n, n, (long)n, n, (size_t)n);
		SAME("%s|%9s|%-9s|%.3s|%c%%", "text", "ab", "cd", "precise", 'x');
	}
	SAME("%07d|%-7d|%02d|%01d", -5, -5, -5, -5);
	SAME("%d", INT32_MIN);
	SAME("%ld", INT64_MIN);
	SAME("%s", "");
}

/* ---- lists, beside an array */

struct item {
	struct list link;
	unsigned number;
};

static void check_list(const struct list *list, struct item *const *order, unsigned count)
{
	unsigned i = 0;

	list_each(item, list, struct item, link)
	{
		HOSTED_REQUIRE(i < count && item == order[i]);
		HOSTED_REQUIRE(item->link.next->previous == &item->link);
		i++;
	}
	HOSTED_REQUIRE(i == count && list_is_empty(list) == !count);
}

static void test_list(void)
{
	static struct item items[32];
	struct item *order[32];
	struct list list;
	unsigned count = 0, used = 0;

	list_init(&list);
	for (unsigned i = 0; i < 32; i++)
		list_init(&items[i].link);
	for (unsigned step = 0; step < ROUNDS; step++) {
		unsigned n = (unsigned)below(32), at = (unsigned)below(count + 1);

		if (used & 1u << n) {
			list_remove(&items[n].link);
			list_remove(&items[n].link); /* once more does nothing */
			for (at = 0; order[at] != &items[n];)
				at++;
			for (count--; at < count; at++)
				order[at] = order[at + 1];
		} else {
			list_insert_before(at == count ? &list : &order[at]->link, &items[n].link);
			for (unsigned i = count++; i > at; i--)
				order[i] = order[i - 1];
			order[at] = &items[n];
		}
		used ^= 1u << n;
		check_list(&list, order, count);
	}
}

/* ---- options */

static void test_options(void)
{
	char value[6];

	HOSTED_REQUIRE(bootargs_option("a=1  log=info b=2", "log", value, sizeof(value)));
	HOSTED_REQUIRE(!strcmp(value, "info"));
	HOSTED_REQUIRE(bootargs_option("log=longer than", "log", value, sizeof(value)));
	HOSTED_REQUIRE(!strcmp(value, "longe"));
	HOSTED_REQUIRE(bootargs_option("log=", "log", value, sizeof(value)) && !value[0]);
	HOSTED_REQUIRE(!bootargs_option("catalog=x -- log=y", "log", value, sizeof(value)) && !value[0]);
	HOSTED_REQUIRE(!bootargs_option("log", "log", value, sizeof(value)));
	HOSTED_REQUIRE(!bootargs_option("", "log", value, sizeof(value)));
	HOSTED_REQUIRE(bootargs_option("--x log=z", "log", value, sizeof(value)));
}

/* ---- readers: what is broken gives an answer, and no byte outside is touched (the sanitizer sees to that) */

/* A copy that ends where its memory ends, spoilt in some places, perhaps cut. */
static uint8_t *spoil(const uint8_t *bytes, size_t *size, unsigned most)
{
	size_t cut = below(3) ? *size : below(*size) + 1;
	uint8_t *copy = malloc(cut);

	HOSTED_REQUIRE(copy);
	memcpy(copy, bytes, cut);
	for (unsigned n = (unsigned)below(most + 1); n; n--)
		copy[below(cut)] = below(2) ? (uint8_t)below(256) : (uint8_t)(below(2) * 255);
	*size = cut;
	return copy;
}

static size_t put_file(char *to, const char *name, const char *content)
{
	size_t length = strlen(name) + 1, size = strlen(content);
	size_t start = (110 + length + 3) & ~3ul, end = (start + size + 3) & ~3ul;

	memset(to, 0, end);
	snprintf(to, 111, "070701%08x%08x%08x%08x%08x%08x%08lx%08x%08x%08x%08x%08lx%08x", 1, 0100644, 0, 0, 1,
		0, size, 0, 0, 0, 0, length, 0);
	memcpy(to + 110, name, length);
	memcpy(to + start, content, size);
	return end;
}

static void test_archives(void)
{
	static char archive[2048];
	size_t size = put_file(archive, "./one", "first"), offset, length;

	size += put_file(archive + size, "dir/two", "second file");
	size += put_file(archive + size, "TRAILER!!!", "");
	HOSTED_REQUIRE(!cpio_find((uint8_t *)archive, size, "one", &offset, &length));
	HOSTED_REQUIRE(length == 5 && !memcmp(archive + offset, "first", 5));
	HOSTED_REQUIRE(!cpio_find((uint8_t *)archive, size, "dir/two", &offset, &length));
	HOSTED_REQUIRE(length == 11 && !memcmp(archive + offset, "second file", 11));
	HOSTED_REQUIRE(cpio_find((uint8_t *)archive, size, "dir", &offset, &length));
	for (unsigned i = 0; i < ROUNDS; i++) {
		size_t cut = size;
		uint8_t *broken = spoil((uint8_t *)archive, &cut, 4);

		if (!cpio_find(broken, cut, below(2) ? "dir/two" : "one", &offset, &length))
			HOSTED_REQUIRE(offset <= cut && length <= cut - offset);
		free(broken);
	}
}

struct bytes_source {
	struct elf_source source;
	const uint8_t *bytes;
};

static int read_bytes(const struct elf_source *source, uint64_t offset, void *to, size_t size)
{
	const struct bytes_source *from = container_of(source, const struct bytes_source, source);

	HOSTED_REQUIRE(offset <= source->size && size <= source->size - offset);
	memcpy(to, from->bytes + offset, size);
	return 0;
}

static void put(uint8_t *to, uint64_t value, unsigned size)
{
	memcpy(to, &value, size);
}

static void put_segment(
	uint8_t *to, unsigned flags, uint64_t offset, uint64_t address, uint64_t file, uint64_t memory)
{
	put(to, 1, 4);
	put(to + 4, flags, 4);
	put(to + 8, offset, 8);
	put(to + 16, address, 8);
	put(to + 24, address, 8);
	put(to + 32, file, 8);
	put(to + 40, memory, 8);
	put(to + 48, PAGE_SIZE, 8);
}

static void put_section(
	uint8_t *to, unsigned type, uint64_t offset, uint64_t size, unsigned link, uint64_t entry)
{
	put(to + 4, type, 4);
	put(to + 24, offset, 8);
	put(to + 32, size, 8);
	put(to + 40, link, 4);
	put(to + 56, entry, 8);
}

enum { ELF_SIZE = 1024, SYMBOLS = 512, STRINGS = 640, SECTIONS = 704, ELF_BASE = 0x10000000 };

/* Two segments, a symbol table with one function. */
static void put_elf(uint8_t *elf)
{
	memset(elf, 0, ELF_SIZE);
	memcpy(elf, "\177ELF\2\1\1", 7);
	put(elf + 16, 2, 2), put(elf + 18, 243, 2), put(elf + 20, 1, 4);
	put(elf + 24, ELF_BASE + 8, 8), put(elf + 32, 64, 8), put(elf + 40, SECTIONS, 8);
	put(elf + 52, 64, 2), put(elf + 54, 56, 2), put(elf + 56, 2, 2);
	put(elf + 58, 64, 2), put(elf + 60, 3, 2);
	put_segment(elf + 64, 5, 0, ELF_BASE, 512, 512);
	put_segment(elf + 120, 6, 512, ELF_BASE + PAGE_SIZE + 512, 100, 9000);
	put(elf + SYMBOLS + 24, 1, 4), elf[SYMBOLS + 28] = 2, put(elf + SYMBOLS + 30, 1, 2);
	put(elf + SYMBOLS + 32, ELF_BASE, 8), put(elf + SYMBOLS + 40, 64, 8);
	memcpy(elf + STRINGS + 1, "main", 5);
	put_section(elf + SECTIONS + 64, 2, SYMBOLS, 48, 2, 24);
	put_section(elf + SECTIONS + 128, 3, STRINGS, 8, 0, 0);
}

/* However broken the file is, the search comes to an end. */
static bool has_symbol(const struct elf_source *source, char *name, size_t size, uint64_t *offset)
{
	struct elf_search search;
	unsigned steps = 0;

	if (!elf_search_begin(source, ELF_BASE + 10, &search))
		return false;
	while (elf_search_more(source, &search))
		HOSTED_REQUIRE(++steps < 10000);
	return elf_search_name(source, &search, name, size, offset);
}

static bool read_elf(const uint8_t *bytes, size_t size)
{
	struct bytes_source from = {{read_bytes, size}, bytes};
	struct elf_segment segment;
	struct elf elf;
	char name[8];
	uint64_t offset;

	if (elf_open(&from.source, &elf))
		return false;
	for (unsigned i = 0; i < elf.segments; i++) {
		if (elf_segment(&from.source, &elf, i, &segment) || !segment.memory_size)
			continue;
		HOSTED_REQUIRE(
			segment.address >= USER_BASE && segment.memory_size <= USER_TOP - segment.address);
		HOSTED_REQUIRE(segment.offset <= size && segment.file_size <= size - segment.offset);
		HOSTED_REQUIRE(segment.file_size <= segment.memory_size);
		HOSTED_REQUIRE(!(segment.prot & PROT_WRITE && segment.prot & PROT_EXEC));
	}
	return has_symbol(&from.source, name, sizeof(name), &offset) && offset == 10 && !strcmp(name, "main");
}

static void test_programs(void)
{
	uint8_t elf[ELF_SIZE];

	put_elf(elf);
	HOSTED_REQUIRE(read_elf(elf, ELF_SIZE));
	for (unsigned i = 0; i < ROUNDS; i++) {
		size_t size = ELF_SIZE;
		uint8_t *broken = spoil(elf, &size, 6);

		(void)read_elf(broken, size);
		free(broken);
	}
}

/* ---- device trees */

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

static void test_trees(void)
{
	put_tree();
	HOSTED_REQUIRE(walk(tree, tree_size) == 1);
	for (unsigned i = 0; i < ROUNDS; i++) {
		size_t size = tree_size;
		uint8_t *broken = spoil(tree, &size, 4);

		(void)walk(broken, size);
		free(broken);
	}
}

/* ---- metadata */

static void test_metadata(void)
{
	for (uint64_t number = 0; number < SYSCALL_SLOTS + 2; number++) {
		const struct call_info *call = call_by_number(number);

		if (!call)
			continue;
		HOSTED_REQUIRE(call->number == number && call_by_name(call->name) == call);
		for (unsigned i = 0; i < call->error_count; i++)
			HOSTED_REQUIRE(call_declares(call, call->errors[i]) && error_name(call->errors[i]));
		HOSTED_REQUIRE(!call_declares(call, ENOSYS));
	}
	HOSTED_REQUIRE(!call_by_name("no_such_call") && !call_by_name(""));
	HOSTED_REQUIRE(!strcmp(error_name(EINVAL), "EINVAL") && error_text(EINVAL) && !error_name(0));
	HOSTED_REQUIRE(object_info(OBJECT_PROCESS) && !object_info(0));
}

/* ---- trees, beside an array that is sorted */

struct leaf {
	struct tree_node node;
	unsigned came; /* equal ones stay in the order in which they came */
};

static struct leaf leaves[LEAVES];
static struct leaf *sorted[LEAVES];

/* How deep it is; ends the program if it isn't a tree with the lighter above the heavier. */
static unsigned check_node(const struct tree_node *node, const struct tree_node *parent)
{
	unsigned left, right;

	if (!node)
		return 0;
	HOSTED_REQUIRE(
		node->parent == parent && tree_has(node) && (!parent || parent->weight <= node->weight));
	left = check_node(node->left, node);
	right = check_node(node->right, node);
	return 1 + (left > right ? left : right);
}

static void check_sorted(const struct tree *t, unsigned count)
{
	const struct tree_node *node = t->first, *before = NULL;

	for (unsigned i = 0; i < count; i++, before = node, node = node->next) {
		HOSTED_REQUIRE(node->previous == before);
		HOSTED_REQUIRE(node == &sorted[i]->node);
		HOSTED_REQUIRE(!node->key || tree_after(t, node->key - 1)->key == node->key);
		HOSTED_REQUIRE(!tree_after(t, node->key) || tree_after(t, node->key)->key > node->key);
	}
	HOSTED_REQUIRE(!node && check_node(t->root, NULL) < 48);
	HOSTED_REQUIRE(!count || !tree_after(t, sorted[count - 1]->node.key));
}

static void test_sorted(void)
{
	struct tree t = {0};
	unsigned count = 0, at;

	for (unsigned step = 0; step < 20 * LEAVES; step++) {
		struct leaf *leaf = &leaves[below(LEAVES)];

		if (tree_has(&leaf->node)) {
			tree_remove(&t, &leaf->node);
			for (at = 0; sorted[at] != leaf; at++)
				continue;
			for (count--; at < count; at++)
				sorted[at] = sorted[at + 1];
		} else {
			tree_remove(&t, &leaf->node); /* does nothing */
			leaf->node.key = step % 3 ? below(LEAVES / 4) : step;
			for (at = count++; at && sorted[at - 1]->node.key > leaf->node.key; at--)
				sorted[at] = sorted[at - 1];
			sorted[at] = leaf;
			if (at && step % 2)
				tree_insert_after(&t, &leaf->node, leaf->node.key, &sorted[at - 1]->node);
			else
				tree_insert(&t, &leaf->node, leaf->node.key);
		}
		if (step % 97 == 0)
			check_sorted(&t, count);
	}
	check_sorted(&t, count);
}

/* The most in a row that stand aside. */
static unsigned longest_row(const struct tree *t)
{
	unsigned row = 0, longest = 0;

	for (const struct tree_node *node = t->first; node; node = node->next) {
		row = tree_is_aside(node) ? row + 1 : 0;
		longest = row > longest ? row : longest;
	}
	return longest;
}

/*
 * Put in one behind the other, or each right behind the first, a part of them stands. Whoever takes out those that stand, which the
 * time that it takes may tell him, gets no longer rows of those that don't.
 */
static void test_aside(void)
{
	for (unsigned behind_first = 0; behind_first < 2; behind_first++) {
		struct tree t = {0};
		struct tree_node *last = &leaves[0].node;
		unsigned standing = 0;

		*last = (struct tree_node){.key = 0};
		tree_insert(&t, last, 0);
		for (unsigned i = 1; i < LEAVES; i++) {
			struct tree_node *node = &leaves[i].node;

			*node = (struct tree_node){.key = 0};
			tree_insert_after(&t, node, 0, last);
			standing += !tree_is_aside(node);
			if (!behind_first)
				last = node;
		}
		HOSTED_REQUIRE(standing > LEAVES / 8 && longest_row(&t) <= TREE_ASIDE_MOST);
		HOSTED_REQUIRE(behind_first || standing < LEAVES / 2);
		for (struct tree_node *node = t.first, *next; node; node = next) {
			next = node->next;
			if (!tree_is_aside(node) && below(8))
				tree_take(&t, node);
			HOSTED_REQUIRE(longest_row(&t) <= TREE_ASIDE_MOST);
		}
		HOSTED_REQUIRE(!t.first == !t.root);
	}
}

/* One whose nodes are taken out again when they stand: the rest is found in as few steps. */
static void test_chosen(void)
{
	struct tree t = {0};
	struct tree_node *last = &leaves[0].node;

	*last = (struct tree_node){.key = 0};
	tree_insert(&t, last, 0);
	for (unsigned i = 1; i < LEAVES; i++) {
		struct tree_node *node = &leaves[i].node;

		*node = (struct tree_node){.key = 0};
		tree_insert_after(&t, node, i, last);
		if (tree_is_aside(node))
			last = node;
		else
			tree_take(&t, node);
	}
	HOSTED_REQUIRE(longest_row(&t) <= TREE_ASIDE_MOST);
}

static unsigned depth_of(const struct tree_node *node)
{
	unsigned left = node ? depth_of(node->left) : 0, right = node ? depth_of(node->right) : 0;

	return node ? 1 + (left > right ? left : right) : 0;
}

/* How deep a tree becomes with keys for which one of this seed would be a line: they are the weights that it would give. */
static unsigned depth_against(uint64_t known, uint64_t actual)
{
	struct tree foreseen, t;
	struct tree_node one;

	tree_init(&foreseen, known);
	tree_init(&t, actual);
	for (unsigned i = 0; i < LEAVES; i++) {
		one = (struct tree_node){.key = 0};
		tree_insert(&foreseen, &one, 0);
		leaves[i].node = (struct tree_node){.key = 0};
		tree_insert(&t, &leaves[i].node, one.weight);
		tree_take(&foreseen, &one);
	}
	return depth_of(t.root);
}

static void test_foreseen(void)
{
	HOSTED_REQUIRE(depth_against(7, 7) == LEAVES);
	HOSTED_REQUIRE(depth_against(7, 8) < 64);
}

/* ---- the ring, beside all that went into it */

static void test_ring(void)
{
	static char all[4096 + 32], bytes[64];
	struct ring ring = {bytes, sizeof(bytes), 0};
	char text[24], got[80];
	uint64_t end = 0;

	while (end < 4096) {
		size_t length = below(sizeof(text)), from = below(end + 1), size = below(sizeof(got)) + 1, n;

		for (size_t i = 0; i < length; i++)
			all[end + i] = text[i] = (char)('a' + below(26));
		text[length] = '\0';
		ring_put(&ring, text);
		end += length;
		HOSTED_REQUIRE(ring.end == end && end - ring_start(&ring) == (end < 64 ? end : 64));
		n = ring_get(&ring, from, got, size);
		HOSTED_REQUIRE(n == (from < ring_start(&ring) ? 0 : end - from < size ? end - from : size));
		HOSTED_REQUIRE(!memcmp(got, all + from, n));
	}
	HOSTED_REQUIRE(!ring_get(&ring, end, got, 1) && !ring_get(&ring, end + 1, got, 1));
}

int main(int count, char **arguments)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {{"strings", test_strings}, {"format as printf has it", test_format},
		{"lists", test_list}, {"options", test_options}, {"trees", test_sorted},
		{"trees whose weights are known, and others", test_foreseen},
		{"nodes that stand aside are few in a row", test_aside},
		{"whoever takes out the others", test_chosen}, {"the ring that keeps the log", test_ring},
		{"archives, whole and broken", test_archives}, {"programs, whole and broken", test_programs},
		{"device trees, whole and broken", test_trees},
		{"what the table says of calls", test_metadata}};

	seed = count > 1 ? strtoul(arguments[1], NULL, 0) : 1;
	ktap_plan(sizeof(tests) / sizeof(tests[0]));
	for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		tests[i].run(); /* ends the program when something isn't as it should be */
		ktap_ok(true, "%s", tests[i].name);
	}
	return ktap_end();
}
