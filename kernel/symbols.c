/* Lookup in the symbol table that scripts/symbols makes: offsets from kernel_start, ascending, with their names. */
#include "symbols.h"

extern const char kernel_start[], text_end[];
extern const uint32_t symbol_count;
extern const uint32_t symbol_offsets[], symbol_names[];
extern const char symbol_strings[];

const char *symbol_name(uint64_t address, uint64_t *offset)
{
	uint64_t start = (uint64_t)kernel_start;
	uint32_t low = 0, high = symbol_count;

	*offset = 0;
	if (address < start || address >= (uint64_t)text_end || !symbol_count)
		return "?";
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (symbol_offsets[middle] <= address - start)
			low = middle;
		else
			high = middle;
	}
	*offset = address - start - symbol_offsets[low];
	return symbol_strings + symbol_names[low];
}
