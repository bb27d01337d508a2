/* ELF programs in memory objects, for the reader in lib/elf.h. */
#pragma once

#include "lib/elf.h"
#include "object/memory.h"

struct image {
	struct elf_source source;
	struct memory *memory; /* NULL: there is none */
	uint64_t start; /* of the file in it */
};

/* Borrows the memory. */
struct image image_in(struct memory *memory, uint64_t offset, uint64_t size);
