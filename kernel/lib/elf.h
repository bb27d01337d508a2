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

/* As the file has it. */
struct elf_program_header {
	uint32_t type, flags;
	uint64_t offset, address, physical, file_size, memory_size, align;
};

enum { ELF_HEADERS_KEPT = 8 }; /* most programs have no more */

/* A file that elf_open has found to be a program. */
struct elf {
	uint64_t entry;
	uint64_t segment_table;
	unsigned segments;
	unsigned kept; /* the first headers, which are read at once */
	struct elf_program_header header[ELF_HEADERS_KEPT];
};

/* A range of memory to make, in user space; memory_size 0: nothing. */
struct elf_segment {
	uint64_t address, memory_size;
	uint64_t lead; /* zeros at its start; behind these: */
	uint64_t offset, file_size; /* bytes that come from there */
	enum prot prot;
};

/* -ENOEXEC when this is no static 64-bit RISC-V program whose entry lies in an executable segment. */
int elf_open(const struct elf_source *source, struct elf *elf);

/* The index-th segment: -ENOEXEC when it is out of the file, out of user space, or writable and executable. */
int elf_segment(
	const struct elf_source *source, const struct elf *elf, unsigned index, struct elf_segment *segment);

/*
 * Has a segment begin where the one before it in the file does, if that is nothing but zeros, has the same rights, and ends
 * in the page in which this one begins, or right before that: so zeros can come before bytes of the file. True if so.
 */
bool elf_segment_join(const struct elf_segment *before, struct elf_segment *segment);

/* A search for the function that holds an address, step by step: the file may be large, and change meanwhile. */
struct elf_search {
	uint64_t address;
	uint64_t section_table, sections;
	uint64_t symbol_table, symbols; /* once found; 0 symbols: they are not */
	uint64_t strings;
	uint64_t next; /* section or symbol to be looked at */
	bool found; /* a function at or below the address; the nearest one until now: */
	uint64_t value, size;
	uint32_t name;
};

/* False without sections. */
bool elf_search_begin(const struct elf_source *source, uint64_t address, struct elf_search *search);

/* Looks at some more, which takes some hundred instructions; false when there is no more. */
bool elf_search_more(const struct elf_source *source, struct elf_search *search);

/* At the end: false when no function holds the address. The name is cut to `size`, what isn't printable is '?'. */
bool elf_search_name(const struct elf_source *source, const struct elf_search *search, char *name,
	size_t size, uint64_t *offset);
