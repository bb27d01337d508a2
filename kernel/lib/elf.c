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
	SECTIONS_AT_ONCE = 8,
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
	       h->machine == MACHINE_RISCV && h->segment_size == sizeof(struct elf_program_header);
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

static int read_header(const struct elf_source *source, struct elf_header *h)
{
	int error = read(source, 0, h, sizeof(*h));

	if (error)
		return error;
	return is_riscv_program(h) ? 0 : -ENOEXEC;
}

/* All that are said to be there lie in the file. */
static int keep_headers(const struct elf_source *source, struct elf *elf)
{
	if (!is_inside(elf->segment_table, elf->segments * sizeof(elf->header[0]), source->size))
		return -ENOEXEC;
	elf->kept = elf->segments < ELF_HEADERS_KEPT ? elf->segments : ELF_HEADERS_KEPT;
	return read(source, elf->segment_table, elf->header, elf->kept * sizeof(elf->header[0]));
}

int elf_open(const struct elf_source *source, struct elf *elf)
{
	struct elf_header h;
	int error = read_header(source, &h);

	if (error)
		return error;
	if (h.segment_count > SEGMENTS_MOST || h.entry % 2)
		return -ENOEXEC;
	elf->entry = h.entry;
	elf->segment_table = h.segment_table;
	elf->segments = h.segment_count;
	error = keep_headers(source, elf);
	if (error)
		return error;
	return is_entry_executable(source, elf) ? 0 : -ENOEXEC;
}

static int header_at(
	const struct elf_source *source, const struct elf *elf, unsigned index, struct elf_program_header *h)
{
	if (index >= elf->kept)
		return read(source, elf->segment_table + index * sizeof(*h), h, sizeof(*h));
	*h = elf->header[index];
	return 0;
}

int elf_segment(
	const struct elf_source *source, const struct elf *elf, unsigned index, struct elf_segment *segment)
{
	struct elf_program_header h;
	int error = header_at(source, elf, index, &h);

	*segment = (struct elf_segment){0};
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

bool elf_segment_join(const struct elf_segment *before, struct elf_segment *segment)
{
	uint64_t end = before->address + before->memory_size;
	uint64_t lead = segment->address - before->address;

	if (before->file_size || before->prot != segment->prot || end > segment->address)
		return false;
	if ((segment->address >> PAGE_SHIFT) - ((end - 1) >> PAGE_SHIFT) > 1)
		return false;
	segment->address = before->address;
	segment->memory_size += lead;
	segment->lead = lead;
	return true;
}

/* ---- symbols */

bool elf_search_begin(const struct elf_source *source, uint64_t address, struct elf_search *search)
{
	struct elf_header h;

	if (read_header(source, &h) || h.section_size != sizeof(struct section_header) ||
		h.section_count > SECTIONS_MOST)
		return false;
	*search = (struct elf_search){
		.address = address, .section_table = h.section_table, .sections = h.section_count};
	return true;
}

static uint64_t section_at(const struct elf_search *search, uint64_t index)
{
	return search->section_table + index * sizeof(struct section_header);
}

/* The symbols are found: the search is theirs from now on, or over when they are not to be had. */
static bool begin_symbols(
	const struct elf_source *source, struct elf_search *search, const struct section_header *table)
{
	struct section_header strings;

	if (table->link >= search->sections || !is_inside(table->offset, table->size, source->size) ||
		table->size > SYMBOLS_MOST * sizeof(struct symbol) ||
		read(source, section_at(search, table->link), &strings, sizeof(strings)))
		return false;
	search->symbol_table = table->offset;
	search->symbols = table->size / sizeof(struct symbol);
	search->strings = strings.offset;
	return search->symbols;
}

static bool look_at_sections(const struct elf_source *source, struct elf_search *search)
{
	struct section_header batch[SECTIONS_AT_ONCE];
	uint64_t left = search->sections - search->next;
	unsigned n = left < SECTIONS_AT_ONCE ? (unsigned)left : SECTIONS_AT_ONCE;

	if (!n || read(source, section_at(search, search->next), batch, n * sizeof(batch[0])))
		return false;
	for (unsigned i = 0; i < n; i++)
		if (batch[i].type == SECTION_SYMBOLS) {
			search->next = 0;
			return begin_symbols(source, search, &batch[i]);
		}
	search->next += n;
	return true;
}

/* Keeps the function with the greatest value not above the address. */
static void consider(struct elf_search *search, const struct symbol *symbol)
{
	if ((symbol->info & 15) != SYMBOL_FUNCTION || symbol->value > search->address)
		return;
	if (search->found && symbol->value <= search->value)
		return;
	search->found = true;
	search->value = symbol->value;
	search->size = symbol->size;
	search->name = symbol->name;
}

static bool look_at_symbols(const struct elf_source *source, struct elf_search *search)
{
	struct symbol batch[SYMBOLS_AT_ONCE];
	uint64_t left = search->symbols - search->next;
	unsigned n = left < SYMBOLS_AT_ONCE ? (unsigned)left : SYMBOLS_AT_ONCE;

	if (read(source, search->symbol_table + search->next * sizeof(batch[0]), batch,
		    n * sizeof(batch[0]))) {
		search->found = false;
		return false;
	}
	for (unsigned i = 0; i < n; i++)
		consider(search, &batch[i]);
	search->next += n;
	return search->next < search->symbols;
}

bool elf_search_more(const struct elf_source *source, struct elf_search *search)
{
	return search->symbols ? look_at_symbols(source, search) : look_at_sections(source, search);
}

static bool read_name(const struct elf_source *source, uint64_t offset, char *name, size_t size)
{
	uint64_t left = source->size - offset, n = left < size - 1 ? left : size - 1;

	if (read(source, offset, name, n))
		return false;
	name[n] = '\0';
	for (; *name; name++)
		if (*name <= ' ' || *name > '~')
			*name = '?';
	return true;
}

bool elf_search_name(const struct elf_source *source, const struct elf_search *search, char *name,
	size_t size, uint64_t *offset)
{
	*offset = search->address - search->value;
	if (!search->found || (search->size && *offset >= search->size))
		return false;
	return is_inside(search->strings, search->name, source->size) &&
	       read_name(source, search->strings + search->name, name, size) && name[0];
}
