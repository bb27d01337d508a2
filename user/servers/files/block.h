/*
 * Blocks: the memory of the file system, all of it, in pages. What files hold and what describes them both come
 * from here, so one limit bounds all, and running out is an error of the call that asked for more. A block's number
 * is never 0.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BLOCK_SIZE = 4096 };

/* Once, first of all: the limit in blocks. False when there is no memory for it. */
bool block_begin(uint32_t count);

/*
 * What a block is for. Files with their names can't take the last few blocks: these are kept for pipes and whatever else lasts
 * only as long as somebody has it open, so that a shell can still find out what to remove when the files are full.
 */
enum block_use { FOR_FILES, FOR_HANDLES };

/*
 * Takes a block, with whatever is in it; 0 when there is none for this use. `after` is 0 or a block that this one would best
 * lie behind, so that both can be copied at once.
 */
uint32_t block_take(uint32_t after, enum block_use use);

void block_drop(uint32_t block);

/* Of block.c: where the first block would be. */
extern char *block_memory;

static inline char *block_bytes(uint32_t block)
{
	return block_memory + (size_t)block * BLOCK_SIZE;
}

/* The block that an address lies in. */
static inline uint32_t block_of(const void *address)
{
	return (uint32_t)((size_t)((const char *)address - block_memory) / BLOCK_SIZE);
}

/* How many files can take, in all and now. */
uint32_t block_count(void);
uint32_t block_count_free(void);
