/* The ELF reader. See elf.h. */
#include "lib/elf.h"

#include "abi/abi.h"
#include "abi/errors.h"
#include "lib/string.h"

enum {
	EI_CLASS = 4,
	EI_DATA = 5,
	CLASS_64 = 2,
	DATA_LITTLE = 1,
	TYPE_EXECUTABLE = 2,
	MACHINE_RISCV = 243,
	SEGMENT_LOAD = 1,
	SEGMENT_X = 1,
	SEGMENT_W = 2,
	SEGMENT_R = 4,
	SECTION_SYMBOLS = 2,
	SYMBOL_FUNCTION = 2,
	SEGMENTS_MOST = 32,
	SECTIONS_MOST = 256,
	SYMBOLS_AT_ONCE = 16,
	SYMBOLS_MOST = 1 << 16, /* in a table that is looked at: a longer one costs too much time */
};

struct elf_header {
	uint8_t identity[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, segment_table, section_table;
	uint32_t flags;
	uint16_t size, segment_size, segment_count, section_size, section_count, section_names;
};

struct program_header {
	uint32_t type, flags;
	uint64_t offset, address, physical, file_size, memory_size, align;
};

struct section_header {
	uint32_t name, type;
	uint64_t flags, address, offset, size;
	uint32_t link, info;
	uint64_t align, entry_size;
};

struct symbol {
	uint32_t name;
	uint8_t info, other;
	uint16_t section;
	uint64_t value, size;
};

static bool is_inside(uint64_t offset, uint64_t size, uint64_t limit)
{
	return offset <= limit && size <= limit - offset;
}

static int read(const struct elf_source *source, uint64_t offset, void *to, size_t size)
{
	return is_inside(offset, size, source->size) ? source->read(source, offset, to, size) : -ENOEXEC;
}

static bool is_riscv_program(const struct elf_header *h)
{
	return !memcmp(h->identity, "\177ELF", 4) && h->identity[EI_CLASS] == CLASS_64 &&
	       h->identity[EI_DATA] == DATA_LITTLE && h->type == TYPE_EXECUTABLE &&
	       h->machine == MACHINE_RISCV && h->segment_size == sizeof(struct program_header);
}

static bool is_entry_executable(const struct elf_source *source, const struct elf *elf)
{
	for (unsigned i = 0; i < elf->segments; i++) {
		struct elf_segment s;

		if (elf_segment(source, elf, i, &s))
			return false;
		if (s.prot & PROT_EXEC && elf->entry >= s.address && elf->entry - s.address < s.memory_size)
			return true;
	}
	return false;
}

int elf_open(const struct elf_source *source, struct elf *elf)
{
	struct elf_header h;
	int error = read(source, 0, &h, sizeof(h));

	if (error)
		return error;
	if (!is_riscv_program(&h) || h.segment_count > SEGMENTS_MOST || h.entry % 2)
		return -ENOEXEC;
	*elf = (struct elf){h.entry, h.segment_table, h.segment_count, h.section_table, h.section_count};
	if (h.section_size != sizeof(struct section_header) || h.section_count > SECTIONS_MOST)
		elf->sections = 0; /* no symbols then */
	return is_entry_executable(source, elf) ? 0 : -ENOEXEC;
}

int elf_segment(
	const struct elf_source *source, const struct elf *elf, unsigned index, struct elf_segment *segment)
{
	struct program_header h;
	int error;

	*segment = (struct elf_segment){0};
	if (!is_inside(elf->segment_table, (uint64_t)elf->segments * sizeof(h), source->size))
		return -ENOEXEC;
	error = read(source, elf->segment_table + index * sizeof(h), &h, sizeof(h));
	if (error)
		return error;
	if (h.type != SEGMENT_LOAD || !h.memory_size)
		return 0;
	if (h.file_size > h.memory_size || !is_inside(h.offset, h.file_size, source->size))
		return -ENOEXEC;
	if (h.address < USER_BASE || !is_inside(h.address, h.memory_size, USER_TOP))
		return -ENOEXEC;
	if (h.flags & SEGMENT_W && h.flags & SEGMENT_X)
		return -ENOEXEC;
	*segment = (struct elf_segment){
		.address = h.address,
		.memory_size = h.memory_size,
		.offset = h.offset,
		.file_size = h.file_size,
		.prot = (h.flags & SEGMENT_R ? PROT_READ : 0) | (h.flags & SEGMENT_W ? PROT_WRITE : 0) |
			(h.flags & SEGMENT_X ? PROT_EXEC : 0),
	};
	return 0;
}

/* ---- symbols */

static int find_section(
	const struct elf_source *source, const struct elf *elf, uint32_t type, struct section_header *found)
{
	for (unsigned i = 0; i < elf->sections; i++)
		if (!read(source, elf->section_table + i * sizeof(*found), found, sizeof(*found)) &&
			found->type == type)
			return 0;
	return -ENOEXEC;
}

static void read_name(const struct elf_source *source, uint64_t offset, char *name, size_t size)
{
	size_t n = 0;

	for (; n + 1 < size && !read(source, offset + n, name + n, 1) && name[n]; n++)
		if (name[n] <= ' ' || name[n] > '~')
			name[n] = '?';
	name[n] = '\0';
}

/* Finds the function symbol with the greatest value not above `address`. */
static bool find_symbol(const struct elf_source *source, const struct section_header *table, uint64_t address,
	struct symbol *best)
{
	struct symbol batch[SYMBOLS_AT_ONCE];
	uint64_t count = table->size / sizeof(batch[0]);
	bool found = false;

	for (uint64_t i = 0; i < count; i += SYMBOLS_AT_ONCE) {
		unsigned n = count - i < SYMBOLS_AT_ONCE ? (unsigned)(count - i) : SYMBOLS_AT_ONCE;

		if (read(source, table->offset + i * sizeof(batch[0]), batch, n * sizeof(batch[0])))
			return false;
		for (unsigned k = 0; k < n; k++) {
			if ((batch[k].info & 15) != SYMBOL_FUNCTION || batch[k].value > address)
				continue;
			if (!found || batch[k].value > best->value)
				*best = batch[k], found = true;
		}
	}
	return found && (!best->size || address - best->value < best->size);
}

bool elf_symbol(const struct elf_source *source, const struct elf *elf, uint64_t address, char *name,
	size_t size, uint64_t *offset)
{
	struct section_header table, strings;
	struct symbol symbol;

	if (find_section(source, elf, SECTION_SYMBOLS, &table) || table.link >= elf->sections)
		return false;
	if (!is_inside(table.offset, table.size, source->size) || table.size > SYMBOLS_MOST * sizeof(symbol))
		return false;
	if (read(source, elf->section_table + table.link * sizeof(strings), &strings, sizeof(strings)))
		return false;
	if (!find_symbol(source, &table, address, &symbol) ||
		!is_inside(strings.offset, symbol.name, source->size))
		return false;
	read_name(source, strings.offset + symbol.name, name, size);
	*offset = address - symbol.value;
	return name[0];
}
