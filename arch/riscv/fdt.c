/* The device tree reader. See fdt.h. */
#include "fdt.h"

#include "lib/string.h"

enum {
	FDT_MAGIC = 0xd00dfeed,
	FDT_HEADER = 40,
	FDT_OLDEST_COMPATIBLE = 16,
	FDT_BEGIN_NODE = 1,
	FDT_END_NODE = 2,
	FDT_PROP = 3,
	FDT_NOP = 4,
	FDT_END = 9,
};

static uint32_t cell(const void *at)
{
	const uint8_t *b = at;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static uint64_t cells(const uint8_t *at, uint32_t count)
{
	uint64_t value = 0;

	for (; count; count--, at += 4)
		value = value << 32 | cell(at);
	return value;
}

static bool broken(struct fdt *fdt, const char *why)
{
	fdt->broken = why;
	return false;
}

bool fdt_open(struct fdt *fdt, const void *blob, uint32_t most)
{
	const uint8_t *b = blob;

	*fdt = (struct fdt){.blob = b};
	if (most < FDT_HEADER || cell(b) != FDT_MAGIC)
		return broken(fdt, "no magic number");
	fdt->size = cell(b + 4);
	if (fdt->size < FDT_HEADER || fdt->size > most)
		return broken(fdt, "absurd size");
	if (cell(b + 24) > 17 || cell(b + 20) < FDT_OLDEST_COMPATIBLE)
		return broken(fdt, "a version that is not known");
	fdt->structure = cell(b + 8);
	fdt->structure_end = fdt->structure + cell(b + 36);
	fdt->strings = cell(b + 12);
	fdt->strings_end = fdt->strings + cell(b + 32);
	fdt->reservations = cell(b + 16);
	if (fdt->structure > fdt->structure_end || fdt->structure_end > fdt->size || fdt->structure % 4)
		return broken(fdt, "the structure block is out of bounds");
	if (fdt->strings > fdt->strings_end || fdt->strings_end > fdt->size)
		return broken(fdt, "the strings block is out of bounds");
	if (fdt->strings < fdt->strings_end && b[fdt->strings_end - 1])
		return broken(fdt, "the last string has no end");
	if (fdt->reservations % 8 || fdt->reservations > fdt->size)
		return broken(fdt, "the reservation block is out of bounds");
	return true;
}

/* Length with NUL of a string that must end before `end`; 0 when it doesn't. */
static uint32_t string_size(const struct fdt *fdt, uint32_t at, uint32_t end)
{
	for (uint32_t i = at; i < end; i++)
		if (!fdt->blob[i])
			return i - at + 1;
	return 0;
}

static uint32_t align4(uint32_t n)
{
	return (n + 3) & ~3u;
}

/* The token at *at, moving *at behind it and, for a property, behind its value. FDT_END when it can't be read. */
static uint32_t token(struct fdt *fdt, uint32_t *at)
{
	uint32_t start = *at, kind, size;

	if (start > fdt->structure_end || fdt->structure_end - start < 4) {
		broken(fdt, "the structure block has no end");
		return FDT_END;
	}
	kind = cell(fdt->blob + start);
	*at = start + 4;
	if (kind == FDT_BEGIN_NODE) {
		size = string_size(fdt, *at, fdt->structure_end);
		if (!size) {
			broken(fdt, "a node's name has no end");
			return FDT_END;
		}
		*at += align4(size);
	} else if (kind == FDT_PROP) {
		if (fdt->structure_end - start < 12 ||
			cell(fdt->blob + start + 4) > fdt->structure_end - start - 12) {
			broken(fdt, "a property is out of bounds");
			return FDT_END;
		}
		*at = start + 12 + align4(cell(fdt->blob + start + 4));
	} else if (kind != FDT_END_NODE && kind != FDT_NOP && kind != FDT_END) {
		broken(fdt, "unknown token");
		return FDT_END;
	}
	return kind;
}

/* Whether the property whose token is at `at` has this name. Each string ends in its block, as fdt_open has seen. */
static bool is_named(const struct fdt *fdt, uint32_t at, const char *name)
{
	uint32_t offset = cell(fdt->blob + at + 8);

	if (offset >= fdt->strings_end - fdt->strings)
		return false;

	const char *other = (const char *)fdt->blob + fdt->strings + offset;

	return other[0] == name[0] && !strcmp(other, name); /* most differ at once */
}

static const uint8_t *value_of(const struct fdt *fdt, uint32_t at, uint32_t *size)
{
	*size = cell(fdt->blob + at + 4);
	return fdt->blob + at + 12;
}

static bool number_of(const uint8_t *at, uint32_t size, uint64_t *value)
{
	if (size != 4 && size != 8)
		return false;
	*value = cells(at, size / 4);
	return true;
}

/* What a property says of the addresses of the node's children, which come behind all properties. */
static void note_cells(struct fdt_node *node, uint32_t at)
{
	const struct fdt *fdt = node->fdt;
	uint32_t size;
	const uint8_t *bytes = value_of(fdt, at, &size);
	uint64_t value;

	if (node->depth < 0 || !number_of(bytes, size, &value))
		return;
	if (is_named(fdt, at, "#address-cells"))
		node->path[node->depth].address_cells = (uint32_t)value;
	else if (is_named(fdt, at, "#size-cells"))
		node->path[node->depth].size_cells = (uint32_t)value;
}

void fdt_walk(struct fdt *fdt, struct fdt_node *node)
{
	*node = (struct fdt_node){.fdt = fdt, .offset = fdt->structure, .depth = -1};
}

bool fdt_next(struct fdt_node *node)
{
	struct fdt *fdt = node->fdt;
	uint32_t at = node->offset;

	for (;;) {
		uint32_t start = at;

		switch (token(fdt, &at)) {
		case FDT_BEGIN_NODE:
			if (++node->depth >= FDT_DEPTH)
				return broken(fdt, "nodes are nested too deeply");
			node->offset = at;
			node->name = (const char *)fdt->blob + start + 4;
			node->path[node->depth].name = node->name;
			node->path[node->depth].address_cells = 2;
			node->path[node->depth].size_cells = 1;
			return true;
		case FDT_PROP:
			note_cells(node, start);
			break;
		case FDT_END_NODE:
			if (--node->depth < -1)
				return broken(fdt, "a node ends that has not begun");
			break;
		case FDT_END:
			return false;
		default:
			break;
		}
	}
}

const void *fdt_property(const struct fdt_node *node, const char *name, uint32_t *size)
{
	struct fdt *fdt = node->fdt;
	uint32_t at = node->offset;

	for (;;) {
		uint32_t start = at, kind = token(fdt, &at);

		if (kind == FDT_PROP && is_named(fdt, start, name))
			return value_of(fdt, start, size);
		if (kind != FDT_PROP && kind != FDT_NOP)
			return NULL;
	}
}

const char *fdt_string(const struct fdt_node *node, const char *name)
{
	uint32_t size;
	const char *text = fdt_property(node, name, &size);

	return text && size && !text[size - 1] ? text : NULL;
}

bool fdt_number(const struct fdt_node *node, const char *name, uint64_t *value)
{
	uint32_t size;
	const uint8_t *at = fdt_property(node, name, &size);

	return at && number_of(at, size, value);
}

bool fdt_has_string(const struct fdt_node *node, const char *name, const char *value)
{
	uint32_t size;
	const char *list = fdt_property(node, name, &size);

	return list && fdt_list_has(list, size, value);
}

bool fdt_list_has(const char *list, uint32_t size, const char *value)
{
	uint32_t length = (uint32_t)strlen(value) + 1;

	if (!size || list[size - 1])
		return false;
	for (uint32_t at = 0; at < size; at += (uint32_t)strlen(list + at) + 1)
		if (size - at >= length && !memcmp(list + at, value, length))
			return true;
	return false;
}

bool fdt_reg(const struct fdt_node *node, unsigned index, uint64_t *address, uint64_t *size)
{
	uint32_t bytes, a, s;
	const uint8_t *reg = fdt_property(node, "reg", &bytes);

	if (!reg || node->depth < 1)
		return false;
	a = node->path[node->depth - 1].address_cells;
	s = node->path[node->depth - 1].size_cells;
	if (a < 1 || a > 2 || s > 2 || index >= bytes / ((a + s) * 4))
		return false;
	reg += index * (a + s) * 4;
	*address = cells(reg, a);
	*size = cells(reg + a * 4, s);
	return true;
}

bool fdt_reservation(const struct fdt *fdt, unsigned index, uint64_t *address, uint64_t *size)
{
	if (index >= (fdt->size - fdt->reservations) / 16)
		return false;

	const uint8_t *entry = fdt->blob + fdt->reservations + index * 16;

	*address = cells(entry, 2);
	*size = cells(entry + 8, 2);
	return *address || *size;
}
