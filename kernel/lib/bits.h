/*
 * Which bit of a word is set. The machine need not have instructions for that, and the compiler's functions look at the word byte by
 * byte; a multiplication brings each of the 32 answers to another place of a table.
 */
#pragma once

#include <stdint.h>

extern const uint8_t bits_lowest_at[32], bits_highest_at[32];

/* The number of the lowest bit that is set; there is one. */
static inline unsigned bits_lowest(uint32_t word)
{
	return bits_lowest_at[(uint32_t)((word & -word) * 0x077cb531u) >> 27];
}

/* The number of the highest bit that is set; there is one. */
static inline unsigned bits_highest(uint32_t word)
{
	word |= word >> 1; /* all below it as well */
	word |= word >> 2;
	word |= word >> 4;
	word |= word >> 8;
	word |= word >> 16;
	return bits_highest_at[(uint32_t)(word * 0x07c4acddu) >> 27];
}
