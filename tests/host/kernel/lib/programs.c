/* The reader of programs: whole ones, and ones that are broken anywhere. */
#include "pure.h"

#include <stdlib.h>

#include "abi/abi.h"
#include "hosted.h"
#include "lib/elf.h"
#include "lib/list.h"
#include "lib/string.h"

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

void test_programs(void)
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
