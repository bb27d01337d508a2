/*
 * Reading ELF programs (System V ABI, chapter 4; RISC-V psABI). Pure: bytes come through a function, each is read
 * once, and every number in the file is distrusted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/types.h"

/* Where the file's bytes come from: `read` is only asked for ranges below `size`; 0 or -E*. */
struct elf_source {
	int (*read)(const struct elf_source *source, uint64_t offset, void *to, size_t size);
	uint64_t size;
};

/* A file that elf_open has found to be a program. */
struct elf {
	uint64_t entry;
	uint64_t segment_table;
	unsigned segments;
	uint64_t section_table;
	unsigned sections;
};

/* A range of memory to make, in user space; memory_size 0: nothing. */
struct elf_segment {
	uint64_t address, memory_size;
	uint64_t offset, file_size; /* its first bytes come from there */
	enum prot prot;
};

/* -ENOEXEC when this is no static 64-bit RISC-V program whose entry lies in an executable segment. */
int elf_open(const struct elf_source *source, struct elf *elf);

/* The index-th segment: -ENOEXEC when it is out of the file, out of user space, or writable and executable. */
int elf_segment(
	const struct elf_source *source, const struct elf *elf, unsigned index, struct elf_segment *segment);

/* The function that holds `address`; false without symbols. The name is cut to `size`, what isn't printable is '?'. */
bool elf_symbol(const struct elf_source *source, const struct elf *elf, uint64_t address, char *name,
	size_t size, uint64_t *offset);
