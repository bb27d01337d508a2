/*
 * Reading a flattened device tree (Devicetree Specification 0.4, chapter 5). Pure: the blob is only read, every
 * offset in it is checked, a broken one gives an error and never a wild access.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FDT_DEPTH = 16 };

struct fdt {
	const uint8_t *blob;
	uint32_t size; /* of the whole blob */
	uint32_t structure, structure_end;
	uint32_t strings, strings_end;
	uint32_t reservations;
	const char *broken; /* what is wrong with it, NULL while nothing is */
};

/* A node during a walk from the root through all nodes, parents first. */
struct fdt_node {
	struct fdt *fdt;
	uint32_t offset; /* of its first property token */
	const char *name;
	int depth; /* 0 is the root */
	struct {
		const char *name;
		uint32_t address_cells,
			size_cells; /* for its children; known when the walk has gone on from it */
	} path[FDT_DEPTH]; /* this node and its parents, by depth */
};

/* False, with `broken` saying why, when this isn't a device tree. At most `most` bytes are looked at. */
bool fdt_open(struct fdt *fdt, const void *blob, uint32_t most);

/* Starts before the root; each call of fdt_next goes to the next node, false at the end or when the tree is broken. */
void fdt_walk(struct fdt *fdt, struct fdt_node *node);
bool fdt_next(struct fdt_node *node);

/* The bytes of a property of this node, NULL when it hasn't got it. */
const void *fdt_property(const struct fdt_node *node, const char *name, uint32_t *size);

/* A property that must be a NUL-terminated string; NULL otherwise. */
const char *fdt_string(const struct fdt_node *node, const char *name);

/* A property of one or two cells; false otherwise. */
bool fdt_number(const struct fdt_node *node, const char *name, uint64_t *value);

/* Whether the string list `name` holds `value`. */
bool fdt_has_string(const struct fdt_node *node, const char *name, const char *value);

/* The same for what such a property holds: strings, each with its NUL, one behind the other. */
bool fdt_list_has(const char *list, uint32_t size, const char *value);

/* The index-th entry of `reg`, in the parent's cells; false after the last. */
bool fdt_reg(const struct fdt_node *node, unsigned index, uint64_t *address, uint64_t *size);

/* The index-th entry of the memory reservation block; false after the last. */
bool fdt_reservation(const struct fdt *fdt, unsigned index, uint64_t *address, uint64_t *size);
